/* SPDX-License-Identifier: Apache-2.0 */
/* unit: the table of units, and their algebra. */
#include "expr/unit.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

static const double whole_max = 9007199254740992.0; /* 2^53: exact up to here */
static const double factor_max = 1e100;

/* The first row of a kind is the one that people use. */
struct row {
    const char *name;
    const char *meaning; /* of the kind, in its first row */
    struct unit unit;
    bool divides; /* stands below the line: CNY/kWh, kWh/m2 */
};

#define POWERS_POWER                                                                               \
    {                                                                                              \
        [BASE_ENERGY] = 1, [BASE_TIME] = -1                                                        \
    }
#define POWERS_VOLTAGE                                                                             \
    {                                                                                              \
        [BASE_ENERGY] = 1, [BASE_TIME] = -1, [BASE_CURRENT] = -1                                   \
    }
#define POWERS_RESISTANCE                                                                          \
    {                                                                                              \
        [BASE_ENERGY] = 1, [BASE_TIME] = -1, [BASE_CURRENT] = -2                                   \
    }
#define POWERS_PRESSURE                                                                            \
    {                                                                                              \
        [BASE_ENERGY] = 1, [BASE_LENGTH] = -3                                                      \
    }
#define ROW(name_, family_, num_, den_, ...)                                                       \
    .name = (name_), .unit = {.powers = __VA_ARGS__,                                               \
                              .family = FAMILY_##family_,                                          \
                              .numerator = (num_),                                                 \
                              .denominator = (den_)}

