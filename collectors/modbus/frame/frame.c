/* SPDX-License-Identifier: Apache-2.0 */
/* frame: Modbus requests to bytes, and bytes to the reply they are for.
 *
 * The PDU (function and data) is the same on TCP and on serial lines; only what is around it differs. So everything
 * about functions and counts is written once for the PDU, and match_tcp and match_rtu look at the wrapping alone. */
#include "collectors/modbus/frame/frame_internal.h"

#include <stdbool.h>
#include <string.h>

enum {
    READ_COILS = 1,
    READ_DISCRETE = 2,
    READ_HOLDING = 3,
    READ_INPUT = 4,
    WRITE_COIL = 5,
    WRITE_REGISTER = 6,
    WRITE_COILS = 15,
    WRITE_REGISTERS = 16,
    MASK_WRITE = 22,
    READ_WRITE = 23,

    EXCEPTION_BIT = 0x80,
    READ_WRITE_COUNT_MAX = 121, /* registers written by function 23 */
    MBAP_HEAD = FRAME_MBAP_HEAD,
    MBAP_SIZE = 7, /* and the unit */
    MBAP_LENGTH_MAX = 254,
    TCP_EXCEPTION_SIZE = 9,
    RTU_EXCEPTION_SIZE = 5,
    CRC_SIZE = 2,
    COIL_ON = 0xff00,
};

