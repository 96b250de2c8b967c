/* SPDX-License-Identifier: Apache-2.0 */
/* serve: functions 1 to 6, 15 and 16 of the Modbus application protocol 1.1b3, chapter 6. */
#include "sim/server/serve.h"

#include <string.h>

#include "sim/device/pattern.h"

enum {
    READ_COILS = 1,
    READ_INPUTS = 4,
    WRITE_COIL = 5,
    WRITE_REGISTER = 6,
    WRITE_COILS = 15,
    WRITE_REGISTERS = 16,
    EXCEPTION_FLAG = 0x80,
    BITS_MAX = 2000,
    REGISTERS_MAX = 125,
    WRITE_REGISTERS_MAX = 123,
    WRITE_BITS_MAX = 1968,
};

static uint16_t word_at(const uint8_t *bytes)
{
    return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

int serve_request_length(const uint8_t *pdu, size_t length)
{
    if (length < 1) {
        return 0;
    }
    if (pdu[0] >= READ_COILS && pdu[0] <= WRITE_REGISTER) {
        return 5;
    }
    if (pdu[0] == WRITE_COILS || pdu[0] == WRITE_REGISTERS) {
        return length < 6 ? 0 : 6 + pdu[5];
    }
    return -1;
}

static void refuse(struct reply *reply, uint8_t function, int code)
{
    reply->pdu[0] = (uint8_t)(function | EXCEPTION_FLAG);
    reply->pdu[1] = (uint8_t)code;
    reply->length = 2;
    reply->count = 0;
}

struct request {
    struct fleet *fleet;
    struct sim_unit *unit;
    const uint8_t *pdu;
    size_t length;
};

static enum glitch glitch_of(const struct sim_device *device)
{
    switch (device->fault.kind) {
    case FAULT_GLITCH_ZERO:
        return GLITCH_ZERO;
    case FAULT_GLITCH_SPIKE:
        return GLITCH_SPIKE;
    default:
        return GLITCH_NONE;
    }
}

static void spend_fault(struct sim_device *device)
{
    if (device->fault.left > 0 && --device->fault.left == 0) {
        device->fault = (struct fault){0};
    }
}

static void put_registers(struct reply *reply, uint16_t count)
{
    reply->pdu[1] = (uint8_t)(2 * count);
    for (uint16_t i = 0; i < count; i++) {
        reply->pdu[2 + 2 * i] = (uint8_t)(reply->registers[i] >> 8);
        reply->pdu[3 + 2 * i] = (uint8_t)reply->registers[i];
    }
    reply->length = 2 + 2 * (size_t)count;
}

static void put_bits(struct reply *reply, const uint16_t *bits, uint16_t count)
{
    size_t bytes = ((size_t)count + 7) / 8;
    reply->pdu[1] = (uint8_t)bytes;
    memset(reply->pdu + 2, 0, bytes);
    for (uint16_t i = 0; i < count; i++) {
        reply->pdu[2 + i / 8] = (uint8_t)(reply->pdu[2 + i / 8] | bits[i] << (i % 8));
    }
    reply->length = 2 + bytes;
    reply->count = 0;
}

static int most_readable(const struct request *request, bool is_bits)
{
    int64_t most = request->unit->image.profile->link.max_registers;
    if (is_bits) {
        return BITS_MAX;
    }
    return most > 0 && most < REGISTERS_MAX ? (int)most : REGISTERS_MAX;
}

/* Counters show the glitch of the moment, which is spent by that. */
static int read_image(const struct request *request, const struct register_span *span,
                      uint16_t *registers)
{
    struct sim_device *device = request->unit->device;
    struct image_view view = {&request->unit->image, &device->role, request->fleet->world,
                              glitch_of(device)};
    bool has_counter = false;
    int refused = image_read(&view, span, registers, &has_counter);
    if (refused == 0 && view.glitch != GLITCH_NONE && has_counter) {
        spend_fault(device);
    }
    return refused;
}

static int read_pattern(const struct request *request, const struct register_span *span,
                        uint16_t *registers)
{
    const struct sim_device *device = request->unit->device;
    int refused = image_check(&request->unit->image, span);
    if (refused == 0) {
        pattern_fill(device->pattern_seed, device->served, span, registers);
    }
    return refused;
}

static int read_values(const struct request *request, struct reply *reply)
{
    struct register_span span = {
        .function = request->pdu[0],
        .address = word_at(request->pdu + 1),
        .count = word_at(request->pdu + 3),
    };
    bool is_bits = span.function <= 2;
    if (span.count < 1 || span.count > most_readable(request, is_bits)) {
        return EXCEPTION_VALUE;
    }
    uint16_t bits[BITS_MAX];
    bool is_pattern = request->fleet->has_pattern && !is_bits;
    int refused = is_pattern ? read_pattern(request, &span, reply->registers)
                             : read_image(request, &span, is_bits ? bits : reply->registers);
    if (refused != 0) {
        return refused;
    }
    reply->function = span.function;
    reply->address = span.address;
    reply->count = span.count;
    if (is_bits) {
        put_bits(reply, bits, span.count);
    } else {
        put_registers(reply, span.count);
    }
    return 0;
}

static int write_one(const struct request *request, struct reply *reply)
{
    uint16_t value = word_at(request->pdu + 3);
    bool is_coil = request->pdu[0] == WRITE_COIL;
    if (is_coil && value != 0xFF00 && value != 0) {
        return EXCEPTION_VALUE;
    }
    value = is_coil && value != 0 ? 1 : value;
    struct register_span span = {
        .function = is_coil ? 1 : 3,
        .address = word_at(request->pdu + 1),
        .count = 1,
    };
    int refused = image_write(&request->unit->image, &request->unit->device->role,
                              request->fleet->world, &span, &value);
    memcpy(reply->pdu, request->pdu, 5);
    reply->length = 5;
    return refused;
}

static int write_many(const struct request *request, struct reply *reply)
{
    bool is_coils = request->pdu[0] == WRITE_COILS;
    struct register_span span = {
        .function = is_coils ? 1 : 3,
        .address = word_at(request->pdu + 1),
        .count = word_at(request->pdu + 3),
    };
    int most = is_coils ? WRITE_BITS_MAX : WRITE_REGISTERS_MAX;
    int bytes = is_coils ? (span.count + 7) / 8 : 2 * span.count;
    if (span.count < 1 || span.count > most || request->pdu[5] != bytes ||
        request->length != 6 + (size_t)bytes) {
        return EXCEPTION_VALUE;
    }
    uint16_t values[WRITE_BITS_MAX];
    const uint8_t *data = request->pdu + 6;
    for (uint16_t i = 0; i < span.count; i++) {
        uint16_t coil = (uint16_t)(data[i / 8] >> (i % 8) & 1);
        values[i] = is_coils ? coil : word_at(data + 2 * (size_t)i);
    }
    int refused = image_write(&request->unit->image, &request->unit->device->role,
                              request->fleet->world, &span, values);
    memcpy(reply->pdu, request->pdu, 5);
    reply->length = 5;
    return refused;
}

static int answer(const struct request *request, struct reply *reply)
{
    uint8_t function = request->pdu[0];
    reply->pdu[0] = function;
    if (function >= READ_COILS && function <= READ_INPUTS) {
        return request->length == 5 ? read_values(request, reply) : EXCEPTION_VALUE;
    }
    if (function == WRITE_COIL || function == WRITE_REGISTER) {
        return request->length == 5 ? write_one(request, reply) : EXCEPTION_VALUE;
    }
    if (function == WRITE_COILS || function == WRITE_REGISTERS) {
        return request->length >= 6 ? write_many(request, reply) : EXCEPTION_VALUE;
    }
    return EXCEPTION_FUNCTION;
}

/* The exception that the fault wants, 0 = none. */
static int exception_of(const struct fault *fault, const uint8_t *pdu, size_t length)
{
    if (fault->kind == FAULT_EXCEPTION) {
        return (int)fault->value;
    }
    if (fault->kind == FAULT_REFUSE && pdu[0] <= READ_INPUTS && length == 5) {
        int64_t from = fault->value - word_at(pdu + 1);
        return from >= 0 && from < word_at(pdu + 3) ? EXCEPTION_ADDRESS : 0;
    }
    return fault->kind == FAULT_EXCEPTION_LENGTH ? EXCEPTION_FAILURE : 0;
}

bool serve_request(struct fleet *fleet, const struct sim_line *line, uint8_t unit,
                   const uint8_t *pdu, size_t length, struct reply *reply)
{
    struct sim_unit *row = fleet_unit(line, unit);
    if (row == NULL || length < 1) {
        return false;
    }
    struct request request = {fleet, row, pdu, length};
    struct sim_device *device = row->device;
    reply->device = device;
    reply->count = 0;
    reply->fault = device->fault;
    bool is_glitch =
        device->fault.kind == FAULT_GLITCH_ZERO || device->fault.kind == FAULT_GLITCH_SPIKE;
    int refused = exception_of(&reply->fault, pdu, length);
    refused = refused != 0 ? refused : answer(&request, reply);
    if (refused != 0) {
        refuse(reply, pdu[0], refused);
    }
    if (!is_glitch) {
        spend_fault(device);
    }
    return true;
}
