/* SPDX-License-Identifier: Apache-2.0 */
/* test_collector_writes: writes to libmodbus as a server, over TCP and on a serial line, whose registers are then looked
 * at in its own memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "cable.h"
#include "rig.h"
#include "server.h"

enum { LIMIT = 40, POWER = 43, EXPONENT = 44, SETPOINT = 50, COIL = 3 };

static struct command *put(struct rig *rig, const char *point, double value)
{
    struct command *command = command_write("line-0", point, WRITE_VALUE, 0, value);
    return rig_do(rig, command);
}

static void write_of_each_kind(struct rig *rig, struct server *server)
{
    /* 16 A = 0x41800000, low word first, by function 16 */
    struct command *done = put(rig, "charge_current_limit", 16);
    assert_int_equal(done->error, 0);
    assert_int_equal(done->written.fate, WRITE_TAKEN);
    assert_true(done->written.sent == 16 && done->written.read_back.value == 16);
    assert_int_equal(server_value(server, 3, LIMIT), 0);
    assert_int_equal(server_value(server, 3, LIMIT + 1), 0x4180);
    free(done);

    /* 11.5 kW in hundredths, since the exponent register says -2 */
    done = put(rig, "charge_power_limit", 11.5);
    assert_int_equal(done->error, 0);
    assert_true(done->written.old.value == (POWER + 1000) / 100.0);
    assert_true(done->written.read_back.value == 11.5);
    assert_int_equal(server_value(server, 3, POWER), 1150);
    free(done);

    done = put(rig, "on_off", 1);
    assert_int_equal(done->error, 0);
    assert_true(done->written.old.value == 0 && done->written.read_back.value == 1);
    assert_int_equal(server_value(server, 1, COIL), 1);
    free(done);

    /* What cannot be read back: 70.001 kW = 70001 = 0x11171 */
    done = put(rig, "power_limit", 70.001);
    assert_int_equal(done->error, 0);
    assert_true(isnan(done->written.read_back.value));
    assert_int_equal(server_value(server, 3, SETPOINT), 1);
    assert_int_equal(server_value(server, 3, SETPOINT + 1), 0x1171);
    free(done);

    done = put(rig, "charge_current_limit", 33);
    assert_int_equal(done->error, -ERANGE);
    assert_string_equal(done->why, "charge_current_limit is 33 A, wants 6..32");
    free(done);
    assert_int_equal(atomic_load(&server->writes), 4);

    static const char *const names[] = {"on_off", "charge_current_limit"};
    done = rig_do(rig, command_read_points("line-0", names, 2));
    assert_int_equal(done->error, 0);
    assert_true(done->points[0].value == 1 && done->points[1].value == 16);
    free(done);
}

static void to_libmodbus_over_tcp(void **state)
{
    (void)state;
    struct server server;
    struct rig rig;
    server_start(&server, SERVER_GOOD, 0);
    server_set(&server, EXPONENT, (uint16_t)-2);
    rig_init(&rig);
    rig_add(&rig, LINE_TCP)->port = server.port;
    rig.devices[0].profile = "charger";
    rig_start(&rig, 1);
    rig_wait(&rig, 0, QUALITY_OK, 2);
    write_of_each_kind(&rig, &server);
    rig_finish(&rig);
    server_stop(&server);
}

static void to_libmodbus_on_a_serial_line(void **state)
{
    (void)state;
    struct cable cable;
    struct server server;
    struct rig rig;
    cable_init(&cable);
    cable_plug(&cable);
    server_start_serial(&server, cable.theirs, 9600);
    server_set(&server, EXPONENT, (uint16_t)-2);
    rig_init(&rig);
    struct line_config *line = rig_add(&rig, LINE_RTU);
    line->path = cable.ours;
    line->baud = 9600;
    rig.devices[0].profile = "charger";
    rig_start(&rig, 1);
    rig_wait(&rig, 0, QUALITY_OK, 2);
    write_of_each_kind(&rig, &server);
    rig_finish(&rig);
    server_stop(&server);
    cable_unplug(&cable);
    cable_finish(&cable);
}

/* The server has done it and says nothing: it is not sent again on the next connection, and the read-back tells. */
static void a_dropped_connection_never_sends_twice(void **state)
{
    (void)state;
    struct server server;
    struct rig rig;
    server_start(&server, SERVER_DROPS_WRITES, 0);
    server_set(&server, EXPONENT, (uint16_t)-2);
    rig_init(&rig);
    rig_add(&rig, LINE_TCP)->port = server.port;
    rig.devices[0].profile = "charger";
    rig_start(&rig, 1);
    rig_wait(&rig, 0, QUALITY_OK, 2);
    for (unsigned i = 1; i <= 2; i++) {
        struct command *done = put(&rig, "charge_power_limit", i);
        assert_int_equal(done->written.fate, WRITE_UNKNOWN);
        assert_int_not_equal(done->error, 0);
        assert_true(done->written.read_back.value == i);
        assert_int_equal(atomic_load(&server.writes), i);
        assert_int_equal(server_value(&server, 3, POWER), 100 * i);
        free(done);
    }
    rig_finish(&rig);
    server_stop(&server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(to_libmodbus_over_tcp),
        cmocka_unit_test(to_libmodbus_on_a_serial_line),
        cmocka_unit_test(a_dropped_connection_never_sends_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
