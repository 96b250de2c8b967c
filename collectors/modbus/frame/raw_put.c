/* SPDX-License-Identifier: Apache-2.0 */
/* raw_put: numbers to registers, the way back of raw.c. */
#include <string.h>

#include "collectors/modbus/frame/raw.h"

enum {
    WORD_BITS = 16,
    LIMB_LIMIT = 10000, /* four decimal digits a register */
};

static uint16_t swap_bytes(uint16_t word)
{
    return (uint16_t)(word >> 8 | word << 8);
}

/* The register of that rank, least significant first. */
static void put_word(const struct raw_layout *layout, size_t rank, uint16_t word,
                     uint16_t *registers)
{
    size_t at = layout->word_order == WORDS_LOW_FIRST ? rank : layout->count - 1 - rank;
    registers[at] = layout->byte_order == BYTES_LOW_FIRST ? swap_bytes(word) : word;
}

static void put_bits(const struct raw_layout *layout, uint64_t bits, uint16_t *registers)
{
    for (size_t i = 0; i < layout->count; i++) {
        put_word(layout, i, (uint16_t)bits, registers);
        bits >>= WORD_BITS;
    }
}

static uint16_t bcd_of(unsigned limb)
{
    return (uint16_t)(limb / 1000U << 12 | limb / 100U % 10U << 8 | limb / 10U % 10U << 4 |
                      limb % 10U);
}

static void put_digits(const struct raw_layout *layout, uint64_t count, uint16_t *registers)
{
    for (size_t i = 0; i < layout->count; i++) {
        unsigned limb = (unsigned)(count % LIMB_LIMIT);
        put_word(layout, i, layout->type == REGISTER_BCD ? bcd_of(limb) : (uint16_t)limb,
                 registers);
        count /= LIMB_LIMIT;
    }
}

void raw_put_count(const struct raw_layout *layout, int64_t count, uint16_t *registers)
{
    if (layout->type == REGISTER_BCD || layout->type == REGISTER_MOD10K) {
        put_digits(layout, (uint64_t)count, registers);
    } else {
        put_bits(layout, (uint64_t)count, registers);
    }
}

void raw_put_float(const struct raw_layout *layout, double value, uint16_t *registers)
{
    uint64_t bits = 0;
    if (layout->type == REGISTER_F64) {
        memcpy(&bits, &value, sizeof(value));
    } else {
        float single = (float)value;
        uint32_t low = 0;
        memcpy(&low, &single, sizeof(low));
        bits = low;
    }
    put_bits(layout, bits, registers);
}
