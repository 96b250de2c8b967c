/* SPDX-License-Identifier: Apache-2.0 */
/* encode: types, word and byte order, dials. */
#include "sim/device/encode.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A register's worth of a type that counts in decimal. */
enum { DECIMAL_BASE = 10000 };

static bool is_float(int type)
{
    return type == REGISTER_F32 || type == REGISTER_F64;
}

static double lowest_of(const struct profile_point *point)
{
    switch ((enum register_type)point->type) {
    case REGISTER_I16:
        return -32768.0;
    case REGISTER_I32:
        return -2147483648.0;
    case REGISTER_I64:
        return -9223372036854775808.0;
    default:
        return 0.0;
    }
}

static double highest_of(const struct profile_point *point)
{
    switch ((enum register_type)point->type) {
    case REGISTER_I16:
        return 32767.0;
    case REGISTER_U16:
        return 65535.0;
    case REGISTER_I32:
        return 2147483647.0;
    case REGISTER_U32:
        return 4294967295.0;
    case REGISTER_U64:
        return 18446744073709549568.0; /* the highest double below 2^64 */
    case REGISTER_I64:
        return 9223372036854774784.0; /* and below 2^63 */
    case REGISTER_BCD:
    case REGISTER_MOD10K:
        return pow(DECIMAL_BASE, point->registers) - 1.0;
    default:
        return 65535.0;
    }
}

double encode_modulus(const struct profile_point *point)
{
    if (point->modulus_count > 0) {
        return (double)point->modulus_count;
    }
    switch ((enum register_type)point->type) {
    case REGISTER_U16:
    case REGISTER_U32:
    case REGISTER_BCD:
    case REGISTER_MOD10K:
        return highest_of(point) + 1.0;
    default:
        return 0.0;
    }
}

/* Float counters step by their last digit. */
double encode_resolution(const struct profile_point *point, struct encode_scale scale)
{
    if (!is_float(point->type)) {
        return fabs(scale.factor);
    }
    double digit = point->resolution > 0.0 ? point->resolution / point->scale : 1.0;
    return fabs(scale.factor * digit);
}

/* High word first, high byte first. */
static void split(uint64_t bits, uint16_t count, uint16_t *registers)
{
    for (uint16_t i = 0; i < count; i++) {
        registers[i] = (uint16_t)(bits >> (16 * (count - 1 - i)));
    }
}

static uint64_t join(const uint16_t *registers, uint16_t count)
{
    uint64_t bits = 0;
    for (uint16_t i = 0; i < count; i++) {
        bits = (bits << 16) | registers[i];
    }
    return bits;
}

static void arrange(const struct profile_point *point, uint16_t *registers)
{
    uint16_t count = point->registers;
    for (uint16_t i = 0; point->word_order == WORDS_LOW_FIRST && i < count / 2; i++) {
        uint16_t other = registers[count - 1 - i];
        registers[count - 1 - i] = registers[i];
        registers[i] = other;
    }
    for (uint16_t i = 0; point->byte_order == BYTES_LOW_FIRST && i < count; i++) {
        registers[i] = (uint16_t)(registers[i] << 8 | registers[i] >> 8);
    }
}

static uint16_t bcd_of(unsigned digits)
{
    return (uint16_t)((digits / 1000 % 10) << 12 | (digits / 100 % 10) << 8 |
                      (digits / 10 % 10) << 4 | digits % 10);
}

static unsigned from_bcd(uint16_t bcd)
{
    return (bcd >> 12) * 1000U + (bcd >> 8 & 15U) * 100U + (bcd >> 4 & 15U) * 10U + (bcd & 15U);
}

static void split_decimal(const struct profile_point *point, double count, uint16_t *registers)
{
    for (uint16_t i = point->registers; i > 0; i--) {
        double higher = floor(count / DECIMAL_BASE);
        unsigned digits = (unsigned)(count - higher * DECIMAL_BASE);
        registers[i - 1] = point->type == REGISTER_BCD ? bcd_of(digits) : (uint16_t)digits;
        count = higher;
    }
}

static uint64_t bits_of_integer(double count)
{
    return count < 0.0 ? (uint64_t)(int64_t)count : (uint64_t)count;
}

static uint64_t bits_of_float(int type, double raw)
{
    if (type == REGISTER_F64) {
        uint64_t bits = 0;
        memcpy(&bits, &raw, sizeof(bits));
        return bits;
    }
    float single = (float)raw;
    uint32_t bits = 0;
    memcpy(&bits, &single, sizeof(bits));
    return bits;
}

static uint64_t sentinel_bits(const struct profile_point *point)
{
    uint64_t bits = 0;
    if (point->not_implemented.count > 0 &&
        profile_sentinel(point, point->not_implemented.items[0], &bits) == 0) {
        return bits;
    }
    return is_float(point->type) ? bits_of_float(point->type, (double)NAN) : 0;
}

static double dial(const struct profile_point *point, struct encode_scale scale, double value)
{
    double step = encode_resolution(point, scale);
    /* A count that floating point left a hair below the whole number is that number. */
    double count = floor((value - scale.offset) / step + 1e-6);
    double modulus = encode_modulus(point);
    return modulus > 0.0 ? fmod(fmax(count, 0.0), modulus) : count;
}