/* clang-format off */
static const struct row rows[] = {
    {ROW("1", PLAIN, 1, 1, {0}), .meaning = "a number without unit"},
    {ROW("%", PLAIN, 1, 100, {0})},
    {ROW("ppm", PLAIN, 1, 1000000, {0})},
    {ROW("kW", PLAIN, 1000, 1, POWERS_POWER), .meaning = "a power", .divides = true},
    {ROW("W", PLAIN, 1, 1, POWERS_POWER)},
    {ROW("MW", PLAIN, 1000000, 1, POWERS_POWER)},
    {ROW("kvar", REACTIVE, 1000, 1, POWERS_POWER), .meaning = "a reactive power"},
    {ROW("var", REACTIVE, 1, 1, POWERS_POWER)},
    {ROW("Mvar", REACTIVE, 1000000, 1, POWERS_POWER)},
    {ROW("kVA", APPARENT, 1000, 1, POWERS_POWER), .meaning = "an apparent power", .divides = true},
    {ROW("VA", APPARENT, 1, 1, POWERS_POWER)},
    {ROW("MVA", APPARENT, 1000000, 1, POWERS_POWER)},
    {ROW("kWh", PLAIN, 3600000, 1, {[BASE_ENERGY] = 1}), .meaning = "an energy", .divides = true},
    {ROW("Wh", PLAIN, 3600, 1, {[BASE_ENERGY] = 1})},
    {ROW("MWh", PLAIN, 3600000000, 1, {[BASE_ENERGY] = 1}), .divides = true},
    {ROW("GWh", PLAIN, 3600000000000, 1, {[BASE_ENERGY] = 1})},
    {ROW("J", PLAIN, 1, 1, {[BASE_ENERGY] = 1})},
    {ROW("kJ", PLAIN, 1000, 1, {[BASE_ENERGY] = 1})},
    {ROW("MJ", PLAIN, 1000000, 1, {[BASE_ENERGY] = 1})},
    {ROW("GJ", PLAIN, 1000000000, 1, {[BASE_ENERGY] = 1}), .divides = true},
    {ROW("kvarh", REACTIVE, 3600000, 1, {[BASE_ENERGY] = 1}), .meaning = "a reactive energy", .divides = true},
    {ROW("varh", REACTIVE, 3600, 1, {[BASE_ENERGY] = 1})},
    {ROW("Mvarh", REACTIVE, 3600000000, 1, {[BASE_ENERGY] = 1})},
    {ROW("kVAh", APPARENT, 3600000, 1, {[BASE_ENERGY] = 1}), .meaning = "an apparent energy"},
    {ROW("V", PLAIN, 1, 1, POWERS_VOLTAGE), .meaning = "a voltage"},
    {ROW("mV", PLAIN, 1, 1000, POWERS_VOLTAGE)},
    {ROW("kV", PLAIN, 1000, 1, POWERS_VOLTAGE)},
    {ROW("A", PLAIN, 1, 1, {[BASE_CURRENT] = 1}), .meaning = "a current"},
    {ROW("mA", PLAIN, 1, 1000, {[BASE_CURRENT] = 1})},
    {ROW("kOhm", PLAIN, 1000, 1, POWERS_RESISTANCE), .meaning = "a resistance"},
    {ROW("Ohm", PLAIN, 1, 1, POWERS_RESISTANCE)},
    {ROW("MOhm", PLAIN, 1000000, 1, POWERS_RESISTANCE)},
    {ROW("Hz", PLAIN, 1, 1, {[BASE_TIME] = -1}), .meaning = "a frequency"},
    {ROW("mHz", PLAIN, 1, 1000, {[BASE_TIME] = -1})},
    {ROW("s", PLAIN, 1, 1, {[BASE_TIME] = 1}), .meaning = "a time", .divides = true},
    {ROW("ms", PLAIN, 1, 1000, {[BASE_TIME] = 1})},
    {ROW("min", PLAIN, 60, 1, {[BASE_TIME] = 1}), .divides = true},
    {ROW("h", PLAIN, 3600, 1, {[BASE_TIME] = 1}), .divides = true},
    {ROW("d", PLAIN, 86400, 1, {[BASE_TIME] = 1}), .divides = true},
    {.name = "degC", .meaning = "a temperature", .unit = {.powers = {[BASE_TEMPERATURE] = 1},
        .is_point = true, .numerator = 1, .denominator = 1}},
    {ROW("K", PLAIN, 1, 1, {[BASE_TEMPERATURE] = 1}), .meaning = "a temperature difference", .divides = true},
    {ROW("m", PLAIN, 1, 1, {[BASE_LENGTH] = 1}), .meaning = "a length"},
    {ROW("mm", PLAIN, 1, 1000, {[BASE_LENGTH] = 1})},
    {ROW("cm", PLAIN, 1, 100, {[BASE_LENGTH] = 1})},
    {ROW("km", PLAIN, 1000, 1, {[BASE_LENGTH] = 1})},
    {ROW("m2", PLAIN, 1, 1, {[BASE_LENGTH] = 2}), .meaning = "an area", .divides = true},
    {ROW("m3", PLAIN, 1, 1, {[BASE_LENGTH] = 3}), .meaning = "a volume", .divides = true},
    {ROW("L", PLAIN, 1, 1000, {[BASE_LENGTH] = 3})},
    {ROW("kPa", PLAIN, 1000, 1, POWERS_PRESSURE), .meaning = "a pressure"},
    {ROW("Pa", PLAIN, 1, 1, POWERS_PRESSURE)},
    {ROW("bar", PLAIN, 100000, 1, POWERS_PRESSURE)},
    {ROW("MPa", PLAIN, 1000000, 1, POWERS_PRESSURE)},
    {ROW("CNY", PLAIN, 1, 1, {[BASE_MONEY] = 1}), .meaning = "money"},
    {ROW("fen", PLAIN, 1, 100, {[BASE_MONEY] = 1})},
    {ROW("person", PLAIN, 1, 1, {[BASE_PERSON] = 1}), .meaning = "a number of people", .divides = true},
    {ROW("kgCO2", PLAIN, 1, 1, {[BASE_CARBON] = 1}), .meaning = "an amount of carbon dioxide"},
    {ROW("gCO2", PLAIN, 1, 1000, {[BASE_CARBON] = 1})},
    {ROW("tCO2", PLAIN, 1000, 1, {[BASE_CARBON] = 1})},
    {ROW("kgce", PLAIN, 1, 1, {[BASE_COAL] = 1}), .meaning = "an amount of standard coal"},
    {ROW("tce", PLAIN, 1000, 1, {[BASE_COAL] = 1})},
};
/* clang-format on */

#undef ROW
#undef POWERS_POWER
#undef POWERS_VOLTAGE
#undef POWERS_RESISTANCE
#undef POWERS_PRESSURE

const struct unit unit_one = {.numerator = 1, .denominator = 1};

static const struct row *find_name(const char *name, size_t length)
{
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        if (strlen(rows[i].name) == length && memcmp(rows[i].name, name, length) == 0) {
            return &rows[i];
        }
    }
    return NULL;
}

