/* SPDX-License-Identifier: Apache-2.0 */
/* Each fault as a client sees it on the wire. */
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
#include "sim/faults.h"
#include "support/support.h"
#include <lingtan/clock.h>

static struct bench bench;

/* Two registers of the inverter's counter, transaction id 0x0102. */
static const uint8_t request[] = {1, 2, 0, 0, 0, 6, 3, 3, 0x7D, 0x6A, 0, 2};

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

static void set_fault(const char *device, const char *fault)
{
    (void)bench_ask(&bench, "fault %s %s", device, fault);
    assert_null(strstr(bench.answer, "error"));
}

static int ask(void)
{
    int fd = bench_socket(&bench, "net");
    assert_int_equal(send(fd, request, sizeof(request), 0), (ssize_t)sizeof(request));
    return fd;
}

static bool is_answered(int fd, int wait_ms)
{
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    return poll(&wait, 1, wait_ms) > 0;
}

static uint32_t counter_now(void)
{
    uint8_t reply[13];
    int fd = ask();
    assert_int_equal(recv(fd, reply, sizeof(reply), MSG_WAITALL), 13);
    assert_int_equal(reply[7], 3);
    (void)close(fd);
    return (uint32_t)reply[9] << 24 | (uint32_t)reply[10] << 16 | (uint32_t)reply[11] << 8 |
           reply[12];
}

static void silent(void **state)
{
    (void)state;
    set_fault("inverter", "silent");
    int fd = ask();
    assert_false(is_answered(fd, 300));
    (void)close(fd);
    /* its neighbours answer */
    uint16_t registers[2];
    modbus_t *modbus = bench_connect(&bench, "net", 2);
    assert_int_equal(modbus_read_registers(modbus, 0x016A, 2, registers), 2);
    bench_close(modbus);
    set_fault("inverter", "off");
    (void)counter_now();
}

static void slow(void **state)
{
    (void)state;
    set_fault("inverter", "slow:300");
    int64_t start = clock_mono_us(clock_real());
    (void)counter_now();
    assert_true(clock_mono_us(clock_real()) - start >= 300000);
    set_fault("inverter", "off");
}

/* After the client has given up, and then once more. */
static void late(void **state)
{
    (void)state;
    uint8_t replies[26];
    set_fault("inverter", "late:400 1");
    int fd = ask();
    assert_false(is_answered(fd, 150));
    assert_int_equal(recv(fd, replies, sizeof(replies), MSG_WAITALL), 26);
    assert_memory_equal(replies, replies + 13, 13);
    /* the count of 1 has ended it */
    assert_int_equal(send(fd, request, sizeof(request), 0), (ssize_t)sizeof(request));
    assert_int_equal(recv(fd, replies, 13, MSG_WAITALL), 13);
    assert_false(is_answered(fd, 600));
    (void)close(fd);
}

static void wrong_transaction(void **state)
{
    (void)state;
    uint8_t reply[13];
    set_fault("inverter", "wrong-transaction 1");
    int fd = ask();
    assert_int_equal(recv(fd, reply, sizeof(reply), MSG_WAITALL), 13);
    assert_int_equal(reply[0], 1);
    assert_int_equal(reply[1], 3);
    (void)close(fd);
}

static void exception(void **state)
{
    (void)state;
    uint16_t registers[2];
    set_fault("inverter", "exception:6 1");
    modbus_t *modbus = bench_connect(&bench, "net", 3);
    assert_int_equal(modbus_read_registers(modbus, 32106, 2, registers), -1);
    assert_int_equal(errno, EMBXSBUSY);
    assert_int_equal(modbus_read_registers(modbus, 32106, 2, registers), 2);
    bench_close(modbus);
}

static void garbage(void **state)
{
    (void)state;
    uint8_t reply[13];
    set_fault("inverter", "garbage 1");
    int fd = ask();
    ssize_t got = recv(fd, reply, sizeof(reply), 0);
    assert_true(got >= 7);
    bool is_frame = reply[2] == 0 && reply[3] == 0 && reply[4] == 0;
    assert_false(is_frame);
    (void)close(fd);
}

static void closing(void **state)
{
    (void)state;
    uint8_t byte = 0;
    set_fault("inverter", "close 1");
    int fd = ask();
    assert_true(recv(fd, &byte, 1, 0) <= 0);
    (void)close(fd);
    (void)counter_now();
}