static void encode_integer(const struct profile_point *point, double count, uint16_t *registers)
{
    double kept = fmin(fmax(count, lowest_of(point)), highest_of(point));
    if (point->type == REGISTER_BCD || point->type == REGISTER_MOD10K) {
        split_decimal(point, kept, registers);
    } else if (point->type == REGISTER_BITS && point->bit_mask > 0) {
        uint64_t mask = (uint64_t)point->bit_mask;
        split(bits_of_integer(kept) << __builtin_ctzll(mask) & mask, point->registers, registers);
    } else {
        split(bits_of_integer(kept), point->registers, registers);
    }
}

void encode_value(const struct profile_point *point, struct encode_scale scale, double value,
                  uint16_t *registers)
{
    bool is_counter = point->row->kind == QUANTITY_COUNTER;
    if (point->function <= 2) {
        registers[0] = value > 0.5 ? 1 : 0;
        return;
    }
    if (isnan(value)) {
        split(sentinel_bits(point), point->registers, registers);
    } else if (is_float(point->type)) {
        double digit = encode_resolution(point, scale) / fabs(scale.factor);
        double raw =
            is_counter ? dial(point, scale, value) * digit : (value - scale.offset) / scale.factor;
        split(bits_of_float(point->type, raw), point->registers, registers);
    } else {
        double raw =
            is_counter ? dial(point, scale, value) : round((value - scale.offset) / scale.factor);
        encode_integer(point, raw, registers);
    }
    arrange(point, registers);
}

void encode_text(const struct profile_point *point, const char *text, uint16_t *registers)
{
    size_t length = strlen(text);
    for (uint16_t i = 0; i < point->registers; i++) {
        size_t at = 2 * (size_t)i;
        unsigned high = at < length ? (unsigned char)text[at] : 0;
        unsigned low = at + 1 < length ? (unsigned char)text[at + 1] : 0;
        registers[i] = (uint16_t)(high << 8 | low);
        if (point->byte_order == BYTES_LOW_FIRST) {
            registers[i] = (uint16_t)(low << 8 | high);
        }
    }
}

void encode_helper(const struct profile_helper *helper, double value, uint16_t *registers)
{
    double raw = helper->scale > 0.0 || helper->scale < 0.0 ? value / helper->scale : value;
    struct profile_point like = {
        .type = helper->type,
        .registers = helper->registers,
        .word_order = helper->word_order,
    };
    uint64_t bits =
        is_float(helper->type) ? bits_of_float(helper->type, raw) : bits_of_integer(round(raw));
    split(bits, helper->registers, registers);
    arrange(&like, registers);
}

void encode_signature(const struct profile_signature *signature, uint16_t *registers)
{
    const char *first = signature->equals.count > 0 ? signature->equals.items[0] : "";
    struct profile_point like = {
        .type = signature->type,
        .registers = signature->registers,
        .word_order = signature->word_order,
    };
    if (signature->type == REGISTER_STRING) {
        char text[2 * ENCODE_REGISTERS_MAX] = "";
        (void)snprintf(text, sizeof(text), "%.*s", (int)strcspn(first, "*"), first);
        encode_text(&like, text, registers);
        return;
    }
    int64_t number = first[0] != '\0' ? strtoll(first, NULL, 0) : (int64_t)llround(signature->min);
    split((uint64_t)number, signature->registers, registers);
    arrange(&like, registers);
}

static double decode_float(int type, uint64_t bits)
{
    if (type == REGISTER_F64) {
        double value = 0.0;
        memcpy(&value, &bits, sizeof(value));
        return value;
    }
    uint32_t low = (uint32_t)bits;
    float single = 0.0F;
    memcpy(&single, &low, sizeof(single));
    return (double)single;
}

static double decode_decimal(const struct profile_point *point, const uint16_t *registers)
{
    double sum = 0.0;
    for (uint16_t i = 0; i < point->registers; i++) {
        unsigned digits = point->type == REGISTER_BCD ? from_bcd(registers[i]) : registers[i];
        sum = sum * DECIMAL_BASE + digits;
    }
    return sum;
}

static double decode_raw(const struct profile_point *point, const uint16_t *registers)
{
    uint64_t bits = join(registers, point->registers);
    switch ((enum register_type)point->type) {
    case REGISTER_I16:
        return (double)(int16_t)bits;
    case REGISTER_I32:
        return (double)(int32_t)bits;
    case REGISTER_I64:
        return (double)(int64_t)bits;
    case REGISTER_F32:
    case REGISTER_F64:
        return decode_float(point->type, bits);
    case REGISTER_BCD:
    case REGISTER_MOD10K:
        return decode_decimal(point, registers);
    case REGISTER_BITS:
        if (point->bit_mask > 0) {
            uint64_t mask = (uint64_t)point->bit_mask;
            return (double)((bits & mask) >> __builtin_ctzll(mask));
        }
        return (double)bits;
    default:
        return (double)bits;
    }
}

double decode_value(const struct profile_point *point, struct encode_scale scale,
                    const uint16_t *registers)
{
    uint16_t ordered[ENCODE_REGISTERS_MAX] = {0};
    if (point->function <= 2) {
        return registers[0] != 0 ? 1.0 : 0.0;
    }
    memcpy(ordered, registers, point->registers * sizeof(*registers));
    arrange(point, ordered);
    return decode_raw(point, ordered) * scale.factor + scale.offset;
}
