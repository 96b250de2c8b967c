/* SPDX-License-Identifier: Apache-2.0 */
/* test_line_hostile: every malformed reply of the field against every framing, in one piece, cut in two at each of its
 * bytes, and byte by byte. A row says what is sent in place of every fourth reply of unit 1 and what its poll then shows.
 * Of each run it must hold that no value differs from what the device answered to that very request, that the next poll is
 * good, and that unit 2 on the same line loses nothing but the time that docs/TESTING.md allows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "bench.h"

enum {
    SECOND = 1000000,
    SPELL_S = 14,
    EVERY = 4,
    TIMEOUT_US = 200000,
    PIECES_APART_US = 3000,
    OTHERS_PERIOD_US = 100000,
    /* A timeout, the pause for its late reply, and one request of each unit. */
    OTHERS_LOSE_MAX_US = TIMEOUT_US + 50000 + 60000,
};

static const int64_t noon_us = 1800000000LL * SECOND;

enum wire {
    WIRE_TCP,
    WIRE_BLIND, /* TCP to a gateway that does not echo ids, with the switch for it */
    WIRE_CONVERTER,
    WIRE_SERIAL,
    WIRE_COUNT,
};

static const char *const wire_words[] = {"tcp", "tcp without ids", "rtu over tcp", "rtu"};

enum {
    TCP = 1 << WIRE_TCP,
    BLIND = 1 << WIRE_BLIND,
    CONVERTER = 1 << WIRE_CONVERTER,
    SERIAL = 1 << WIRE_SERIAL,
    MBAP = TCP | BLIND,
    RTU = CONVERTER | SERIAL,
    SOCKET = MBAP | CONVERTER,
    ALL = MBAP | RTU,
};

/* A frame, and how it differs from the right one: all zero = not at all. */
struct forgery {
    bool has_no_id; /* id 0 */
    int id_add;
    int protocol;
    int length; /* in the MBAP header; 0 = right */
    int length_add;
    int unit_add;
    int function_add;
    int byte_count;    /* announced; 0 = right */
    int registers_add; /* sent and announced */
    int crc_xor;
    int exception;
    int missing; /* bytes at the end */
};

enum follow_up { FOLLOW_NONE, FOLLOW_AGAIN, FOLLOW_GOOD, FOLLOW_JUNK, FOLLOW_END };

struct trick {
    const char *name;
    unsigned wires;
    enum quality quality; /* of the struck poll */
    int64_t delay_us;     /* more than usual */
    int64_t drip_us;      /* between bytes; 0 = in one or two pieces */
    int64_t then_us;      /* after the reply; 0 = in its segment */
    enum follow_up then;
    int junk;   /* bytes in front, */
    int strays; /* or as many of stray, */
    uint8_t stray;
    int strays_behind; /* and 00 behind */
    bool has_echo;     /* our own request in front of these */
    bool is_echo_alone;
    bool is_whole; /* not to be cut: what comes later would be another frame */
    int stale; /* in front: the reply to the request before, 1 = of the same unit, 2 = of the other */
    struct forgery forgery;
    bool is_silent;
    bool ends;           /* instead of a reply */
    bool is_left_alone;  /* by contract: the request is not sent again at once */
    bool may_spoil_next; /* its rest comes when the next request is out, to whomever */
};

