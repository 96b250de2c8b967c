/* SPDX-License-Identifier: Apache-2.0 */
/* libmodbus as a client of the pseudo-terminal and of RTU over TCP, and the pace of the wire. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "bench.h"
#include "support/support.h"
#include <lingtan/clock.h>

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

static void a_pty_is_a_port(void **state)
{
    (void)state;
    uint16_t registers[12];
    /* Twice: the port must outlive its client. */
    for (int round = 0; round < 2; round++) {
        modbus_t *modbus = bench_connect(&bench, "bus", 6);
        assert_int_equal(modbus_read_registers(modbus, 0, 12, registers), 12);
        assert_near((double)(int16_t)registers[5] / 10.0,
                    bench_value(&bench, "bus-room", "room_temperature"), 0.3);
        assert_int_equal(modbus_write_register(modbus, 4, 190), 1);
        assert_near(bench_value(&bench, "bus-room", "setpoint_temperature"), 19.0, 1e-9);
        assert_int_equal(modbus_write_registers(modbus, 4, 1, (const uint16_t[]){200}), 1);
        assert_int_equal(modbus_read_registers(modbus, 4, 1, registers), 1);
        assert_int_equal(registers[0], 200);
        assert_int_equal(modbus_read_registers(modbus, 40, 1, registers), -1);
        assert_int_equal(errno, EMBXILADD);
        bench_close(modbus);
    }
}

static void floats_of_the_meter(void **state)
{
    (void)state;
    uint16_t registers[2];
    modbus_t *modbus = bench_connect(&bench, "bus", 5);
    assert_int_equal(modbus_read_registers(modbus, 0x2012, 2, registers), 2);
    double power = (double)modbus_get_float_abcd(registers) / 10000.0;
    double truth = bench_value(&bench, "bus-meter", "active_power");
    assert_true(truth > 20.0);
    assert_near(power, truth, 0.03 * truth);
    bench_close(modbus);
}

static void serial_frames_over_tcp(void **state)
{
    (void)state;
    uint16_t registers[4];
    modbus_t *modbus = bench_connect(&bench, "conv", 7);
    assert_int_equal(modbus_read_registers(modbus, 2, 4, registers), 4);
    double volume = (double)modbus_get_float_cdab(registers + 2);
    assert_near(volume, bench_value(&bench, "water", "water_volume"), 0.05);
    assert_int_equal(modbus_read_registers(modbus, 90, 1, registers), -1);
    assert_int_equal(errno, EMBXILADD);
    bench_close(modbus);
}

static void the_wire_takes_its_time(void **state)
{
    (void)state;
    uint16_t registers[16];
    modbus_t *modbus = bench_connect(&bench, "bus", 5);
    int64_t start = clock_mono_us(clock_real());
    for (int i = 0; i < 4; i++) {
        assert_int_equal(modbus_read_registers(modbus, 0x2000, 16, registers), 16);
    }
    int64_t each = (clock_mono_us(clock_real()) - start) / 4;
    /* 8 + 37 characters of 10 bits at 9600, 3.65 ms of silence and 5 ms in between: 55.5 ms. A busy machine makes it
     * longer. */
    assert_true(each >= 55000);
    assert_true(each < 500000);
    bench_close(modbus);
}

/* Asks for 16 registers; in how many pieces the reply comes. */
static int pieces_of_a_reply(int fd)
{
    const uint8_t request[] = {5, 3, 0x20, 0x00, 0, 16, 0x4E, 0x42};
    uint8_t reply[64];
    size_t length = 0;
    int pieces = 0;
    assert_int_equal(write(fd, request, sizeof(request)), (ssize_t)sizeof(request));
    while (length < 37) {
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        assert_int_equal(poll(&wait, 1, 5000), 1);
        ssize_t got = read(fd, reply + length, sizeof(reply) - length);
        assert_true(got > 0);
        length += (size_t)got;
        pieces++;
    }
    assert_int_equal(length, 37);
    assert_int_equal(reply[2], 32);
    return pieces;
}

/* A program that waits for the last character is told of the first one long before. On a quiet machine the pieces are 37;
 * a busy one, which looks late, is asked again. */
static void characters_come_one_by_one(void **state)
{
    (void)state;
    int fd = open(bench_line(&bench, "bus")->path, O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(fd >= 0);
    int most = 0;
    for (int i = 0; i < 20 && most < 3; i++) {
        int pieces = pieces_of_a_reply(fd);
        most = pieces > most ? pieces : most;
    }
    assert_true(most >= 3);
    (void)close(fd);
}

static void without_baud_it_is_quick(void **state)
{
    (void)state;
    struct bench quick;
    uint16_t registers[40];
    bench_start(&quick, (const char *const[]){"--serial-baud", "off", NULL});
    modbus_t *modbus = bench_connect(&quick, "bus", 5);
    int64_t start = clock_mono_us(clock_real());
    for (int i = 0; i < 50; i++) {
        assert_int_equal(modbus_read_registers(modbus, 0x2000, 16, registers), 16);
    }
    assert_true(clock_mono_us(clock_real()) - start < 50 * 45000);
    bench_close(modbus);
    bench_stop(&quick);
}

/* Noise, a bad CRC and other people's units are not answered; the next good request is. */
static void bad_frames_are_not_answered(void **state)
{
    (void)state;
    const uint8_t bad_crc[] = {5, 3, 0x20, 0x12, 0, 2, 0xAA, 0xBB};
    const uint8_t begun[] = {5, 16, 0, 0, 0, 100, 200, 1, 2};
    uint16_t registers[2];
    int fd = open(bench_line(&bench, "bus")->path, O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bad_crc, sizeof(bad_crc)), (ssize_t)sizeof(bad_crc));
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    assert_int_equal(poll(&wait, 1, 150), 0);
    /* a beginning that promises 200 bytes more: silence ends it */
    assert_int_equal(write(fd, begun, sizeof(begun)), (ssize_t)sizeof(begun));
    assert_int_equal(poll(&wait, 1, 150), 0);
    (void)close(fd);
    modbus_t *modbus = bench_connect(&bench, "bus", 5);
    assert_int_equal(modbus_read_registers(modbus, 0x2012, 2, registers), 2);
    assert_int_equal(modbus_set_slave(modbus, 77), 0);
    assert_int_equal(modbus_set_response_timeout(modbus, 0, 200000), 0);
    assert_int_equal(modbus_read_registers(modbus, 0x2012, 2, registers), -1);
    assert_int_equal(errno, ETIMEDOUT);
    bench_close(modbus);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pty_is_a_port),
        cmocka_unit_test(floats_of_the_meter),
        cmocka_unit_test(serial_frames_over_tcp),
        cmocka_unit_test(the_wire_takes_its_time),
        cmocka_unit_test(characters_come_one_by_one),
        cmocka_unit_test(without_baud_it_is_quick),
        cmocka_unit_test(bad_frames_are_not_answered),
    };
    return cmocka_run_group_tests_name("sim_rtu", tests, set_up, tear_down);
}
