/* SPDX-License-Identifier: Apache-2.0 */
/* Each fault as a client sees it on the wire. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench.h"
#include "sim/device/faults.h"
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

struct shape {
    const char *fault;
    const char *bytes; /* of the reply, in hexadecimal; dots are data or a sum */
};

static const struct shape tcp_shapes[] = {
    {"doubled 1", "0102 0000 0007 0303 04........ 0102 0000 0007 0303 04........"},
    {"unasked:100 1", "0102 0000 0007 0303 04........ 0202 0000 0007 0303 04........"},
    {"truncated 1", "0102 0000 0007"},
    {"junk-before 1", "0001 DEAD FFFF 55AA 55AA 0102 0000 0007 0303 04........"},
    {"junk-after 1", "0102 0000 0007 0303 04........ 0001 DEAD FFFF 55AA 55AA"},
    {"strays 1", "FF 0102 0000 0007 0303 04........ 000000"},
    {"echo 1", "0102 0000 0006 0303 7D6A 0002 0102 0000 0007 0303 04........"},
    {"unit-id 1", "0102 0000 0007 0003 04........"},
    {"unit-id:255 1", "0102 0000 0007 FF03 04........"},
    {"no-transaction 1", "0000 0000 0007 0303 04........"},
    {"wrong-protocol 1", "0102 0001 0007 0303 04........"},
    {"length:71 1", "0102 0000 0047 0303 04........"},
    {"length:65535 1", "0102 0000 FFFF 0303 04........"},
    {"short-length 1", "0102 0000 0005 0303 04........"},
    {"wrong-unit 1", "0102 0000 0007 0403 04........"},
    {"wrong-function 1", "0102 0000 0007 0304 04........"},
    {"fewer 1", "0102 0000 0005 0303 02...."},
    {"byte-count 1", "0102 0000 0007 0303 FF........"},
    {"exception-length:2 1", "0102 0000 0002 0383 04"},
    {"refuse:32107 1", "0102 0000 0003 0383 02"},
    {"refuse:32108", "0102 0000 0007 0303 04........"},
    {"drip:5 1", "0102 0000 0007 0303 04........"},
};

static const struct shape rtu_shapes[] = {
    {"doubled 1", "0703 04........ .... 0703 04........ ...."},
    {"wrong-function 1", "0704 04........ ...."},
    {"strays 1", "FF 0703 04........ .... 000000"},
    {"echo 1", "0703 0004 0002 85AC 0703 04........ ...."},
    {"fewer 1", "0703 02.... ...."},
    {"byte-count:6 1", "0703 06........ ...."},
    {"short-length 1", "0803 04........ ...."},
    {"truncated 1", "0703 04.."},
};

/* Compares what comes with the pattern, and that no more comes. */
static void expect_bytes(int fd, const struct shape *shape)
{
    for (const char *at = shape->bytes; *at != '\0';) {
        char digits[3] = {at[0], at[1], '\0'};
        uint8_t byte = 0;
        if (*at == ' ') {
            at++;
            continue;
        }
        at += 2;
        assert_int_equal(recv(fd, &byte, 1, MSG_WAITALL), 1);
        if (digits[0] != '.' && byte != strtoul(digits, NULL, 16)) {
            fail_msg("%s: %02X before \"%s\"", shape->fault, byte, at);
        }
    }
    assert_false(is_answered(fd, 30));
}

static void replies_on_tcp(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(tcp_shapes) / sizeof(tcp_shapes[0]); i++) {
        set_fault("inverter", tcp_shapes[i].fault);
        int fd = ask();
        expect_bytes(fd, &tcp_shapes[i]);
        (void)close(fd);
    }
    set_fault("inverter", "off");
}

static void replies_on_a_serial_wire(void **state)
{
    (void)state;
    const uint8_t frame[] = {7, 3, 0, 4, 0, 2, 0x85, 0xAC};
    for (size_t i = 0; i < sizeof(rtu_shapes) / sizeof(rtu_shapes[0]); i++) {
        set_fault("water", rtu_shapes[i].fault);
        int fd = bench_socket(&bench, "conv");
        assert_int_equal(send(fd, frame, sizeof(frame), 0), (ssize_t)sizeof(frame));
        expect_bytes(fd, &rtu_shapes[i]);
        (void)close(fd);
    }
}

