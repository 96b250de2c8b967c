/* SPDX-License-Identifier: Apache-2.0 */
/* trouble_bytes: what is wrong with bytes that came instead of a reply. */
#include "collectors/modbus/frame/trouble.h"

enum {
    EXCEPTION_BIT = 0x80,
    MBAP_HEAD = 6,
    MBAP_SIZE = 8, /* with unit and function */
    EXCEPTION_LENGTH = 3,
    CRC_SIZE = 2,
    RTU_SHORTEST = 5,
    RTU_HEAD = 3, /* unit, function, count */
};

struct look {
    const struct frame_request *request;
    const uint8_t *bytes;
    size_t size;
};

static unsigned get16(const uint8_t *bytes)
{
    return (unsigned)bytes[0] << 8 | bytes[1];
}

static struct trouble make(enum trouble_kind kind, size_t got, size_t wanted)
{
    return (struct trouble){
        .kind = (uint8_t)kind, .got = (uint16_t)got, .wanted = (uint16_t)wanted};
}

static bool reads_registers(const struct frame_request *request)
{
    return request->function == 3 || request->function == 4;
}

/* body: unit, function, and what follows. */
static struct trouble look_at_count(const struct look *look, const uint8_t *body, size_t whole)
{
    size_t at = (size_t)(body - look->bytes);
    bool has_count =
        look->size > at + 2 && reads_registers(look->request) && body[1] == look->request->function;
    if (has_count && body[2] > 2 * look->request->quantity) {
        return make(TROUBLE_COUNT, body[2] / 2U, look->request->quantity);
    }
    return make(TROUBLE_PART, look->size, whole);
}

static bool is_of_function(const struct frame_request *request, uint8_t function)
{
    return (function & ~EXCEPTION_BIT) == request->function;
}

static struct trouble look_at_tcp(const struct look *look, unsigned leniency, uint16_t transaction)
{
    const struct frame_request *request = look->request;
    const uint8_t *unit = look->bytes + MBAP_HEAD;
    size_t whole = frame_reply_size(FRAME_TCP, request);
    bool is_exception = (unit[1] & EXCEPTION_BIT) != 0;
    size_t length = is_exception ? EXCEPTION_LENGTH : whole - MBAP_HEAD;
    bool is_any = (leniency & FRAME_ANY_UNIT) != 0;
    if ((leniency & FRAME_ANY_TRANSACTION) == 0 && get16(look->bytes) != transaction) {
        return make(TROUBLE_TRANSACTION, get16(look->bytes), transaction);
    }
    if (unit[0] != request->unit && (unit[0] == 0 || unit[0] == UINT8_MAX) && !is_any) {
        return make(TROUBLE_UNIT_ID, unit[0], request->unit);
    }
    if (unit[0] != request->unit && unit[0] != 0 && unit[0] != UINT8_MAX) {
        return make(TROUBLE_UNIT, unit[0], request->unit);
    }
    if (!is_of_function(request, unit[1])) {
        return make(TROUBLE_FUNCTION, unit[1] & ~EXCEPTION_BIT, request->function);
    }
    struct trouble count = look_at_count(look, unit, whole);
    bool is_wrong = count.kind != TROUBLE_COUNT && get16(look->bytes + 4) != length;
    return is_wrong ? make(TROUBLE_LENGTH, get16(look->bytes + 4), length) : count;
}

static bool is_rtu(const uint8_t *bytes, size_t size)
{
    return size >= RTU_SHORTEST &&
           frame_crc(bytes, size - CRC_SIZE) == (bytes[size - 2] | (unsigned)bytes[size - 1] << 8);
}

static struct trouble look_at_rtu(const struct look *look)
{
    const struct frame_request *request = look->request;
    const uint8_t *bytes = look->bytes;
    bool is_sound = is_rtu(bytes, look->size);
    if (look->size >= 2 && bytes[0] == request->unit && is_of_function(request, bytes[1])) {
        bool is_exception = (bytes[1] & EXCEPTION_BIT) != 0;
        size_t whole = is_exception ? RTU_SHORTEST : frame_reply_size(FRAME_RTU, request);
        bool is_wrong = look->size >= whole && !is_sound;
        struct trouble count = look_at_count(look, bytes, whole);
        return is_wrong && count.kind != TROUBLE_COUNT ? make(TROUBLE_SUM, 0, 0) : count;
    }
    if (is_sound && bytes[0] != request->unit) {
        return make(TROUBLE_UNIT, bytes[0], request->unit);
    }
    if (is_sound) {
        return make(TROUBLE_FUNCTION, bytes[1] & ~EXCEPTION_BIT, request->function);
    }
    return make(TROUBLE_NOISE, 0, 0);
}

struct trouble trouble_of_bytes(enum frame_kind kind, const struct frame_request *request,
                                uint16_t transaction, unsigned leniency, const uint8_t *bytes,
                                size_t size)
{
    const struct look look = {request, bytes, size};
    if (kind == FRAME_RTU) {
        return look_at_rtu(&look);
    }
    if (size >= MBAP_SIZE && get16(bytes + 2) == 0) {
        return look_at_tcp(&look, leniency, transaction);
    }
    bool begins = size < MBAP_SIZE && (size < 4 || get16(bytes + 2) == 0);
    if (begins) {
        return make(TROUBLE_PART, size, frame_reply_size(FRAME_TCP, request));
    }
    return make(is_rtu(bytes, size) ? TROUBLE_RTU : TROUBLE_NOISE, 0, 0);
}
