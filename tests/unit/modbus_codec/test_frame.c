/* SPDX-License-Identifier: Apache-2.0 */
/* test_frame: frames against published examples and against the malformed replies of the field (M1 to M10 of the device
 * notes). Unless noted the examples are those that the Modbus Application Protocol V1.1b3 and the Simply Modbus pages
 * print, CRCs included; nothing here is computed by the code under test. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "collectors/modbus/frame/frame.h"
#include "hex.h"

static const uint16_t one[] = {1};
static const uint16_t three[] = {3};
static const uint16_t mask[] = {0x00f2, 0x0025};
static const uint16_t pair[] = {0x000a, 0x0102};
static const uint16_t ten_bits[] = {1, 0, 1, 1, 0, 0, 1, 1, 1, 0};
static const uint16_t triple[] = {0x00ff, 0x00ff, 0x00ff};

struct example {
    struct frame_request request;
    const char *sent;     /* RTU, with CRC */
    const char *received; /* RTU, with CRC */
    const char *data;     /* of reads */
};

static const struct example examples[] = {
    {{.unit = 0x11, .function = 1, .address = 0x13, .quantity = 0x25},
     "11 01 0013 0025 0E84",
     "11 01 05 CD6BB20E1B 45E6",
     "CD6BB20E1B"},
    {{.unit = 0x11, .function = 2, .address = 0xc4, .quantity = 0x16},
     "11 02 00C4 0016 BAA9",
     "11 02 03 ACDB35 2018",
     "ACDB35"},
    {{.unit = 0x11, .function = 3, .address = 0x6b, .quantity = 3},
     "11 03 006B 0003 7687",
     "11 03 06 AE4156524340 49AD",
     "AE4156524340"},
    {{.unit = 0x11, .function = 4, .address = 8, .quantity = 1},
     "11 04 0008 0001 B298",
     "11 04 02 000A F8F4",
     "000A"},
    {{.unit = 0x11, .function = 5, .address = 0xac, .quantity = 1, .values = one},
     "11 05 00AC FF00 4E8B",
     "11 05 00AC FF00 4E8B",
     NULL},
    {{.unit = 0x11, .function = 6, .address = 1, .quantity = 1, .values = three},
     "11 06 0001 0003 9A9B",
     "11 06 0001 0003 9A9B",
     NULL},
    {{.unit = 0x11, .function = 15, .address = 0x13, .quantity = 10, .values = ten_bits},
     "11 0F 0013 000A 02 CD01 BF0B",
     "11 0F 0013 000A 2699",
     NULL},
    {{.unit = 0x11, .function = 16, .address = 1, .quantity = 2, .values = pair},
     "11 10 0001 0002 04 000A0102 C6F0",
     "11 10 0001 0002 1298",
     NULL},
    {{.unit = 0x11, .function = 22, .address = 4, .quantity = 1, .values = mask},
     "11 16 0004 00F2 0025 66E2",
     "11 16 0004 00F2 0025 66E2",
     NULL},
    /* The note of the Chinese flow converter: -12.5 with its low word first. */
    {{.unit = 1, .function = 3, .address = 0, .quantity = 2},
     "01 03 0000 0002 C40B",
     "01 03 04 0000C148 AB95",
     "0000C148"},
};

/* On TCP alone, since the specification prints its PDU without a CRC. */
static const struct frame_request read_write = {
    .unit = 0x11,
    .function = 23,
    .address = 3,
    .quantity = 6,
    .values = triple,
    .write_address = 0x0e,
    .write_count = 3,
};
static const char read_write_sent[] = "1234 0000 0011 11 17 0003 0006 000E 0003 06 00FF00FF00FF";
static const char read_write_received[] = "1234 0000 000F 11 17 0C 00FE 0ACD 0001 0003 000D 00FF";

enum { TRANSACTION = 0x1234 };

/* Puts the PDU of an RTU frame into an MBAP frame. */
static size_t to_tcp(const uint8_t *rtu, size_t size, uint8_t *out)
{
    const uint8_t head[] = {0x12, 0x34, 0, 0, 0, (uint8_t)(size - 2)};
    memcpy(out, head, sizeof(head));
    memcpy(out + sizeof(head), rtu, size - 2);
    return sizeof(head) + size - 2;
}

