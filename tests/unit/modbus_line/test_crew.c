/* SPDX-License-Identifier: Apache-2.0 */
/* test_crew: helpers bring errands home, and one that blocks holds up nobody, not even the end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "collectors/modbus/wire/crew.h"
#include <lingtan/clock.h>

enum { ERRANDS = 50, WAIT_MS = 20000 };

static atomic_int freed;
static atomic_int entered;
static int gate_fds[2]; /* whoever runs into the gate reads from it */

static void run_quick(struct errand *errand)
{
    (void)errand;
}

static void run_blocked(struct errand *errand)
{
    (void)errand;
    char byte;
    atomic_store(&entered, 1);
    (void)!read(gate_fds[0], &byte, 1);
}

static void destroy(struct errand *errand)
{
    free(errand);
    atomic_fetch_add(&freed, 1);
}

static struct errand *make_errand(struct mailbox *home, void (*run)(struct errand *))
{
    struct errand *errand = mem_alloc(sizeof(*errand));
    errand->run = run;
    errand->destroy = destroy;
    errand->home = home;
    atomic_init(&errand->references, 1);
    return errand;
}

static void take_home(struct mailbox *home, size_t count)
{
    while (count > 0) {
        void *item = NULL;
        struct pollfd wait = {.fd = mailbox_fd(home), .events = POLLIN};
        assert_int_equal(poll(&wait, 1, WAIT_MS), 1);
        while (mailbox_take(home, &item, 1) == 1) {
            errand_unref(item);
            count--;
        }
    }
}

static void wait_for(atomic_int *counter, int count)
{
    for (unsigned i = 0; i < WAIT_MS && atomic_load(counter) < count; i++) {
        usleep(1000);
    }
    assert_int_equal(atomic_load(counter), count);
}

static void all_errands_come_home(void **state)
{
    (void)state;
    atomic_store(&freed, 0);
    struct mailbox *home = mailbox_create("home", ERRANDS, MAILBOX_REFUSE, NULL);
    struct crew *crew = crew_create(3);
    for (unsigned i = 0; i < ERRANDS; i++) {
        struct errand *errand = make_errand(home, run_quick);
        assert_int_equal(crew_post(crew, errand), 0);
        errand_unref(errand); /* whoever wanted it has gone: the crew's reference brings it home */
    }
    take_home(home, ERRANDS);
    assert_int_equal(atomic_load(&freed), ERRANDS);
    crew_destroy(crew);
    mailbox_destroy(home);
}

static void a_blocked_helper_does_not_hold_up_the_end(void **state)
{
    (void)state;
    atomic_store(&freed, 0);
    assert_int_equal(pipe(gate_fds), 0);
    struct mailbox *home = mailbox_create("home", ERRANDS, MAILBOX_REFUSE, NULL);
    struct crew *crew = crew_create(1);
    struct errand *blocked = make_errand(home, run_blocked);
    struct errand *waiting = make_errand(home, run_quick);
    assert_int_equal(crew_post(crew, blocked), 0);
    assert_int_equal(crew_post(crew, waiting), 0);
    errand_unref(blocked);
    errand_unref(waiting);
    wait_for(&entered, 1);
    int64_t before_us = clock_mono_us(clock_real());
    crew_destroy(crew);
    assert_true(clock_mono_us(clock_real()) - before_us < 1900000);
    mailbox_destroy(home); /* what is still blocked must not come back here */
    wait_for(&freed, 1);
    assert_int_equal(write(gate_fds[1], "x", 1), 1);
    wait_for(&freed, 2);
    close(gate_fds[0]);
    close(gate_fds[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_errands_come_home),
        cmocka_unit_test(a_blocked_helper_does_not_hold_up_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
