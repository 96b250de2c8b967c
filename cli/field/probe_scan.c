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

enum {
    EXCEPTION_NO_PATH = 10,
    EXCEPTION_NO_TARGET = 11,
    SAME_UNITS = 5, /* that answer alike before units are taken for ignored */
    LOSSES_MAX = 4, /* connections lost in a row */
    UNIT_MAX = 247,
};

/* First those that no wire has, then ends and middle: a device that minds no unit is known by them. */
static const uint8_t tcp_first[SAME_UNITS] = {255, 0, 247, 1, 100};

const char *const answer_words[] = {
    [ANSWER_NOT_ASKED] = "not asked", [ANSWER_SILENCE] = "silence",
    [ANSWER_REPLY] = "reply",         [ANSWER_EXCEPTION] = "exception",
    [ANSWER_EMPTY] = "empty reply",   [ANSWER_NO_PATH] = "no path",
    [ANSWER_NO_TARGET] = "no target", [ANSWER_GARBLED] = "garbled",
    [ANSWER_CLOSED] = "closed",       [ANSWER_COUNT] = NULL,
};

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

bool probe_is_there(const struct finding *finding)
{
    return finding->answer == ANSWER_REPLY || finding->answer == ANSWER_EXCEPTION ||
           finding->answer == ANSWER_EMPTY;
}

static enum answer answer_of(int error, uint8_t exception)
{
    switch (error) {
    case 0:
        return ANSWER_REPLY;
    case -EREMOTEIO:
        return exception == EXCEPTION_NO_PATH     ? ANSWER_NO_PATH
               : exception == EXCEPTION_NO_TARGET ? ANSWER_NO_TARGET
                                                  : ANSWER_EXCEPTION;
    case -ENODATA:
        return ANSWER_EMPTY;
    case -EBADMSG:
        return ANSWER_GARBLED;
    case -ECONNRESET:
        return ANSWER_CLOSED;
    default:
        return ANSWER_SILENCE;
    }
}

/* What a reply could not be told from noise is asked again once. */
int probe_ask(struct probe *probe, uint8_t unit)
{
    struct block block = {
        .unit = unit, .function = (uint8_t)probe->reader.cli->function, .quantity = 1};
    int error = reader_read(&probe->reader, &block);
    if (error == -EBADMSG && !interrupt_came()) {
        error = reader_read(&probe->reader, &block);
    }
    if (interrupt_came() && error != 0 && error != -EREMOTEIO && error != -ENODATA) {
        return -EINTR;
    }
    struct finding *finding = &probe->findings[unit];
    finding->answer = answer_of(error, block.exception);
    finding->exception = block.exception;
    finding->word = block.registers[0];
    return error;
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
        fprintf(stderr, "%sunit %u: %s\n", end, unit, signs[finding->answer]);
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