static const struct trick tricks[] = {
    {"nothing wrong", ALL, QUALITY_OK, .drip_us = 0},
    {"M1 exception with length 2", MBAP, QUALITY_EXCEPTION,
     .forgery = {.exception = 4, .length = 2}},
    {"M2 exception with length 4", MBAP, QUALITY_EXCEPTION,
     .forgery = {.exception = 4, .length = 4}},
    {"M1 and a good frame behind it", TCP, QUALITY_EXCEPTION,
     .forgery = {.exception = 4, .length = 2}, .then = FOLLOW_GOOD},
    {"M3 length one short", MBAP, QUALITY_BAD_REPLY, .forgery = {.length_add = -1}},
    {"M3 length two short", MBAP, QUALITY_BAD_REPLY, .forgery = {.length_add = -2}},
    {"length two long", MBAP, QUALITY_BAD_REPLY, .forgery = {.length_add = 2}},
    {"M4 stale reply in front", TCP, QUALITY_OK, .stale = 1},
    {"M4 stale reply of another unit in front", TCP, QUALITY_OK, .stale = 2},
    {"M4 stale reply of another unit in front", BLIND | RTU, QUALITY_BAD_REPLY, .stale = 2},
    {"M5 no transaction id", TCP, QUALITY_TIMEOUT, .forgery = {.has_no_id = true}},
    {"M5 no transaction id", BLIND, QUALITY_OK, .forgery = {.has_no_id = true}},
    {"M6 the id of the request before", TCP, QUALITY_TIMEOUT, .forgery = {.id_add = -1}},
    {"M6 an id to come", TCP, QUALITY_TIMEOUT, .forgery = {.id_add = 1}},
    {"M7 after the timeout", ALL, QUALITY_TIMEOUT, .delay_us = TIMEOUT_US + 30000},
    {"M7 doubled in its segment", ALL, QUALITY_OK, .then = FOLLOW_AGAIN},
    {"M7 doubled after 475 ms", ALL, QUALITY_OK, .then = FOLLOW_AGAIN, .then_us = 475000},
    {"M8 length 71", MBAP, QUALITY_BAD_REPLY, .forgery = {.length = 71}},
    {"M8 length 65535", MBAP, QUALITY_BAD_REPLY, .forgery = {.length = 65535}},
    {"M8 length 255", MBAP, QUALITY_BAD_REPLY, .forgery = {.length = 255}},
    {"M8 length 1", MBAP, QUALITY_BAD_REPLY, .forgery = {.length = 1}},
    {"M9 byte count 255", ALL, QUALITY_BAD_REPLY, .forgery = {.byte_count = 255}},
    {"byte count 4 before 2 bytes", ALL, QUALITY_BAD_REPLY, .forgery = {.byte_count = 4}},
    {"M10 bad sum", RTU, QUALITY_BAD_REPLY, .forgery = {.crc_xor = 0x0100}},
    {"M10 bad sum, then a good frame", RTU, QUALITY_BAD_REPLY, .forgery = {.crc_xor = 1},
     .then = FOLLOW_GOOD},
    {"M10 a junk byte in front", ALL, QUALITY_OK, .junk = 1},
    {"a stray 00 in front", ALL, QUALITY_OK, .strays = 1},
    {"a stray FF in front", ALL, QUALITY_OK, .strays = 1, .stray = 0xFF},
    {"four stray bytes in front", ALL, QUALITY_OK, .junk = 4},
    {"three 00 behind", ALL, QUALITY_OK, .strays_behind = 3},
    {"a stray FF in front, three 00 behind", ALL, QUALITY_OK, .strays = 1, .stray = 0xFF,
     .strays_behind = 3},
    {"ten letters in front", MBAP, QUALITY_OK, .junk = 10},
    {"our own request in front", ALL, QUALITY_OK, .has_echo = true},
    {"our own request and stray bytes around it", ALL, QUALITY_OK, .has_echo = true, .strays = 2,
     .strays_behind = 3},
    {"our own request alone", ALL, QUALITY_TIMEOUT, .has_echo = true, .is_echo_alone = true},
    {"a stray byte and a bad sum", RTU, QUALITY_BAD_REPLY, .strays = 1, .forgery = {.crc_xor = 1}},
    {"a stray byte, a bad sum, then a good frame", RTU, QUALITY_BAD_REPLY, .strays = 1,
     .forgery = {.crc_xor = 1}, .then = FOLLOW_GOOD},
    {"a stray byte before two frames", RTU, QUALITY_BAD_REPLY, .strays = 1, .then = FOLLOW_GOOD,
     .is_whole = true},
    {"a stray byte before another unit", ALL, QUALITY_BAD_REPLY, .strays = 1,
     .forgery = {.unit_add = 1}},
    {"a stray byte and a stale reply of another unit", RTU, QUALITY_BAD_REPLY, .strays = 1,
     .stale = 2},
    {"a stray byte and an exception", ALL, QUALITY_EXCEPTION, .strays = 1,
     .forgery = {.exception = 4}},
    {"M10 another unit", ALL, QUALITY_BAD_REPLY, .forgery = {.unit_add = 1}},
    {"another function", ALL, QUALITY_BAD_REPLY, .forgery = {.function_add = 1}},
    {"another protocol", MBAP, QUALITY_BAD_REPLY, .forgery = {.protocol = 1}},
    {"another unit and another id", TCP, QUALITY_TIMEOUT, .forgery = {.unit_add = 1, .id_add = -1}},
    {"one register too few", ALL, QUALITY_BAD_REPLY, .forgery = {.registers_add = -1}},
    {"one register too many", ALL, QUALITY_BAD_REPLY, .forgery = {.registers_add = 1}},
    {"125 registers", ALL, QUALITY_BAD_REPLY, .forgery = {.registers_add = 124}},
    {"garbage before a reply", MBAP, QUALITY_OK, .junk = 40},
    {"garbage before a reply", RTU, QUALITY_BAD_REPLY, .junk = 40},
    {"five stray bytes in front", RTU, QUALITY_BAD_REPLY, .junk = 5},
    {"more garbage than any frame", MBAP, QUALITY_OK, .junk = 600},
    {"more garbage than any frame", RTU, QUALITY_BAD_REPLY, .junk = 600},
    {"garbage and no reply", ALL, QUALITY_BAD_REPLY, .junk = 40, .forgery = {.missing = 250}},
    {"garbage behind a reply", ALL, QUALITY_OK, .then = FOLLOW_JUNK, .may_spoil_next = true},
    {"garbage while nothing is asked", ALL, QUALITY_OK, .then = FOLLOW_JUNK, .then_us = 475000},
    {"a frame that nobody asked for", ALL, QUALITY_OK, .then = FOLLOW_GOOD, .then_us = 475000},
    {"silence", ALL, QUALITY_TIMEOUT, .is_silent = true},
    {"half a frame", ALL, QUALITY_BAD_REPLY, .forgery = {.missing = 3}},
    {"a single byte", ALL, QUALITY_BAD_REPLY, .forgery = {.missing = 250}},
    {"a slow drip", ALL, QUALITY_OK, .drip_us = 10000},
    {"a drip slower than the timeout", ALL, QUALITY_BAD_REPLY, .drip_us = 60000,
     .may_spoil_next = true},
    {"closed instead of a reply", SOCKET, QUALITY_OK, .ends = true},
    {"closed behind the reply", SOCKET, QUALITY_OK, .then = FOLLOW_END},
    {"closed while idle", SOCKET, QUALITY_OK, .then = FOLLOW_END, .then_us = 475000},
    {"closed within a reply", SOCKET, QUALITY_OK, .forgery = {.missing = 3}, .then = FOLLOW_END},
    {"exception 1", ALL, QUALITY_EXCEPTION, .forgery = {.exception = 1}},
    {"exception 2", ALL, QUALITY_EXCEPTION, .forgery = {.exception = 2}},
    {"exception 3", ALL, QUALITY_EXCEPTION, .forgery = {.exception = 3}},
    {"exception 4", ALL, QUALITY_EXCEPTION, .forgery = {.exception = 4}},
    {"exception 5", ALL, QUALITY_EXCEPTION, .forgery = {.exception = 5}, .is_left_alone = true},
    {"exception 6", ALL, QUALITY_EXCEPTION, .forgery = {.exception = 6}, .is_left_alone = true},
    {"exception 8", ALL, QUALITY_EXCEPTION, .forgery = {.exception = 8}},
    {"exception 0x0A", ALL, QUALITY_TIMEOUT, .forgery = {.exception = 0x0A}},
    {"exception 0x0B", ALL, QUALITY_TIMEOUT, .forgery = {.exception = 0x0B}},
    {"exception 0", ALL, QUALITY_BAD_REPLY, .forgery = {.exception = -1}},
    {"exception with a bad sum", RTU, QUALITY_BAD_REPLY, .forgery = {.exception = 2, .crc_xor = 1}},
    {"exception to another function", ALL, QUALITY_BAD_REPLY,
     .forgery = {.exception = 2, .function_add = 1}},
    {"exception of another unit", ALL, QUALITY_BAD_REPLY,
     .forgery = {.exception = 2, .unit_add = 1}},
};

