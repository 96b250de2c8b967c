/* SPDX-License-Identifier: Apache-2.0 */
/* probe_scan: one request to each unit. An exception may be a sign of life, which the guessing finds out; what a gateway
 * says about a unit is none. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/field/probe.h"
#include "cli/screen/interrupt.h"

#include <lingtan/exception.h>

enum {
    SAME_UNITS = 5, /* that answer alike before units are taken for ignored */
    LOSSES_MAX = 4, /* connections lost in a row */
    UNIT_MAX = 247,
};

/* First those that no wire has, then ends and middle: a device that minds no unit is known by them. */
static const uint8_t tcp_first[SAME_UNITS] = {255, 0, 247, 1, 100};

static void add_unit(struct probe *probe, uint8_t unit)
{
    for (size_t i = 0; i < probe->unit_count; i++) {
        if (probe->units[i] == unit) {
            return;
        }
    }
    probe->units[probe->unit_count++] = unit;
}

static void add_all(struct probe *probe)
{
    for (size_t i = 0; !probe->is_serial && i < ARRAY_SIZE(tcp_first); i++) {
        add_unit(probe, tcp_first[i]);
    }
    for (int unit = 1; unit <= UNIT_MAX; unit++) {
        add_unit(probe, (uint8_t)unit);
    }
}

static bool add_range(struct probe *probe, const char *text)
{
    int64_t first = 0;
    int64_t last = 0;
    char *low = mem_dup_string(text);
    char *dash = strchr(low, '-');
    if (dash) {
        *dash++ = '\0';
    }
    /* Unit 0 on a wire is everybody, and nobody answers. */
    bool is_good = cli_number("--units", low, probe->is_serial ? 1 : 0, 255, &first) &&
                   cli_number("--units", dash ? dash : low, first, 255, &last);
    for (int64_t unit = first; is_good && unit <= last; unit++) {
        add_unit(probe, (uint8_t)unit);
    }
    free(low);
    return is_good;
}

bool probe_parse_units(struct probe *probe, const char *list)
{
    if (!list) {
        add_all(probe);
        return true;
    }
    char *copy = mem_dup_string(list);
    char *rest = copy;
    bool is_good = true;
    for (char *part = strsep(&rest, ","); is_good && part; part = strsep(&rest, ",")) {
        is_good = add_range(probe, part);
    }
    free(copy);
    return is_good;
}

static void show_progress(const struct probe *probe, uint8_t unit)
{
    static const char *const signs[] = {
        [ANSWER_REPLY] = "answers",
        [ANSWER_EXCEPTION] = "answers with an exception",
        [ANSWER_EMPTY] = "answers without a register",
        [ANSWER_GARBLED] = "something garbled came",
        [ANSWER_CLOSED] = "the connection was closed",
    };
    const struct finding *finding = &probe->findings[unit];
    bool is_terminal = isatty(STDERR_FILENO);
    const char *end = is_terminal ? "\r\033[K" : "";
    if (finding->answer < ARRAY_SIZE(signs) && signs[finding->answer]) {
        bool has_why = finding->answer == ANSWER_GARBLED && probe->reader.why[0] != '\0';
        fprintf(stderr, "%sunit %u: %s%s%s\n", end, unit, signs[finding->answer],
                has_why ? ": " : "", has_why ? probe->reader.why : "");
    }
    if (is_terminal) {
        fprintf(stderr, "%s%zu of %zu units asked", end, probe->asked, probe->unit_count);
    }
}

static bool answers_alike(const struct finding *one, const struct finding *other)
{
    return probe_is_there(one) && one->answer == other->answer &&
           one->exception == other->exception && one->word == other->word;
}

/* A device of its own at the end of a TCP connection often minds no unit id: then there is nothing to scan. Where all
 * refuse alike it is that only if they give the same registers elsewhere: a server refuses so the units that it lacks. */
static bool ignores_units(struct probe *probe)
{
    if (probe->is_serial || probe->asked != SAME_UNITS) {
        return false;
    }
    for (size_t i = 0; i < ARRAY_SIZE(tcp_first); i++) {
        if (!answers_alike(&probe->findings[tcp_first[i]], &probe->findings[tcp_first[0]])) {
            return false;
        }
    }
    return probe->findings[tcp_first[0]].answer == ANSWER_REPLY || probe_is_one_device(probe);
}

static void forget_others(struct probe *probe)
{
    for (size_t i = 0; i < UNITS_MAX; i++) {
        if (i != 1) {
            probe->findings[i] = (struct finding){0};
        }
    }
}

void probe_scan(struct probe *probe)
{
    int losses = 0;
    while (probe->asked < probe->unit_count) {
        uint8_t unit = probe->units[probe->asked];
        int error = interrupt_came() ? -EINTR : probe_ask(probe, unit);
        losses = error == -ECONNRESET ? losses + 1 : 0;
        if (!reader_goes_on(error) || losses >= LOSSES_MAX) {
            probe->was_cut = true;
            if (error != -EINTR) {
                fprintf(stderr, "\nlingtan: %s\n", probe->reader.why);
            }
            break;
        }
        probe->asked++;
        show_progress(probe, unit);
        probe->ignores_units = ignores_units(probe);
        if (probe->ignores_units) {
            forget_others(probe);
            break;
        }
    }
    if (isatty(STDERR_FILENO)) {
        fputs("\r\033[K", stderr);
    }
}
