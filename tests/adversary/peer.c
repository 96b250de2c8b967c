/* SPDX-License-Identifier: Apache-2.0 */
/* peer: the other end of the wire: what it answers, and the pace of the troubles. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "adversary/trouble.h"

#include <string.h>

enum {
    ROOM_FOR_ANSWERS = 24, /* of the bench's arrivals, that trouble does not take */
    REPLY_MAX = 700,
    JUNK_MAX = 64,
};

void peer_init(struct peer *peer, struct bench *bench, const struct script *script)
{
    *peer = (struct peer){.bench = bench,
                          .script = script,
                          .chance = {script->seed ^ 0x5EED},
                          .start_us = bench->now_us,
                          .timeout_us = script->timeout_us};
    for (size_t i = 0; i < script->trouble_count; i++) {
        peer->next_us[i] = peer->start_us + script->troubles[i].from_us;
    }
}

bool peer_is_connected(const struct peer *peer)
{
    return peer->bench->wire.fd >= 0;
}

void peer_bytes(struct peer *peer, int64_t delay_us, const uint8_t *bytes, size_t size)
{
    if (peer->bench->arrival_count < BENCH_ARRIVALS_MAX - ROOM_FOR_ANSWERS) {
        peer->arrivals++;
        bench_arrive(peer->bench, delay_us, bytes, size);
    }
}

void peer_junk(struct peer *peer, int64_t delay_us, size_t size)
{
    uint8_t bytes[REPLY_MAX];
    size = size < sizeof(bytes) ? size : sizeof(bytes);
    for (size_t i = 0; i < size; i++) {
        bytes[i] = (uint8_t)chance_bits(&peer->chance);
    }
    peer_bytes(peer, delay_us, bytes, size);
}

void peer_hang_up(struct peer *peer, int64_t delay_us)
{
    if (peer_is_connected(peer) && peer->bench->arrival_count < BENCH_ARRIVALS_MAX) {
        peer->arrivals++;
        bench_hang_up(peer->bench, delay_us);
    }
}

uint16_t peer_word(const struct ask *ask, unsigned address)
{
    return (uint16_t)((ask->value + 31U * address) % 40000U + 1U);
}

static bool strikes(struct peer *peer, const struct trouble *trouble, const struct ask *ask)
{
    if (trouble->unit != 0 && trouble->unit != ask->unit) {
        return false;
    }
    if (trouble->is_block && ask->address > 17) {
        return false;
    }
    return trouble->percent >= 100 || chance_percent(&peer->chance, trouble->percent);
}

static bool is_active(const struct peer *peer, size_t index)
{
    return peer->is_begun[index] && !peer->is_over;
}

static void apply_troubles(struct peer *peer, const struct ask *ask, struct answer *answer)
{
    for (size_t i = 0; i < peer->script->trouble_count; i++) {
        const struct trouble *trouble = &peer->script->troubles[i];
        const struct trouble_kind *kind = &trouble_kinds[trouble->kind];
        if (is_active(peer, i) && kind->answer != NULL && strikes(peer, trouble, ask)) {
            kind->answer(peer, trouble, ask, answer);
        }
    }
}

static void apply_fate(const struct peer *peer, const struct ask *ask, struct answer *answer)
{
    bool is_ours = ask->unit >= 1 && ask->unit <= peer->script->device_count;
    enum device_fate fate = is_ours ? peer->script->devices[ask->unit - 1].fate : FATE_SILENT;
    if (is_ours) {
        answer->delay_us = peer->script->devices[ask->unit - 1].delay_us;
    }
    answer->is_silent |= fate == FATE_SILENT;
    answer->exception = fate == FATE_REPORTED ? 0x0B : answer->exception;
    answer->ends_before |= fate == FATE_HANGS_UP;
}

static size_t seal_summed(uint8_t *bytes, size_t size)
{
    unsigned sum = frame_crc(bytes, size);
    bytes[size] = (uint8_t)sum;
    bytes[size + 1] = (uint8_t)(sum >> 8);
    return size + 2;
}

