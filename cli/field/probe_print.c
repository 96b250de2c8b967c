/* SPDX-License-Identifier: Apache-2.0 */
/* probe_print: the table, the block for the site file, and both as JSON. */
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/mem.h"
#include "base/text.h"
#include "cli/field/probe.h"
#include "cli/screen/table.h"

static const char *const parity_words[] = {
    [PARITY_NONE] = "none", [PARITY_EVEN] = "even", [PARITY_ODD] = "odd"};
static const char *const transport_words[] = {
    [LINE_TCP] = "tcp", [LINE_RTU] = "rtu", [LINE_RTU_OVER_TCP] = "rtu_over_tcp"};

static size_t count_answers(const struct probe *probe, enum answer answer)
{
    size_t count = 0;
    for (size_t i = 0; i < UNITS_MAX; i++) {
        count += probe->findings[i].answer == answer ? 1 : 0;
    }
    return count;
}

static const char *level_word(const struct guess *guess)
{
    return guess->level == GUESS_IDENTIFIED ? "identified" : "plausible";
}

static void add_answer(struct table *table, const struct finding *finding)
{
    if (finding->answer == ANSWER_EXCEPTION) {
        table_add_format(table, STYLE_NONE, "exception %u", finding->exception);
    } else {
        bool is_bad = finding->answer == ANSWER_GARBLED || finding->answer == ANSWER_CLOSED;
        table_add(table, is_bad ? STYLE_WARN : STYLE_NONE, answer_words[finding->answer]);
    }
}

static void add_unit(struct table *table, const char *units, const struct finding *finding)
{
    table_add(table, STYLE_NONE, units);
    add_answer(table, finding);
    table_add(table, STYLE_NONE, finding->device);
}

static void add_guess(struct table *table, const struct guess *guess)
{
    enum style style = guess->level == GUESS_IDENTIFIED ? STYLE_GOOD : STYLE_WARN;
    table_add(table, style, guess->id);
    table_add(table, style, level_word(guess));
    table_add(table, STYLE_NONE, guess->evidence);
}

static void add_blanks(struct table *table, int count)
{
    for (int i = 0; i < count; i++) {
        table_add(table, STYLE_NONE, "");
    }
}

static const char *model_word(const struct finding *finding)
{
    return probe_refuses_all(finding) ? "none" : "unknown";
}

/* One row a guess; the unit stands in the first of them. */
static void add_rows(struct table *table, const char *units, const struct finding *finding)
{
    add_unit(table, units, finding);
    if (finding->guesses.count == 0) {
        table_add(table, STYLE_NONE, model_word(finding));
        table_add(table, STYLE_NONE, "");
        table_add(table, STYLE_NONE,
                  probe_refuses_all(finding) ? "refuses everything that was asked" : "");
    }
    for (size_t i = 0; i < finding->guesses.count; i++) {
        if (i > 0) {
            add_blanks(table, 3);
        }
        add_guess(table, &finding->guesses.guesses[i]);
    }
}

static bool is_shown(const struct finding *finding)
{
    bool is_odd = finding->answer == ANSWER_GARBLED || finding->answer == ANSWER_CLOSED;
    return (probe_is_there(finding) && !finding->is_same) || is_odd;
}

/* Two that refuse everything alike say the same about themselves: nothing. */
static bool is_alike(const struct finding *one, const struct finding *other)
{
    return probe_refuses_all(one) && probe_refuses_all(other) && one->answer == other->answer &&
           one->exception == other->exception && one->device[0] == '\0' && other->device[0] == '\0';
}

static bool is_told_before(const struct probe *probe, size_t unit)
{
    for (size_t i = 0; i < unit; i++) {
        if (is_alike(&probe->findings[i], &probe->findings[unit])) {
            return true;
        }
    }
    return false;
}

static bool is_of_row(const struct probe *probe, size_t first, size_t unit)
{
    const struct finding *finding = &probe->findings[unit];
    return unit == first || is_alike(&probe->findings[first], finding);
}

static bool is_same_as(const struct probe *probe, size_t first, size_t unit)
{
    return probe->findings[unit].is_same && probe->findings[unit].same_as == first;
}

typedef bool (*belongs_fn)(const struct probe *probe, size_t first, size_t unit);

