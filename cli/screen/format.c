/* SPDX-License-Identifier: Apache-2.0 */
/* format: what numbers look like. */
#include "cli/screen/format.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>

#include "base/mem.h"

const char *style_start(enum style style, bool has_colour)
{
    static const char *const starts[STYLE_COUNT] = {
        [STYLE_NONE] = "\033[0m", [STYLE_GOOD] = "\033[32m", [STYLE_WARN] = "\033[33m",
        [STYLE_BAD] = "\033[31m", [STYLE_DIM] = "\033[2m",   [STYLE_BOLD] = "\033[1m",
    };
    return has_colour ? starts[style] : "";
}

/* One character: its bytes and columns. What is no character counts as one column of one byte. */
static size_t next_character(const char *utf8, size_t *columns, bool *is_printable)
{
    wchar_t wide = 0;
    mbstate_t state = {0};
    size_t size = mbrtowc(&wide, utf8, strlen(utf8), &state);
    if (size == 0 || size == (size_t)-1 || size == (size_t)-2) {
        *columns = 1;
        *is_printable = false;
        return 1;
    }
    int width = wcwidth(wide);
    *columns = width < 0 ? 1 : (size_t)width;
    *is_printable = width >= 0;
    return size;
}

size_t text_width(const char *utf8)
{
    size_t width = 0;
    while (*utf8 != '\0') {
        size_t columns = 0;
        bool is_printable = false;
        utf8 += next_character(utf8, &columns, &is_printable);
        width += columns;
    }
    return width;
}

size_t text_add_clipped(struct text *text, const char *utf8, size_t width)
{
    size_t used = 0;
    while (*utf8 != '\0') {
        size_t columns = 0;
        bool is_printable = false;
        size_t size = next_character(utf8, &columns, &is_printable);
        if (used + columns > width) {
            break;
        }
        if (is_printable) {
            text_add(text, utf8, size);
        } else {
            text_add_char(text, '?');
        }
        used += columns;
        utf8 += size;
    }
    return used;
}

void text_add_spaces(struct text *text, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        text_add_char(text, ' ');
    }
}

void text_add_age(struct text *text, int64_t age_us)
{
    static const struct {
        int64_t from_s;
        int64_t unit_s;
        const char *unit;
    } steps[] = {{2 * 86400, 86400, "d"}, {2 * 3600, 3600, "h"}, {120, 60, "min"}, {0, 1, "s"}};
    int64_t age_s = age_us > 0 ? age_us / 1000000 : 0;
    size_t i = 0;
    while (age_s < steps[i].from_s) {
        i++;
    }
    text_add_format(text, "%lld %s", (long long)(age_s / steps[i].unit_s), steps[i].unit);
}

void text_add_age_of(struct text *text, int64_t time_us, int64_t now_us)
{
    if (time_us == 0) {
        text_add_string(text, "never");
    } else {
        text_add_age(text, now_us - time_us);
    }
}

static int decimals_of(double value)
{
    double size = fabs(value);
    if (value == rint(value) && size < 1e15) {
        return 0;
    }
    return size >= 100 ? 1 : size >= 10 ? 2 : 3;
}

void text_add_reading(struct text *text, double value, const char *unit)
{
    if (!isfinite(value)) {
        text_add_char(text, '-');
        return;
    }
    text_add_format(text, "%.*f", decimals_of(value), value);
    if (unit[0] != '\0' && strcmp(unit, "1") != 0) {
        text_add_format(text, " %s", unit_shown(unit));
    }
}

void text_add_steady(struct text *text, double value, const char *unit)
{
    static const struct {
        const char *unit;
        int decimals;
    } units[] = {{"kW", 2},  {"kvar", 2}, {"kVA", 2},  {"V", 1},  {"A", 1},
                 {"kWh", 1}, {"degC", 1}, {"m3/h", 2}, {"m3", 1}, {"W/m2", 0},
                 {"ppm", 0}, {"%", 1},    {"Hz", 2},   {"", 0}};
    if (!isfinite(value)) {
        text_add_char(text, '-');
        return;
    }
    for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
        if (strcmp(units[i].unit, unit) == 0) {
            text_add_format(text, "%.*f", units[i].decimals, value);
            return;
        }
    }
    text_add_format(text, "%.*f", decimals_of(value), value);
}

void text_add_bytes(struct text *text, int64_t bytes)
{
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
    double value = (double)bytes;
    size_t i = 0;
    while (value >= 1000 && i + 1 < ARRAY_SIZE(units)) {
        value /= 1000;
        i++;
    }
    text_add_format(text, "%.*f %s", i > 0 && value < 10 ? 1 : 0, value, units[i]);
}

void text_add_duration(struct text *text, int64_t duration_us)
{
    if (duration_us <= 0) {
        text_add_char(text, '-');
    } else if (duration_us < 1000) {
        text_add_format(text, "%lld us", (long long)duration_us);
    } else if (duration_us < 1000000) {
        text_add_format(text, "%.1f ms", (double)duration_us / 1e3);
    } else {
        text_add_format(text, "%.1f s", (double)duration_us / 1e6);
    }
}

char quality_letter(const char *quality)
{
    static const struct {
        const char *word;
        char letter;
    } letters[] = {
        {"ok", 0},          {"timeout", 't'},   {"exception", 'x'},
        {"bad_reply", 'b'}, {"stale", 's'},     {"not_implemented", 'n'},
        {"late", 'l'},      {"estimated", 'e'}, {"implausible", 'i'},
    };
    for (size_t i = 0; i < ARRAY_SIZE(letters); i++) {
        if (strcmp(letters[i].word, quality) == 0) {
            return letters[i].letter;
        }
    }
    return '?';
}

const char *unit_shown(const char *unit)
{
    static const struct {
        const char *unit;
        const char *shown;
    } units[] = {{"degC", "°C"}, {"m3", "m³"}, {"m3/h", "m³/h"}, {"W/m2", "W/m²"}, {"kOhm", "kΩ"}};
    for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
        if (strcmp(units[i].unit, unit) == 0) {
            return units[i].shown;
        }
    }
    return unit;
}