static size_t frame_bytes(enum frame_kind kind, const char *rtu_hex, uint8_t *out)
{
    uint8_t rtu[FRAME_SIZE_MAX];
    size_t size = hex_bytes(rtu_hex, rtu);
    if (kind == FRAME_TCP) {
        return to_tcp(rtu, size, out);
    }
    memcpy(out, rtu, size);
    return size;
}

struct seen {
    enum frame_verdict verdict;
    struct frame_reply reply;
    size_t consumed;
};

/* Matches a copy of exactly that size, so that the sanitizer sees a read beyond it. */
static struct seen match_leniently(enum frame_kind kind, const struct frame_request *request,
                                   unsigned leniency, const uint8_t *bytes, size_t size)
{
    uint8_t *copy = mem_alloc(size + (size == 0));
    memcpy(copy, bytes, size);
    struct seen seen = {.consumed = SIZE_MAX};
    seen.verdict =
        frame_match(kind, request, TRANSACTION, leniency, copy, size, &seen.reply, &seen.consumed);
    if (seen.reply.data != NULL) {
        seen.reply.data = bytes + (seen.reply.data - copy);
    }
    free(copy);
    return seen;
}

static struct seen match(enum frame_kind kind, const struct frame_request *request,
                         const uint8_t *bytes, size_t size)
{
    return match_leniently(kind, request, FRAME_STRICT, bytes, size);
}

static struct seen match_hex(enum frame_kind kind, const struct frame_request *request,
                             const char *hex)
{
    uint8_t bytes[1024];
    return match(kind, request, bytes, hex_bytes(hex, bytes));
}

static void encodes_published_requests(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(examples); i++) {
        for (int kind = FRAME_TCP; kind <= FRAME_RTU; kind++) {
            uint8_t wanted[FRAME_SIZE_MAX];
            uint8_t got[FRAME_SIZE_MAX];
            size_t size = 0;
            size_t wanted_size = frame_bytes((enum frame_kind)kind, examples[i].sent, wanted);
            assert_int_equal(
                frame_encode((enum frame_kind)kind, &examples[i].request, TRANSACTION, got, &size),
                0);
            assert_int_equal(size, wanted_size);
            assert_memory_equal(got, wanted, size);
        }
    }
}

static void encodes_read_write(void **state)
{
    (void)state;
    uint8_t wanted[FRAME_SIZE_MAX];
    uint8_t got[FRAME_SIZE_MAX];
    size_t size = 0;
    size_t wanted_size = hex_bytes(read_write_sent, wanted);
    assert_int_equal(frame_encode(FRAME_TCP, &read_write, TRANSACTION, got, &size), 0);
    assert_int_equal(size, wanted_size);
    assert_memory_equal(got, wanted, size);
}

static void check_split(enum frame_kind kind, const struct frame_request *request,
                        const uint8_t *bytes, size_t size, const char *data_hex)
{
    for (size_t i = 0; i < size; i++) {
        assert_int_equal(match(kind, request, bytes, i).verdict, FRAME_INCOMPLETE);
    }
    struct seen seen = match(kind, request, bytes, size);
    assert_int_equal(seen.verdict, FRAME_REPLY);
    assert_int_equal(seen.consumed, size);
    assert_int_equal(frame_reply_size(kind, request), size);
    if (data_hex != NULL) {
        uint8_t data[FRAME_SIZE_MAX];
        assert_int_equal(seen.reply.data_size, hex_bytes(data_hex, data));
        assert_memory_equal(seen.reply.data, data, seen.reply.data_size);
    }
}

static void matches_published_replies_at_every_split(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(examples); i++) {
        for (int kind = FRAME_TCP; kind <= FRAME_RTU; kind++) {
            uint8_t bytes[FRAME_SIZE_MAX];
            size_t size = frame_bytes((enum frame_kind)kind, examples[i].received, bytes);
            check_split((enum frame_kind)kind, &examples[i].request, bytes, size, examples[i].data);
        }
    }
    uint8_t bytes[FRAME_SIZE_MAX];
    size_t size = hex_bytes(read_write_received, bytes);
    check_split(FRAME_TCP, &read_write, bytes, size, "00FE 0ACD 0001 0003 000D 00FF");
}

/* What follows a good frame is the next call's business. */
static void junk_behind_a_reply_stays(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(examples); i++) {
        for (int kind = FRAME_TCP; kind <= FRAME_RTU; kind++) {
            uint8_t bytes[FRAME_SIZE_MAX + 8] = {0};
            size_t size = frame_bytes((enum frame_kind)kind, examples[i].received, bytes);
            memset(bytes + size, 0xa5, 8);
            struct seen seen = match((enum frame_kind)kind, &examples[i].request, bytes, size + 8);
            assert_int_equal(seen.verdict, FRAME_REPLY);
            assert_int_equal(seen.consumed, size);
        }
    }
}

