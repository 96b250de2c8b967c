/* SPDX-License-Identifier: Apache-2.0 */
/* mailbox: a ring of pointers under a mutex. The eventfd is written and cleared under the same mutex, so an empty
 * mailbox is never readable and no wake-up is lost; it costs a system call only when the ring turns empty or the
 * consumer is first woken for what is in it. */
#include <lingtan/mailbox.h>

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/mem.h"

struct mailbox {
    const char *name;
    size_t capacity;
    enum mailbox_policy policy;
    mailbox_drop_fn drop;
    int fd;
    pthread_mutex_t mutex; /* guards all below */
    void **items;
    size_t first;
    size_t count;
    size_t most;
    uint64_t posted;
    uint64_t dropped;
    bool is_woken; /* the eventfd is readable */
};

static void wake(struct mailbox *mailbox)
{
    if (mailbox->count > 0 && !mailbox->is_woken) {
        mailbox->is_woken = true;
        eventfd_write(mailbox->fd, 1);
    }
}

static void clear_wake(struct mailbox *mailbox)
{
    eventfd_t ignored;
    if (mailbox->count == 0 && mailbox->is_woken) {
        mailbox->is_woken = false;
        eventfd_read(mailbox->fd, &ignored);
    }
}

static void *take_first(struct mailbox *mailbox)
{
    void *item = mailbox->items[mailbox->first];
    mailbox->first = mailbox->first + 1 == mailbox->capacity ? 0 : mailbox->first + 1;
    mailbox->count--;
    return item;
}

static void put_last(struct mailbox *mailbox, void *item)
{
    size_t place = mailbox->first + mailbox->count;
    mailbox->items[place < mailbox->capacity ? place : place - mailbox->capacity] = item;
    mailbox->count++;
    mailbox->posted++;
    if (mailbox->count > mailbox->most) {
        mailbox->most = mailbox->count;
    }
}

struct mailbox *mailbox_create(const char *name, size_t capacity, enum mailbox_policy policy,
                               mailbox_drop_fn drop)
{
    struct mailbox *mailbox = mem_alloc(sizeof(*mailbox));
    mailbox->name = name;
    mailbox->capacity = capacity > 0 ? capacity : 1;
    mailbox->policy = policy;
    mailbox->drop = drop;
    mailbox->items = mem_alloc_array(mailbox->capacity, sizeof(void *));
    mailbox->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (mailbox->fd < 0) {
        perror("error: no eventfd for a mailbox; raise the limit of open files (LimitNOFILE=)");
        abort();
    }
    pthread_mutex_init(&mailbox->mutex, NULL);
    return mailbox;
}

void mailbox_destroy(struct mailbox *mailbox)
{
    if (mailbox == NULL) {
        return;
    }
    while (mailbox->count > 0) {
        void *item = take_first(mailbox);
        if (mailbox->drop != NULL) {
            mailbox->drop(item);
        }
    }
    pthread_mutex_destroy(&mailbox->mutex);
    close(mailbox->fd);
    free(mailbox->items);
    free(mailbox);
}

static int deliver(struct mailbox *mailbox, void *take_item, bool wakes)
{
    void *oldest = NULL;
    pthread_mutex_lock(&mailbox->mutex);
    const bool is_full = mailbox->count == mailbox->capacity;
    if (is_full) {
        mailbox->dropped++;
        if (mailbox->policy == MAILBOX_REFUSE) {
            pthread_mutex_unlock(&mailbox->mutex);
            return -ENOSPC;
        }
        oldest = take_first(mailbox);
    }
    put_last(mailbox, take_item);
    if (wakes) {
        wake(mailbox);
    }
    pthread_mutex_unlock(&mailbox->mutex);
    if (is_full && mailbox->drop != NULL) {
        mailbox->drop(oldest);
    }
    return 0;
}

int mailbox_post(struct mailbox *mailbox, void *take_item)
{
    return deliver(mailbox, take_item, true);
}

int mailbox_put(struct mailbox *mailbox, void *take_item)
{
    return deliver(mailbox, take_item, false);
}

void mailbox_wake(struct mailbox *mailbox)
{
    pthread_mutex_lock(&mailbox->mutex);
    wake(mailbox);
    pthread_mutex_unlock(&mailbox->mutex);
}

size_t mailbox_take(struct mailbox *mailbox, void **items, size_t max)
{
    size_t taken = 0;
    pthread_mutex_lock(&mailbox->mutex);
    while (taken < max && mailbox->count > 0) {
        items[taken++] = take_first(mailbox);
    }
    clear_wake(mailbox);
    pthread_mutex_unlock(&mailbox->mutex);
    return taken;
}

int mailbox_fd(const struct mailbox *mailbox)
{
    return mailbox->fd;
}

struct mailbox_stats mailbox_stats(struct mailbox *mailbox)
{
    pthread_mutex_lock(&mailbox->mutex);
    struct mailbox_stats stats = {
        .name = mailbox->name,
        .capacity = mailbox->capacity,
        .waiting = mailbox->count,
        .most_waiting = mailbox->most,
        .posted = mailbox->posted,
        .dropped = mailbox->dropped,
    };
    pthread_mutex_unlock(&mailbox->mutex);
    return stats;
}
