/* SPDX-License-Identifier: Apache-2.0 */
/* raw: registers to numbers. */
#include "collectors/modbus/frame/raw.h"

#include <string.h>

enum { LIMB_LIMIT = 10000 }; /* four decimal digits a register */

static uint16_t swap_bytes(uint16_t word)
{
    return (uint16_t)(word >> 8 | word << 8);
}

/* The register of rank i, most significant first. */
static uint16_t word_at(const struct raw_layout *layout, const uint16_t *registers, size_t i)
{
    size_t at = layout->word_order == WORDS_LOW_FIRST ? layout->count - 1 - i : i;
    return layout->byte_order == BYTES_LOW_FIRST ? swap_bytes(registers[at]) : registers[at];
}

static enum quality limit_count(uint64_t bits, int64_t *count)
{
    *count = bits > INT64_MAX ? INT64_MAX : (int64_t)bits;
    return bits > INT64_MAX ? QUALITY_IMPLAUSIBLE : QUALITY_OK;
}

/* Four decimal digits, LIMB_LIMIT when a nibble is none. */
static int64_t bcd_limb(unsigned word)
{
    int64_t limb = 0;
    for (int shift = 12; shift >= 0; shift -= 4) {
        unsigned digit = word >> shift & 15;
        if (digit > 9) {
            return LIMB_LIMIT;
        }
        limb = limb * 10 + digit;
    }
    return limb;
}

static enum quality decimal_count(const struct raw_layout *layout, const uint16_t *registers,
                                  int64_t *count)
{
    int64_t sum = 0;
    bool fits = true;
    for (size_t i = 0; i < layout->count; i++) {
        uint16_t word = word_at(layout, registers, i);
        int64_t limb = layout->type == REGISTER_BCD ? bcd_limb(word) : word;
        if (limb >= LIMB_LIMIT) {
            return QUALITY_BAD_REPLY;
        }
        fits = fits && !__builtin_mul_overflow(sum, LIMB_LIMIT, &sum) &&
               !__builtin_add_overflow(sum, limb, &sum);
    }
    *count = fits ? sum : INT64_MAX;
    return fits ? QUALITY_OK : QUALITY_IMPLAUSIBLE;
}

uint64_t raw_bits(const struct raw_layout *layout, const uint16_t *registers)
{
    uint64_t bits = 0;
    for (size_t i = 0; i < layout->count; i++) {
        bits = bits << 16 | word_at(layout, registers, i);
    }
    return bits;
}

uint64_t raw_coils(const uint16_t *registers, size_t first, size_t count)
{
    uint64_t bits = 0;
    for (size_t i = 0; i < count && i < 64; i++) {
        size_t at = first + i;
        bits |= (uint64_t)(registers[at / 16] >> (at % 16) & 1U) << i;
    }
    return bits;
}

enum quality raw_count(const struct raw_layout *layout, const uint16_t *registers, int64_t *count)
{
    uint64_t bits = raw_bits(layout, registers);
    switch (layout->type) {
    case REGISTER_I16:
        *count = (int16_t)bits;
        return QUALITY_OK;
    case REGISTER_I32:
        *count = (int32_t)bits;
        return QUALITY_OK;
    case REGISTER_I64:
        *count = (int64_t)bits;
        return QUALITY_OK;
    case REGISTER_BCD:
    case REGISTER_MOD10K:
        return decimal_count(layout, registers, count);
    case REGISTER_BITS:
        if (layout->bit_mask != 0) {
            bits = (bits & layout->bit_mask) >> __builtin_ctzll(layout->bit_mask);
        }
        return limit_count(bits, count);
    default:
        return limit_count(bits, count);
    }
}

double raw_float(const struct raw_layout *layout, const uint16_t *registers)
{
    uint64_t bits = raw_bits(layout, registers);
    if (layout->type == REGISTER_F64) {
        double value;
        memcpy(&value, &bits, sizeof(value));
        return value;
    }
    uint32_t low = (uint32_t)bits;
    float value;
    memcpy(&value, &low, sizeof(value));
    return (double)value;
}