static size_t put_pdu(const struct ask *ask, const struct answer *answer, uint8_t *out)
{
    out[0] = answer->unit;
    if (answer->exception != 0) {
        out[1] = ask->function | 0x80;
        out[2] = answer->exception;
        return 3;
    }
    unsigned words = ask->quantity - (answer->short_by < ask->quantity ? answer->short_by : 0U);
    out[1] = ask->function;
    out[2] = (uint8_t)(2 * words);
    for (unsigned i = 0; i < words; i++) {
        unsigned word = peer_word(ask, ask->address + i);
        out[3 + 2 * i] = (uint8_t)(word >> 8);
        out[4 + 2 * i] = (uint8_t)word;
    }
    return 3 + 2 * words;
}

static size_t put_frame(const struct peer *peer, const struct ask *ask, const struct answer *answer,
                        uint8_t *out)
{
    if (peer->bench->wire.frame != FRAME_TCP) {
        size_t size = put_pdu(ask, answer, out);
        size = seal_summed(out, size);
        out[size - 1] ^= answer->is_broken ? 0x10 : 0;
        return size;
    }
    size_t size = put_pdu(ask, answer, out + 6);
    size_t said = answer->is_broken ? 300 + size : size;
    const uint8_t head[] = {(uint8_t)(answer->transaction >> 8),
                            (uint8_t)answer->transaction,
                            0,
                            0,
                            (uint8_t)(said >> 8),
                            (uint8_t)said};
    memcpy(out, head, sizeof(head));
    return size + 6;
}

static size_t put_junk(struct peer *peer, unsigned count, uint8_t *out)
{
    count = count < JUNK_MAX ? count : JUNK_MAX;
    for (unsigned i = 0; i < count; i++) {
        out[i] = (uint8_t)chance_bits(&peer->chance);
    }
    return count;
}

static size_t put_echo(const struct peer *peer, const struct ask *ask, uint8_t *out)
{
    uint8_t request[FRAME_SIZE_MAX];
    const struct frame_request frame = {.unit = ask->unit,
                                        .function = ask->function,
                                        .address = ask->address,
                                        .quantity = ask->quantity};
    size_t size = 0;
    assert_int_equal(
        frame_encode(peer->bench->wire.frame, &frame, ask->transaction, request, &size), 0);
    memcpy(out, request, size);
    return size;
}

static size_t put_all(struct peer *peer, const struct ask *ask, const struct answer *answer,
                      uint8_t *out)
{
    size_t size = put_junk(peer, answer->junk_before, out);
    size += answer->is_echoed ? put_echo(peer, ask, out + size) : 0;
    size_t begin = size;
    size += put_frame(peer, ask, answer, out + size);
    if (answer->cut_to > 0 && answer->cut_to < size - begin) {
        return begin + answer->cut_to;
    }
    size_t frame = size - begin;
    for (unsigned i = 1; i < answer->copies && size + frame < REPLY_MAX - JUNK_MAX; i++) {
        memcpy(out + size, out + begin, frame);
        size += frame;
    }
    return size + put_junk(peer, answer->junk_behind, out + size);
}

/* On a serial wire the last byte comes when it has been sent. */
static int64_t wire_us(const struct peer *peer, size_t size)
{
    return (int64_t)(size + 8) * peer->bench->wire.char_ns / 1000;
}

static void deliver(struct peer *peer, const struct answer *answer, const uint8_t *bytes,
                    size_t size)
{
    struct bench *bench = peer->bench;
    int64_t end_us = answer->delay_us + wire_us(peer, size);
    if (answer->is_dripped && bench->arrival_count == 0 && size < BENCH_ARRIVALS_MAX) {
        for (size_t i = 0; i < size; i++) {
            bench_arrive(bench, end_us * (int64_t)(i + 1) / (int64_t)size, bytes + i, 1);
        }
        peer->arrivals += size;
    } else if (bench->arrival_count < BENCH_ARRIVALS_MAX) {
        bench_arrive(bench, end_us, bytes, size);
        peer->arrivals++;
    }
    if (answer->ends_behind) {
        peer_hang_up(peer, end_us + 1000);
    }
}

