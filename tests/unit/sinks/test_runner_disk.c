/* SPDX-License-Identifier: Apache-2.0 */
/* runner: a disk that comes late, hangs, or comes to again: no cursor passes what was not sent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sinks/runner.h"
#include "support/support.h"
#include "unit/sinks/fake_store.h"
#include "unit/sinks/samples.h"
#include "unit/sinks/scripted_sink.h"

/* What the hub makes is in the journal from 1 on, and the disk comes late: nothing of it may be left out, nothing sent
 * that was sent before, and what came before the disk goes out without it. */
static void write_before(struct scripted_rig *rig, uint64_t to)
{
    for (uint64_t position = 1; position <= to; position++) {
        fake_store_keep(rig->store, sample_batch(rig->device, position));
    }
}

static void test_ledger_that_comes_late(void **state)
{
    (void)state;
    struct scripted_rig rig;
    scripted_init(&rig, 0, 0);
    write_before(&rig, 100);
    scripted_make(&rig, 5);
    scripted_wait_sent(5);
    scripted_assert_sent(0, POSITION_UNNUMBERED, POSITION_UNNUMBERED + 4);
    scripted_wait_rounds();
    struct runner_status status = runner_status(rig.runner);
    assert_int_equal(status.cursor, 0);
    assert_int_equal(status.backlog, 0);
    assert_int_equal(fake_store_saves(rig.store), 0);
    fake_store_number(rig.store, 60, 101);
    scripted_wait_sent(5 + 40);
    scripted_assert_sent(5, 61, 100);
    scripted_wait_cursor(&rig, 100);
    rig.made = 100;
    scripted_make(&rig, 3);
    scripted_wait_sent(48);
    scripted_assert_sent(45, 101, 103);
    scripted_finish(&rig);
}

/* What is on its way when the ledger comes is acknowledged first, and what had not been sent by then is late. */
static void test_ledger_that_comes_while_batches_are_on_their_way(void **state)
{
    (void)state;
    struct scripted_rig rig;
    scripted_init(&rig, 0, 0);
    write_before(&rig, 10);
    scripted_instance->acknowledge_to = POSITION_UNNUMBERED + 1;
    scripted_instance->room = 3;
    scripted_make(&rig, 5);
    scripted_wait_sent(3);
    fake_store_number(rig.store, 4, 11);
    scripted_instance->room = SIZE_MAX / 2;
    scripted_wait_rounds();
    assert_true(scripted_sent_count() <= 5);
    size_t blind = scripted_sent_count();
    assert_int_equal(runner_status(rig.runner).cursor, 0);
    rig.made = 10;
    scripted_make(&rig, 2);
    scripted_instance->acknowledge_to = UINT64_MAX;
    scripted_poke();
    scripted_wait_sent(blind + 8);
    scripted_assert_sent(blind, 5, 12);
    fake_store_commit(rig.store, 12);
    scripted_wait_cursor(&rig, 12);
    scripted_finish(&rig);
}

static void test_ledger_that_comes_while_the_sink_is_down(void **state)
{
    (void)state;
    struct scripted_rig rig;
    scripted_init(&rig, 0, 0);
    write_before(&rig, 10);
    scripted_instance->acknowledge_to = 0; /* it had something, and is gone */
    scripted_make(&rig, 2);
    scripted_wait_sent(2);
    scripted_instance->state = SINK_DOWN;
    scripted_wait_rounds();
    fake_store_number(rig.store, 4, 11);
    struct scripted_wanted wanted = {&rig, 4};
    assert_true(test_wait_until(scripted_has_cursor, &wanted));
    scripted_wait_rounds();
    assert_int_equal(runner_status(rig.runner).backlog, 6);
    scripted_instance->acknowledge_to = UINT64_MAX;
    scripted_instance->session = 2;
    scripted_instance->state = SINK_UP;
    scripted_poke();
    scripted_wait_sent(2 + 6);
    scripted_assert_sent(2, 5, 10);
    scripted_wait_cursor(&rig, 10);
    scripted_finish(&rig);
}

/* The disk hangs while the sink returns. The live ones go out after ten seconds; what they overtook is sent once it is
 * written, once, and the cursor waits for it. */
static void test_disk_that_hangs_while_the_sink_returns(void **state)
{
    (void)state;
    struct scripted_rig rig;
    struct fake_clock clock;
    fake_clock_init(&clock, 1000000, 1000000);
    scripted_init_at(&rig, 0, 1, &clock.clock);
    scripted_instance->state = SINK_DOWN;
    scripted_wait_rounds();
    scripted_make(&rig, 100);
    size_t want = 100;
    while (scripted_instance->live < want) {
        fake_clock_advance(&clock, 250000);
        scripted_poke();
        usleep(1000);
    }
    scripted_instance->session = 2;
    scripted_instance->state = SINK_UP;
    scripted_wait_rounds();
    scripted_make(&rig, 50);
    while (scripted_sent_count() < 50) {
        fake_clock_advance(&clock, 1000000);
        scripted_poke();
        usleep(1000);
    }
    scripted_assert_sent(0, 101, 150);
    fake_store_commit(rig.store, 60);
    scripted_wait_rounds();
    assert_int_equal(runner_status(rig.runner).cursor, 0);
    assert_int_equal(runner_status(rig.runner).backlog, 150);
    fake_store_commit(rig.store, 150);
    scripted_poke();
    scripted_wait_sent(150);
    scripted_assert_sent(50, 1, 100);
    fake_clock_advance(&clock, 1000000);
    scripted_poke();
    scripted_wait_cursor(&rig, 150);
    scripted_make(&rig, 1);
    scripted_wait_sent(151);
    scripted_wait_rounds();
    assert_int_equal(scripted_sent_count(), 151);
    scripted_finish(&rig);
}