/* The run in progress; the answers of the bench have no context of their own. */
static struct {
    const struct trick *trick;
    enum wire wire;
    size_t cut;      /* the reply comes in two pieces: this long and the rest; 0 = in one */
    bool is_by_byte; /* a millisecond apart */
    unsigned count;  /* requests of the struck kind */
    size_t size;     /* of the reply in its segment */
    int64_t end_us;  /* when its last byte comes */
} stage;

static uint8_t *put16(uint8_t *at, unsigned value)
{
    *at++ = (uint8_t)(value >> 8);
    *at++ = (uint8_t)value;
    return at;
}

static uint8_t *put_pdu(uint8_t *at, const struct ask *ask, const struct forgery *forgery)
{
    if (forgery->exception != 0) {
        *at++ = (uint8_t)((ask->function + forgery->function_add) | 0x80);
        *at++ = (uint8_t)(forgery->exception > 0 ? forgery->exception : 0);
        return at;
    }
    int registers = ask->quantity + forgery->registers_add;
    *at++ = (uint8_t)(ask->function + forgery->function_add);
    *at++ = (uint8_t)(forgery->byte_count > 0 ? forgery->byte_count : 2 * registers);
    for (int i = 0; i < registers; i++) {
        at = put16(at, ask->value);
    }
    return at;
}

