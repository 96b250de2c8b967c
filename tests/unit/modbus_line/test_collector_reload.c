/* SPDX-License-Identifier: Apache-2.0 */
/* test_collector_reload: lines that end and begin while the collector runs, among commands that wait for them, and on
 * wires that only one line can have at a time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "cable.h"
#include "collectors/modbus/modbus.h"
#include "rig.h"
#include "server.h"
#include "site/site_change.h"

enum {
    COMMANDS =
        160, /* more than a pool takes out of its mailbox at once, and once more before it ends lines */
    SHARE = 16,       /* that a line takes */
    HOLD_US = 700000, /* longer than the period of the polls */
};

/* What the loader of a site would find, put together by hand: lines gone, and one come. */
struct turn {
    struct line_change lines[RIG_LINES_MAX];
    struct device_change devices[RIG_LINES_MAX];
    struct site_change change;
    struct site later;
};

static void drop_all(struct turn *turn, const struct rig *rig)
{
    *turn = (struct turn){.change = {.lines = turn->lines, .devices = turn->devices}};
    turn->later = rig->site;
    turn->later.lines.count = 0;
    for (size_t i = 0; i < rig->site.lines.count; i++) {
        turn->lines[turn->change.line_count++] =
            (struct line_change){.kind = CHANGE_REMOVED, .line = &rig->lines[i], .before = i};
    }
}

static void do_turn(struct rig *rig, struct turn *turn)
{
    struct collector_change *lines = NULL;
    const struct collector_setup setup = {
        .host = &rig->host, .site = &turn->later, .profiles = rig->profiles};
    assert_int_equal(modbus_collector.prepare(rig->instance, &setup, &turn->change, &lines), 0);
    modbus_collector.apply(rig->instance, lines);
    modbus_collector.finish(lines);
}

/* Keeps the I/O thread from going round: it waits in its next post. */
static void *hold(void *context)
{
    struct rig *rig = context;
    pthread_mutex_lock(&rig->mutex);
    usleep(HOLD_US);
    pthread_mutex_unlock(&rig->mutex);
    return NULL;
}

static atomic_uint gone;
static atomic_uint others;

static void count_done(struct command *take_command)
{
    atomic_fetch_add(take_command->error == -ENODEV ? &gone : &others, 1);
    free(take_command);
}

static void give(struct rig *rig, size_t line)
{
    struct command *command = mem_alloc(sizeof(*command));
    *command = (struct command){.done = count_done,
                                .expires_mono_us = INT64_MAX,
                                .unit = 1,
                                .function = 3,
                                .address = 7,
                                .quantity = 1};
    snprintf(command->line, sizeof(command->line), "line-%zu", line);
    assert_int_equal(modbus_collector.command(rig->instance, command), 0);
}

static void every_command_of_lines_that_go_comes_back(void **state)
{
    (void)state;
    struct rig rig;
    struct server server;
    struct turn turn;
    pthread_t holder;
    server_start(&server, SERVER_GOOD, 0);
    rig_init(&rig);
    rig_add(&rig, LINE_TCP)->port = server.port;
    for (size_t i = SHARE; i < COMMANDS; i += SHARE) {
        rig_add(&rig, LINE_TCP)->port = server_free_port();
    }
    rig_start(&rig, 1);
    rig_wait(&rig, 0, QUALITY_OK, 1);
    drop_all(&turn, &rig);
    assert_int_equal(pthread_create(&holder, NULL, hold, &rig), 0);
    usleep(HOLD_US / 2);
    for (size_t i = 0; i < COMMANDS; i++) {
        give(&rig, i / SHARE);
    }
    do_turn(&rig, &turn);
    pthread_join(holder, NULL);
    assert_int_equal(atomic_load(&gone) + atomic_load(&others), COMMANDS);
    rig.site.lines.count = 0;
    rig_finish(&rig);
    server_stop(&server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_command_of_lines_that_go_comes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