/* The second reply on a connection, behind or instead of the first. */
static void replies_of_before(void **state)
{
    (void)state;
    uint8_t first[13];
    uint8_t second[26];
    uint8_t again[sizeof(request)];
    memcpy(again, request, sizeof(request));
    again[1] = 3;
    int fd = ask();
    assert_int_equal(recv(fd, first, sizeof(first), MSG_WAITALL), 13);
    set_fault("inverter", "stale 1");
    assert_int_equal(send(fd, again, sizeof(again), 0), (ssize_t)sizeof(again));
    assert_int_equal(recv(fd, second, sizeof(second), MSG_WAITALL), 26);
    assert_memory_equal(second, first, 13);
    assert_int_equal(second[14], 3);
    set_fault("inverter", "lagging 1");
    again[1] = 4;
    assert_int_equal(send(fd, again, sizeof(again), 0), (ssize_t)sizeof(again));
    assert_int_equal(recv(fd, first, sizeof(first), MSG_WAITALL), 13);
    assert_int_equal(first[1], 3);
    assert_false(is_answered(fd, 30));
    (void)close(fd);
}

static void ends_of_connections(void **state)
{
    (void)state;
    uint8_t bytes[14];
    set_fault("inverter", "half-close 1");
    int fd = ask();
    assert_int_equal(recv(fd, bytes, sizeof(bytes), MSG_WAITALL), 13);
    assert_int_equal(recv(fd, bytes, 1, 0), 0);
    (void)close(fd);
    set_fault("inverter", "abort 1");
    fd = ask();
    assert_int_equal(recv(fd, bytes, 1, 0), -1);
    assert_int_equal(errno, ECONNRESET);
    (void)close(fd);
    (void)counter_now();
}

static void lines_as_a_whole(void **state)
{
    (void)state;
    uint8_t byte = 0;
    assert_non_null(strstr(bench_ask(&bench, "line net silent"), "silent"));
    int fd = ask();
    assert_false(is_answered(fd, 200));
    (void)bench_ask(&bench, "line net down");
    assert_int_equal(send(fd, request, sizeof(request), 0), (ssize_t)sizeof(request));
    assert_true(recv(fd, &byte, 1, 0) <= 0);
    (void)close(fd);
    fd = bench_socket(&bench, "net");
    assert_true(recv(fd, &byte, 1, 0) <= 0);
    (void)close(fd);
    assert_non_null(strstr(bench_ask(&bench, "line net off"), "off"));
    (void)counter_now();
    assert_non_null(strstr(bench_ask(&bench, "line nowhere off"), "error"));
    assert_non_null(strstr(bench_ask(&bench, "line net loud"), "error"));
}

/* Each word is in the text for people and in the man page. */
static void words_are_told(void **state)
{
    (void)state;
    char page[16384];
    FILE *file = fopen(LINGTAN_SOURCE_FOLDER "/man/lingtan-sim.1", "re");
    assert_non_null(file);
    page[fread(page, 1, sizeof(page) - 1, file)] = '\0';
    (void)fclose(file);
    for (size_t i = 0; fault_words[i] != NULL; i++) {
        assert_non_null(strstr(fault_usage, fault_words[i]));
        if (strstr(page, fault_words[i]) == NULL) {
            fail_msg("man/lingtan-sim.1 does not have the fault %s", fault_words[i]);
        }
    }
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
    static const char *const wrong[] = {"",         "slow",        "slow:",         "slow:x",
                                        "slow:0",   "exception",   "exception:256", "silent:1",
                                        "sil",      "silentx",     "glitch",        "slow:20-10",
                                        "slow:10-", "slow:10-20x", "late:10-20"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_equal(fault_parse(wrong[i], 0, &fault), -EINVAL);
    }
    assert_int_equal(fault_parse("slow:10-30", 0, &fault), 0);
    assert_int_equal(fault.value, 10);
    assert_int_equal(fault.most, 30);
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
        cmocka_unit_test(replies_on_tcp),
        cmocka_unit_test(replies_on_a_serial_wire),
        cmocka_unit_test(replies_of_before),
        cmocka_unit_test(ends_of_connections),
        cmocka_unit_test(lines_as_a_whole),
        cmocka_unit_test(words_are_told),
        cmocka_unit_test(counters_misbehave),
        cmocka_unit_test(float_counters_have_no_rollover),
        cmocka_unit_test(words_are_checked),
    };
    return cmocka_run_group_tests_name("sim_faults", tests, set_up, tear_down);
}
