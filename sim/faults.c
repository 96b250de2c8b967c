/* SPDX-License-Identifier: Apache-2.0 */
/* faults: their words. */
#include "sim/faults.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

const char *const fault_words[] = {
    [FAULT_NONE] = "off",
    [FAULT_SILENT] = "silent",
    [FAULT_SLOW] = "slow",
    [FAULT_LATE] = "late",
    [FAULT_WRONG_TRANSACTION] = "wrong-transaction",
    [FAULT_EXCEPTION] = "exception",
    [FAULT_GARBAGE] = "garbage",
    [FAULT_CLOSE] = "close",
    [FAULT_GLITCH_ZERO] = "glitch:zero",
    [FAULT_GLITCH_SPIKE] = "glitch:spike",
    [FAULT_RESET] = "reset",
    [FAULT_ROLLOVER] = "rollover",
    [FAULT_ROLLOVER + 1] = NULL,
};

static const int64_t late_default_ms = 1500;

/* The range of the number behind the colon, and what stands for a missing one; highest 0 = no number. */
static void number_of(enum fault_kind kind, int64_t *highest, int64_t *fallback)
{
    *highest = 0;
    *fallback = 0;
    if (kind == FAULT_SLOW || kind == FAULT_LATE) {
        *highest = 600000;
        *fallback = kind == FAULT_LATE ? late_default_ms : 0;
    } else if (kind == FAULT_EXCEPTION) {
        *highest = 255;
    }
}

static bool parse_number(const char *text, int64_t highest, int64_t *value)
{
    char *end = NULL;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || number < 1 || number > highest) {
        return false;
    }
    *value = number;
    return true;
}

static int parse_as(enum fault_kind kind, const char *rest, struct fault *out)
{
    int64_t highest = 0;
    number_of(kind, &highest, &out->value);
    out->kind = kind;
    if (*rest == '\0') {
        return highest == 0 || out->value > 0 ? 0 : -EINVAL;
    }
    bool is_number = *rest == ':' && parse_number(rest + 1, highest, &out->value);
    return is_number ? 0 : -EINVAL;
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
