/* SPDX-License-Identifier: Apache-2.0 */
/* mailbox: the only place where two threads meet. Implemented by daemon/base.
 *
 * A bounded queue of pointers, many producers, one consumer, with an eventfd that is readable while it may hold
 * something. What happens when it is full is said where it is created. */
#ifndef LINGTAN_MAILBOX_H
#define LINGTAN_MAILBOX_H

#include <stddef.h>
#include <stdint.h>

#include <lingtan/error.h>

enum mailbox_policy {
    MAILBOX_REFUSE,      /* mailbox_post returns -ENOSPC and the caller keeps the item */
    MAILBOX_DROP_OLDEST, /* the oldest item is given to drop() and the new one taken */
};

typedef void (*mailbox_drop_fn)(void *item);

struct mailbox;

/* capacity: items, at least 1. drop disposes of items dropped or left at destroy; it runs in the posting thread. The
 * name is borrowed for life and appears in metrics. Aborts when the kernel gives no eventfd. */
struct mailbox *mailbox_create(const char *name, size_t capacity, enum mailbox_policy policy,
                               mailbox_drop_fn drop);
void mailbox_destroy(struct mailbox *mailbox);

/* Gives the item to the mailbox. Any thread. Wakes the consumer only when nothing has since it last emptied it. */
int mailbox_post(struct mailbox *mailbox, void *take_item) MUST_USE;

/* The same without waking: for a producer that has several items and calls mailbox_wake after the last one, so that
 * they share a wake-up and the consumer does not run a race with it. */
int mailbox_put(struct mailbox *mailbox, void *take_item) MUST_USE;
void mailbox_wake(struct mailbox *mailbox); /* nothing happens while the mailbox is empty */

/* Takes up to max items, oldest first, and returns how many; clears the wake-up when it empties. Consumer only. */
size_t mailbox_take(struct mailbox *mailbox, void **items, size_t max);

/* For poll or epoll (level-triggered): readable while items wait. Owned by the mailbox. */
int mailbox_fd(const struct mailbox *mailbox);

struct mailbox_stats {
    const char *name;
    size_t capacity;
    size_t waiting;
    size_t most_waiting;
    uint64_t posted;
    uint64_t dropped; /* dropped or refused */
};

/* Any thread. */
struct mailbox_stats mailbox_stats(struct mailbox *mailbox);

#endif
