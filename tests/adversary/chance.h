/* SPDX-License-Identifier: Apache-2.0 */
/* chance: numbers that a seed decides, the same on every machine. */
#ifndef TESTS_ADVERSARY_CHANCE_H
#define TESTS_ADVERSARY_CHANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct chance {
    uint64_t state;
};

static inline uint64_t chance_bits(struct chance *chance)
{
    uint64_t z = chance->state += 0x9E3779B97F4A7C15U;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31);
}

/* From first to last, both included. */
static inline int64_t chance_range(struct chance *chance, int64_t first, int64_t last)
{
    return first + (int64_t)(chance_bits(chance) % (uint64_t)(last - first + 1));
}

static inline bool chance_percent(struct chance *chance, unsigned percent)
{
    return chance_bits(chance) % 100 < percent;
}

/* Small and large alike: each doubling is as likely as any other. */
static inline int64_t chance_span(struct chance *chance, int64_t first, int64_t last)
{
    int64_t low = first;
    while (low < last / 2 && chance_percent(chance, 70)) {
        low *= 2;
    }
    return chance_range(chance, low, 2 * low < last ? 2 * low : last);
}

#endif
