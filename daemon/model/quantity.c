/* SPDX-License-Identifier: Apache-2.0 */
/* quantity: the dictionary's table, finding in it, and the units that devices use instead of ours. */
#include <lingtan/quantity.h>

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

static const struct quantity table[QUANTITY_COUNT] = {
#define QUANTITY_ROW(name_, unit_, kind_, lowest_, highest_, dead_band_, chinese_)                 \
    [QUANTITY_ID_##name_] = {.name = #name_,                                                       \
                             .unit = (unit_),                                                      \
                             .kind = QUANTITY_##kind_,                                             \
                             .lowest = (lowest_),                                                  \
                             .highest = (highest_),                                                \
                             .dead_band = (dead_band_),                                            \
                             .chinese = (chinese_)},
    LINGTAN_QUANTITIES(QUANTITY_ROW)
#undef QUANTITY_ROW
};

struct conversion {
    const char *unit;
    double factor;
};

/* The units of devices for one unit of ours. */
struct unit_row {
    const char *unit;
    const char *list; /* for messages: ours first */
    struct conversion conversions[5];
};

static const struct unit_row unit_rows[] = {
    {"kW", "kW, W, MW", {{"W", 0.001}, {"MW", 1000}}},
    {"kvar", "kvar, var, Mvar", {{"var", 0.001}, {"Mvar", 1000}}},
    {"kVA", "kVA, VA, MVA", {{"VA", 0.001}, {"MVA", 1000}}},
    {"kWh", "kWh, Wh, MWh", {{"Wh", 0.001}, {"MWh", 1000}}},
    {"kvarh", "kvarh, varh, Mvarh", {{"varh", 0.001}, {"Mvarh", 1000}}},
    {"V", "V, mV, kV", {{"mV", 0.001}, {"kV", 1000}}},
    {"A", "A, mA", {{"mA", 0.001}}},
    {"kOhm", "kOhm, Ohm, MOhm", {{"Ohm", 0.001}, {"MOhm", 1000}}},
    {"m3", "m3, L", {{"L", 0.001}}},
    {"m3/h", "m3/h, L/h, L/min, m3/s", {{"L/h", 0.001}, {"L/min", 0.06}, {"m3/s", 3600}}},
    {"kPa", "kPa, Pa, bar, MPa", {{"Pa", 0.001}, {"bar", 100}, {"MPa", 1000}}},
    {"m", "m, mm, cm", {{"mm", 0.001}, {"cm", 0.01}}},
    {"s", "s, ms, min, h", {{"ms", 0.001}, {"min", 60}, {"h", 3600}}},
    {"Hz", "Hz, mHz", {{"mHz", 0.001}}},
    {"%", "%, 1", {{"1", 100}}},
    {"1", "1, %", {{"%", 0.01}}},
};

/* Heat meters count joules; electricity meters never do. */
static const struct unit_row heat_row = {
    "kWh",
    "kWh, Wh, MWh, MJ, GJ",
    {{"Wh", 0.001}, {"MWh", 1000}, {"MJ", 1 / 3.6}, {"GJ", 1000 / 3.6}},
};

static uint16_t sorted[QUANTITY_COUNT]; /* rows of the table by name; written once, by sort_names */
static pthread_once_t sorted_once = PTHREAD_ONCE_INIT;

static int compare_names(const void *one, const void *other)
{
    const uint16_t *a = one;
    const uint16_t *b = other;
    return strcmp(table[*a].name, table[*b].name);
}

static int compare_key(const void *key, const void *element)
{
    const uint16_t *row = element;
    return strcmp(key, table[*row].name);
}

static void sort_names(void)
{
    for (size_t i = 0; i < QUANTITY_COUNT; i++) {
        sorted[i] = (uint16_t)i;
    }
    qsort(sorted, QUANTITY_COUNT, sizeof(sorted[0]), compare_names);
}

static const struct unit_row *find_row(const struct quantity *quantity)
{
    if (quantity == &table[QUANTITY_ID_heat_energy] ||
        quantity == &table[QUANTITY_ID_cooling_energy]) {
        return &heat_row;
    }
    for (size_t i = 0; i < ARRAY_SIZE(unit_rows); i++) {
        if (strcmp(unit_rows[i].unit, quantity->unit) == 0) {
            return &unit_rows[i];
        }
    }
    return NULL;
}

static void document_row(struct text *text, const struct quantity *quantity)
{
    text_add_format(text, "| %s | %s | %s | ", quantity->name,
                    quantity->unit[0] != '\0' ? quantity_units(quantity) : "-",
                    quantity_kind_word(quantity->kind));
    if (quantity->kind == QUANTITY_TEXT) {
        text_add_char(text, '-');
    } else {
        text_add_float(text, quantity->lowest, 0);
        text_add_string(text, " to ");
        text_add_float(text, quantity->highest, 0);
    }
    text_add_format(text, " | %s |\n", quantity->chinese);
}

const struct quantity *quantity_get(enum quantity_id id)
{
    return &table[id];
}

const struct quantity *quantity_find(const char *name)
{
    pthread_once(&sorted_once, sort_names);
    const uint16_t *row = bsearch(name, sorted, QUANTITY_COUNT, sizeof(sorted[0]), compare_key);
    return row != NULL ? &table[*row] : NULL;
}

const char *quantity_kind_word(enum quantity_kind kind)
{
    static const char *const words[] = {
        [QUANTITY_GAUGE] = "gauge",
        [QUANTITY_COUNTER] = "counter",
        [QUANTITY_STATE] = "state",
        [QUANTITY_TEXT] = "text",
    };
    return words[kind];
}

int quantity_unit_factor(const struct quantity *quantity, const char *unit, double *factor)
{
    if (strcmp(unit, quantity->unit) == 0) {
        *factor = 1;
        return 0;
    }
    const struct unit_row *row = find_row(quantity);
    for (size_t i = 0; row != NULL && i < ARRAY_SIZE(row->conversions); i++) {
        const struct conversion *conversion = &row->conversions[i];
        if (conversion->unit != NULL && strcmp(conversion->unit, unit) == 0) {
            *factor = conversion->factor;
            return 0;
        }
    }
    return -EINVAL;
}

const char *quantity_units(const struct quantity *quantity)
{
    const struct unit_row *row = find_row(quantity);
    return row != NULL ? row->list : quantity->unit;
}

void quantity_document(FILE *file)
{
    struct text text = {0};
    text_add_string(
        &text,
        "# The dictionary of quantities\n\n"
        "Printed by `lingtand --document-quantities` from include/lingtan/quantity.h; change it "
        "there.\n\n"
        "Every value that Lingtan publishes or stores is one of these, in the unit named first. A "
        "device file\n"
        "may say that its register holds another of the units named, and the value is converted. A "
        "value\n"
        "outside the plausible range has the quality `implausible`. Phases are a, b, c, "
        "line-to-line ab, bc,\n"
        "ca, the total has no suffix; load, import and a PV device's generation are positive. A "
        "quantity that\n"
        "a device has more than once carries a number: `dc_voltage_3` is the third string's.\n\n"
        "Kinds: a gauge is a measured float, a counter is cumulative with an exact count, a state "
        "is an\n"
        "integer with a meaning for each value or bit, a text is a string.\n\n"
        "| quantity | unit | kind | plausible range | 中文 |\n"
        "|---|---|---|---|---|\n");
    for (size_t i = 0; i < QUANTITY_COUNT; i++) {
        document_row(&text, &table[i]);
    }
    fwrite(text.data, 1, text.length, file);
    text_finish(&text);
}