static const struct row *find_exact(const struct unit *unit)
{
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        if (unit_is_equal(&rows[i].unit, unit)) {
            return &rows[i];
        }
    }
    return NULL;
}

static const struct row *find_kind(const struct unit *unit)
{
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        if (unit_same_kind(&rows[i].unit, unit)) {
            return &rows[i];
        }
    }
    return NULL;
}

/* Two rows whose quotient it is: CNY/m2. With any factor when is_exact is not set; the first ones are preferred. */
struct quotient {
    const struct row *above;
    const struct row *below;
};

static bool is_quotient(const struct quotient *quotient, const struct unit *unit, bool is_exact)
{
    struct unit made;
    return unit_divide(&quotient->above->unit, &quotient->below->unit, &made) == 0 &&
           (is_exact ? unit_is_equal(&made, unit) : unit_same_kind(&made, unit));
}

static bool find_quotient_below(const struct unit *unit, bool is_exact, const struct row *below,
                                struct quotient *out)
{
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct quotient quotient = {.above = &rows[i], .below = below};
        if (is_quotient(&quotient, unit, is_exact)) {
            *out = quotient;
            return true;
        }
    }
    return false;
}

static bool find_quotient(const struct unit *unit, bool is_exact, struct quotient *out)
{
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        if (rows[i].divides && find_quotient_below(unit, is_exact, &rows[i], out)) {
            return true;
        }
    }
    return false;
}

static double common_divisor(double a, double b)
{
    while (b > 0) {
        double rest = fmod(a, b);
        a = b;
        b = rest;
    }
    return a;
}

static void reduce(struct unit_scale *scale)
{
    if (scale->numerator <= whole_max && scale->denominator <= whole_max) {
        double divisor = common_divisor(scale->numerator, scale->denominator);
        scale->numerator /= divisor;
        scale->denominator /= divisor;
    }
}

static bool has_energy(const struct unit *unit)
{
    return unit->powers[BASE_ENERGY] != 0;
}

/* What is left of the family where two units become one. kvar*h is kvarh and CNY/kvarh*kvarh is CNY; a quotient of
 * powers - tangent or cosine of the angle - is a plain ratio, and so is the square of each kind. */
static uint8_t join_families(const struct unit *one, const struct unit *other,
                             const struct unit *result)
{
    if (!has_energy(result) || (one->family != FAMILY_PLAIN && other->family != FAMILY_PLAIN)) {
        return FAMILY_PLAIN;
    }
    return one->family != FAMILY_PLAIN ? one->family : other->family;
}

static int combine(const struct unit *one, const struct unit *other, int sign, struct unit *out)
{
    if (one->is_point || other->is_point) {
        return -EDOM;
    }
    struct unit result = {0};
    for (int i = 0; i < BASE_COUNT; i++) {
        int power = one->powers[i] + sign * other->powers[i];
        if (power > UNIT_POWER_MAX || power < -UNIT_POWER_MAX) {
            return -EDOM;
        }
        result.powers[i] = (int8_t)power;
    }
    struct unit_scale scale = {
        .numerator = one->numerator * (sign > 0 ? other->numerator : other->denominator),
        .denominator = one->denominator * (sign > 0 ? other->denominator : other->numerator),
    };
    reduce(&scale);
    if (scale.numerator > factor_max || scale.denominator > factor_max) {
        return -EDOM;
    }
    result.numerator = scale.numerator;
    result.denominator = scale.denominator;
    result.family = join_families(one, other, &result);
    *out = result;
    return 0;
}

int unit_multiply(const struct unit *one, const struct unit *other, struct unit *out)
{
    return combine(one, other, 1, out);
}

int unit_divide(const struct unit *one, const struct unit *other, struct unit *out)
{
    return combine(one, other, -1, out);
}

int unit_parse(const char *name, size_t length, struct unit *out, struct unit_wrong *wrong)
{
    struct unit result = unit_one;
    size_t at = 0;
    bool is_first = true;
    do {
        const char *slash = memchr(name + at, '/', length - at);
        size_t end = slash ? (size_t)(slash - name) : length;
        const struct row *row = find_name(name + at, end - at);
        *wrong = (struct unit_wrong){.at = name + at, .length = end - at};
        if (!row) {
            return -ENOENT;
        }
        if (is_first) {
            result = row->unit;
        } else if (unit_divide(&result, &row->unit, &result) < 0) {
            return -EDOM;
        }
        is_first = false;
        at = end + 1;
    } while (at <= length);
    *out = result;
    return 0;
}