static size_t forge(const struct bench *bench, const struct ask *ask, const struct forgery *forgery,
                    uint8_t *out)
{
    bool has_head = bench->wire.frame == FRAME_TCP;
    uint8_t *body = has_head ? out + 6 : out;
    body[0] = (uint8_t)(ask->unit + forgery->unit_add);
    uint8_t *end = put_pdu(body + 1, ask, forgery);
    if (has_head) {
        int id = forgery->has_no_id ? 0 : ask->transaction + forgery->id_add;
        int length = (int)(end - body) + forgery->length_add;
        length = forgery->length > 0 ? forgery->length : length;
        put16(put16(put16(out, (unsigned)id), (unsigned)forgery->protocol), (unsigned)length);
    } else {
        unsigned crc = frame_crc(body, (size_t)(end - body)) ^ (unsigned)forgery->crc_xor;
        *end++ = (uint8_t)crc;
        *end++ = (uint8_t)(crc >> 8);
    }
    size_t size = (size_t)(end - out);
    size_t missing = (size_t)forgery->missing;
    return size > missing ? size - missing : 1;
}

/* Bytes that begin no frame of ours on any wire. */
static size_t put_junk(uint8_t *out, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        out[i] = (uint8_t)(0xA5 + 37 * i);
    }
    return size;
}

/* The last request before this one: of the same unit, or of another. */
static const struct ask *previous_ask(const struct bench *bench, bool is_of_other)
{
    const struct ask *last = &bench->asks[bench->ask_count - 1];
    for (const struct ask *ask = last; ask-- > bench->asks;) {
        if ((ask->unit != last->unit) == is_of_other) {
            return ask;
        }
    }
    return NULL;
}