/* "2-6, 8" */
static void add_range(struct text *text, const struct probe *probe, size_t first,
                      belongs_fn belongs)
{
    for (size_t unit = 0; unit < UNITS_MAX; unit++) {
        size_t end = unit;
        while (end < UNITS_MAX && belongs(probe, first, end)) {
            end++;
        }
        if (end > unit) {
            text_add_format(text, text->length > 0 ? ", %zu" : "%zu", unit);
        }
        if (end > unit + 1) {
            text_add_format(text, "-%zu", end - 1);
        }
        unit = end > unit ? end : unit;
    }
}

static void print_table(const struct probe *probe)
{
    static const struct table_column columns[] = {
        {"unit", true},     {"answer", false}, {"in the site", false},
        {"profile", false}, {"guess", false},  {"rests on", false},
    };
    struct table table;
    size_t rows = 0;
    table_init(&table, columns, ARRAY_SIZE(columns));
    for (size_t unit = 0; unit < UNITS_MAX; unit++) {
        if (is_shown(&probe->findings[unit]) && !is_told_before(probe, unit)) {
            struct text units = {0};
            add_range(&units, probe, unit, is_of_row);
            add_rows(&table, units.data, &probe->findings[unit]);
            text_finish(&units);
            rows++;
        }
    }
    if (rows > 0) {
        table_print(&table, probe->reader.cli->has_colour, stdout);
    }
    table_finish(&table);
}

static size_t count_there(const struct probe *probe)
{
    size_t count = 0;
    for (size_t i = 0; i < UNITS_MAX; i++) {
        count += probe_is_there(&probe->findings[i]) ? 1 : 0;
    }
    return count;
}

static size_t count_refusing(const struct probe *probe)
{
    size_t count = 0;
    for (size_t i = 0; i < UNITS_MAX; i++) {
        count += probe_refuses_all(&probe->findings[i]) ? 1 : 0;
    }
    return count;
}

static void print_same(const struct probe *probe)
{
    for (size_t unit = 0; unit < UNITS_MAX; unit++) {
        struct text units = {0};
        add_range(&units, probe, unit, is_same_as);
        if (units.length > 0) {
            bool is_one = strpbrk(units.data, ",-") == NULL;
            printf("WARNING: unit%s %s give%s the same registers as unit %zu, and so does a unit "
                   "that cannot exist: one device that minds no unit id. In the site file it must "
                   "stand once, or its energy is counted again with every number.\n",
                   is_one ? "" : "s", units.data, is_one ? "s" : "", unit);
        }
        text_finish(&units);
    }
}

static void print_refusing(const struct probe *probe)
{
    if (count_refusing(probe) == 0) {
        return;
    }
    puts("What refuses everything is hardly a device: many servers answer so for units that they "
         "do not have.");
    if (probe->has_absent) {
        printf("This one does: a unit that cannot exist gets exception %u.\n",
               probe->absent.exception);
    }
}

static void print_summary(const struct probe *probe)
{
    size_t refusing = count_refusing(probe);
    printf("%s: %zu of %zu units asked, %zu answer, %zu silent", probe->reader.where, probe->asked,
           probe->unit_count, count_there(probe) - refusing, count_answers(probe, ANSWER_SILENCE));
    if (refusing > 0) {
        printf(", %zu refuse everything", refusing);
    }
    if (count_answers(probe, ANSWER_NO_TARGET) > 0) {
        printf(", %zu of which the gateway says that they do not answer (0x0B)",
               count_answers(probe, ANSWER_NO_TARGET));
    }
    if (count_answers(probe, ANSWER_NO_PATH) > 0) {
        printf(", %zu to which the gateway has no path (0x0A)",
               count_answers(probe, ANSWER_NO_PATH));
    }
    if (probe->reader.reconnects > 0) {
        printf(", %zu connections anew", probe->reader.reconnects);
    }
    printf("\n");
    if (probe->ignores_units) {
        puts("It answers alike to units 255, 0, 247, 1 and 100: one device that minds no unit id, "
             "no "
             "gateway.");
    }
    print_same(probe);
    print_refusing(probe);
    if (probe->was_cut) {
        puts("CUT SHORT: what follows was found until then.");
    }
    putchar('\n');
}

static void print_line_head(const struct probe *probe)
{
    const struct line_config *config = &probe->reader.config;
    printf("    { id = \"line-1\"; transport = \"%s\"; ", transport_words[config->transport]);
    if (config->transport == LINE_RTU) {
        printf("path = \"%s\"; baud = %lld; parity = \"%s\"; stop_bits = %lld;\n", config->path,
               (long long)config->baud, parity_words[config->parity], (long long)config->stop_bits);
    } else {
        printf("host = \"%s\"; port = %lld;\n", config->host, (long long)config->port);
    }
    puts("      devices = (");
}