const char *unit_name_at(size_t index)
{
    return index < ARRAY_SIZE(rows) ? rows[index].name : NULL;
}

bool unit_same_kind(const struct unit *one, const struct unit *other)
{
    return memcmp(one->powers, other->powers, sizeof(one->powers)) == 0 &&
           one->family == other->family && one->is_point == other->is_point;
}

bool unit_is_equal(const struct unit *one, const struct unit *other)
{
    return unit_same_kind(one, other) &&
           one->numerator * other->denominator == other->numerator * one->denominator;
}

bool unit_is_ratio(const struct unit *unit)
{
    return unit_same_kind(unit, &unit_one);
}

struct unit_scale unit_scale(const struct unit *from, const struct unit *to)
{
    struct unit_scale scale = {
        .numerator = from->numerator * to->denominator,
        .denominator = from->denominator * to->numerator,
    };
    reduce(&scale);
    return scale;
}

bool unit_scale_is_one(const struct unit_scale *scale)
{
    return scale->numerator == scale->denominator;
}

struct unit unit_preferred(const struct unit *unit)
{
    struct quotient quotient;
    if (find_exact(unit)) {
        return *unit;
    }
    const struct row *row = find_kind(unit);
    if (row) {
        return row->unit;
    }
    if (find_quotient(unit, true, &quotient)) {
        return *unit;
    }
    struct unit result = *unit;
    if (!find_quotient(unit, false, &quotient) ||
        unit_divide(&quotient.above->unit, &quotient.below->unit, &result) < 0) {
        result.numerator = 1;
        result.denominator = 1;
    }
    return result;
}

static void add_power(struct text *text, const char *base, int power, const char *before)
{
    text_add_string(text, before);
    text_add_string(text, base);
    if (power > 1) {
        text_add_int(text, power);
    }
}

/* "J2/s2", "1/s/A" */
static void add_bases(struct text *text, const struct unit *unit)
{
    static const char *const bases[BASE_COUNT] = {"J",   "m",      "s",     "A",   "K",
                                                  "CNY", "person", "kgCO2", "kgce"};
    for (int i = 0; i < BASE_COUNT; i++) {
        if (unit->powers[i] > 0) {
            add_power(text, bases[i], unit->powers[i], text->length > 0 ? "*" : "");
        }
    }
    if (text->length == 0) {
        text_add_char(text, '1');
    }
    for (int i = 0; i < BASE_COUNT; i++) {
        if (unit->powers[i] < 0) {
            add_power(text, bases[i], -unit->powers[i], "/");
        }
    }
}

void unit_name(const struct unit *unit, char name[static UNIT_NAME_MAX])
{
    struct quotient quotient;
    const struct row *row = find_exact(unit);
    if (row) {
        (void)snprintf(name, UNIT_NAME_MAX, "%s", row->name);
    } else if (find_quotient(unit, true, &quotient)) {
        (void)snprintf(name, UNIT_NAME_MAX, "%s/%s", quotient.above->name, quotient.below->name);
    } else {
        struct text text = {0};
        add_bases(&text, unit);
        (void)snprintf(name, UNIT_NAME_MAX, "%s", text.data);
        text_finish(&text);
    }
}

const char *unit_meaning(const struct unit *unit)
{
    const struct row *row = find_kind(unit);
    return row ? row->meaning : NULL;
}

void unit_add_allowed(struct text *text, const struct unit *unit)
{
    const char *before = "";
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        if (unit_same_kind(&rows[i].unit, unit)) {
            text_add_format(text, "%s%s", before, rows[i].name);
            before = ", ";
        }
    }
    if (before[0] == '\0') {
        char name[UNIT_NAME_MAX];
        unit_name(unit, name);
        text_add_string(text, name);
    }
}

void unit_document(struct text *text)
{
    text_add_string(text, "| what | units |\n|---|---|\n");
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        if (rows[i].meaning) {
            text_add_format(text, "| %s | ", rows[i].meaning);
            unit_add_allowed(text, &rows[i].unit);
            text_add_string(text, " |\n");
        }
    }
}
