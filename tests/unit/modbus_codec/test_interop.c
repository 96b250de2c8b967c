/* SPDX-License-Identifier: Apache-2.0 */
/* test_interop: our frames against a libmodbus server, every function code, on TCP and on a serial line (a pty). The
 * cases are those of libmodbus' own tests as far as they concern framing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "collectors/modbus/frame/raw.h"
#include "oracle.h"

enum { DEADLINE_MS = 20000, QUIET_MS = 200 };

struct wire {
    struct oracle oracle;
    uint16_t transaction;
    uint8_t bytes[1024]; /* received, not consumed */
    size_t size;
};

struct answer {
    enum frame_verdict verdict;
    uint8_t exception;
    size_t count;
    uint16_t registers[FRAME_READ_REGISTERS_MAX];
};

static void send_request(struct wire *wire, const struct frame_request *request)
{
    uint8_t frame[FRAME_SIZE_MAX];
    size_t size = 0;
    wire->transaction++;
    assert_int_equal(frame_encode(wire->oracle.kind, request, wire->transaction, frame, &size), 0);
    assert_int_equal(write(wire->oracle.client, frame, size), size);
}

/* Waits for bytes; false when none came in time. */
static bool receive(struct wire *wire, int timeout_ms)
{
    struct pollfd waiting = {.fd = wire->oracle.client, .events = POLLIN};
    if (poll(&waiting, 1, timeout_ms) <= 0) {
        return false;
    }
    ssize_t got =
        read(wire->oracle.client, wire->bytes + wire->size, sizeof(wire->bytes) - wire->size);
    assert_true(got > 0);
    wire->size += (size_t)got;
    return true;
}

static void drop(struct wire *wire, size_t count)
{
    memmove(wire->bytes, wire->bytes + count, wire->size - count);
    wire->size -= count;
}

/* The verdict on what comes next for the request; FRAME_INCOMPLETE when nothing more came. */
static struct answer await(struct wire *wire, const struct frame_request *request, int timeout_ms)
{
    struct answer answer = {0};
    for (;;) {
        struct frame_reply reply = {0};
        size_t consumed = 0;
        answer.verdict = frame_match(wire->oracle.kind, request, wire->transaction, FRAME_STRICT,
                                     wire->bytes, wire->size, &reply, &consumed);
        if (answer.verdict != FRAME_INCOMPLETE || !receive(wire, timeout_ms)) {
            answer.exception = reply.exception;
            answer.count =
                frame_registers(request, &reply, answer.registers, ARRAY_SIZE(answer.registers));
            drop(wire, consumed);
            return answer;
        }
    }
}

static struct answer ask(struct wire *wire, const struct frame_request *request)
{
    send_request(wire, request);
    return await(wire, request, DEADLINE_MS);
}

static struct answer read_from(struct wire *wire, uint8_t function, uint16_t address,
                               uint16_t quantity)
{
    struct frame_request request = {
        .unit = ORACLE_UNIT, .function = function, .address = address, .quantity = quantity};
    return ask(wire, &request);
}

static struct answer write_to(struct wire *wire, uint8_t function, uint16_t address,
                              uint16_t quantity, const uint16_t *values)
{
    struct frame_request request = {.unit = ORACLE_UNIT,
                                    .function = function,
                                    .address = address,
                                    .quantity = quantity,
                                    .values = values};
    return ask(wire, &request);
}

static void check_registers(const struct answer *answer, const uint16_t *wanted, size_t count)
{
    assert_int_equal(answer->verdict, FRAME_REPLY);
    assert_int_equal(answer->count, count);
    assert_memory_equal(answer->registers, wanted, count * sizeof(*wanted));
}

static int start_tcp(void **state)
{
    struct wire *wire = mem_alloc(sizeof(*wire));
    oracle_start(&wire->oracle, FRAME_TCP);
    wire->transaction = 0xfffe; /* it must survive the wrap */
    *state = wire;
    return 0;
}

static int start_rtu(void **state)
{
    struct wire *wire = mem_alloc(sizeof(*wire));
    oracle_start(&wire->oracle, FRAME_RTU);
    *state = wire;
    return 0;
}

static int stop(void **state)
{
    struct wire *wire = *state;
    oracle_stop(&wire->oracle);
    free(wire);
    return 0;
}