/* As it was sent. */
static size_t put_echo(const struct bench *bench, const struct ask *ask, uint8_t *out)
{
    const struct frame_request request = {.unit = ask->unit,
                                          .function = ask->function,
                                          .address = ask->address,
                                          .quantity = ask->quantity};
    size_t size = 0;
    assert_int_equal(frame_encode(bench->wire.frame, &request, ask->transaction, out, &size), 0);
    return size;
}

static size_t put_front(const struct bench *bench, const struct ask *ask, uint8_t *out)
{
    const struct trick *trick = stage.trick;
    size_t size = put_junk(out, (size_t)trick->junk);
    memset(out + size, trick->stray, (size_t)trick->strays);
    size += (size_t)trick->strays;
    if (trick->has_echo) {
        size += put_echo(bench, ask, out + size);
        memset(out + size, trick->stray, (size_t)trick->strays);
        size += (size_t)trick->strays;
    }
    return size;
}

static size_t put_segment(const struct bench *bench, const struct ask *ask, uint8_t *out)
{
    static const struct forgery none;
    const struct trick *trick = stage.trick;
    size_t size = put_front(bench, ask, out);
    if (trick->is_echo_alone) {
        return size;
    }
    const struct ask *old = trick->stale != 0 ? previous_ask(bench, trick->stale == 2) : NULL;
    if (old != NULL) {
        size += forge(bench, old, &none, out + size);
    }
    size += forge(bench, ask, &trick->forgery, out + size);
    memset(out + size, 0, (size_t)trick->strays_behind);
    size += (size_t)trick->strays_behind;
    bool is_together = trick->then_us == 0;
    if (is_together && trick->then == FOLLOW_AGAIN) {
        size += forge(bench, ask, &trick->forgery, out + size);
    } else if (is_together && trick->then == FOLLOW_GOOD) {
        struct ask later = *ask;
        later.value = (uint16_t)(ask->value + 20000); /* to be told from the right one */
        size += forge(bench, &later, &none, out + size);
    } else if (is_together && trick->then == FOLLOW_JUNK) {
        size += put_junk(out + size, 12);
    }
    return size;
}

static void send_segment(struct bench *bench, int64_t delay_us, const uint8_t *bytes, size_t size)
{
    int64_t apart_us = stage.is_by_byte ? 1000 : stage.trick->drip_us;
    size_t first = stage.cut > 0 && stage.cut < size ? stage.cut : size;
    for (size_t i = 0; apart_us > 0 && i < size; i++) {
        bench_arrive(bench, delay_us + (int64_t)i * apart_us, bytes + i, 1);
    }
    if (apart_us == 0) {
        bench_arrive(bench, delay_us, bytes, first);
        if (first < size) {
            bench_arrive(bench, delay_us + PIECES_APART_US, bytes + first, size - first);
        }
    }
    int64_t took_us = apart_us > 0 ? (int64_t)size * apart_us : PIECES_APART_US;
    bool is_in_time = delay_us + took_us < TIMEOUT_US;
    stage.end_us = is_in_time ? bench->now_us + delay_us + took_us : 0;
}

static void follow_up(struct bench *bench, const struct ask *ask, int64_t delay_us)
{
    static const struct forgery none;
    const struct trick *trick = stage.trick;
    uint8_t bytes[FRAME_SIZE_MAX];
    size_t size = 0;
    delay_us += trick->then_us;
    if (trick->then == FOLLOW_END) {
        bench_hang_up(bench, delay_us + (int64_t)stage.size * 1000 + 4000);
    } else if (trick->then_us > 0 && trick->then != FOLLOW_NONE) {
        struct ask later = *ask;
        later.value = (uint16_t)(ask->value + (trick->then == FOLLOW_GOOD ? 20000 : 0));
        size =
            trick->then == FOLLOW_JUNK ? put_junk(bytes, 12) : forge(bench, &later, &none, bytes);
        bench_arrive(bench, delay_us, bytes, size);
    }
}

