/* SPDX-License-Identifier: Apache-2.0 */
/* twins: poll by poll, until it is known. */
#include "collectors/modbus/line/twins.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum {
    CHANGES_OF_METER = 3,
    CHANGES_OF_ANY = 10, /* two lamps of one room are switched together */
    ROUNDS_OF_METER = 20,
    POLLS_MAX = 240,
};

void twins_init(struct twins *twins, size_t size)
{
    *twins = (struct twins){
        .size = size,
        .words = mem_alloc_array(3 * size + 1, sizeof(*twins->words)),
    };
}

void twins_finish(struct twins *twins)
{
    free(twins->words);
    *twins = (struct twins){0};
}

/* What stood still in the one since its poll before; false: the other had something else there. */
static bool compare(struct twins *twins, const uint16_t *now, size_t *still, size_t *changed)
{
    const uint16_t *before = twins->words;
    const uint16_t *other = twins->words + twins->size;
    uint16_t *agreed = twins->words + 2 * twins->size;
    for (size_t i = 0; i < twins->size; i++) {
        if (before[i] != now[i]) {
            continue;
        }
        if (other[i] != now[i]) {
            return false;
        }
        *still += 1;
        *changed += twins->has_agreed && agreed[i] != now[i] ? 1 : 0;
        agreed[i] = now[i];
    }
    return true;
}

/* Before they were alike for the first time, what moves is not known yet. */
static void begin_agreed(struct twins *twins, const uint16_t *now)
{
    if (!twins->has_agreed) {
        memcpy(twins->words + 2 * twins->size, now, twins->size * sizeof(*now));
    }
}

static bool is_proved(const struct twins *twins, enum twins_counter counter)
{
    bool is_meter = counter != TWINS_COUNTER_NONE;
    return (is_meter && twins->changes >= CHANGES_OF_METER) || twins->changes >= CHANGES_OF_ANY ||
           (counter == TWINS_COUNTER_HIGH && twins->rounds >= ROUNDS_OF_METER);
}

static enum twins_verdict judge(struct twins *twins, const uint16_t *now,
                                enum twins_counter counter)
{
    size_t still = 0;
    size_t changed = 0;
    begin_agreed(twins, now);
    if (!compare(twins, now, &still, &changed)) {
        return TWINS_DIFFERENT;
    }
    twins->has_agreed = true;
    twins->rounds += still > 0 ? 1 : 0;
    twins->changes += changed > 0 ? 1 : 0;
    return is_proved(twins, counter) ? TWINS_SAME : TWINS_UNSURE;
}

enum twins_verdict twins_take(struct twins *twins, bool is_other, const uint16_t *registers,
                              enum twins_counter counter)
{
    enum twins_verdict verdict = TWINS_UNSURE;
    size_t bytes = twins->size * sizeof(*registers);
    if (is_other) {
        twins->has_other = twins->has_first;
        memcpy(twins->words + twins->size, registers, bytes);
    } else {
        verdict = twins->has_other ? judge(twins, registers, counter) : TWINS_UNSURE;
        memcpy(twins->words, registers, bytes);
        twins->has_first = true;
        twins->has_other = false;
    }
    bool is_over = ++twins->polls >= POLLS_MAX && verdict == TWINS_UNSURE;
    return is_over ? TWINS_IDLE : verdict;
}