static void reads(void **state)
{
    static const uint16_t coils[] = {0x6bcd, 0x0eb2, 0x001b};
    static const uint16_t discretes[] = {0xdbac, 0x0035};
    static const uint16_t holding[] = {0x022b, 0x0001, 0x0064};
    static const uint16_t input[] = {0x000a};
    struct answer answer = read_from(*state, 1, ORACLE_COILS, ORACLE_COIL_COUNT);
    check_registers(&answer, coils, 3);
    answer = read_from(*state, 2, ORACLE_DISCRETES, ORACLE_DISCRETE_COUNT);
    check_registers(&answer, discretes, 2);
    answer = read_from(*state, 3, ORACLE_HOLDING, 3);
    check_registers(&answer, holding, 3);
    answer = read_from(*state, 4, ORACLE_INPUT, 1);
    check_registers(&answer, input, 1);
}

/* Both we and libmodbus must read 123456.0. Its functions that write floats are left out: in 3.1.6 they swap the words. */
static void reads_floats_of_every_order(void **state)
{
    static const struct {
        int words;
        int bytes;
        float (*theirs)(const uint16_t *registers);
    } orders[] = {
        {WORDS_HIGH_FIRST, BYTES_HIGH_FIRST, modbus_get_float_abcd},
        {WORDS_LOW_FIRST, BYTES_LOW_FIRST, modbus_get_float_dcba},
        {WORDS_HIGH_FIRST, BYTES_LOW_FIRST, modbus_get_float_badc},
        {WORDS_LOW_FIRST, BYTES_HIGH_FIRST, modbus_get_float_cdab},
    };
    struct answer answer = read_from(*state, 3, ORACLE_FLOATS, 8);
    assert_int_equal(answer.count, 8);
    for (size_t i = 0; i < ARRAY_SIZE(orders); i++) {
        struct raw_layout layout = {
            .type = REGISTER_F32,
            .word_order = orders[i].words,
            .byte_order = orders[i].bytes,
            .count = 2,
        };
        const uint16_t *registers = answer.registers + 2 * i;
        assert_true(raw_float(&layout, registers) == 123456.0);
        assert_true((double)orders[i].theirs(registers) == 123456.0);
    }
}

static void writes(void **state)
{
    static const uint16_t on[] = {1};
    static const uint16_t value[] = {0x1234};
    static const uint16_t bits[] = {1, 0, 0, 1, 1, 0, 0, 0, 0, 1};
    static const uint16_t bits_packed[] = {0x0219};
    static const uint16_t values[] = {0xfedc, 0x0000, 0x8001};
    struct wire *wire = *state;
    assert_int_equal(write_to(wire, 5, ORACLE_COILS + 1, 1, on).verdict, FRAME_REPLY);
    struct answer answer = read_from(wire, 1, ORACLE_COILS + 1, 1);
    check_registers(&answer, on, 1);
    assert_int_equal(write_to(wire, 6, ORACLE_HOLDING, 1, value).verdict, FRAME_REPLY);
    answer = read_from(wire, 3, ORACLE_HOLDING, 1);
    check_registers(&answer, value, 1);
    assert_int_equal(write_to(wire, 15, ORACLE_COILS, 10, bits).verdict, FRAME_REPLY);
    answer = read_from(wire, 1, ORACLE_COILS, 10);
    check_registers(&answer, bits_packed, 1);
    assert_int_equal(write_to(wire, 16, ORACLE_HOLDING, 3, values).verdict, FRAME_REPLY);
    answer = read_from(wire, 3, ORACLE_HOLDING, 3);
    check_registers(&answer, values, 3);
}

/* The example of the specification: 0x12 masked with 0xF2 and 0x25 is 0x17. */
static void masks(void **state)
{
    static const uint16_t before[] = {0x12};
    static const uint16_t mask[] = {0xf2, 0x25};
    static const uint16_t after[] = {0x17};
    assert_int_equal(write_to(*state, 6, ORACLE_HOLDING, 1, before).verdict, FRAME_REPLY);
    assert_int_equal(write_to(*state, 22, ORACLE_HOLDING, 1, mask).verdict, FRAME_REPLY);
    struct answer answer = read_from(*state, 3, ORACLE_HOLDING, 1);
    check_registers(&answer, after, 1);
}

static void reads_and_writes_at_once(void **state)
{
    static const uint16_t values[] = {0x0a0b, 0x0c0d};
    static const uint16_t wanted[] = {0x022b, 0x0a0b, 0x0c0d};
    struct frame_request request = {
        .unit = ORACLE_UNIT,
        .function = 23,
        .address = ORACLE_HOLDING,
        .quantity = 3,
        .values = values,
        .write_address = ORACLE_HOLDING + 1,
        .write_count = 2,
    };
    struct answer answer = ask(*state, &request);
    check_registers(&answer, wanted, 3);
}