/* Behind the pieces of the struck reply: bytes of a stream keep their order. */
static void answer_well(struct bench *bench, const struct ask *ask)
{
    struct bench_device *device = &bench->devices[ask->unit];
    int64_t usual_us = device->delay_us;
    int64_t free_us = stage.end_us - bench->now_us + 1;
    device->delay_us = free_us > usual_us ? free_us : usual_us;
    bench_answer(bench, ask);
    device->delay_us = usual_us;
}

static void answer(struct bench *bench, const struct ask *ask)
{
    const struct trick *trick = stage.trick;
    bool is_struck = ask->unit == 1 && ask->address == 7 && ++stage.count % EVERY == 0;
    if (!is_struck) {
        answer_well(bench, ask);
        return;
    }
    uint8_t bytes[4 * FRAME_SIZE_MAX];
    int64_t delay_us = bench->devices[1].delay_us + trick->delay_us;
    if (trick->ends) {
        bench_hang_up(bench, delay_us);
        return;
    }
    if (trick->is_silent) {
        return;
    }
    stage.size = put_segment(bench, ask, bytes);
    send_segment(bench, delay_us, bytes, stage.size);
    follow_up(bench, ask, delay_us);
}

static void set_wire(struct bench *bench, enum wire wire)
{
    bench->settings.ignore_transaction_id = wire == WIRE_BLIND;
    bench->wire.silence_us = wire == WIRE_TCP ? 0 : 20000;
    if (wire == WIRE_CONVERTER || wire == WIRE_SERIAL) {
        bench->wire.frame = FRAME_RTU;
        bench->wire.reopen_us = wire == WIRE_CONVERTER ? 500000 : 0;
    }
    if (wire == WIRE_SERIAL) {
        bench->wire.silence_us = 3646; /* 9600 8N1 */
        bench->wire.char_ns = 1041667;
    }
}

static void fail_stage(const char *what, long long got)
{
    fail_msg("%s on %s, cut at %zu%s: %s (%lld)", stage.trick->name, wire_words[stage.wire],
             stage.cut, stage.is_by_byte ? ", byte by byte" : "", what, got);
}

/* The value that the device gave to the last such request before the post. */
static int64_t true_value(const struct bench *bench, const struct post *post, unsigned address)
{
    for (size_t i = bench->ask_count; i > 0; i--) {
        const struct ask *ask = &bench->asks[i - 1];
        if (ask->at_us <= post->at_us && ask->unit == post->batch->device->unit &&
            ask->address == address) {
            return ask->value;
        }
    }
    return -1;
}

static void check_values(const struct bench *bench)
{
    static const unsigned addresses[] = {7, 100};
    for (size_t i = 0; i < bench->post_count; i++) {
        const struct batch *batch = bench->posts[i].batch;
        for (size_t j = 0; j < batch->count; j++) {
            const struct reading *reading = &batch->readings[j];
            int64_t truth = true_value(bench, &bench->posts[i], addresses[reading->point]);
            if (reading->quality == QUALITY_OK && reading->count != truth) {
                fail_stage("a value that was never read", reading->count);
            }
        }
    }
}

