/* SPDX-License-Identifier: Apache-2.0 */
/* libmodbus as a client of the simulator's Modbus TCP: every function it serves, every exception, many at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench.h"
#include "support/support.h"

static struct bench bench;

static int set_up(void **state)
{
    (void)state;
    bench_start(&bench, NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    bench_stop(&bench);
    return 0;
}

static double i32_at(const uint16_t *registers, size_t at)
{
    return (double)(int32_t)((uint32_t)registers[at] << 16 | registers[at + 1]);
}

static void registers_hold_the_truth(void **state)
{
    (void)state;
    uint16_t registers[8];
    modbus_t *modbus = bench_connect(&bench, "net", 2);
    assert_int_equal(modbus_read_registers(modbus, 0x016A, 2, registers), 2);
    /* 0.001 kW on the secondary side of 40:1; the load moves on a little before we ask. */
    double power = bench_value(&bench, "meter", "active_power");
    assert_true(power > 50.0);
    assert_near(i32_at(registers, 0) * 0.04, power, 0.02 * power);
    assert_int_equal(modbus_read_registers(modbus, 0x000A, 2, registers), 2);
    double energy = bench_value(&bench, "meter", "active_energy_import");
    assert_near(i32_at(registers, 0) * 0.4, energy, 1.0);
    bench_close(modbus);
}

static void bits_and_inputs(void **state)
{
    (void)state;
    uint8_t bits[2];
    uint16_t input = 0;
    modbus_t *modbus = bench_connect(&bench, "net", 1);
    assert_int_equal(modbus_write_bit(modbus, 0, 1), 1);
    assert_int_equal(modbus_read_bits(modbus, 0, 2, bits), 2);
    assert_int_equal(bits[0], 1);
    assert_near(bench_value(&bench, "room", "on_off"), 1.0, 0.1);
    assert_int_equal(modbus_write_bits(modbus, 0, 2, (const uint8_t[]){0, 1}), 2);
    assert_int_equal(modbus_read_bits(modbus, 0, 2, bits), 2);
    assert_int_equal(bits[0], 0);
    assert_int_equal(bits[1], 1);
    assert_near(bench_value(&bench, "room", "on_off"), 0.0, 0.1);
    assert_int_equal(modbus_read_input_bits(modbus, 0, 1, bits), 1);
    assert_int_equal(bits[0], 0);
    assert_int_equal(modbus_read_input_registers(modbus, 10, 1, &input), 1);
    assert_near((double)(int16_t)input / 10.0, bench_value(&bench, "room", "room_temperature"),
                0.3);
    bench_close(modbus);
}

static void writes_take_effect(void **state)
{
    (void)state;
    uint16_t registers[4];
    modbus_t *modbus = bench_connect(&bench, "net", 1);
    assert_int_equal(modbus_write_register(modbus, 20, 215), 1);
    assert_near(bench_value(&bench, "room", "setpoint_temperature"), 21.5, 1e-9);
    /* 22.5 degrees, heating, and 100.0 in a register that nothing follows but that is kept */
    const uint16_t many[] = {225, 1, 0x42C8, 0x0000};
    assert_int_equal(modbus_write_registers(modbus, 20, 4, many), 4);
    assert_int_equal(modbus_read_registers(modbus, 20, 4, registers), 4);
    assert_memory_equal(registers, many, sizeof(many));
    assert_near(bench_value(&bench, "room", "mode"), 1.0, 1e-9);
    assert_near(bench_value(&bench, "room", "capacity_limit"), 100.0, 1e-9);
    bench_close(modbus);
    modbus = bench_connect(&bench, "net", 3);
    assert_int_equal(modbus_write_register(modbus, 40125, 100), 1); /* 10.0 % of 100 kW */
    assert_near(bench_value(&bench, "inverter", "power_limit_percent"), 10.0, 1e-9);
    assert_true(bench_value(&bench, "inverter", "active_power") <= 10.0);
    bench_close(modbus);
}

static void refused(int result, int code)
{
    assert_int_equal(result, -1);
    assert_int_equal(errno, code);
}

static void exceptions_are_proper(void **state)
{
    (void)state;
    uint16_t registers[125];
    uint8_t bits[8];
    modbus_t *modbus = bench_connect(&bench, "net", 1);
    refused(modbus_report_slave_id(modbus, 8, bits), EMBXILFUN);
    refused(modbus_mask_write_register(modbus, 20, 0, 1), EMBXILFUN);
    refused(modbus_read_registers(modbus, 30, 1, registers), EMBXILADD);
    refused(modbus_read_registers(modbus, 65535, 2, registers), EMBXILADD);
    refused(modbus_read_input_registers(modbus, 20, 1, registers), EMBXILADD);
    refused(modbus_read_bits(modbus, 7, 1, bits), EMBXILADD);
    refused(modbus_read_registers(modbus, 20, 101, registers), EMBXILVAL); /* more than it takes */
    refused(modbus_write_register(modbus, 24, 5), EMBXILADD);              /* not writable */
    refused(modbus_write_register(modbus, 22, 5), EMBXILADD);              /* half of a float */
    refused(modbus_write_register(modbus, 20, 400), EMBXILVAL);            /* 40 degrees */
    refused(modbus_write_bit(modbus, 5, 1), EMBXILADD);
    /* All or nothing: the set-point is fine, the humidity is not writable. */
    double before = bench_value(&bench, "room", "setpoint_temperature");
    refused(modbus_write_registers(modbus, 20, 5, (const uint16_t[]){180, 1, 0, 0, 0}), EMBXILADD);
    assert_near(bench_value(&bench, "room", "setpoint_temperature"), before, 1e-9);
    /* Holes up to max_hole read as zero. */
    assert_int_equal(modbus_read_registers(modbus, 24, 2, registers), 2);
    assert_int_equal(registers[1], 0);
    assert_int_equal(modbus_set_slave(modbus, 99), 0);
    refused(modbus_read_registers(modbus, 20, 1, registers), EMBXGTAR);
    bench_close(modbus);
}

