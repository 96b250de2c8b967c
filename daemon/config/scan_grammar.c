/* SPDX-License-Identifier: Apache-2.0 */
/* scan_grammar: libconfig's grammar, checked before libconfig sees the file: its "syntax error" says neither what is
 * wrong nor what would be right, and each one leaks the string being read. */
#include "config/scan.h"

static bool is_list(const struct scan_level *level)
{
    return level->opener == '(' || level->opener == '[';
}

static bool allows(const struct scan_level *level, enum scan_token token)
{
    enum scan_want want = level->want;
    bool is_after = want == SCAN_AFTER_VALUE || want == SCAN_AFTER_STRING;
    bool is_value_wanted = want == SCAN_WANTS_FIRST || want == SCAN_WANTS_VALUE;
    switch (token) {
    case SCAN_NAME:
        return !is_list(level) && (want == SCAN_WANTS_NAME || is_after);
    case SCAN_ASSIGN:
        return want == SCAN_WANTS_ASSIGN;
    case SCAN_SCALAR:
        return is_value_wanted;
    case SCAN_STRING:
        return is_value_wanted || want == SCAN_AFTER_STRING; /* "one " "string" */
    case SCAN_OPEN:
        return is_value_wanted && level->opener != '[';
    case SCAN_CLOSE:
        return want == SCAN_WANTS_NAME || want == SCAN_WANTS_FIRST || is_after;
    case SCAN_SEMICOLON:
        return !is_list(level) && is_after;
    case SCAN_COMMA:
        return is_after;
    }
    return false;
}

static enum scan_want next_want(const struct scan_level *level, enum scan_token token)
{
    switch (token) {
    case SCAN_NAME:
        return SCAN_WANTS_ASSIGN;
    case SCAN_ASSIGN:
        return SCAN_WANTS_VALUE;
    case SCAN_STRING:
        return SCAN_AFTER_STRING;
    case SCAN_COMMA:
        return is_list(level) ? SCAN_WANTS_VALUE : SCAN_WANTS_NAME;
    case SCAN_SEMICOLON:
        return SCAN_WANTS_NAME;
    default:
        return SCAN_AFTER_VALUE;
    }
}

static const char *want_text(const struct scan_level *level)
{
    bool is_array = level->opener == '[';
    switch (level->want) {
    case SCAN_WANTS_NAME:
        return "NAME = VALUE;";
    case SCAN_WANTS_ASSIGN:
        return "= and a value";
    case SCAN_WANTS_FIRST:
        return is_array ? "a plain value or ]" : "a value or )";
    case SCAN_WANTS_VALUE:
        return is_array ? "a plain value" : "a value";
    default:
        break;
    }
    if (is_list(level)) {
        return is_array ? ", or ]" : ", or )";
    }
    return "; and the next setting";
}

bool scan_expect(const struct reader *reader, enum scan_token token, size_t length)
{
    struct scan_level *level = &reader->scan->levels[reader->scan->depth];
    if (!allows(level, token)) {
        faults_add(reader->scan->faults, reader->origin, NULL, "%.*s stands where %s is wanted",
                   length > 60 ? 60 : (int)length, reader->at, want_text(level));
        return false;
    }
    level->want = next_want(level, token);
    return true;
}

bool scan_expect_end(const struct reader *reader)
{
    const struct scan_level *level = &reader->scan->levels[reader->scan->depth];
    /* An included file may end anywhere between two tokens. */
    if (reader->scan->include_depth > 0 || allows(level, SCAN_CLOSE)) {
        return true;
    }
    faults_add(reader->scan->faults, reader->origin, NULL, "the file ends where %s is wanted",
               want_text(level));
    return false;
}