static void check_exception(const struct answer *answer, uint8_t exception)
{
    assert_int_equal(answer->verdict, FRAME_EXCEPTION);
    assert_int_equal(answer->exception, exception);
    assert_int_equal(answer->count, 0);
}

/* Address 0 and one above the highest, for every function; the connection is good for the next request. */
static void reports_illegal_addresses(void **state)
{
    static const struct {
        uint8_t function;
        uint16_t above;
    } rows[] = {
        {1, ORACLE_COILS + ORACLE_COIL_COUNT},       {2, ORACLE_DISCRETES + ORACLE_DISCRETE_COUNT},
        {3, ORACLE_HOLDING + ORACLE_HOLDING_COUNT},  {4, ORACLE_INPUT + ORACLE_INPUT_COUNT},
        {5, ORACLE_COILS + ORACLE_COIL_COUNT},       {6, ORACLE_HOLDING + ORACLE_HOLDING_COUNT},
        {15, ORACLE_COILS + ORACLE_COIL_COUNT},      {16, ORACLE_HOLDING + ORACLE_HOLDING_COUNT},
        {22, ORACLE_HOLDING + ORACLE_HOLDING_COUNT}, {23, ORACLE_HOLDING + ORACLE_HOLDING_COUNT},
    };
    static const uint16_t values[] = {1, 1};
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        for (int end = 0; end < 2; end++) {
            struct frame_request request = {
                .unit = ORACLE_UNIT,
                .function = rows[i].function,
                .address = end == 0 ? 0 : rows[i].above,
                .quantity = 1,
                .values = values,
                .write_address = ORACLE_HOLDING,
                .write_count = 1,
            };
            struct answer answer = ask(*state, &request);
            check_exception(&answer, 2);
        }
    }
    assert_int_equal(read_from(*state, 3, ORACLE_HOLDING, 1).verdict, FRAME_REPLY);
}

static void reports_a_busy_device(void **state)
{
    struct answer answer = read_from(*state, 3, ORACLE_BUSY, 1);
    check_exception(&answer, 6);
    assert_int_equal(read_from(*state, 3, ORACLE_HOLDING, 1).verdict, FRAME_REPLY);
}

/* A request that our encoder refuses to make, put together by hand: libmodbus says illegal data value. */
static void reports_an_illegal_count(void **state)
{
    struct wire *wire = *state;
    struct frame_request request = {
        .unit = ORACLE_UNIT, .function = 3, .address = ORACLE_HOLDING, .quantity = 1};
    uint8_t frame[FRAME_SIZE_MAX];
    size_t size = 0;
    assert_int_equal(frame_encode(wire->oracle.kind, &request, wire->transaction, frame, &size), 0);
    if (wire->oracle.kind == FRAME_TCP) {
        frame[size - 1] = 0;
    } else {
        frame[size - 3] = 0;
        unsigned crc = frame_crc(frame, size - 2);
        frame[size - 2] = (uint8_t)crc;
        frame[size - 1] = (uint8_t)(crc >> 8);
    }
    assert_int_equal(write(wire->oracle.client, frame, size), size);
    struct answer answer = await(wire, &request, DEADLINE_MS);
    check_exception(&answer, 3);
}

static void tells_a_short_answer(void **state)
{
    assert_int_equal(read_from(*state, 3, ORACLE_SHORT, 2).verdict, FRAME_SHORT);
}

static void takes_an_answer_byte_by_byte(void **state)
{
    static const uint16_t wanted[] = {0x1234};
    struct answer answer = read_from(*state, 3, ORACLE_BYTEWISE, 1);
    check_registers(&answer, wanted, 1);
}

/* On TCP it is told by its transaction and dropped, and the next answer is good. On a serial line nothing tells where it
 * ends, so it is bad. */
static void rejects_a_foreign_answer(void **state)
{
    struct wire *wire = *state;
    struct answer answer = read_from(wire, 3, ORACLE_FOREIGN, 1);
    if (wire->oracle.kind == FRAME_RTU) {
        assert_int_equal(answer.verdict, FRAME_BAD);
        return;
    }
    assert_int_equal(answer.verdict, FRAME_FOREIGN);
    assert_int_equal(wire->size, 0);
    assert_int_equal(read_from(wire, 3, ORACLE_HOLDING, 1).verdict, FRAME_REPLY);
}

