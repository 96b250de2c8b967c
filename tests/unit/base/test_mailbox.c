/* SPDX-License-Identifier: Apache-2.0 */
/* mailbox: order, policies, the wake-up, and that nothing is lost between threads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/mem.h"

#include <lingtan/mailbox.h>

enum { PRODUCERS = 4, ITEMS_EACH = 20000 };

static size_t drops;
static uintptr_t last_dropped;

static void count_drop(void *item)
{
    drops++;
    last_dropped = (uintptr_t)item;
}

static void *item_of(uintptr_t number)
{
    return (void *)number; // NOLINT(performance-no-int-to-ptr): the tests post numbers
}

static bool is_readable(const struct mailbox *mailbox)
{
    struct pollfd fd = {.fd = mailbox_fd(mailbox), .events = POLLIN};
    return poll(&fd, 1, 0) == 1;
}

static void test_first_in_first_out(void **state)
{
    (void)state;
    void *items[8];
    struct mailbox *mailbox = mailbox_create("test", 3, MAILBOX_REFUSE, NULL);
    for (uintptr_t round = 0; round < 10; round++) {
        assert_int_equal(mailbox_post(mailbox, item_of(round * 2 + 1)), 0);
        assert_int_equal(mailbox_post(mailbox, item_of(round * 2 + 2)), 0);
        assert_int_equal(mailbox_take(mailbox, items, 8), 2);
        assert_ptr_equal(items[0], item_of(round * 2 + 1));
        assert_ptr_equal(items[1], item_of(round * 2 + 2));
    }
    assert_int_equal(mailbox_take(mailbox, items, 8), 0);
    mailbox_destroy(mailbox);
    mailbox_destroy(NULL);
}

static void test_puts_share_one_wake_up(void **state)
{
    (void)state;
    void *items[1];
    struct mailbox *mailbox = mailbox_create("test", 4, MAILBOX_REFUSE, NULL);
    mailbox_wake(mailbox);
    assert_false(is_readable(mailbox));
    assert_int_equal(mailbox_put(mailbox, item_of(1)), 0);
    assert_int_equal(mailbox_put(mailbox, item_of(2)), 0);
    assert_false(is_readable(mailbox));
    mailbox_wake(mailbox);
    assert_true(is_readable(mailbox));
    assert_int_equal(mailbox_take(mailbox, items, 1), 1);
    assert_true(is_readable(mailbox));
    assert_int_equal(mailbox_take(mailbox, items, 1), 1);
    assert_false(is_readable(mailbox));
    assert_int_equal(mailbox_put(mailbox, item_of(3)), 0);
    assert_int_equal(mailbox_post(mailbox, item_of(4)), 0);
    assert_true(is_readable(mailbox));
    mailbox_destroy(mailbox);
}

static void test_refuses_when_full(void **state)
{
    (void)state;
    void *items[4];
    drops = 0;
    struct mailbox *mailbox = mailbox_create("refuse", 2, MAILBOX_REFUSE, count_drop);
    assert_int_equal(mailbox_post(mailbox, item_of(1)), 0);
    assert_int_equal(mailbox_post(mailbox, item_of(2)), 0);
    assert_int_equal(mailbox_post(mailbox, item_of(3)), -ENOSPC);
    assert_int_equal(drops, 0);
    struct mailbox_stats stats = mailbox_stats(mailbox);
    assert_string_equal(stats.name, "refuse");
    assert_int_equal(stats.capacity, 2);
    assert_int_equal(stats.waiting, 2);
    assert_int_equal(stats.most_waiting, 2);
    assert_int_equal(stats.posted, 2);
    assert_int_equal(stats.dropped, 1);
    assert_int_equal(mailbox_take(mailbox, items, 1), 1);
    assert_ptr_equal(items[0], item_of(1));
    mailbox_destroy(mailbox);
    assert_int_equal(drops, 1);
    assert_int_equal(last_dropped, 2);
}

static void test_drops_the_oldest_when_full(void **state)
{
    (void)state;
    void *items[4];
    drops = 0;
    struct mailbox *mailbox = mailbox_create("drop", 2, MAILBOX_DROP_OLDEST, count_drop);
    for (uintptr_t i = 1; i <= 5; i++) {
        assert_int_equal(mailbox_post(mailbox, item_of(i)), 0);
    }
    assert_int_equal(drops, 3);
    assert_int_equal(last_dropped, 3);
    assert_true(is_readable(mailbox));
    assert_int_equal(mailbox_take(mailbox, items, 4), 2);
    assert_ptr_equal(items[0], item_of(4));
    assert_ptr_equal(items[1], item_of(5));
    assert_false(is_readable(mailbox));
    mailbox_destroy(mailbox);
    assert_int_equal(drops, 3);
}

static void test_readable_while_items_wait(void **state)
{
    (void)state;
    void *items[4];
    struct mailbox *mailbox = mailbox_create("wake", 8, MAILBOX_REFUSE, NULL);
    assert_false(is_readable(mailbox));
    for (uintptr_t i = 1; i <= 3; i++) {
        assert_int_equal(mailbox_post(mailbox, item_of(i)), 0);
        assert_true(is_readable(mailbox));
    }
    assert_int_equal(mailbox_take(mailbox, items, 2), 2);
    assert_true(is_readable(mailbox));
    assert_int_equal(mailbox_take(mailbox, items, 2), 1);
    assert_false(is_readable(mailbox));
    assert_int_equal(mailbox_post(mailbox, item_of(4)), 0);
    assert_true(is_readable(mailbox));
    mailbox_destroy(mailbox);
}

struct producer {
    struct mailbox *mailbox;
    uintptr_t number;
};

static void *produce(void *context)
{
    struct producer *producer = context;
    for (uintptr_t i = 0; i < ITEMS_EACH; i++) {
        void *item = item_of((i * PRODUCERS + producer->number) + 1);
        while (mailbox_post(producer->mailbox, item) == -ENOSPC) {
            sched_yield();
        }
    }
    return NULL;
}

/* The consumer only ever sleeps in poll: one lost wake-up and it times out. */
static void test_threads_lose_nothing(void **state)
{
    (void)state;
    struct mailbox *mailbox = mailbox_create("threads", 64, MAILBOX_REFUSE, NULL);
    struct producer producers[PRODUCERS];
    pthread_t threads[PRODUCERS];
    uintptr_t next[PRODUCERS] = {0};
    for (uintptr_t i = 0; i < PRODUCERS; i++) {
        producers[i] = (struct producer){.mailbox = mailbox, .number = i};
        assert_int_equal(pthread_create(&threads[i], NULL, produce, &producers[i]), 0);
    }
    for (size_t received = 0; received < PRODUCERS * ITEMS_EACH;) {
        void *items[16];
        struct pollfd fd = {.fd = mailbox_fd(mailbox), .events = POLLIN};
        assert_int_equal(poll(&fd, 1, 20000), 1);
        size_t count = mailbox_take(mailbox, items, 16);
        for (size_t i = 0; i < count; i++) {
            uintptr_t number = (uintptr_t)items[i] - 1;
            assert_int_equal(number / PRODUCERS, next[number % PRODUCERS]);
            next[number % PRODUCERS]++;
        }
        received += count;
    }
    for (size_t i = 0; i < PRODUCERS; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_false(is_readable(mailbox));
    assert_int_equal(mailbox_stats(mailbox).posted, PRODUCERS * ITEMS_EACH);
    mailbox_destroy(mailbox);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_in_first_out),
        cmocka_unit_test(test_puts_share_one_wake_up),
        cmocka_unit_test(test_refuses_when_full),
        cmocka_unit_test(test_drops_the_oldest_when_full),
        cmocka_unit_test(test_readable_while_items_wait),
        cmocka_unit_test(test_threads_lose_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