/* The polls of unit 1: every fourth as the row says, the others good. */
static void check_polls(const struct bench *bench)
{
    size_t polls = 0;
    bool was_struck = false;
    for (size_t i = 0; i < bench->post_count; i++) {
        const struct batch *batch = bench->posts[i].batch;
        if (batch->device->unit != 1) {
            continue;
        }
        enum quality quality = (enum quality)batch->readings[0].quality;
        bool is_spoiled = quality == QUALITY_OK && batch->readings[1].quality != QUALITY_OK;
        bool is_cut = stage.cut > 0 || stage.is_by_byte;
        if (is_spoiled && !(stage.trick->may_spoil_next && is_cut)) {
            fail_stage("the next request is spoiled", batch->readings[1].quality);
        }
        bool is_struck = ++polls % EVERY == 0 && quality == stage.trick->quality;
        bool is_pause = stage.trick->is_left_alone && quality == QUALITY_EXCEPTION;
        if (quality != QUALITY_OK && !is_struck && !is_pause) {
            fail_stage(was_struck ? "the next poll is spoiled" : "an unexpected quality", quality);
        }
        was_struck |= is_struck;
    }
    if (!was_struck) {
        fail_stage("no poll shows what was done to it", stage.trick->quality);
    }
    if (polls < SPELL_S - 1) {
        fail_stage("polls are missing", (long long)polls);
    }
}

/* Late it may be, by what the struck poll took. */
static void check_neighbour(const struct bench *bench)
{
    int64_t last_us = 0;
    for (size_t i = 0; i < bench->post_count; i++) {
        const struct post *post = &bench->posts[i];
        enum quality quality = (enum quality)post->batch->readings[0].quality;
        if (post->batch->device->unit != 2 || quality == QUALITY_LATE) {
            continue;
        }
        if (quality != QUALITY_OK && !stage.trick->may_spoil_next) {
            fail_stage("unit 2 is spoiled", quality);
        }
        int64_t waited_us = last_us > 0 ? post->at_us - last_us - OTHERS_PERIOD_US : 0;
        if (waited_us > OTHERS_LOSE_MAX_US) {
            fail_stage("unit 2 waits", waited_us);
        }
        last_us = post->at_us;
    }
}

static void play(void)
{
    struct bench bench;
    bench_init(&bench, noon_us);
    set_wire(&bench, stage.wire);
    bench_add(&bench, "two", 1, 1000, 1000);
    bench_add(&bench, "one", 2, OTHERS_PERIOD_US / 1000, 1000);
    bench.devices[1].delay_us = stage.wire == WIRE_SERIAL ? 20000 : 3000;
    bench.devices[2].delay_us = bench.devices[1].delay_us;
    bench.answer = answer;
    stage.count = 0;
    stage.end_us = 0;
    bench_start(&bench);
    bench_run(&bench, SPELL_S * (int64_t)SECOND);
    check_values(&bench);
    check_polls(&bench);
    check_neighbour(&bench);
    bench_finish(&bench);
}

/* How far the cuts go: every byte of what a line reads at once. */
enum { CUT_MAX = 64 };

static void play_cuts(void)
{
    stage.cut = 0;
    stage.is_by_byte = false;
    stage.size = 0;
    play();
    bool is_cut = stage.trick->drip_us == 0 && !stage.trick->is_whole;
    size_t cuts = stage.size < CUT_MAX ? stage.size : CUT_MAX;
    for (stage.cut = 1; is_cut && stage.cut < cuts; stage.cut++) {
        play();
    }
    stage.cut = 0;
    stage.is_by_byte = true;
    if (is_cut && cuts > 0 && cuts < CUT_MAX) {
        play();
    }
}

static void play_wire(void **state)
{
    stage.wire = *(const enum wire *)*state;
    for (size_t i = 0; i < ARRAY_SIZE(tricks); i++) {
        stage.trick = &tricks[i];
        if ((tricks[i].wires & 1U << stage.wire) != 0) {
            play_cuts();
        }
    }
}

int main(void)
{
    static const enum wire wires[] = {WIRE_TCP, WIRE_BLIND, WIRE_CONVERTER, WIRE_SERIAL};
    struct CMUnitTest tests[WIRE_COUNT];
    for (size_t i = 0; i < WIRE_COUNT; i++) {
        tests[i] = (struct CMUnitTest){.name = wire_words[i],
                                       .test_func = play_wire,
                                       .initial_state = (void *)(uintptr_t)&wires[i]};
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
