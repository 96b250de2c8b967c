/* SPDX-License-Identifier: Apache-2.0 */
/* loop: descriptors, mailboxes, signals, and timers on a fake and on the real clock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/loop.h"

enum { SECOND_US = 1000000 };

struct timer_note {
    struct loop *loop;
    struct loop_source *timer;
    int64_t again_us; /* 0 = no more */
    int fired;
    int64_t fired_at_us;
};

static void note_timer(void *context)
{
    struct timer_note *note = context;
    note->fired++;
    note->fired_at_us = clock_mono_us(loop_clock(note->loop));
    if (note->again_us != 0) {
        loop_timer_at(note->timer, note->fired_at_us + note->again_us);
    }
}

static void add_note(struct loop *loop, struct timer_note *note)
{
    note->loop = loop;
    assert_int_equal(loop_add_timer(loop, note_timer, note, &note->timer), 0);
}

static void count_up(void *context)
{
    (*(int *)context)++;
}

static void quit_with_seven(void *context)
{
    loop_quit(context, 7);
}

static void test_timers_follow_the_fake_clock(void **state)
{
    (void)state;
    struct fake_clock fake;
    struct loop *loop = NULL;
    struct timer_note early = {0};
    struct timer_note late = {0};
    struct timer_note off = {0};
    fake_clock_init(&fake, 100, 0);
    assert_int_equal(loop_create(&fake.clock, &loop), 0);
    add_note(loop, &early);
    add_note(loop, &late);
    add_note(loop, &off);
    loop_timer_at(late.timer, 3000);
    loop_timer_at(early.timer, 1000);
    loop_timer_at(off.timer, 1000);
    loop_timer_off(off.timer);
    assert_int_equal(loop_run_once(loop), 0);
    assert_int_equal(early.fired, 0);
    fake_clock_advance(&fake, 900);
    assert_int_equal(loop_run_once(loop), 0);
    assert_int_equal(loop_run_once(loop), 0);
    assert_int_equal(early.fired, 1);
    assert_int_equal(late.fired, 0);
    loop_timer_at(late.timer, 5000);
    fake_clock_advance(&fake, 2500);
    assert_int_equal(loop_run_once(loop), 0);
    assert_int_equal(late.fired, 0);
    fake_clock_step_wall(&fake, -SECOND_US);
    fake_clock_advance(&fake, 10000);
    assert_int_equal(loop_run_once(loop), 0);
    assert_int_equal(late.fired, 1);
    assert_int_equal(off.fired, 0);
    loop_remove(early.timer);
    loop_remove(late.timer);
    loop_remove(off.timer);
    loop_remove(NULL);
    loop_destroy(loop);
}

static void test_timers_on_the_real_clock(void **state)
{
    (void)state;
    struct loop *loop = NULL;
    struct loop_source *quit = NULL;
    struct timer_note note = {.again_us = 10000};
    assert_int_equal(loop_create(clock_real(), &loop), 0);
    add_note(loop, &note);
    assert_int_equal(loop_add_timer(loop, quit_with_seven, loop, &quit), 0);
    int64_t start_us = clock_mono_us(clock_real());
    loop_timer_at(note.timer, start_us + 10000);
    loop_timer_at(quit, start_us + 205000);
    assert_int_equal(loop_run(loop), 7);
    int64_t took_us = clock_mono_us(clock_real()) - start_us;
    assert_in_range(took_us, 205000, 10 * SECOND_US);
    assert_in_range(note.fired, 1, 20);
    loop_remove(note.timer);
    loop_remove(quit);
    loop_destroy(loop);
}

static void *advance_later(void *context)
{
    usleep(30000);
    fake_clock_advance(context, 2000);
    return NULL;
}

/* A loop that runs on a clock it cannot wait for still looks at it. */
static void test_run_on_a_foreign_clock(void **state)
{
    (void)state;
    struct fake_clock fake;
    struct loop *loop = NULL;
    struct loop_source *quit = NULL;
    pthread_t thread;
    fake_clock_init(&fake, 0, 0);
    assert_int_equal(loop_create(&fake.clock, &loop), 0);
    assert_int_equal(loop_add_timer(loop, quit_with_seven, loop, &quit), 0);
    loop_timer_at(quit, 1000);
    assert_int_equal(pthread_create(&thread, NULL, advance_later, &fake), 0);
    assert_int_equal(loop_run(loop), 7);
    pthread_join(thread, NULL);
    loop_remove(quit);
    loop_destroy(loop);
}

struct reader {
    struct loop *loop;
    struct loop_source *source;
    int fd;
    int bytes;
};