static uint16_t get16(const uint8_t *bytes)
{
    return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

static uint8_t *put16(uint8_t *out, unsigned value)
{
    out[0] = (uint8_t)(value >> 8);
    out[1] = (uint8_t)value;
    return out + 2;
}

static bool reads_bits(uint8_t function)
{
    return function == READ_COILS || function == READ_DISCRETE;
}

static bool reads_registers(uint8_t function)
{
    return function == READ_HOLDING || function == READ_INPUT || function == READ_WRITE;
}

static size_t bit_bytes(size_t bits)
{
    return (bits + 7) / 8;
}

/* Bytes of data that a good reply to a read announces in its byte count. */
static size_t data_bytes(const struct frame_request *request)
{
    return reads_bits(request->function) ? bit_bytes(request->quantity)
                                         : (size_t)request->quantity * 2;
}

static bool is_read(const struct frame_request *request)
{
    return reads_bits(request->function) || reads_registers(request->function);
}

static size_t quantity_max(uint8_t function)
{
    switch (function) {
    case READ_COILS:
    case READ_DISCRETE:
        return FRAME_READ_BITS_MAX;
    case READ_HOLDING:
    case READ_INPUT:
    case READ_WRITE:
        return FRAME_READ_REGISTERS_MAX;
    case WRITE_COIL:
    case WRITE_REGISTER:
    case MASK_WRITE:
        return 1;
    case WRITE_COILS:
        return FRAME_WRITE_BITS_MAX;
    case WRITE_REGISTERS:
        return FRAME_WRITE_REGISTERS_MAX;
    default:
        return 0;
    }
}

static bool range_fits(size_t address, size_t count, size_t max)
{
    return count >= 1 && count <= max && address + count <= 65536;
}

static bool request_is_allowed(const struct frame_request *request)
{
    if (!range_fits(request->address, request->quantity, quantity_max(request->function))) {
        return false;
    }
    if (request->function >= WRITE_COIL && request->values == NULL) {
        return false;
    }
    return request->function != READ_WRITE ||
           range_fits(request->write_address, request->write_count, READ_WRITE_COUNT_MAX);
}

static uint8_t *put_registers(uint8_t *out, const uint16_t *values, size_t count)
{
    *out++ = (uint8_t)(count * 2);
    for (size_t i = 0; i < count; i++) {
        out = put16(out, values[i]);
    }
    return out;
}

static uint8_t *put_bits(uint8_t *out, const uint16_t *values, size_t count)
{
    size_t bytes = bit_bytes(count);
    *out++ = (uint8_t)bytes;
    memset(out, 0, bytes);
    for (size_t i = 0; i < count; i++) {
        if (values[i] != 0) {
            out[i / 8] |= (uint8_t)(1U << (i % 8));
        }
    }
    return out + bytes;
}

/* What follows the address in the request. */
static uint8_t *put_body(uint8_t *out, const struct frame_request *request)
{
    const uint16_t *values = request->values;
    switch (request->function) {
    case WRITE_COIL:
        return put16(out, values[0] != 0 ? COIL_ON : 0);
    case WRITE_REGISTER:
        return put16(out, values[0]);
    case MASK_WRITE:
        return put16(put16(out, values[0]), values[1]);
    case WRITE_COILS:
        return put_bits(put16(out, request->quantity), values, request->quantity);
    case WRITE_REGISTERS:
        return put_registers(put16(out, request->quantity), values, request->quantity);
    case READ_WRITE:
        out = put16(put16(out, request->quantity), request->write_address);
        return put_registers(put16(out, request->write_count), values, request->write_count);
    default:
        return put16(out, request->quantity);
    }
}

/* The size of a good reply's PDU. */
static size_t pdu_size(const struct frame_request *request)
{
    if (is_read(request)) {
        return 2 + data_bytes(request);
    }
    return request->function == MASK_WRITE ? 7 : 5;
}

/* Whether the echo of a write says what was asked for. */
static bool echo_agrees(const struct frame_request *request, const uint8_t *pdu)
{
    uint8_t wanted[FRAME_SIZE_MAX];
    put_body(put16(wanted, request->address), request);
    return memcmp(wanted, pdu + 1, pdu_size(request) - 1) == 0;
}

/* Whether that many bytes of data are fewer than were asked for, in whole registers. */
static bool is_fewer(const struct frame_request *request, size_t bytes)
{
    bool is_whole = reads_bits(request->function) || bytes % 2 == 0;
    return is_read(request) && is_whole && bytes < data_bytes(request);
}

/* Judges a whole PDU of the request's function. Exception 0 is none, and would pass for a good reply without data. */
static enum frame_verdict judge_pdu(const struct frame_request *request, const uint8_t *pdu,
                                    size_t size, struct frame_reply *reply)
{
    if ((pdu[0] & EXCEPTION_BIT) != 0) {
        *reply = (struct frame_reply){.exception = pdu[1]};
        return pdu[1] != 0 ? FRAME_EXCEPTION : FRAME_BAD;
    }
    if (!is_read(request)) {
        *reply = (struct frame_reply){.data = pdu + 1, .data_size = size - 1};
        return echo_agrees(request, pdu) ? FRAME_REPLY : FRAME_BAD;
    }
    *reply = (struct frame_reply){.data = pdu + 2, .data_size = size - 2};
    if (pdu[1] != size - 2) {
        return FRAME_BAD;
    }
    if (is_fewer(request, pdu[1])) {
        *reply = (struct frame_reply){.is_short = true, .data_size = pdu[1]};
        return FRAME_SHORT;
    }
    return pdu[1] == data_bytes(request) ? FRAME_REPLY : FRAME_BAD;
}

/* How many bytes the frame with a good head takes, 0 when it is too short for its function. Field devices send exceptions
 * of nine bytes that claim a length of 2 or 4 (M1, M2): those are taken by their fixed size, else the next frame would
 * be read from the wrong place. */
static size_t tcp_frame_size(const uint8_t *bytes)
{
    size_t length = get16(bytes + 4);
    if ((bytes[7] & EXCEPTION_BIT) != 0 && length <= 4) {
        return TCP_EXCEPTION_SIZE;
    }
    return length < 3 ? 0 : MBAP_HEAD + length;
}

/* Judges a head that is not whole yet, so that nobody waits for the rest of what is no frame (M8). */
static enum frame_verdict short_head(const uint8_t *bytes, size_t size)
{
    bool is_bad = (size >= 3 && bytes[2] != 0) || (size >= 4 && bytes[3] != 0) ||
                  (size >= 6 && (get16(bytes + 4) < 2 || get16(bytes + 4) > MBAP_LENGTH_MAX));
    return is_bad ? FRAME_BAD : FRAME_INCOMPLETE;
}

bool frame_is_of_unit(const struct frame_question *question, uint8_t unit)
{
    bool is_any = (question->leniency & FRAME_ANY_UNIT) != 0 && (unit == 0 || unit == UINT8_MAX);
    return unit == question->request->unit || is_any;
}

/* A frame of ours by its transaction: unit, function and size must be the request's before its end is waited for. */
static bool tcp_head_agrees(const struct frame_question *question, const uint8_t *bytes,
                            size_t total)
{
    const struct frame_request *request = question->request;
    if (!frame_is_of_unit(question, bytes[6]) || (bytes[7] & ~EXCEPTION_BIT) != request->function) {
        return false;
    }
    if ((bytes[7] & EXCEPTION_BIT) != 0) {
        return total == TCP_EXCEPTION_SIZE;
    }
    size_t whole = MBAP_SIZE + pdu_size(request);
    return total == whole || (is_read(request) && total >= MBAP_SIZE + 2 && total < whole);
}

static enum frame_verdict match_tcp(const struct frame_question *question, const uint8_t *bytes,
                                    size_t size, struct frame_reply *reply, size_t *consumed)
{
    if (size <= MBAP_SIZE || short_head(bytes, size) == FRAME_BAD) {
        return short_head(bytes, size);
    }
    size_t total = tcp_frame_size(bytes);
    bool is_ours =
        (question->leniency & FRAME_ANY_TRANSACTION) != 0 || get16(bytes) == question->transaction;
    if (total == 0 || (is_ours && !tcp_head_agrees(question, bytes, total))) {
        return FRAME_BAD;
    }
    if (size < total) {
        return FRAME_INCOMPLETE;
    }
    *consumed = total;
    return is_ours ? judge_pdu(question->request, bytes + MBAP_SIZE, total - MBAP_SIZE, reply)
                   : FRAME_FOREIGN;
}

static bool crc_is_good(const uint8_t *bytes, size_t size)
{
    unsigned sent = bytes[size - 2] | (unsigned)bytes[size - 1] << 8;
    return frame_crc(bytes, size - CRC_SIZE) == sent;
}

/* Without a transaction id the first three bytes are all that tells whose frame this is; judging them as they come spares
 * a slow line the wait for the rest. */
static bool rtu_head_agrees(const struct frame_request *request, const uint8_t *bytes, size_t size)
{
    if (size >= 1 && bytes[0] != request->unit) {
        return false;
    }
    if (size >= 2 && (bytes[1] & ~EXCEPTION_BIT) != request->function) {
        return false;
    }
    bool has_count = size >= 3 && is_read(request) && bytes[1] == request->function;
    return !has_count || bytes[2] == data_bytes(request) || is_fewer(request, bytes[2]);
}

/* The size of the frame that begins like that. */
static size_t rtu_frame_size(const struct frame_request *request, const uint8_t *bytes, size_t size)
{
    if (size >= 2 && (bytes[1] & EXCEPTION_BIT) != 0) {
        return RTU_EXCEPTION_SIZE;
    }
    if (size >= 3 && is_read(request)) {
        return 3 + (size_t)bytes[2] + CRC_SIZE;
    }
    return frame_reply_size(FRAME_RTU, request);
}

static enum frame_verdict match_rtu(const struct frame_request *request, const uint8_t *bytes,
                                    size_t size, struct frame_reply *reply, size_t *consumed)
{
    if (!rtu_head_agrees(request, bytes, size)) {
        return FRAME_BAD;
    }
    size_t total = rtu_frame_size(request, bytes, size);
    if (size < total) {
        return FRAME_INCOMPLETE;
    }
    if (!crc_is_good(bytes, total)) {
        return FRAME_BAD;
    }
    *consumed = total;
    return judge_pdu(request, bytes + 1, total - 1 - CRC_SIZE, reply);
}

int frame_encode(enum frame_kind kind, const struct frame_request *request, uint16_t transaction,
                 uint8_t out[static FRAME_SIZE_MAX], size_t *size)
{
    if (!request_is_allowed(request)) {
        return -EINVAL;
    }
    size_t head = kind == FRAME_TCP ? MBAP_HEAD : 0;
    uint8_t *at = out + head;
    *at++ = request->unit;
    *at++ = request->function;
    at = put_body(put16(at, request->address), request);
    if (kind == FRAME_TCP) {
        size_t length = (size_t)(at - out) - MBAP_HEAD;
        put16(put16(put16(out, transaction), 0), (unsigned)length);
    } else {
        uint16_t crc = frame_crc(out, (size_t)(at - out));
        *at++ = (uint8_t)crc;
        *at++ = (uint8_t)(crc >> 8);
    }
    *size = (size_t)(at - out);
    return 0;
}

enum frame_verdict frame_match_here(const struct frame_question *question, const uint8_t *bytes,
                                    size_t size, struct frame_reply *reply, size_t *consumed)
{
    if (question->kind == FRAME_TCP) {
        return match_tcp(question, bytes, size, reply, consumed);
    }
    return match_rtu(question->request, bytes, size, reply, consumed);
}

size_t frame_reply_size(enum frame_kind kind, const struct frame_request *request)
{
    return kind == FRAME_TCP ? MBAP_SIZE + pdu_size(request) : 1 + pdu_size(request) + CRC_SIZE;
}

size_t frame_registers(const struct frame_request *request, const struct frame_reply *reply,
                       uint16_t *out, size_t max)
{
    bool is_bits = reads_bits(request->function);
    if ((!is_bits && !reads_registers(request->function)) || reply->data == NULL) {
        return 0;
    }
    size_t count = 0;
    for (size_t i = 0; i < reply->data_size && count < max; i += 2) {
        if (is_bits) {
            unsigned high = i + 1 < reply->data_size ? reply->data[i + 1] : 0;
            out[count++] = (uint16_t)(high << 8 | reply->data[i]);
        } else {
            out[count++] = get16(reply->data + i);
        }
    }
    /* What a device puts into the unused bits of the last byte is nobody's value. */
    size_t used = request->quantity % 16;
    if (is_bits && used != 0 && count == (request->quantity + 15U) / 16) {
        out[count - 1] &= (uint16_t)((1U << used) - 1);
    }
    return count;
}

uint16_t frame_given(const struct frame_request *request, const struct frame_reply *reply)
{
    bool is_bits = reads_bits(request->function);
    return (uint16_t)(is_bits ? reply->data_size * 8 : reply->data_size / 2);
}

bool frame_is_good(const struct frame_reply *reply)
{
    return reply->exception == 0 && !reply->is_short;
}

/* Bit by bit: 30 ns a byte is nothing beside a serial line, where alone it is used. */
uint16_t frame_crc(const uint8_t *bytes, size_t size)
{
    unsigned crc = 0xffff;
    for (size_t i = 0; i < size; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++) {
            crc = (crc & 1) != 0 ? (crc >> 1) ^ 0xa001 : crc >> 1;
        }
    }
    return (uint16_t)crc;
}