/* Two requests on the way, as after a timeout: only the answer to the second counts. */
static void a_late_answer_does_not_satisfy_the_next_request(void **state)
{
    static const uint16_t wanted[] = {0x0064};
    struct wire *wire = *state;
    struct frame_request late = {
        .unit = ORACLE_UNIT, .function = 3, .address = ORACLE_HOLDING, .quantity = 1};
    struct frame_request next = late;
    next.address = ORACLE_HOLDING + 2;
    send_request(wire, &late);
    send_request(wire, &next);
    assert_int_equal(await(wire, &next, DEADLINE_MS).verdict, FRAME_FOREIGN);
    struct answer answer = await(wire, &next, DEADLINE_MS);
    check_registers(&answer, wanted, 1);
}

static void broadcasts_are_not_answered(void **state)
{
    static const uint16_t value[] = {0x4321};
    struct wire *wire = *state;
    struct frame_request request = {
        .unit = 0, .function = 6, .address = ORACLE_HOLDING, .quantity = 1, .values = value};
    send_request(wire, &request);
    assert_int_equal(await(wire, &request, QUIET_MS).verdict, FRAME_INCOMPLETE);
    struct answer answer = read_from(wire, 3, ORACLE_HOLDING, 1);
    check_registers(&answer, value, 1);
}

/* A bus with another unit on it: libmodbus hears the request and then the answer, both not its own, and is there for the
 * next request. */
static void other_units_are_not_answered_for(void **state)
{
    struct wire *wire = *state;
    uint8_t theirs[] = {ORACLE_UNIT + 1, 3, 2, 0x12, 0x34, 0, 0};
    unsigned crc = frame_crc(theirs, sizeof(theirs) - 2);
    theirs[5] = (uint8_t)crc;
    theirs[6] = (uint8_t)(crc >> 8);
    struct frame_request request = {
        .unit = ORACLE_UNIT + 1, .function = 3, .address = ORACLE_HOLDING, .quantity = 1};
    send_request(wire, &request);
    assert_int_equal(write(wire->oracle.client, theirs, sizeof(theirs)), sizeof(theirs));
    assert_int_equal(await(wire, &request, QUIET_MS).verdict, FRAME_INCOMPLETE);
    assert_int_equal(read_from(wire, 3, ORACLE_HOLDING, 1).verdict, FRAME_REPLY);
}

/* libmodbus drops what has a bad CRC; the request after it is answered. */
static void a_damaged_request_is_not_answered(void **state)
{
    struct wire *wire = *state;
    static const uint8_t damaged[] = {ORACLE_UNIT, 3, 0x01, 0x60, 0, 1, 0, 0};
    struct frame_request request = {
        .unit = ORACLE_UNIT, .function = 3, .address = ORACLE_HOLDING, .quantity = 1};
    assert_int_equal(write(wire->oracle.client, damaged, sizeof(damaged)), sizeof(damaged));
    assert_int_equal(await(wire, &request, QUIET_MS).verdict, FRAME_INCOMPLETE);
    assert_int_equal(ask(wire, &request).verdict, FRAME_REPLY);
}

#define ON_TCP(test)                                                                               \
    {                                                                                              \
        "tcp " #test, test, start_tcp, stop, NULL                                                  \
    }
#define ON_RTU(test)                                                                               \
    {                                                                                              \
        "rtu " #test, test, start_rtu, stop, NULL                                                  \
    }
#define ON_BOTH(test) ON_TCP(test), ON_RTU(test)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BOTH(reads),
        ON_BOTH(reads_floats_of_every_order),
        ON_BOTH(writes),
        ON_BOTH(masks),
        ON_BOTH(reads_and_writes_at_once),
        ON_BOTH(reports_illegal_addresses),
        ON_BOTH(reports_a_busy_device),
        ON_BOTH(reports_an_illegal_count),
        ON_BOTH(tells_a_short_answer),
        ON_BOTH(takes_an_answer_byte_by_byte),
        ON_BOTH(rejects_a_foreign_answer),
        ON_TCP(a_late_answer_does_not_satisfy_the_next_request),
        ON_RTU(broadcasts_are_not_answered),
        ON_RTU(other_units_are_not_answered_for),
        ON_RTU(a_damaged_request_is_not_answered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