static void read_byte(void *context, uint32_t epoll_events)
{
    struct reader *reader = context;
    char byte;
    assert_true((epoll_events & EPOLLIN) != 0);
    assert_int_equal(read(reader->fd, &byte, 1), 1);
    reader->bytes++;
    if (byte == 'q') {
        loop_remove(reader->source);
        reader->source = NULL;
    }
}

static void test_descriptor(void **state)
{
    (void)state;
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    struct reader reader = {.fd = fds[0]};
    assert_int_equal(loop_create(clock_real(), &reader.loop), 0);
    assert_int_equal(loop_add_fd(reader.loop, fds[0], EPOLLIN, read_byte, &reader, &reader.source),
                     0);
    assert_int_equal(write(fds[1], "abq", 3), 3);
    assert_int_equal(loop_run_once(reader.loop), 0);
    assert_int_equal(reader.bytes, 3);
    assert_null(reader.source);
    assert_int_equal(write(fds[1], "x", 1), 1);
    assert_int_equal(loop_run_once(reader.loop), 0);
    assert_int_equal(reader.bytes, 3);
    assert_int_equal(loop_add_fd(reader.loop, -1, EPOLLIN, read_byte, &reader, &reader.source),
                     -EBADF);
    assert_null(reader.source);
    loop_destroy(reader.loop);
    close(fds[0]);
    close(fds[1]);
}

struct taker {
    size_t items;
    size_t calls;
    size_t most;
};

static void take_items(void *context, void **items, size_t count)
{
    struct taker *taker = context;
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(*(int *)items[i], (int)taker->items);
        free(items[i]);
        taker->items++;
    }
    taker->calls++;
    taker->most = count > taker->most ? count : taker->most;
}

static void test_mailbox(void **state)
{
    (void)state;
    struct loop *loop = NULL;
    struct loop_source *source = NULL;
    struct taker taker = {0};
    struct mailbox *mailbox = mailbox_create("test", 1000, MAILBOX_REFUSE, free);
    assert_int_equal(loop_create(clock_real(), &loop), 0);
    assert_int_equal(loop_add_mailbox(loop, mailbox, take_items, &taker, &source), 0);
    for (int i = 0; i < 600; i++) {
        int *item = malloc(sizeof(*item));
        *item = i;
        assert_int_equal(mailbox_post(mailbox, item), 0);
    }
    assert_int_equal(loop_run_once(loop), 0);
    assert_int_equal(taker.items, 600);
    assert_int_equal(taker.calls, 3);
    assert_int_equal(taker.most, 256);
    loop_remove(source);
    mailbox_destroy(mailbox);
    loop_destroy(loop);
}

static void test_signal(void **state)
{
    (void)state;
    struct loop *loop = NULL;
    struct loop_source *source = NULL;
    int count = 0;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    assert_int_equal(loop_create(clock_real(), &loop), 0);
    assert_int_equal(loop_add_signal(loop, SIGUSR1, count_up, &count, &source), -EBUSY);
    assert_int_equal(sigprocmask(SIG_BLOCK, &set, NULL), 0);
    assert_int_equal(loop_add_signal(loop, SIGUSR1, count_up, &count, &source), 0);
    raise(SIGUSR1);
    assert_int_equal(loop_run_once(loop), 0);
    assert_int_equal(count, 1);
    assert_int_equal(loop_run_once(loop), 0);
    assert_int_equal(count, 1);
    loop_remove(source);
    loop_destroy(loop);
}

/* A timer that is always late must not keep the rest from running, nor loop_run_once from coming back. */
static void test_eager_timer_starves_nobody(void **state)
{
    (void)state;
    struct fake_clock fake;
    struct loop *loop = NULL;
    struct timer_note eager = {.again_us = -1};
    int posted = 0;
    fake_clock_init(&fake, 100, 0);
    assert_int_equal(loop_create(&fake.clock, &loop), 0);
    add_note(loop, &eager);
    loop_timer_at(eager.timer, 0);
    assert_int_equal(loop_post(loop, count_up, &posted), 0);
    assert_int_equal(loop_run_once(loop), 0);
    assert_int_equal(posted, 1);
    assert_true(eager.fired > 1);
    loop_remove(eager.timer);
    loop_destroy(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_timers_follow_the_fake_clock),
        cmocka_unit_test(test_timers_on_the_real_clock),
        cmocka_unit_test(test_run_on_a_foreign_clock),
        cmocka_unit_test(test_descriptor),
        cmocka_unit_test(test_mailbox),
        cmocka_unit_test(test_signal),
        cmocka_unit_test(test_eager_timer_starves_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
