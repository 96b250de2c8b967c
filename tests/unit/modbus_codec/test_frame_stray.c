/* SPDX-License-Identifier: Apache-2.0 */
/* test_frame_stray: bytes of nobody and our own echo before a reply, whose unit may be another by leave. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/mem.h"
#include "collectors/modbus/frame/frame.h"
#include "hex.h"

enum { TRANSACTION = 0x1234 };

static const struct frame_request two_registers = {
    .unit = 1, .function = 3, .address = 7, .quantity = 2};
static const struct frame_request twenty_coils = {
    .unit = 1, .function = 1, .address = 0x0310, .quantity = 20};

/* Of bytes that were taken as they came: what was passed over, and how it ended. */
struct end {
    enum frame_verdict verdict;
    size_t passed;
    size_t echoes;
    struct frame_reply reply;
};

static struct end match_all(enum frame_kind kind, const struct frame_request *request,
                            unsigned leniency, const uint8_t *bytes, size_t size)
{
    struct end end = {.verdict = FRAME_FOREIGN};
    while (end.verdict == FRAME_FOREIGN || end.verdict == FRAME_STRAY ||
           end.verdict == FRAME_ECHO) {
        size_t consumed = 0;
        end.verdict = frame_match(kind, request, TRANSACTION, leniency, bytes + end.passed,
                                  size - end.passed, &end.reply, &consumed);
        end.echoes += end.verdict == FRAME_ECHO;
        bool is_over = end.verdict == FRAME_INCOMPLETE || end.verdict == FRAME_BAD ||
                       end.verdict == FRAME_REPLY || end.verdict == FRAME_EXCEPTION ||
                       end.verdict == FRAME_SHORT;
        end.passed += is_over ? 0 : consumed;
    }
    return end;
}

static enum frame_verdict verdict_of(enum frame_kind kind, unsigned leniency, const char *hex)
{
    uint8_t bytes[256];
    return match_all(kind, &two_registers, leniency, bytes, hex_bytes(hex, bytes)).verdict;
}

static void serial_noise_is_passed_over(void **state)
{
    (void)state;
    static const struct {
        const char *hex;
        enum frame_verdict verdict;
    } cases[] = {
        {"00 01 03 04 0000C148 AB95", FRAME_REPLY},
        {"FF 01 03 04 0000C148 AB95", FRAME_REPLY},
        {"FF FE 00 80 01 03 04 0000C148 AB95", FRAME_REPLY},
        {"01 01 03 04 0000C148 AB95", FRAME_REPLY}, /* like our unit */
        {"00 01 03 04 0000C148 AB95 00 00 00", FRAME_REPLY},
        {"00 01 83 02 C0F1", FRAME_EXCEPTION},
        {"00 01 03 02 0001 7984", FRAME_SHORT},
        {"00 00 00 00 00 01 03 04 0000C148 AB95", FRAME_BAD}, /* a frame might be in it */
        {"00 01 03 04 0000C148 AB95 00 00 00 00 00", FRAME_BAD},
        {"00 01 03 04 0000C148 AB96", FRAME_BAD},
        {"00 02 03 04 0000C148 98D5", FRAME_BAD}, /* another unit */
        {"01 03 04 0000C148 AB96 01 03 04 0000C148 AB95", FRAME_BAD},
        {"00", FRAME_INCOMPLETE},
        {"00 FF FF 00", FRAME_INCOMPLETE},
        {"00 01", FRAME_INCOMPLETE},
        {"00 01 03 04 0000C148 AB", FRAME_INCOMPLETE},
        {"00 FF FF 00 FF", FRAME_BAD},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        if (verdict_of(FRAME_RTU, FRAME_STRICT, cases[i].hex) != cases[i].verdict) {
            fail_msg("%s", cases[i].hex);
        }
    }
}

static void a_greeting_is_passed_over_on_tcp(void **state)
{
    (void)state;
    static const struct {
        const char *hex;
        enum frame_verdict verdict;
    } cases[] = {
        {"48656C6C6F20776F726C 1234 0000 0007 01 03 04 0001 0002", FRAME_REPLY},
        {"00 1234 0000 0007 01 03 04 0001 0002", FRAME_REPLY},
        {"00 00 00 1234 0000 0003 01 83 02", FRAME_EXCEPTION},
        {"12 1234 0000 0007 01 03 04 0001 0002", FRAME_REPLY},                 /* like our id */
        {"FFFD01 FFFD1F 1233 0000 0007 01 03 04 0001 0002", FRAME_INCOMPLETE}, /* not ours */
        {"1234 0001 0007 01 03 04 0001 0002", FRAME_BAD},                      /* but wrong */
        {"48656C6C6F 1234 0000 0007 02 03 04 0001 0002", FRAME_INCOMPLETE},
        {"48656C6C6F20776F726C", FRAME_INCOMPLETE},
        {"48656C6C6F20776F726C 1234 0000", FRAME_INCOMPLETE},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        if (verdict_of(FRAME_TCP, FRAME_STRICT, cases[i].hex) != cases[i].verdict) {
            fail_msg("%s", cases[i].hex);
        }
    }
    assert_int_equal(verdict_of(FRAME_TCP, FRAME_ANY_TRANSACTION,
                                "48656C6C6F20 0000 0000 0007 01 03 04 0001 0002"),
                     FRAME_REPLY);
    assert_int_equal(
        verdict_of(FRAME_TCP, FRAME_ANY_TRANSACTION, "0000 0000 00FF 01 03 04 0001 0002"),
        FRAME_BAD);
}

