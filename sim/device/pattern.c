/* SPDX-License-Identifier: Apache-2.0 */
/* pattern: numbers made of id, address and count. */
#include "sim/device/pattern.h"

uint32_t pattern_seed(const char *device)
{
    uint32_t sum = 2166136261U; /* FNV-1a */
    for (const char *at = device; *at != '\0'; at++) {
        sum = (sum ^ (unsigned char)*at) * 16777619U;
    }
    return sum;
}

uint32_t pattern_word(uint32_t seed, uint16_t address, uint64_t replies)
{
    uint32_t mixed = (seed ^ address * 0x9E3779B1U) * 0x85EBCA6BU;
    uint32_t check = (mixed ^ mixed >> 15) * 0xC2B2AE35U >> (32 - PATTERN_CHECK_BITS);
    return (uint32_t)replies << PATTERN_CHECK_BITS | check;
}

void pattern_fill(uint32_t seed, uint64_t replies, const struct register_span *span,
                  uint16_t *registers)
{
    for (uint16_t i = 0; i < span->count; i++) {
        uint16_t address = (uint16_t)(span->address + i);
        uint32_t word = pattern_word(seed, address & 0xFFFE, replies);
        registers[i] = (uint16_t)((address & 1) == 0 ? word >> 16 : word);
    }
}
