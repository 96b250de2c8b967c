/* SPDX-License-Identifier: Apache-2.0 */
/* server_answer: what the fleet says to a request, sent as it is or as its fault wants it. */
#include "sim/server/server.h"

#include <string.h>

#include "sim/world/noise.h"

bool server_ask(struct channel *channel, uint8_t unit, const uint8_t *pdu, size_t length,
                struct reply *reply)
{
    struct simulator *simulator = channel->simulator;
    if (!simulator->fleet.has_pattern) {
        simulator_catch_up(simulator);
    }
    if (!serve_request(&simulator->fleet, channel->server->line, unit, pdu, length, reply)) {
        return false;
    }
    enum fault_kind kind = reply->fault.kind;
    if (kind == FAULT_CLOSE && !channel->is_serial) {
        channel_close(channel);
    } else if (kind == FAULT_ABORT && !channel->is_serial) {
        channel_abort(channel);
    }
    if (kind == FAULT_SILENT || kind == FAULT_CLOSE || kind == FAULT_ABORT) {
        return false;
    }
    reply->device->served++;
    arrivals_add(&simulator->arrivals, reply, clock_mono_us(simulator->clock));
    served_add(&simulator->served, reply, clock_wall_us(simulator->clock),
               simulator->world->now_us);
    return true;
}

static int64_t later(int64_t one_us, int64_t other_us)
{
    return one_us > other_us ? one_us : other_us;
}

/* On TCP under an id that was not asked with; on a serial line nothing tells it from a reply. */
static void send_unasked(struct channel *channel, uint8_t *frame, size_t length, int64_t mono_us)
{
    if (!channel->framing->ends_by_silence) {
        frame[0]++;
    }
    channel_send(channel, frame, length, &(struct sending){.mono_us = mono_us});
}

/* By how much the fault delays the reply. */
static int64_t delay_us(const struct reply *reply)
{
    const struct fault *fault = &reply->fault;
    double share = noise_unit(reply->device->pattern_seed, reply->device->served);
    return fault->value * 1000 + (int64_t)((double)(fault->most - fault->value) * 1000.0 * share);
}

static void send_spoiled(struct channel *channel, const struct reply *reply, uint8_t *frame,
                         size_t length, int64_t mono_us)
{
    const struct fault *fault = &reply->fault;
    const int64_t echo_us = 20000;
    uint8_t segment[SEGMENT_MAX];
    struct sending how = {
        .mono_us = later(mono_us, clock_mono_us(channel->simulator->clock)),
        .apart_ns = fault->kind == FAULT_DRIP ? fault->value * 1000000 : channel->byte_ns,
        .is_last = fault->kind == FAULT_HALF_CLOSE,
    };
    if (fault->kind == FAULT_SLOW || fault->kind == FAULT_LATE) {
        how.mono_us += delay_us(reply);
    }
    if (fault->kind == FAULT_ECHO) {
        channel->last_length = mangle_echo(!channel->framing->ends_by_silence, frame,
                                           reply->address, reply->count, channel->last);
    }
    size_t size =
        mangle_segment(fault, channel->last, channel->last_length, frame, length, segment);
    channel_send(channel, segment, size, &how);
    if (fault->kind == FAULT_LATE) {
        how.mono_us += echo_us;
        channel_send(channel, segment, size, &how);
    } else if (fault->kind == FAULT_UNASKED) {
        send_unasked(channel, segment, size, how.mono_us + fault->value * 1000);
    }
}

void server_answer(struct channel *channel, const struct reply *reply,
                   uint8_t frame[static FRAME_MAX], size_t length, int64_t mono_us)
{
    const struct fault *fault = &reply->fault;
    if (fault->kind == FAULT_NONE) {
        const struct sending how = {.mono_us = mono_us, .apart_ns = channel->byte_ns};
        channel_send(channel, frame, length, &how);
    } else {
        mangle_frame(fault, !channel->framing->ends_by_silence, frame, &length);
        send_spoiled(channel, reply, frame, length, mono_us);
    }
    if (!channel->is_closed) {
        memcpy(channel->last, frame, length);
        channel->last_length = length;
    }
}
