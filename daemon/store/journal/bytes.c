/* SPDX-License-Identifier: Apache-2.0 */
/* bytes: variable-length integers, floats by their bits, and the checksum of a journal block. */
#include "store/journal/bytes.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { VARINT_BYTES_MAX = 10 };

static void reserve(struct bytes *bytes, size_t more)
{
    if (bytes->capacity - bytes->length >= more) {
        return;
    }
    size_t capacity = bytes->capacity > 0 ? bytes->capacity : 256;
    while (capacity - bytes->length < more) {
        capacity *= 2;
    }
    bytes->data = mem_grow(bytes->data, capacity, 1);
    bytes->capacity = capacity;
}

void bytes_finish(struct bytes *bytes)
{
    free(bytes->data);
    *bytes = (struct bytes){0};
}

void bytes_put(struct bytes *bytes, const void *data, size_t length)
{
    if (length > 0) {
        reserve(bytes, length);
        memcpy(bytes->data + bytes->length, data, length);
        bytes->length += length;
    }
}

void bytes_put_u8(struct bytes *bytes, uint8_t value)
{
    reserve(bytes, 1);
    bytes->data[bytes->length++] = value;
}

void bytes_put_unsigned(struct bytes *bytes, uint64_t value)
{
    reserve(bytes, VARINT_BYTES_MAX);
    while (value >= 0x80) {
        bytes->data[bytes->length++] = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    bytes->data[bytes->length++] = (uint8_t)value;
}

void bytes_put_signed(struct bytes *bytes, int64_t value)
{
    bytes_put_unsigned(bytes, ((uint64_t)value << 1) ^ (value < 0 ? UINT64_MAX : 0));
}

void bytes_put_float(struct bytes *bytes, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof(bits));
    bits = htole32(bits);
    bytes_put(bytes, &bits, sizeof(bits));
}

void bytes_put_double(struct bytes *bytes, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof(bits));
    bits = htole64(bits);
    bytes_put(bytes, &bits, sizeof(bits));
}

void bytes_put_string(struct bytes *bytes, const char *string)
{
    size_t length = string != NULL ? strlen(string) : 0;
    bytes_put_unsigned(bytes, length);
    bytes_put(bytes, string, length);
}

struct span span_of(const void *data, size_t length)
{
    const uint8_t *start = data;
    return (struct span){.at = start, .end = length > 0 ? start + length : start};
}

size_t span_left(const struct span *span)
{
    return (size_t)(span->end - span->at);
}

const uint8_t *span_take(struct span *span, size_t length)
{
    if (span->is_bad || length > span_left(span)) {
        span->is_bad = true;
        span->at = span->end;
        return NULL;
    }
    const uint8_t *start = span->at;
    span->at += length;
    return start;
}

uint8_t span_u8(struct span *span)
{
    const uint8_t *byte = span_take(span, 1);
    return byte != NULL ? *byte : 0;
}

uint64_t span_unsigned(struct span *span)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        if (span->at == span->end) {
            break;
        }
        const uint8_t byte = *span->at++;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            return value;
        }
    }
    span->is_bad = true;
    span->at = span->end;
    return 0;
}

int64_t span_signed(struct span *span)
{
    uint64_t bits = span_unsigned(span);
    return (int64_t)((bits >> 1) ^ (bits & 1 ? UINT64_MAX : 0));
}

float span_float(struct span *span)
{
    uint32_t bits = 0;
    float value;
    const uint8_t *data = span_take(span, sizeof(bits));
    if (data != NULL) {
        memcpy(&bits, data, sizeof(bits));
    }
    bits = le32toh(bits);
    memcpy(&value, &bits, sizeof(value));
    return value;
}

double span_double(struct span *span)
{
    uint64_t bits = 0;
    double value;
    const uint8_t *data = span_take(span, sizeof(bits));
    if (data != NULL) {
        memcpy(&bits, data, sizeof(bits));
    }
    bits = le64toh(bits);
    memcpy(&value, &bits, sizeof(value));
    return value;
}

char *span_dup_string(struct span *span)
{
    const uint64_t length = span_unsigned(span);
    if (length > span_left(span)) {
        span->is_bad = true;
    }
    const size_t taken = span->is_bad ? 0 : (size_t)length;
    const uint8_t *data = span_take(span, taken);
    char *string = mem_alloc(taken + 1);
    if (taken > 0) {
        memcpy(string, data, taken);
    }
    return string;
}

/* Eight bytes a step: xor and multiplying by an odd number can both be undone, so a change in one word always shows,
 * and the rotation carries it over the whole sum. */
uint64_t bytes_checksum(const void *data, size_t length)
{
    const uint64_t odd = 0x9e3779b97f4a7c15ULL;
    const uint8_t *at = data; /* may be NULL when there is nothing */
    uint64_t sum = length * odd;
    for (; length >= sizeof(uint64_t); length -= sizeof(uint64_t), at += sizeof(uint64_t)) {
        uint64_t word;
        memcpy(&word, at, sizeof(word));
        sum = (sum ^ le64toh(word)) * odd;
        sum = (sum << 29) | (sum >> 35);
    }
    for (; length > 0; length--, at++) {
        sum = (sum ^ *at) * odd;
        sum = (sum << 29) | (sum >> 35);
    }
    return sum;
}
