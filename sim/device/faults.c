/* SPDX-License-Identifier: Apache-2.0 */
/* faults: their words. */
#include "sim/device/faults.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

const char *const fault_words[] = {
    [FAULT_NONE] = "off",
    [FAULT_SILENT] = "silent",
    [FAULT_SLOW] = "slow",
    [FAULT_LATE] = "late",
    [FAULT_DOUBLED] = "doubled",
    [FAULT_UNASKED] = "unasked",
    [FAULT_STALE] = "stale",
    [FAULT_LAGGING] = "lagging",
    [FAULT_DRIP] = "drip",
    [FAULT_TRUNCATED] = "truncated",
    [FAULT_JUNK_BEFORE] = "junk-before",
    [FAULT_JUNK_AFTER] = "junk-after",
    [FAULT_STRAYS] = "strays",
    [FAULT_ECHO] = "echo",
    [FAULT_GARBAGE] = "garbage",
    [FAULT_WRONG_TRANSACTION] = "wrong-transaction",
    [FAULT_NO_TRANSACTION] = "no-transaction",
    [FAULT_WRONG_PROTOCOL] = "wrong-protocol",
    [FAULT_UNIT_ID] = "unit-id",
    [FAULT_LENGTH] = "length",
    [FAULT_SHORT_LENGTH] = "short-length",
    [FAULT_WRONG_UNIT] = "wrong-unit",
    [FAULT_WRONG_FUNCTION] = "wrong-function",
    [FAULT_FEWER] = "fewer",
    [FAULT_BYTE_COUNT] = "byte-count",
    [FAULT_EXCEPTION] = "exception",
    [FAULT_EXCEPTION_LENGTH] = "exception-length",
    [FAULT_REFUSE] = "refuse",
    [FAULT_CLOSE] = "close",
    [FAULT_ABORT] = "abort",
    [FAULT_HALF_CLOSE] = "half-close",
    [FAULT_GLITCH_ZERO] = "glitch:zero",
    [FAULT_GLITCH_SPIKE] = "glitch:spike",
    [FAULT_RESET] = "reset",
    [FAULT_ROLLOVER] = "rollover",
    [FAULT_ROLLOVER + 1] = NULL,
};

const char fault_usage[] =
    "off, silent, slow:MS (slow:10-30), late:MS, doubled, unasked:MS, stale, lagging, drip:MS, "
    "truncated, "
    "junk-before, junk-after, strays, echo, garbage, wrong-transaction, no-transaction, "
    "wrong-protocol, unit-id:N, length:N, short-length, wrong-unit, wrong-function, fewer, "
    "byte-count:N, exception:CODE, "
    "exception-length:N, refuse:ADDRESS, close, abort, half-close, glitch:zero, glitch:spike, "
    "reset, rollover";

/* The number behind the colon; highest 0 = none. */
struct number {
    int64_t lowest;
    int64_t highest;
    int64_t fallback; /* stands for a missing one; -1 = it must be there */
};

static const struct number numbers[FAULT_ROLLOVER + 1] = {
    [FAULT_SLOW] = {1, 600000, -1},     [FAULT_LATE] = {1, 600000, 1500},
    [FAULT_UNASKED] = {1, 600000, 200}, [FAULT_DRIP] = {1, 10000, -1},
    [FAULT_LENGTH] = {0, 65535, -1},    [FAULT_BYTE_COUNT] = {0, 255, 255},
    [FAULT_EXCEPTION] = {1, 255, -1},   [FAULT_EXCEPTION_LENGTH] = {0, 65535, -1},
    [FAULT_REFUSE] = {0, 65535, -1},    [FAULT_UNIT_ID] = {0, 255, 0},
};

static bool parse_number(const char *text, const struct number *wanted, int64_t *value,
                         const char **rest)
{
    char *end = NULL;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    if (errno != 0 || end == text || number < wanted->lowest || number > wanted->highest) {
        return false;
    }
    *value = number;
    *rest = end;
    return true;
}

/* NUMBER, of a slow device also LEAST-MOST. */
static bool parse_range(const char *text, const struct number *wanted, struct fault *out)
{
    const char *rest = NULL;
    if (!parse_number(text, wanted, &out->value, &rest)) {
        return false;
    }
    out->most = out->value;
    if (out->kind == FAULT_SLOW && *rest == '-' &&
        !parse_number(rest + 1, wanted, &out->most, &rest)) {
        return false;
    }
    return *rest == '\0' && out->most >= out->value;
}

static int parse_as(enum fault_kind kind, const char *rest, struct fault *out)
{
    const struct number *wanted = &numbers[kind];
    out->kind = kind;
    out->value = wanted->fallback;
    out->most = out->value;
    if (*rest == '\0') {
        return wanted->highest == 0 || wanted->fallback >= 0 ? 0 : -EINVAL;
    }
    return *rest == ':' && parse_range(rest + 1, wanted, out) ? 0 : -EINVAL;
}

int fault_parse(const char *text, int64_t count, struct fault *out)
{
    for (int kind = 0; fault_words[kind] != NULL; kind++) {
        size_t length = strlen(fault_words[kind]);
        bool is_it = strncmp(text, fault_words[kind], length) == 0 &&
                     (text[length] == '\0' || text[length] == ':');
        if (is_it) {
            struct fault fault = {.left = count > 0 ? count : -1};
            int error = parse_as((enum fault_kind)kind, text + length, &fault);
            if (error == 0) {
                *out = fault;
            }
            return error;
        }
    }
    return -EINVAL;
}