/* One flipped bit anywhere: never a value. On TCP the data themselves carry no check, so only the head is tried there. */
static void a_flipped_bit_is_no_reply(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(examples); i++) {
        for (int kind = FRAME_TCP; kind <= FRAME_RTU; kind++) {
            uint8_t bytes[FRAME_SIZE_MAX];
            size_t size = frame_bytes((enum frame_kind)kind, examples[i].received, bytes);
            size_t tried = kind == FRAME_TCP ? 9 : size;
            for (size_t bit = 0; bit < tried * 8; bit++) {
                bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
                struct seen seen = match((enum frame_kind)kind, &examples[i].request, bytes, size);
                assert_int_not_equal(seen.verdict, FRAME_REPLY);
                bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
            }
        }
    }
}

static void refuses_what_modbus_does_not_allow(void **state)
{
    (void)state;
    static uint16_t values[2000];
    const struct frame_request wrong[] = {
        {.function = 3, .quantity = 0},
        {.function = 3, .quantity = 126},
        {.function = 4, .quantity = 126},
        {.function = 1, .quantity = 0},
        {.function = 1, .quantity = 2001},
        {.function = 2, .quantity = 2001},
        {.function = 3, .address = 65535, .quantity = 2},
        {.function = 5, .quantity = 2, .values = values},
        {.function = 6, .quantity = 1, .values = NULL},
        {.function = 15, .quantity = 1969, .values = values},
        {.function = 16, .quantity = 124, .values = values},
        {.function = 16, .quantity = 0, .values = values},
        {.function = 23, .quantity = 126, .values = values, .write_count = 1},
        {.function = 23, .quantity = 1, .values = values, .write_count = 122},
        {.function = 23, .quantity = 1, .values = values, .write_count = 0},
        {.function = 7, .quantity = 1},
        {.function = 0, .quantity = 1},
        {.function = 0x83, .quantity = 1},
    };
    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
        uint8_t out[FRAME_SIZE_MAX];
        size_t size = 77;
        assert_int_equal(frame_encode(FRAME_RTU, &wrong[i], 0, out, &size), -EINVAL);
        assert_int_equal(size, 77);
    }
}

static void encodes_the_largest(void **state)
{
    (void)state;
    static uint16_t values[2000];
    const struct frame_request largest[] = {
        {.function = 3, .address = 65411, .quantity = 125},
        {.function = 1, .address = 63536, .quantity = 2000},
        {.function = 15, .quantity = 1968, .values = values},
        {.function = 16, .quantity = 123, .values = values},
        {.function = 23, .quantity = 125, .values = values, .write_count = 121},
    };
    const size_t sizes[] = {12, 12, 259, 259, 259};
    for (size_t i = 0; i < ARRAY_SIZE(largest); i++) {
        uint8_t out[FRAME_SIZE_MAX];
        size_t size = 0;
        assert_int_equal(frame_encode(FRAME_TCP, &largest[i], 0, out, &size), 0);
        assert_int_equal(size, sizes[i]);
        assert_true(frame_reply_size(FRAME_TCP, &largest[i]) <= FRAME_SIZE_MAX);
    }
}

static const struct frame_request two_registers = {
    .unit = 1, .function = 3, .address = 0, .quantity = 2};
static const char two_good[] = "1234 0000 0007 01 03 04 0001 0002";

static void takes_exceptions(void **state)
{
    (void)state;
    uint8_t bytes[16];
    size_t size = hex_bytes("1234 0000 0003 01 83 0B", bytes);
    for (size_t i = 0; i < size; i++) {
        assert_int_equal(match(FRAME_TCP, &two_registers, bytes, i).verdict, FRAME_INCOMPLETE);
    }
    struct seen seen = match(FRAME_TCP, &two_registers, bytes, size);
    assert_int_equal(seen.verdict, FRAME_EXCEPTION);
    assert_int_equal(seen.reply.exception, 0x0b);
    assert_int_equal(seen.consumed, 9);
    /* an exception to a function that was not asked */
    assert_int_equal(match_hex(FRAME_TCP, &two_registers, "1234 0000 0003 01 84 02").verdict,
                     FRAME_BAD);
}

