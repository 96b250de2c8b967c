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
#include <string.h>
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

static atomic_uint told_gone;
static atomic_uint others;

static void count_done(struct command *take_command)
{
    atomic_fetch_add(take_command->error == -ENODEV ? &told_gone : &others, 1);
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
    assert_int_equal(atomic_load(&told_gone) + atomic_load(&others), COMMANDS);
    rig.site.lines.count = 0;
    rig_finish(&rig);
    server_stop(&server);
}

/* The last line goes and comes again by another name, on the first I/O thread instead of the second. */
static void rename_last(struct turn *turn, struct rig *rig)
{
    drop_all(turn, rig);
    const size_t gone = rig->site.lines.count;
    struct line_config *line = rig_add(rig, LINE_RTU);
    line->path = rig->lines[gone - 1].path;
    line->baud = rig->lines[gone - 1].baud;
    memmove(&turn->lines[1], &turn->lines[0], gone * sizeof(turn->lines[0]));
    turn->lines[0] =
        (struct line_change){.kind = CHANGE_ADDED, .line = line, .before = CHANGE_NOWHERE};
    turn->devices[0] = (struct device_change){
        .kind = CHANGE_ADDED, .device = &rig->devices[gone], .before = CHANGE_NOWHERE};
    turn->change.line_count = gone + 1;
    turn->change.device_count = 1;
    turn->later.lines.items = line;
    turn->later.lines.count = 1;
}

/* A port is locked by the line that has it. */
static void a_renamed_line_has_its_port_at_once(void **state)
{
    (void)state;
    struct cable cable;
    struct server server;
    struct rig rig;
    struct turn turn;
    cable_init(&cable);
    cable_plug(&cable);
    server_start_serial(&server, cable.theirs, 9600);
    rig_init(&rig);
    rig_add(&rig, LINE_TCP)->port = server_free_port();
    struct line_config *line = rig_add(&rig, LINE_RTU);
    line->path = cable.ours;
    line->baud = 9600;
    rig_start(&rig, 2);
    rig_wait(&rig, 1, QUALITY_OK, 2);
    rename_last(&turn, &rig);
    do_turn(&rig, &turn);
    rig.site.lines.count = 1;
    rig_wait(&rig, 2, QUALITY_OK, 2);
    struct line_status status = rig_status(&rig, 0);
    assert_string_equal(status.id, "line-2");
    assert_int_equal(status.errors.connects, 0);
    rig_finish(&rig);
    server_stop(&server);
    cable_unplug(&cable);
    cable_finish(&cable);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_command_of_lines_that_go_comes_back),
        cmocka_unit_test(a_renamed_line_has_its_port_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