/* A device of the site stays as the site has it. */
static bool is_new(const struct finding *finding)
{
    return probe_is_device(finding) && finding->guesses.count > 0 && finding->device[0] == '\0';
}

static void print_devices(const struct probe *probe)
{
    const char *comma = "";
    for (size_t unit = 0; unit < UNITS_MAX; unit++) {
        const struct finding *finding = &probe->findings[unit];
        if (is_new(finding)) {
            const struct guess *guess = &finding->guesses.guesses[0];
            printf("%s        # %s%s\n", comma, level_word(guess),
                   finding->guesses.count > 1 ? ", and so are others: see above" : "");
            printf("        { id = \"unit-%zu\"; name = \"\"; profile = \"%s\"; unit = %zu; node = "
                   "\"\"; }",
                   unit, guess->id, unit);
            comma = ",\n";
        }
    }
}

static void print_block(const struct probe *probe)
{
    size_t count = 0;
    for (size_t unit = 0; unit < UNITS_MAX; unit++) {
        count += is_new(&probe->findings[unit]) ? 1 : 0;
    }
    if (count == 0) {
        return;
    }
    bool is_endpoint = !probe->reader.line && !probe->reader.setup.profiles;
    printf("\nFor the site file%s; ids, names, nodes and ratios are yours to fill in, and what is "
           "plausible wants a look at the device's display:\n\n",
           is_endpoint ? "" : ", among the devices of the line");
    if (is_endpoint) {
        print_line_head(probe);
    }
    print_devices(probe);
    puts(is_endpoint ? "\n      ); }" : "");
}

void probe_print(const struct probe *probe)
{
    print_summary(probe);
    print_table(probe);
    print_block(probe);
}

static json_t *guesses_json(const struct guess_list *list)
{
    json_t *array = json_array();
    for (size_t i = 0; i < list->count; i++) {
        json_array_append_new(array, json_pack("{s:s, s:s, s:s}", "profile", list->guesses[i].id,
                                               "guess", level_word(&list->guesses[i]), "rests_on",
                                               list->guesses[i].evidence));
    }
    return array;
}

static json_t *same_json(const struct probe *probe, size_t first)
{
    json_t *array = json_array();
    for (size_t unit = 0; unit < UNITS_MAX; unit++) {
        if (is_same_as(probe, first, unit)) {
            json_array_append_new(array, json_integer((json_int_t)unit));
        }
    }
    return array;
}

static json_t *finding_json(const struct probe *probe, size_t unit)
{
    const struct finding *finding = &probe->findings[unit];
    return json_pack("{s:i, s:s, s:i, s:b, s:o, s:s, s:s, s:b, s:o}", "unit", (int)unit, "answer",
                     answer_words[finding->answer], "exception", (int)finding->exception,
                     "refuses_all", (int)probe_refuses_all(finding), "same_units",
                     same_json(probe, unit), "device", finding->device, "device_profile",
                     finding->profile, "guess_was_cut", (int)finding->guesses.was_cut, "guesses",
                     guesses_json(&finding->guesses));
}

void probe_print_json(const struct probe *probe)
{
    const struct line_config *config = &probe->reader.config;
    json_t *units = json_array();
    for (size_t unit = 0; unit < UNITS_MAX; unit++) {
        if (probe->findings[unit].answer != ANSWER_NOT_ASKED &&
            probe->findings[unit].answer != ANSWER_SILENCE && !probe->findings[unit].is_same) {
            json_array_append_new(units, finding_json(probe, unit));
        }
    }
    json_t *root = json_pack(
        "{s:s, s:I, s:I, s:I, s:b, s:b, s:o}", "endpoint", probe->reader.where, "asked",
        (json_int_t)probe->asked, "silent", (json_int_t)count_answers(probe, ANSWER_SILENCE),
        "connections_anew", (json_int_t)probe->reader.reconnects, "ignores_units",
        (int)probe->ignores_units, "was_cut", (int)probe->was_cut, "units", units);
    if (!probe->reader.line && config->transport == LINE_RTU) {
        json_object_set_new(root, "baud", json_integer(config->baud));
        json_object_set_new(root, "parity", json_string(parity_words[config->parity]));
        json_object_set_new(root, "stop_bits", json_integer(config->stop_bits));
    }
    json_dumpf(root, stdout, JSON_COMPACT);
    putchar('\n');
    json_decref(root);
}