/* The example of the Simply Modbus pages: unit 10, function 1, illegal data address. It is recognised by its five bytes
 * although a good reply would be longer. */
static void takes_serial_exceptions_early(void **state)
{
    (void)state;
    const struct frame_request request = {.unit = 10, .function = 1, .quantity = 2000};
    uint8_t bytes[16];
    size_t size = hex_bytes("0A 81 02 B053", bytes);
    for (size_t i = 0; i < size; i++) {
        assert_int_equal(match(FRAME_RTU, &request, bytes, i).verdict, FRAME_INCOMPLETE);
    }
    struct seen seen = match(FRAME_RTU, &request, bytes, size);
    assert_int_equal(seen.verdict, FRAME_EXCEPTION);
    assert_int_equal(seen.reply.exception, 2);
    assert_int_equal(seen.consumed, 5);
    assert_int_equal(match_hex(FRAME_RTU, &request, "0A 81 02 B054").verdict, FRAME_BAD);
}

/* M1, M2: the next frame must be found intact behind the exception. */
static void takes_exceptions_of_a_wrong_length(void **state)
{
    (void)state;
    static const char *const frames[] = {"1234 0000 0002 01 83 06", "1234 0000 0004 01 83 06"};
    for (size_t i = 0; i < ARRAY_SIZE(frames); i++) {
        uint8_t bytes[64];
        size_t head = hex_bytes(frames[i], bytes);
        size_t size = head + hex_bytes(two_good, bytes + head);
        assert_int_equal(match(FRAME_TCP, &two_registers, bytes, head - 1).verdict,
                         FRAME_INCOMPLETE);
        struct seen seen = match(FRAME_TCP, &two_registers, bytes, size);
        assert_int_equal(seen.verdict, FRAME_EXCEPTION);
        assert_int_equal(seen.reply.exception, 6);
        assert_int_equal(seen.consumed, head);
        seen = match(FRAME_TCP, &two_registers, bytes + head, size - head);
        assert_int_equal(seen.verdict, FRAME_REPLY);
    }
}

/* A late exception of that kind, for a transaction that nobody waits for any more. */
static void drops_foreign_exceptions_of_a_wrong_length(void **state)
{
    (void)state;
    uint8_t bytes[64];
    size_t head = hex_bytes("1233 0000 0002 01 83 06", bytes);
    size_t size = head + hex_bytes(two_good, bytes + head);
    struct seen seen = match(FRAME_TCP, &two_registers, bytes, size);
    assert_int_equal(seen.verdict, FRAME_FOREIGN);
    assert_int_equal(seen.consumed, head);
    seen = match(FRAME_TCP, &two_registers, bytes + head, size - head);
    assert_int_equal(seen.verdict, FRAME_REPLY);
}

/* M3, M9: length, byte count and request must agree, whichever of them is wrong. */
static void rejects_disagreeing_lengths(void **state)
{
    (void)state;
    static const char *const frames[] = {
        "1234 0000 0006 01 03 04 0001 0002",      /* length short by one */
        "1234 0000 0005 01 03 04 0001 0002",      /* by two */
        "1234 0000 0007 01 03 06 0001 0002",      /* byte count too large */
        "1234 0000 0007 01 03 FF 0001 0002",      /* M9 */
        "1234 0000 0009 01 03 06 0001 0002 0003", /* asked for two, got three */
        "1234 0000 0007 02 03 04 0001 0002",      /* another unit */
        "1234 0000 0007 01 04 04 0001 0002",      /* another function */
        "1234 0001 0007 01 03 04 0001 0002",      /* another protocol */
        "1234 0000 0001 01 03 04 0001 0002",      /* no length at all */
        "1234 0000 0001 01 83 02",                /* not even an exception */
    };
    for (size_t i = 0; i < ARRAY_SIZE(frames); i++) {
        assert_int_equal(match_hex(FRAME_TCP, &two_registers, frames[i]).verdict, FRAME_BAD);
    }
    assert_int_equal(match_hex(FRAME_TCP, &two_registers, two_good).verdict, FRAME_REPLY);
}