/* In one piece and cut at every byte. */
static void our_own_request_is_passed_over(void **state)
{
    (void)state;
    for (int kind = FRAME_TCP; kind <= FRAME_RTU; kind++) {
        uint8_t bytes[FRAME_SIZE_MAX];
        size_t size = 0;
        assert_int_equal(
            frame_encode((enum frame_kind)kind, &two_registers, TRANSACTION, bytes, &size), 0);
        size_t echo_size = size;
        size += hex_bytes(kind == FRAME_TCP ? "1234 0000 0007 01 03 04 0000 C148"
                                            : "01 03 04 0000C148 AB95",
                          bytes + size);
        for (size_t part = 0; part < size; part++) {
            struct end end =
                match_all((enum frame_kind)kind, &two_registers, FRAME_STRICT, bytes, part);
            assert_int_equal(end.verdict, FRAME_INCOMPLETE);
            assert_int_equal(end.echoes, part >= echo_size);
        }
        struct end end =
            match_all((enum frame_kind)kind, &two_registers, FRAME_STRICT, bytes, size);
        assert_int_equal(end.verdict, FRAME_REPLY);
        assert_int_equal(end.passed, echo_size);
    }
}

/* Twenty coils at 0x0310: the request has the form of its reply. */
static void an_echo_is_never_a_value(void **state)
{
    (void)state;
    for (int kind = FRAME_TCP; kind <= FRAME_RTU; kind++) {
        uint8_t bytes[FRAME_SIZE_MAX];
        size_t size = 0;
        assert_int_equal(
            frame_encode((enum frame_kind)kind, &twenty_coils, TRANSACTION, bytes, &size), 0);
        assert_int_equal(size, frame_reply_size((enum frame_kind)kind, &twenty_coils));
        struct end end = match_all((enum frame_kind)kind, &twenty_coils, FRAME_STRICT, bytes, size);
        assert_int_equal(end.verdict, FRAME_INCOMPLETE);
        assert_int_equal(end.echoes, 1);
    }
}

/* The reply to a single write is its request. */
static void a_write_is_confirmed_by_its_echo(void **state)
{
    (void)state;
    static const uint16_t value[] = {3};
    const struct frame_request write = {
        .unit = 17, .function = 6, .address = 1, .quantity = 1, .values = value};
    uint8_t bytes[FRAME_SIZE_MAX];
    size_t size = 0;
    assert_int_equal(frame_encode(FRAME_RTU, &write, 0, bytes, &size), 0);
    assert_int_equal(match_all(FRAME_RTU, &write, FRAME_STRICT, bytes, size).verdict, FRAME_REPLY);
}

static void a_unit_may_be_another_by_leave_alone(void **state)
{
    (void)state;
    static const struct {
        const char *hex;
        enum frame_verdict strict;
        enum frame_verdict lenient;
    } cases[] = {
        {"1234 0000 0007 01 03 04 0001 0002", FRAME_REPLY, FRAME_REPLY},
        {"1234 0000 0007 00 03 04 0001 0002", FRAME_BAD, FRAME_REPLY},
        {"1234 0000 0007 FF 03 04 0001 0002", FRAME_BAD, FRAME_REPLY},
        {"1234 0000 0003 00 83 02", FRAME_BAD, FRAME_EXCEPTION},
        {"1234 0000 0007 02 03 04 0001 0002", FRAME_BAD, FRAME_BAD},
        {"1233 0000 0007 00 03 04 0001 0002", FRAME_INCOMPLETE, FRAME_INCOMPLETE}, /* foreign */
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        assert_int_equal(verdict_of(FRAME_TCP, FRAME_STRICT, cases[i].hex), cases[i].strict);
        assert_int_equal(verdict_of(FRAME_TCP, FRAME_ANY_UNIT, cases[i].hex), cases[i].lenient);
    }
    assert_int_equal(verdict_of(FRAME_RTU, FRAME_ANY_UNIT, "00 03 04 0000C148 6A55"), FRAME_BAD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(serial_noise_is_passed_over),
        cmocka_unit_test(a_greeting_is_passed_over_on_tcp),
        cmocka_unit_test(our_own_request_is_passed_over),
        cmocka_unit_test(an_echo_is_never_a_value),
        cmocka_unit_test(a_write_is_confirmed_by_its_echo),
        cmocka_unit_test(a_unit_may_be_another_by_leave_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