static void note_reply(struct peer *peer, const struct ask *ask, const struct answer *answer)
{
    if (ask->unit < SCRIPT_UNITS) {
        peer->replied_us[ask->unit] = peer->bench->now_us + answer->delay_us;
    }
    peer->opens_useful += !peer->has_replied;
    peer->has_replied = true;
}

void peer_answer(struct peer *peer, const struct ask *ask)
{
    struct answer answer = {.unit = ask->unit, .transaction = ask->transaction, .copies = 1};
    if (peer->script->wire == WIRE_NO_ID) {
        answer.transaction = 0;
    }
    apply_fate(peer, ask, &answer);
    apply_troubles(peer, ask, &answer);
    if (answer.ends_before) {
        peer_hang_up(peer, answer.delay_us);
    } else if (!answer.is_silent) {
        uint8_t bytes[REPLY_MAX + FRAME_SIZE_MAX];
        size_t size = put_all(peer, ask, &answer, bytes);
        deliver(peer, &answer, bytes, size);
        note_reply(peer, ask, &answer);
    }
}

void peer_opened(struct peer *peer)
{
    peer->has_replied = false;
    for (size_t i = 0; i < peer->script->trouble_count; i++) {
        const struct trouble *trouble = &peer->script->troubles[i];
        const struct trouble_kind *kind = &trouble_kinds[trouble->kind];
        if (is_active(peer, i) && kind->open != NULL &&
            chance_percent(&peer->chance, trouble->percent)) {
            kind->open(peer, trouble);
        }
    }
}

int64_t peer_next_us(const struct peer *peer)
{
    int64_t next_us = INT64_MAX;
    for (size_t i = 0; i < peer->script->trouble_count; i++) {
        next_us = peer->next_us[i] < next_us ? peer->next_us[i] : next_us;
    }
    return next_us;
}

static void begin_trouble(struct peer *peer, const struct trouble *trouble,
                          const struct trouble_kind *kind)
{
    if (kind->begin != NULL) {
        kind->begin(peer, trouble);
    }
}

static void end_trouble(struct peer *peer, const struct trouble *trouble,
                        const struct trouble_kind *kind)
{
    if (kind->end != NULL) {
        kind->end(peer, trouble);
    }
}

/* Between two moments of its pace anything up to twice it. */
static int64_t pace(struct peer *peer, const struct trouble *trouble,
                    const struct trouble_kind *kind)
{
    int64_t end_us = peer->start_us + trouble->to_us;
    if (kind->tick == NULL) {
        return end_us;
    }
    int64_t next_us = peer->bench->now_us + chance_range(&peer->chance, 1, 2 * trouble->pace_us);
    return next_us < end_us ? next_us : end_us;
}

static void step_trouble(struct peer *peer, size_t index)
{
    const struct trouble *trouble = &peer->script->troubles[index];
    const struct trouble_kind *kind = &trouble_kinds[trouble->kind];
    if (peer->bench->now_us >= peer->start_us + trouble->to_us) {
        if (peer->is_begun[index]) { /* a stall may have passed over all of it */
            end_trouble(peer, trouble, kind);
        }
        peer->is_begun[index] = false;
        peer->next_us[index] = INT64_MAX;
        return;
    }
    if (!peer->is_begun[index]) {
        peer->is_begun[index] = true;
        begin_trouble(peer, trouble, kind);
    } else if (kind->tick != NULL) {
        kind->tick(peer, trouble);
    }
    peer->next_us[index] = pace(peer, trouble, kind);
}

void peer_step(struct peer *peer)
{
    for (size_t i = 0; i < peer->script->trouble_count; i++) {
        if (peer->next_us[i] <= peer->bench->now_us) {
            step_trouble(peer, i);
        }
    }
}