/* Asked for two, got one or none: no value, but the frame is whole, and what follows it is where it should be. */
static void tells_a_short_reply(void **state)
{
    (void)state;
    static const struct {
        enum frame_kind kind;
        const char *frame;
        size_t given;
        size_t size;
    } replies[] = {
        {FRAME_TCP, "1234 0000 0005 01 03 02 0001", 2, 11},
        {FRAME_TCP, "1234 0000 0003 01 03 00", 0, 9},
        {FRAME_RTU, "01 03 02 0001 7984", 2, 7},
        {FRAME_RTU, "01 03 00 20F0", 0, 5},
    };
    for (size_t i = 0; i < ARRAY_SIZE(replies); i++) {
        uint8_t bytes[32];
        size_t size = hex_bytes(replies[i].frame, bytes);
        bytes[size] = 0xA5;
        for (size_t part = 0; part < size; part++) {
            assert_int_equal(match(replies[i].kind, &two_registers, bytes, part).verdict,
                             FRAME_INCOMPLETE);
        }
        struct seen seen = match(replies[i].kind, &two_registers, bytes, size + 1);
        assert_int_equal(seen.verdict, FRAME_SHORT);
        assert_int_equal(seen.consumed, replies[i].size);
        assert_int_equal(seen.reply.data_size, replies[i].given);
        assert_null(seen.reply.data);
        assert_false(frame_is_good(&seen.reply));
    }
    assert_int_equal(match_hex(FRAME_TCP, &two_registers, "1234 0000 0004 01 03 01 00").verdict,
                     FRAME_BAD); /* half a register */
    assert_int_equal(match_hex(FRAME_TCP, &two_registers, "1234 0000 0005 01 03 04 0001").verdict,
                     FRAME_BAD);
    assert_int_equal(match_hex(FRAME_RTU, &two_registers, "01 03 02 0001 7985").verdict, FRAME_BAD);
}

/* M4, M6, M7: what belongs to older requests is dropped piece by piece, however it was cut. */
static void drops_foreign_replies(void **state)
{
    (void)state;
    uint8_t bytes[128];
    size_t size = hex_bytes("1232 0000 0005 01 03 02 0009" /* another count */
                            "1233 0000 0003 01 83 02"      /* an exception */
                            "1233 0000 0007 07 04 04 7FFF FFFF" /* another unit */,
                            bytes);
    size_t good = size;
    size += hex_bytes(two_good, bytes + size);
    size_t at = 0;
    for (size_t end = 0; end <= size; end++) {
        struct seen seen = match(FRAME_TCP, &two_registers, bytes + at, end - at);
        while (seen.verdict == FRAME_FOREIGN) {
            at += seen.consumed;
            seen = match(FRAME_TCP, &two_registers, bytes + at, end - at);
        }
        assert_int_equal(seen.verdict, end < size ? FRAME_INCOMPLETE : FRAME_REPLY);
    }
    assert_int_equal(at, good);
}

/* M5: by default a frame with transaction 0 is foreign; the switch takes it, but nothing else is let go. */
static void takes_any_transaction_only_when_told(void **state)
{
    (void)state;
    uint8_t bytes[32];
    size_t size = hex_bytes("0000 0000 0007 01 03 04 0001 0002", bytes);
    assert_int_equal(match(FRAME_TCP, &two_registers, bytes, size).verdict, FRAME_FOREIGN);
    assert_int_equal(
        match_leniently(FRAME_TCP, &two_registers, FRAME_ANY_TRANSACTION, bytes, size).verdict,
        FRAME_REPLY);
    size = hex_bytes("0000 0000 0007 02 03 04 0001 0002", bytes);
    assert_int_equal(
        match_leniently(FRAME_TCP, &two_registers, FRAME_ANY_TRANSACTION, bytes, size).verdict,
        FRAME_BAD);
}

/* M8: an impossible length is judged by the first six bytes, a possible but wrong one by the function. */
static void never_waits_for_an_impossible_length(void **state)
{
    (void)state;
    assert_int_equal(match_hex(FRAME_TCP, &two_registers, "1234 0000 FFFF").verdict, FRAME_BAD);
    assert_int_equal(match_hex(FRAME_TCP, &two_registers, "1233 0000 00FF").verdict, FRAME_STRAY);
    assert_int_equal(match_hex(FRAME_TCP, &two_registers, "1234 0000 0047 01 03").verdict,
                     FRAME_BAD);
    assert_int_equal(match_hex(FRAME_TCP, &two_registers, "1233 0000 00FE 01 03").verdict,
                     FRAME_INCOMPLETE);
    assert_int_equal(match_hex(FRAME_TCP, &two_registers, "4854 5450").verdict, FRAME_STRAY);
}

