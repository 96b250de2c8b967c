/* SPDX-License-Identifier: Apache-2.0 */
/* literal: the numbers of libconfig's grammar: decimal and hexadecimal integers with an optional L or LL, floats. */
#include "config/literal.h"

#include <stdbool.h>
#include <stdint.h>

struct cursor {
    const char *at;
    const char *end;
};

static char peek(const struct cursor *cursor)
{
    return cursor->at < cursor->end ? *cursor->at : '\0';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int hex_digit(char c)
{
    if (is_digit(c)) {
        return c - '0';
    }
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool skip_sign(struct cursor *cursor)
{
    char c = peek(cursor);
    if (c != '-' && c != '+') {
        return false;
    }
    cursor->at++;
    return c == '-';
}

static size_t skip_digits(struct cursor *cursor)
{
    const char *start = cursor->at;
    while (is_digit(peek(cursor))) {
        cursor->at++;
    }
    return (size_t)(cursor->at - start);
}

/* The magnitude of the digits of a base from `at`; false when it is over 64 bits. */
static bool magnitude(const char *at, const char *end, unsigned base, uint64_t *out)
{
    uint64_t value = 0;
    for (; at < end; at++) {
        unsigned digit = (unsigned)hex_digit(*at);
        if (__builtin_mul_overflow(value, base, &value) ||
            __builtin_add_overflow(value, digit, &value)) {
            return false;
        }
    }
    *out = value;
    return true;
}

static bool skip_suffix(struct cursor *cursor)
{
    bool found = false;
    for (int i = 0; i < 2 && peek(cursor) == 'L'; i++) {
        cursor->at++;
        found = true;
    }
    return found;
}

static enum literal_verdict judge(bool fits64, uint64_t value, bool is_negative, bool has_suffix)
{
    if (!fits64 || value > (uint64_t)INT64_MAX + is_negative) {
        return LITERAL_TOO_LARGE;
    }
    if (!has_suffix && value > (uint64_t)INT32_MAX + is_negative) {
        return LITERAL_WANTS_L;
    }
    return LITERAL_FINE;
}

static struct literal measure_hex(struct cursor cursor)
{
    const char *start = cursor.at;
    cursor.at += 2;
    const char *digits = cursor.at;
    while (hex_digit(peek(&cursor)) >= 0) {
        cursor.at++;
    }
    uint64_t value = 0;
    bool fits64 = magnitude(digits, cursor.at, 16, &value);
    bool has_suffix = skip_suffix(&cursor);
    return (struct literal){.verdict = judge(fits64, value, false, has_suffix),
                            .length = (size_t)(cursor.at - start)};
}

static bool skip_exponent(struct cursor *cursor)
{
    struct cursor ahead = *cursor;
    if ((peek(&ahead) | 0x20) != 'e') {
        return false;
    }
    ahead.at++;
    (void)skip_sign(&ahead);
    if (skip_digits(&ahead) == 0) {
        return false;
    }
    *cursor = ahead;
    return true;
}

static struct literal measure_decimal(struct cursor cursor)
{
    const char *start = cursor.at;
    bool is_negative = skip_sign(&cursor);
    const char *digits = cursor.at;
    size_t count = skip_digits(&cursor);
    const char *digits_end = cursor.at;
    bool is_float = false;
    if (peek(&cursor) == '.') {
        cursor.at++;
        count += skip_digits(&cursor);
        is_float = true;
    }
    if (count == 0) {
        return (struct literal){.verdict = LITERAL_NONE};
    }
    is_float = skip_exponent(&cursor) || is_float;
    struct literal literal = {.verdict = LITERAL_FINE};
    if (!is_float) {
        uint64_t value = 0;
        bool fits64 = magnitude(digits, digits_end, 10, &value);
        literal.verdict = judge(fits64, value, is_negative, skip_suffix(&cursor));
    }
    literal.length = (size_t)(cursor.at - start);
    return literal;
}

struct literal literal_measure(const char *bytes, size_t size)
{
    struct cursor cursor = {.at = bytes, .end = bytes + size};
    if (size > 2 && bytes[0] == '0' && (bytes[1] | 0x20) == 'x' && hex_digit(bytes[2]) >= 0) {
        return measure_hex(cursor);
    }
    return measure_decimal(cursor);
}