/* The live ones are not acknowledged yet when the disk has come to: they are waited for, with the sink told to flush. */
static void test_turning_back_waits_for_acknowledgements(void **state)
{
    (void)state;
    struct scripted_rig rig;
    struct fake_clock clock;
    fake_clock_init(&clock, 1000000, 1000000);
    scripted_init_at(&rig, 0, 1, &clock.clock);
    scripted_instance->acknowledge_to = 11;
    write_before(&rig, 10);
    rig.made = 10;
    scripted_make(&rig, 3);
    while (scripted_sent_count() < 3) {
        fake_clock_advance(&clock, 1000000);
        scripted_poke();
        usleep(1000);
    }
    fake_store_keep(rig.store, sample_batch(rig.device, 14));
    fake_store_commit(rig.store, 14);
    size_t flushes = scripted_instance->flushes;
    scripted_wait_rounds();
    assert_int_equal(scripted_sent_count(), 3);
    assert_true(scripted_instance->flushes > flushes);
    assert_int_equal(runner_status(rig.runner).cursor, 0);
    size_t works = scripted_instance->works;
    usleep(200000);
    assert_true(scripted_instance->works - works < 3); /* waiting costs nothing */
    scripted_instance->acknowledge_to = UINT64_MAX;
    scripted_poke();
    scripted_wait_sent(14);
    scripted_assert_sent(3, 1, 10);
    scripted_assert_sent(13, 14, 14);
    scripted_finish(&rig);
}

/* What the daemon logs from begin_log to end_log. */
struct said {
    char *folder;
    char path[256];
    int old_fd;
    char words[2000];
};

static void begin_log(struct said *said)
{
    *said = (struct said){.folder = test_folder_create(), .old_fd = dup(STDERR_FILENO)};
    snprintf(said->path, sizeof(said->path), "%s/log", said->folder);
    const int fd = open(said->path, O_WRONLY | O_CREAT, 0640);
    dup2(fd, STDERR_FILENO);
    close(fd);
}

static void end_log(struct said *said)
{
    dup2(said->old_fd, STDERR_FILENO);
    close(said->old_fd);
    FILE *file = fopen(said->path, "r");
    assert_non_null(file);
    assert_true(fread(said->words, 1, sizeof(said->words) - 1, file) > 0);
    fclose(file);
    test_folder_remove(said->folder);
}

static void assert_said(const struct said *said, const char *words)
{
    if (strstr(said->words, words) == NULL) {
        fail_msg("not said: %s\nbut: %s", words, said->words);
    }
}

static void go_down(void)
{
    scripted_instance->state = SINK_UP;
    scripted_wait_rounds();
    scripted_instance->state = SINK_DOWN;
    scripted_wait_rounds();
}

/* A sink that goes down while the store cannot write: nothing waits in the journal then. */
static void test_down_while_the_store_cannot_write(void **state)
{
    (void)state;
    struct scripted_rig rig;
    struct said said;
    struct fake_clock clock;
    fake_clock_init(&clock, 100000000, 1000000);
    scripted_init_at(&rig, 0, 1, &clock.clock);
    begin_log(&said);
    fake_store_alarm(rig.store, STORE_NEAR_LIMIT, "the journal is nearly full");
    go_down();
    end_log(&said);
    assert_said(&said, "scripted: down: told to be down; batches wait in the journal\n");
    fake_store_alarm(rig.store, STORE_DISK_FULL, "no room for the journal in /data; free some");
    fake_clock_advance(&clock, 700000000);
    begin_log(&said);
    go_down();
    end_log(&said);
    assert_said(&said,
                "scripted: down: told to be down; the store cannot write either (no room for "
                "the journal in /data; free some): until it can, batches may be lost to "
                "this sink\n");
    assert_null(strstr(said.words, "wait in the journal"));
    scripted_finish(&rig);
}

/* A disk that hangs raises no alarm: it is known by what waits for it. */
static void test_down_while_the_disk_hangs(void **state)
{
    (void)state;
    struct scripted_rig rig;
    struct said said;
    struct fake_clock clock;
    fake_clock_init(&clock, 100000000, 1000000);
    scripted_init_at(&rig, 0, 1, &clock.clock);
    fake_clock_advance(&clock, 3600000000); /* nothing comes: nothing hangs */
    scripted_make(&rig, 1);
    scripted_wait_sent(1);
    scripted_wait_rounds();
    fake_clock_advance(&clock, 9000000);
    begin_log(&said);
    go_down();
    end_log(&said);
    assert_said(&said, "told to be down; batches wait in the journal\n");
    fake_store_commit(rig.store, 1);
    fake_clock_advance(&clock, 700000000);
    scripted_instance->state = SINK_UP;
    scripted_wait_rounds();
    scripted_make(&rig, 1);
    scripted_wait_sent(2);
    scripted_wait_rounds();
    fake_clock_advance(&clock, 61000000);
    begin_log(&said);
    go_down();
    end_log(&said);
    assert_said(&said, "told to be down; the store has written nothing for 61 s either: batches "
                       "wait in memory, and what finds no room there is lost to this sink\n");
    scripted_finish(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ledger_that_comes_late),
        cmocka_unit_test(test_ledger_that_comes_while_batches_are_on_their_way),
        cmocka_unit_test(test_ledger_that_comes_while_the_sink_is_down),
        cmocka_unit_test(test_disk_that_hangs_while_the_sink_returns),
        cmocka_unit_test(test_turning_back_waits_for_acknowledgements),
        cmocka_unit_test(test_down_while_the_store_cannot_write),
        cmocka_unit_test(test_down_while_the_disk_hangs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
