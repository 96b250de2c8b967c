/* SPDX-License-Identifier: Apache-2.0 */
/* Texts: any bytes as a time or a string for JSON, any bits as a number to be printed.
 *
 * input := 't' and a time, 'j' and a string, 'd' or 'f' and a double or float, 'n' and decimals and a count */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/mem.h"
#include "base/text.h"
#include "fuzz/fuzz.h"

static const int64_t year_10000_us = 253402300800LL * 1000000;
static const int64_t year_0_us = -62167219200LL * 1000000;

static void try_time(const char *string)
{
    int64_t wall_us = 0;
    int64_t again_us = 0;
    struct text text = {0};
    if (time_parse(string, &wall_us) < 0) {
        return;
    }
    text_add_time(&text, wall_us);
    if (wall_us >= year_0_us && wall_us < year_10000_us) {
        fuzz_require(time_parse(text.data, &again_us) == 0, "a printed time can be parsed");
        fuzz_require(again_us <= wall_us && wall_us - again_us < 1000,
                     "a printed time is the same but for its microseconds");
    }
    text_finish(&text);
}

static void try_json(const char *string)
{
    struct text text = {0};
    json_error_t error;
    text_add_json_string(&text, string);
    json_t *root = json_loadb(text.data, text.length, JSON_DECODE_ANY, &error);
    fuzz_require(json_is_string(root), "a JSON string is one");
    json_t *plain = json_string(string);
    fuzz_require(!plain || json_equal(root, plain), "a string of good UTF-8 stays as it is");
    json_decref(plain);
    json_decref(root);
    text_finish(&text);
}

static void try_float(double value, int single)
{
    struct text text = {0};
    if (!isfinite(value)) {
        return;
    }
    text_add_float(&text, value, single);
    char *end = NULL;
    double again = single ? (double)strtof(text.data, &end) : strtod(text.data, &end);
    fuzz_require(*end == '\0' && again == value, "a printed number reads back as it was");
    text_finish(&text);
}

static void try_decimal(int64_t count, int decimals)
{
    struct text text = {0};
    char *end = NULL;
    text_add_decimal(&text, count, decimals);
    double value = strtod(text.data, &end);
    double wanted = (double)count / pow(10, decimals);
    fuzz_require(*end == '\0' && fabs(value - wanted) <= 1e-14 * fabs(wanted),
                 "a printed decimal is count / 10^decimals");
    text_finish(&text);
}

static void try_number(char kind, struct food *food)
{
    if (kind == 'n') {
        int decimals = food_u8(food) % 19;
        try_decimal((int64_t)food_u64(food), decimals);
        return;
    }
    uint64_t bits = food_u64(food);
    uint32_t few = (uint32_t)(bits >> 32);
    double number = 0;
    float single = 0;
    memcpy(&number, &bits, sizeof(number));
    memcpy(&single, &few, sizeof(single));
    try_float(kind == 'f' ? (double)single : number, kind == 'f');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct food food = {.at = data, .left = size};
    char kind = (char)food_u8(&food);
    char *string = mem_format("%.*s", (int)food.left, food.left > 0 ? (const char *)food.at : "");
    if (kind == 't') {
        try_time(string);
    } else if (kind == 'j') {
        try_json(string);
    } else {
        try_number(kind, &food);
    }
    free(string);
    return 0;
}
