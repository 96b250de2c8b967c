/* SPDX-License-Identifier: Apache-2.0 */
/* unit: units as powers of base units, and what multiplying and dividing makes of them. Inside daemon/expr only.
 *
 * A number stays in the unit that it came in; where two units meet, one is converted by a quotient of whole numbers, so
 * that 500 W is 0.5 kW to the last bit. */
#ifndef LINGTAN_EXPR_UNIT_H
#define LINGTAN_EXPR_UNIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lingtan/error.h>

struct text;

enum unit_base {
    BASE_ENERGY, /* J */
    BASE_LENGTH, /* m */
    BASE_TIME,   /* s */
    BASE_CURRENT,
    BASE_TEMPERATURE, /* K */
    BASE_MONEY,       /* CNY */
    BASE_PERSON,
    BASE_CARBON, /* kgCO2 */
    BASE_COAL,   /* kgce */
    BASE_COUNT
};

/* Powers and energies that have one dimension and are still not added to each other. */
enum unit_family { FAMILY_PLAIN, FAMILY_REACTIVE, FAMILY_APPARENT };

enum { UNIT_POWER_MAX = 12, UNIT_NAME_MAX = 48 };

struct unit {
    int8_t powers[BASE_COUNT];
    uint8_t family;
    bool is_point; /* degC: counted from a zero that is no nothing */
    /* one of it is numerator / denominator base units; both are whole */
    double numerator;
    double denominator;
};

extern const struct unit unit_one; /* of ratios and plain numbers */

/* A single name ("kWh") or several with '/' between ("CNY/kWh"). -ENOENT: `wrong` is where the unknown name begins and
 * its length; -EDOM: a temperature, whose difference is K, divides or is divided, or the powers are too high. */
struct unit_wrong {
    const char *at;
    size_t length;
};
int unit_parse(const char *name, size_t length, struct unit *out,
               struct unit_wrong *wrong) MUST_USE;

/* The names of all single units, one after the other; NULL behind the last. Static. */
const char *unit_name_at(size_t index);

bool unit_same_kind(const struct unit *one,
                    const struct unit *other); /* converts into each other */
bool unit_is_equal(const struct unit *one, const struct unit *other);
bool unit_is_ratio(const struct unit *unit); /* 1, %, ppm */

/* What a number in `from` is multiplied and divided by to be in `to`, which is of the same kind. */
struct unit_scale {
    double numerator;
    double denominator;
};
struct unit_scale unit_scale(const struct unit *from, const struct unit *to);
bool unit_scale_is_one(const struct unit_scale *scale);

/* -EDOM: the powers are too high. */
int unit_multiply(const struct unit *one, const struct unit *other, struct unit *out) MUST_USE;
int unit_divide(const struct unit *one, const struct unit *other, struct unit *out) MUST_USE;

/* The unit that people use for the kind: kWh for kW*min. The same unit when none is better. */
struct unit unit_preferred(const struct unit *unit);

/* Writes its name: "kWh", "CNY/m2", "kW*kW"-like ones as powers of base units: "J2/s2". */
void unit_name(const struct unit *unit, char name[static UNIT_NAME_MAX]);

/* What it measures: "a power", "an energy"; NULL when there is no word. Static. */
const char *unit_meaning(const struct unit *unit);

/* Appends the names of its kind: "kW, W, MW"; the unit's own name when there is none. */
void unit_add_allowed(struct text *text, const struct unit *unit);

/* Appends the table of units for the documentation. */
void unit_document(struct text *text);

#endif