static void serial_faults(void **state)
{
    (void)state;
    uint16_t registers[2];
    modbus_t *modbus = bench_connect(&bench, "bus", 5);
    assert_int_equal(modbus_set_error_recovery(modbus, MODBUS_ERROR_RECOVERY_PROTOCOL), 0);
    set_fault("bus-meter", "garbage 1");
    assert_int_equal(modbus_read_registers(modbus, 0x2012, 2, registers), -1);
    assert_int_equal(errno, EMBBADCRC);
    set_fault("bus-meter", "silent");
    assert_int_equal(modbus_set_response_timeout(modbus, 0, 300000), 0);
    assert_int_equal(modbus_read_registers(modbus, 0x2012, 2, registers), -1);
    assert_int_equal(errno, ETIMEDOUT);
    set_fault("bus-meter", "off");
    assert_int_equal(modbus_set_response_timeout(modbus, 2, 0), 0);
    assert_int_equal(modbus_read_registers(modbus, 0x2012, 2, registers), 2);
    bench_close(modbus);
}

/* A wrong unit on the wire of RTU over TCP, where we see the bytes. */
static void serial_wrong_unit(void **state)
{
    (void)state;
    const uint8_t frame[] = {7, 3, 0, 4, 0, 2, 0x85, 0xAC};
    uint8_t reply[9];
    set_fault("water", "wrong-transaction 1");
    int fd = bench_socket(&bench, "conv");
    assert_int_equal(send(fd, frame, sizeof(frame), 0), (ssize_t)sizeof(frame));
    assert_int_equal(recv(fd, reply, sizeof(reply), MSG_WAITALL), 9);
    assert_int_equal(reply[0], 8);
    assert_int_equal(reply[1], 3);
    (void)close(fd);
}

static void counters_misbehave(void **state)
{
    (void)state;
    uint32_t start = counter_now();
    assert_true(start > 100000);
    set_fault("inverter", "glitch:zero");
    assert_int_equal(counter_now(), 0);
    assert_true(counter_now() >= start);
    set_fault("inverter", "glitch:spike");
    assert_true(counter_now() > start + 4000000);
    assert_true(counter_now() - start < 10000);
    set_fault("inverter", "reset");
    assert_true(counter_now() < 10000);
    set_fault("inverter", "rollover");
    assert_true(counter_now() >= UINT32_MAX - 20);
    /* 20 counts of 0.01 kWh are gone within a simulated minute; then the dial begins again. */
    (void)bench_ask(&bench, "speed 3600");
    uint32_t count = counter_now();
    for (int i = 0; i < 200 && count >= UINT32_MAX - 20; i++) {
        (void)poll(NULL, 0, 50);
        count = counter_now();
    }
    assert_true(count < 100000);
    (void)bench_ask(&bench, "speed 1");
}

static void float_counters_have_no_rollover(void **state)
{
    (void)state;
    (void)bench_ask(&bench, "fault water rollover");
    assert_non_null(strstr(bench.answer, "error"));
    set_fault("water", "reset");
    assert_near(bench_value(&bench, "water", "water_volume"), 0.0, 0.1);
}

static void words_are_checked(void **state)
{
    (void)state;
    struct fault fault;
    static const char *const wrong[] = {"",       "slow",      "slow:",         "slow:x",
                                        "slow:0", "exception", "exception:256", "silent:1",
                                        "sil",    "silentx",   "glitch"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_equal(fault_parse(wrong[i], 0, &fault), -EINVAL);
    }
    assert_int_equal(fault_parse("late", 3, &fault), 0);
    assert_int_equal(fault.value, 1500);
    assert_int_equal(fault.left, 3);
    assert_int_equal(fault_parse("glitch:spike", 0, &fault), 0);
    assert_int_equal(fault.kind, FAULT_GLITCH_SPIKE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(silent),
        cmocka_unit_test(slow),
        cmocka_unit_test(late),
        cmocka_unit_test(wrong_transaction),
        cmocka_unit_test(exception),
        cmocka_unit_test(garbage),
        cmocka_unit_test(closing),
        cmocka_unit_test(serial_faults),
        cmocka_unit_test(serial_wrong_unit),
        cmocka_unit_test(counters_misbehave),
        cmocka_unit_test(float_counters_have_no_rollover),
        cmocka_unit_test(words_are_checked),
    };
    return cmocka_run_group_tests_name("sim_faults", tests, set_up, tear_down);
}
