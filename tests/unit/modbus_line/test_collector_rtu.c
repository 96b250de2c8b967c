/* SPDX-License-Identifier: Apache-2.0 */
/* test_collector_rtu: the collector on a pair of ptys, with libmodbus as the RTU server at the other end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cable.h"
#include "rig.h"
#include "server.h"

static void add_rtu(struct rig *rig, const struct cable *cable)
{
    struct line_config *line = rig_add(rig, LINE_RTU);
    line->path = cable->ours;
    line->baud = 9600;
}

static void reads_from_libmodbus(void **state)
{
    (void)state;
    struct cable cable;
    struct server server;
    struct rig rig;
    cable_init(&cable);
    cable_plug(&cable);
    server_start_serial(&server, cable.theirs, 9600);
    rig_init(&rig);
    add_rtu(&rig, &cable);
    rig_start(&rig, 1);
    rig_wait(&rig, 0, QUALITY_OK, 10);
    assert_int_equal(rig_last(&rig, 0), 1007);
    struct command *command = rig_read(&rig, 0, 200, 60);
    assert_int_equal(command->error, 0);
    assert_int_equal(command->registers[59], 1259);
    free(command);
    rig_finish(&rig);
    server_stop(&server);
    cable_unplug(&cable);
    cable_finish(&cable);
}

static void a_port_may_come_later_and_go(void **state)
{
    (void)state;
    struct cable cable;
    struct server server;
    struct rig rig;
    cable_init(&cable);
    rig_init(&rig);
    add_rtu(&rig, &cable);
    rig_start(&rig, 1);
    rig_wait_state(&rig, 0, LINE_DOWN);
    assert_string_equal(rig_status(&rig, 0).last_error, "No such file or directory");
    rig_wait(&rig, 0, QUALITY_TIMEOUT, 1);
    cable_plug(&cable);
    server_start_serial(&server, cable.theirs, 9600);
    rig_wait(&rig, 0, QUALITY_OK, 3);
    server_stop(&server);
    cable_unplug(&cable);
    rig_wait_state(&rig, 0, LINE_DOWN);
    cable_plug(&cable);
    server_start_serial(&server, cable.theirs, 9600);
    rig_wait(&rig, 0, QUALITY_OK, rig_count(&rig, 0, QUALITY_OK) + 3);
    rig_finish(&rig);
    server_stop(&server);
    cable_unplug(&cable);
    cable_finish(&cable);
}

static void a_locked_port_is_left_alone(void **state)
{
    (void)state;
    struct cable cable;
    struct rig rig;
    cable_init(&cable);
    cable_plug(&cable);
    int fd = open(cable.ours, O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
    rig_init(&rig);
    add_rtu(&rig, &cable);
    rig_start(&rig, 1);
    rig_wait_state(&rig, 0, LINE_DOWN);
    assert_string_equal(rig_status(&rig, 0).last_error, "Device or resource busy");
    rig_finish(&rig);
    close(fd);
    cable_unplug(&cable);
    cable_finish(&cable);
}

/* And ours is locked for others. */
static void locks_its_port(void **state)
{
    (void)state;
    struct cable cable;
    struct server server;
    struct rig rig;
    cable_init(&cable);
    cable_plug(&cable);
    server_start_serial(&server, cable.theirs, 9600);
    int fd = open(cable.ours, O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    assert_true(fd >= 0);
    rig_init(&rig);
    add_rtu(&rig, &cable);
    rig_start(&rig, 1);
    rig_wait(&rig, 0, QUALITY_OK, 1);
    assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), -1);
    rig_finish(&rig);
    assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
    close(fd);
    server_stop(&server);
    cable_unplug(&cable);
    cable_finish(&cable);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_from_libmodbus),
        cmocka_unit_test(a_port_may_come_later_and_go),
        cmocka_unit_test(a_locked_port_is_left_alone),
        cmocka_unit_test(locks_its_port),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