/* M10 */
static void rejects_serial_noise(void **state)
{
    (void)state;
    static const char *const frames[] = {
        "01 03 04 0000C148 AB96", /* CRC */
        "02 03 04 0000C148 98D5", /* another unit */
        "02 03 04 0000",          /* told by the head: no reply can begin behind it */
        "01 04 04 0000",          /* another function */
        "01 83 02 C0F0",          /* exception with a bad CRC (good: C0F1) */
        "01 03 06",               /* another byte count */
    };
    for (size_t i = 0; i < ARRAY_SIZE(frames); i++) {
        assert_int_equal(match_hex(FRAME_RTU, &two_registers, frames[i]).verdict, FRAME_BAD);
    }
    /* After the drain the good frame decodes. */
    struct seen seen = match_hex(FRAME_RTU, &two_registers, "01 03 04 0000C148 AB95");
    assert_int_equal(seen.verdict, FRAME_REPLY);
    assert_int_equal(match_hex(FRAME_RTU, &two_registers, "01 83 02 C0F1").verdict,
                     FRAME_EXCEPTION);
}

/* The echo of a write must say what was written. */
static void rejects_a_wrong_echo(void **state)
{
    (void)state;
    const struct frame_request request = {
        .unit = 0x11, .function = 6, .address = 1, .quantity = 1, .values = three};
    assert_int_equal(match_hex(FRAME_TCP, &request, "1234 0000 0006 11 06 0001 0003").verdict,
                     FRAME_REPLY);
    assert_int_equal(match_hex(FRAME_TCP, &request, "1234 0000 0006 11 06 0001 0004").verdict,
                     FRAME_BAD);
    assert_int_equal(match_hex(FRAME_TCP, &request, "1234 0000 0006 11 06 0002 0003").verdict,
                     FRAME_BAD);
}

static void unpacks_registers(void **state)
{
    (void)state;
    uint8_t bytes[FRAME_SIZE_MAX];
    uint16_t registers[8] = {0};
    size_t size = hex_bytes("11 03 06 AE4156524340 49AD", bytes);
    struct seen seen = match(FRAME_RTU, &examples[2].request, bytes, size);
    assert_int_equal(frame_registers(&examples[2].request, &seen.reply, registers, 8), 3);
    assert_int_equal(registers[0], 0xae41);
    assert_int_equal(registers[2], 0x4340);
    assert_int_equal(frame_registers(&examples[2].request, &seen.reply, registers, 2), 2);
}

/* 37 coils: CD 6B B2 0E 1B, low bit first. Three registers, of which the last holds five bits. */
static void unpacks_bits(void **state)
{
    (void)state;
    uint8_t bytes[FRAME_SIZE_MAX];
    uint16_t registers[8] = {0};
    size_t size = hex_bytes("1234 0000 0008 11 01 05 CD6BB20EFB", bytes);
    struct seen seen = match(FRAME_TCP, &examples[0].request, bytes, size);
    assert_int_equal(seen.verdict, FRAME_REPLY);
    assert_int_equal(frame_registers(&examples[0].request, &seen.reply, registers, 8), 3);
    assert_int_equal(registers[0], 0x6bcd);
    assert_int_equal(registers[1], 0x0eb2);
    assert_int_equal(registers[2], 0x001b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(encodes_published_requests),
        cmocka_unit_test(encodes_read_write),
        cmocka_unit_test(matches_published_replies_at_every_split),
        cmocka_unit_test(junk_behind_a_reply_stays),
        cmocka_unit_test(a_flipped_bit_is_no_reply),
        cmocka_unit_test(refuses_what_modbus_does_not_allow),
        cmocka_unit_test(encodes_the_largest),
        cmocka_unit_test(takes_exceptions),
        cmocka_unit_test(takes_serial_exceptions_early),
        cmocka_unit_test(takes_exceptions_of_a_wrong_length),
        cmocka_unit_test(drops_foreign_exceptions_of_a_wrong_length),
        cmocka_unit_test(rejects_disagreeing_lengths),
        cmocka_unit_test(tells_a_short_reply),
        cmocka_unit_test(drops_foreign_replies),
        cmocka_unit_test(takes_any_transaction_only_when_told),
        cmocka_unit_test(never_waits_for_an_impossible_length),
        cmocka_unit_test(rejects_serial_noise),
        cmocka_unit_test(rejects_a_wrong_echo),
        cmocka_unit_test(unpacks_registers),
        cmocka_unit_test(unpacks_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