static void barriers_refuse(void **state)
{
    (void)state;
    uint16_t registers[40];
    modbus_t *modbus = bench_connect(&bench, "bus", 5);
    refused(modbus_read_registers(modbus, 0x201E, 16, registers), EMBXILADD);
    assert_int_equal(modbus_read_registers(modbus, 0x201E, 4, registers), 4);
    bench_close(modbus);
}

static void expect_bytes(int fd, const uint8_t *request, size_t length, const uint8_t *wanted,
                         size_t wanted_length)
{
    uint8_t reply[64];
    assert_int_equal(send(fd, request, length, 0), (ssize_t)length);
    assert_int_equal(recv(fd, reply, wanted_length, MSG_WAITALL), (ssize_t)wanted_length);
    assert_memory_equal(reply, wanted, wanted_length);
}

/* Frames that libmodbus would not send. */
static void bad_counts_on_the_wire(void **state)
{
    (void)state;
    int fd = bench_socket(&bench, "net");
    expect_bytes(fd, (const uint8_t[]){0x12, 0x34, 0, 0, 0, 6, 1, 3, 0, 20, 0, 0}, 12,
                 (const uint8_t[]){0x12, 0x34, 0, 0, 0, 3, 1, 0x83, 3}, 9);
    expect_bytes(fd, (const uint8_t[]){0, 1, 0, 0, 0, 6, 1, 1, 0, 0, 0x07, 0xD1}, 12,
                 (const uint8_t[]){0, 1, 0, 0, 0, 3, 1, 0x81, 3}, 9);
    /* byte count that does not fit the number of registers */
    expect_bytes(fd, (const uint8_t[]){0, 2, 0, 0, 0, 9, 1, 16, 0, 20, 0, 1, 4, 0, 200}, 15,
                 (const uint8_t[]){0, 2, 0, 0, 0, 3, 1, 0x90, 3}, 9);
    /* a coil is 0xFF00 or 0 */
    expect_bytes(fd, (const uint8_t[]){0, 3, 0, 0, 0, 6, 1, 5, 0, 0, 0, 1}, 12,
                 (const uint8_t[]){0, 3, 0, 0, 0, 3, 1, 0x85, 3}, 9);
    (void)close(fd);
}

/* One request in two pieces, then two in one piece. */
static void framing_is_by_length(void **state)
{
    (void)state;
    uint8_t replies[22];
    const uint8_t two[] = {0, 7, 0, 0, 0, 6, 1, 3, 0, 20, 0, 1,
                           0, 8, 0, 0, 0, 6, 1, 3, 0, 21, 0, 1};
    int fd = bench_socket(&bench, "net");
    assert_int_equal(send(fd, two, 5, 0), 5);
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    assert_int_equal(poll(&wait, 1, 50), 0);
    assert_int_equal(send(fd, two + 5, sizeof(two) - 5, 0), (ssize_t)sizeof(two) - 5);
    assert_int_equal(recv(fd, replies, 22, MSG_WAITALL), 22);
    assert_int_equal(replies[1], 7);
    assert_int_equal(replies[12], 8);
    /* what is no frame ends the connection */
    assert_int_equal(send(fd, "GET / HTTP/1.1\r\n\r\n", 18, 0), 18);
    assert_true(recv(fd, replies, 1, 0) <= 0);
    (void)close(fd);
}

static void fifty_clients_at_once(void **state)
{
    (void)state;
    enum { CLIENTS = 50 };
    int fds[CLIENTS];
    const uint8_t request[] = {0, 0, 0, 0, 0, 6, 2, 3, 0x01, 0x6A, 0, 2};
    for (int i = 0; i < CLIENTS; i++) {
        fds[i] = bench_socket(&bench, "net");
    }
    for (int round = 0; round < 10; round++) {
        for (int i = 0; i < CLIENTS; i++) {
            uint8_t own[sizeof(request)];
            memcpy(own, request, sizeof(request));
            own[0] = (uint8_t)round;
            own[1] = (uint8_t)i;
            assert_int_equal(send(fds[i], own, sizeof(own), 0), (ssize_t)sizeof(own));
        }
        for (int i = 0; i < CLIENTS; i++) {
            uint8_t reply[13];
            assert_int_equal(recv(fds[i], reply, sizeof(reply), MSG_WAITALL), 13);
            assert_int_equal(reply[0], round);
            assert_int_equal(reply[1], i);
        }
    }
    for (int i = 0; i < CLIENTS; i++) {
        (void)close(fds[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(registers_hold_the_truth), cmocka_unit_test(bits_and_inputs),
        cmocka_unit_test(writes_take_effect),       cmocka_unit_test(exceptions_are_proper),
        cmocka_unit_test(barriers_refuse),          cmocka_unit_test(bad_counts_on_the_wire),
        cmocka_unit_test(framing_is_by_length),     cmocka_unit_test(fifty_clients_at_once),
    };
    return cmocka_run_group_tests_name("sim_tcp", tests, set_up, tear_down);
}
