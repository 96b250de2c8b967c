/* SPDX-License-Identifier: Apache-2.0 */
/* mangle: one frame or segment at a time. */
#include "sim/server/mangle.h"

#include <string.h>

enum {
    HEAD = 6, /* of a TCP frame: id, protocol, length */
    CRC_BYTES = 2,
    EXCEPTION_FLAG = 0x80,
};

/* No id, no protocol and no length that could be right; on a serial line no unit of ours. */
static const uint8_t junk[] = {0x00, 0x01, 0xDE, 0xAD, 0xFF, 0xFF, 0x55, 0xAA, 0x55, 0xAA};

/* Of a driver that is switched on before the frame, and off behind it. */
static const uint8_t ones = 0xFF;
static const uint8_t zeros[] = {0x00, 0x00, 0x00};

uint16_t frame_crc16(const uint8_t *bytes, size_t length)
{
    uint16_t crc = 0xFFFF;
    for (size_t i = 0; i < length; i++) {
        crc = (uint16_t)(crc ^ bytes[i]);
        for (int bit = 0; bit < 8; bit++) {
            crc = (crc & 1) != 0 ? (uint16_t)(crc >> 1 ^ 0xA001) : (uint16_t)(crc >> 1);
        }
    }
    return crc;
}

static void put16(uint8_t *at, int64_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static int64_t get16(const uint8_t *at)
{
    return (int64_t)at[0] << 8 | at[1];
}

static void seal(bool has_head, uint8_t *frame, size_t length)
{
    if (has_head) {
        put16(frame + 4, (int64_t)length - HEAD);
        return;
    }
    uint16_t crc = frame_crc16(frame, length - CRC_BYTES);
    frame[length - 2] = (uint8_t)crc;
    frame[length - 1] = (uint8_t)(crc >> 8);
}

/* One register less, of a reply to a read that has any. */
static void drop_register(const uint8_t *pdu_end, uint8_t *pdu, size_t *length)
{
    bool is_read = pdu[0] >= 1 && pdu[0] <= 4 && pdu + 2 + pdu[1] == pdu_end && pdu[1] >= 2;
    if (is_read) {
        pdu[1] = (uint8_t)(pdu[1] - 2);
        *length -= 2;
    }
}

static void mangle_body(const struct fault *fault, bool has_head, uint8_t *frame, size_t *length)
{
    uint8_t *body = has_head ? frame + HEAD : frame;
    switch (fault->kind) {
    case FAULT_WRONG_UNIT:
        body[0]++;
        break;
    case FAULT_WRONG_FUNCTION:
        body[1]++;
        break;
    case FAULT_FEWER:
        drop_register(frame + *length - (has_head ? 0 : CRC_BYTES), body + 1, length);
        break;
    case FAULT_BYTE_COUNT:
        body[2] = (body[1] & EXCEPTION_FLAG) != 0 ? body[2] : (uint8_t)fault->value;
        break;
    default:
        return;
    }
    seal(has_head, frame, *length);
}

static bool mangle_head(const struct fault *fault, uint8_t *frame)
{
    switch (fault->kind) {
    case FAULT_WRONG_TRANSACTION:
        put16(frame, get16(frame) + 1);
        return true;
    case FAULT_NO_TRANSACTION:
        put16(frame, 0);
        return true;
    case FAULT_WRONG_PROTOCOL:
        put16(frame + 2, 1);
        return true;
    case FAULT_LENGTH:
    case FAULT_EXCEPTION_LENGTH:
        put16(frame + 4, fault->value);
        return true;
    case FAULT_SHORT_LENGTH:
        put16(frame + 4, get16(frame + 4) - 2);
        return true;
    case FAULT_UNIT_ID:
        frame[HEAD] = (uint8_t)fault->value;
        return true;
    default:
        return false;
    }
}

void mangle_frame(const struct fault *fault, bool has_head, uint8_t frame[static FRAME_MAX],
                  size_t *length)
{
    uint8_t scratch[FRAME_MAX];
    memcpy(scratch, frame, sizeof(scratch));
    if (fault->kind == FAULT_TRUNCATED) {
        *length /= 2;
    } else if (fault->kind == FAULT_GARBAGE && has_head) {
        memcpy(frame, junk, sizeof(junk));
        *length = sizeof(junk);
    } else if (fault->kind == FAULT_GARBAGE) {
        frame[*length - 1] ^= 0xFF;
    } else if (!mangle_head(fault, has_head ? frame : scratch)) {
        mangle_body(fault, has_head, frame, length);
    } else if (!has_head) {
        frame[0]++;
        seal(has_head, frame, *length);
    }
}

static size_t add(uint8_t *out, size_t at, const uint8_t *bytes, size_t length)
{
    memcpy(out + at, bytes, length);
    return at + length;
}

size_t mangle_segment(const struct fault *fault, const uint8_t *before, size_t before_length,
                      const uint8_t *frame, size_t length, uint8_t out[static SEGMENT_MAX])
{
    size_t at = 0;
    if (fault->kind == FAULT_LAGGING) {
        return add(out, at, before, before_length);
    }
    if (fault->kind == FAULT_STALE || fault->kind == FAULT_ECHO) {
        at = add(out, at, before, before_length);
    } else if (fault->kind == FAULT_STRAYS) {
        at = add(out, at, &ones, sizeof(ones));
    } else if (fault->kind == FAULT_JUNK_BEFORE) {
        at = add(out, at, junk, sizeof(junk));
    }
    at = add(out, at, frame, length);
    if (fault->kind == FAULT_DOUBLED) {
        at = add(out, at, frame, length);
    } else if (fault->kind == FAULT_JUNK_AFTER) {
        at = add(out, at, junk, sizeof(junk));
    } else if (fault->kind == FAULT_STRAYS) {
        at = add(out, at, zeros, sizeof(zeros));
    }
    return at;
}

size_t mangle_echo(bool has_head, const uint8_t *frame, uint16_t address, uint16_t count,
                   uint8_t out[static FRAME_MAX])
{
    size_t head = has_head ? HEAD : 0;
    size_t length = head + 6 + (has_head ? 0 : CRC_BYTES);
    memcpy(out, frame, head + 2);
    put16(out + head + 2, address);
    put16(out + head + 4, count);
    seal(has_head, out, length);
    return length;
}
