/* SPDX-License-Identifier: Apache-2.0 */
/* Expressions: a byte that chooses the qualities of the values, then any text. What compiles is evaluated and explained. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "config/utf8.h"
#include "fuzz/fuzz.h"
#include "world.h"

static uint8_t seed;

/* Any number with any quality, the same one for the same slot. */
static struct expr_value read_value(const void *context, const struct expr_slot *slot)
{
    (void)context;
    static const double numbers[] = {0, 1, -1, 1e-300, 1e300, 3, 26.5, NAN, INFINITY, 4294967295.0};
    uint32_t mixed = (slot->owner * 7 + slot->item * 3 + slot->source + 1u) * seed;
    return (struct expr_value){.number = numbers[mixed % ARRAY_SIZE(numbers)],
                               .quality = seed == 0 ? QUALITY_OK : (mixed / 16) % QUALITY_COUNT};
}

static int64_t read_age(const void *context, const struct expr_slot *slot)
{
    (void)context;
    return slot->item % 2 == 0 ? seed * INT64_C(1000000) : -1;
}

static const struct expr_reader reader = {.read = read_value, .age_us = read_age};

static void check_value(struct expr_value value)
{
    fuzz_require(value.quality < EXPR_LEFT_OUT, "a result has one of the qualities of results");
    fuzz_require(isfinite(value.number) || isnan(value.number), "no result is infinite");
    fuzz_require(!isnan(value.number) || value.quality != QUALITY_OK,
                 "a result that is not there has a reason");
}

static void use(const struct expr *expr)
{
    struct text text = {0};
    struct expr_result result = expr_evaluate(expr, &reader);
    struct expr_result again = expr_explain(expr, &reader, &text);
    check_value(result.value);
    fuzz_require(result.value.quality == again.value.quality &&
                     (result.value.number == again.value.number || isnan(result.value.number)),
                 "an explanation has the value of the evaluation");
    fuzz_require(utf8_is_valid(text.data), "an explanation is UTF-8");
    fuzz_require(expr_kind(expr) != EXPR_BOOLEAN || isnan(result.value.number) ||
                     result.value.number == 0 || result.value.number == 1 || seed != 0,
                 "yes or no is 1 or 0");
    text_finish(&text);
}

static void check_faults(const struct expr_faults *faults, size_t length)
{
    fuzz_require(faults->count > 0, "what does not compile has a fault");
    for (size_t i = 0; i < faults->count; i++) {
        fuzz_require(faults->items[i].column >= 1 && faults->items[i].column <= length + 1,
                     "a fault's column is in the text");
        fuzz_require(utf8_is_valid(faults->items[i].message), "a fault is UTF-8");
        fuzz_require(i == 0 || faults->items[i - 1].column <= faults->items[i].column,
                     "faults stand in order");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct food food = {.at = data, .left = size};
    struct expr_faults faults = {0};
    struct expr *expr = NULL;
    seed = food_u8(&food);
    char *text = mem_format("%.*s", (int)food.left, food.left > 0 ? (const char *)food.at : "");
    if (expr_compile(text, world_scope(), EXPR_WANT_ANY, NULL, &faults, &expr) == 0) {
        fuzz_require(faults.count == 0, "what compiles has no faults");
        use(expr);
    } else {
        check_faults(&faults, strlen(text));
    }
    expr_destroy(expr);
    expr_faults_finish(&faults);
    free(text);
    return 0;
}
