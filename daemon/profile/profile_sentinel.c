/* SPDX-License-Identifier: Apache-2.0 */
/* profile_sentinel: a word of not_implemented as the registers that it stands for. In hex it is the registers themselves,
 * most significant first; in decimal what a person reads in them by the point's type: a number, the digits of bcd and
 * mod10k, the value of a float. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include <lingtan/profile.h>

enum {
    WORD_BITS = 16,
    LONG_BITS = 64,
    LIMB_LIMIT = 10000, /* of a register of mod10k, and of four digits of bcd */
};

static bool fits(const struct profile_point *point, uint64_t bits)
{
    unsigned width = point->registers * WORD_BITS;
    return width >= LONG_BITS || bits >> width == 0;
}

static bool parse_unsigned(const char *word, int base, uint64_t *out)
{
    char *end = NULL;
    errno = 0;
    unsigned long long value = strtoull(word, &end, base);
    *out = value;
    return errno == 0 && end != word && *end == '\0';
}

static bool parse_negative(const struct profile_point *point, const char *word, uint64_t *bits)
{
    bool is_signed =
        point->type == REGISTER_I16 || point->type == REGISTER_I32 || point->type == REGISTER_I64;
    unsigned width = point->registers * WORD_BITS;
    char *end = NULL;
    errno = 0;
    long long value = strtoll(word, &end, 10);
    if (!is_signed || errno != 0 || end == word || *end != '\0' ||
        value < INT64_MIN >> (LONG_BITS - width)) {
        return false;
    }
    *bits = (uint64_t)value & (UINT64_MAX >> (LONG_BITS - width));
    return true;
}

static uint64_t bcd_of(unsigned limb)
{
    return limb / 1000U << 12 | limb / 100U % 10U << 8 | limb / 10U % 10U << 4 | limb % 10U;
}

/* Four digits a register. */
static bool parse_digits(const struct profile_point *point, const char *word, uint64_t *bits)
{
    uint64_t left = 0;
    bool is_good = parse_unsigned(word, 10, &left);
    *bits = 0;
    for (unsigned i = 0; i < point->registers && i < LONG_BITS / WORD_BITS; i++) {
        unsigned limb = (unsigned)(left % LIMB_LIMIT);
        uint64_t place = point->type == REGISTER_BCD ? bcd_of(limb) : limb;
        *bits |= place << (WORD_BITS * i);
        left /= LIMB_LIMIT;
    }
    return is_good && left == 0;
}

/* The float nearest to the number is what a device sends that means it. */
static bool parse_float(const struct profile_point *point, const char *word, uint64_t *bits)
{
    char *end = NULL;
    double value = strtod(word, &end);
    if (end == word || *end != '\0' || !isfinite(value)) {
        return false;
    }
    if (point->type == REGISTER_F64) {
        memcpy(bits, &value, sizeof(value));
        return true;
    }
    float single = (float)value;
    uint32_t low = 0;
    memcpy(&low, &single, sizeof(low));
    *bits = low;
    return isfinite(single);
}

static bool parse(const struct profile_point *point, const char *word, uint64_t *bits)
{
    bool has_sign = word[0] == '-';
    bool is_hex = word[0] == '0' && (word[1] == 'x' || word[1] == 'X');
    if (word[has_sign ? 1 : 0] < '0' || word[has_sign ? 1 : 0] > '9') {
        return false;
    }
    if (is_hex) {
        return parse_unsigned(word, 16, bits) && fits(point, *bits);
    }
    if (profile_is_float(point)) {
        return parse_float(point, word, bits);
    }
    if (has_sign) {
        return parse_negative(point, word, bits);
    }
    if (point->type == REGISTER_BCD || point->type == REGISTER_MOD10K) {
        return parse_digits(point, word, bits);
    }
    return parse_unsigned(word, 10, bits) && fits(point, *bits);
}

int profile_sentinel(const struct profile_point *point, const char *word, uint64_t *bits)
{
    uint64_t found = 0;
    if (!parse(point, word, &found)) {
        return -EINVAL;
    }
    *bits = found;
    return 0;
}
