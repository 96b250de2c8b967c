/* SPDX-License-Identifier: Apache-2.0 */
/* scan: the tokens of a file, copied into the source's text without comments. */
#include "config/scan.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "config/literal.h"

static void copy(struct reader *reader, size_t count)
{
    text_add(&reader->scan->source->text, reader->at, count);
    reader->at += count;
}

static void newline(struct reader *reader)
{
    copy(reader, 1);
    reader->scan->source->line++;
    reader->origin.line++;
    reader->line_is_blank = true;
}

static bool skip_line_comment(struct reader *reader)
{
    const char *end = memchr(reader->at, '\n', reader_rest(reader));
    reader->at = end ? end : reader->end;
    return true;
}

static bool skip_block_comment(struct reader *reader)
{
    struct origin start = reader->origin;
    reader->at += 2;
    while (reader_rest(reader) >= 2 && memcmp(reader->at, "*/", 2) != 0) {
        if (*reader->at == '\n') {
            newline(reader);
        } else {
            reader->at++;
        }
    }
    if (reader_rest(reader) < 2) {
        faults_add(reader->scan->faults, start, NULL,
                   "the comment that begins here never ends, wants */");
        return false;
    }
    reader->at += 2;
    text_add_char(&reader->scan->source->text, ' ');
    return true;
}

/* \xHH that names a control byte: a NUL would cut the string, others are our marks. */
static bool escape_is_text(const struct reader *reader)
{
    char digits[3] = {0};
    if (reader_rest(reader) < 4 || reader->at[1] != 'x') {
        return true;
    }
    memcpy(digits, reader->at + 2, 2);
    char *end = NULL;
    unsigned long value = strtoul(digits, &end, 16);
    return end != digits + 2 || scan_is_text((unsigned)value);
}

static bool read_string(struct reader *reader)
{
    struct origin start = reader->origin;
    if (!scan_expect(reader, SCAN_STRING, 1)) {
        return false;
    }
    copy(reader, 1);
    while (reader_rest(reader) > 0 && *reader->at != '"') {
        if (*reader->at == '\n') {
            newline(reader);
            continue;
        }
        if (*reader->at == '\\' && !escape_is_text(reader)) {
            return reader_refuse(reader, "the string holds a control byte, wants text");
        }
        bool is_escape = *reader->at == '\\' && reader_rest(reader) >= 2 && reader->at[1] != '\n';
        copy(reader, is_escape ? 2 : 1);
    }
    if (reader_rest(reader) == 0) {
        faults_add(reader->scan->faults, start, NULL,
                   "the string that begins here never ends, wants a closing \"");
        return false;
    }
    copy(reader, 1);
    reader->line_is_blank = false;
    return true;
}

static bool is_name_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '*';
}

static size_t word_length(const struct reader *reader)
{
    size_t length = 0;
    while (length < reader_rest(reader) && is_name_byte(reader->at[length])) {
        length++;
    }
    return length;
}

static bool is_boolean(const char *word, size_t length)
{
    return (length == 4 && !strncasecmp(word, "true", 4)) ||
           (length == 5 && !strncasecmp(word, "false", 5));
}

static bool is_value_wanted(const struct reader *reader)
{
    enum scan_want want = reader->scan->levels[reader->scan->depth].want;
    return want == SCAN_WANTS_FIRST || want == SCAN_WANTS_VALUE;
}

static bool read_word(struct reader *reader)
{
    size_t length = word_length(reader);
    reader->line_is_blank = false;
    if (is_boolean(reader->at, length)) {
        bool fine = scan_expect(reader, SCAN_SCALAR, length);
        copy(reader, length);
        return fine;
    }
    if (is_value_wanted(reader)) {
        int shown = length > 60 ? 60 : (int)length;
        faults_add(reader->scan->faults, reader->origin, NULL,
                   "%.*s is neither true, false nor a number, a text wants quotes: \"%.*s\"", shown,
                   reader->at, shown, reader->at);
        return false;
    }
    bool fine = scan_expect(reader, SCAN_NAME, length) &&
                scan_setting(reader->scan, reader->origin, reader->at, length);
    reader->at += length;
    return fine;
}

/* Leaves a mark in the place of a number that libconfig would cut; an array can hold none, since it must stay an array
 * of numbers. */
static bool mark_number(const struct reader *reader, const struct literal *literal)
{
    bool wants_l = literal->verdict == LITERAL_WANTS_L;
    const struct scan *scan = reader->scan;
    int shown = literal->length > 60 ? 60 : (int)literal->length;
    if (scan->levels[scan->depth].opener == '[') {
        faults_add(scan->faults, reader->origin, NULL, "%.*s does not fit %d bits%s", shown,
                   reader->at, wants_l ? 32 : 64,
                   wants_l ? ", a larger integer wants the suffix L" : "");
        return false;
    }
    text_add_format(&scan->source->text, "\"%c%.*s\"",
                    wants_l ? SOURCE_MARK_WANTS_L : SOURCE_MARK_TOO_LARGE, shown, reader->at);
    return true;
}

static bool read_number(struct reader *reader)
{
    struct literal literal = literal_measure(reader->at, reader_rest(reader));
    size_t length = literal.length;
    while (length < reader_rest(reader) &&
           (is_name_byte(reader->at[length]) || reader->at[length] == '.')) {
        length++;
    }
    if (literal.verdict == LITERAL_NONE || length > literal.length) {
        length = length > 0 ? length : 1;
        faults_add(reader->scan->faults, reader->origin, NULL,
                   "%.*s is no number, a text wants quotes: \"%.*s\"",
                   length > 60 ? 60 : (int)length, reader->at, length > 60 ? 60 : (int)length,
                   reader->at);
        return false;
    }
    reader->line_is_blank = false;
    if (!scan_expect(reader, SCAN_SCALAR, length)) {
        return false;
    }
    if (literal.verdict == LITERAL_FINE) {
        copy(reader, length);
        return true;
    }
    bool fine = mark_number(reader, &literal);
    reader->at += length;
    return fine;
}

/* Typed by an input method, they look like ours: "；" for ";". */
static bool refuse_foreign(const struct reader *reader)
{
    unsigned char first = (unsigned char)*reader->at;
    int length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
    if (first < 0x80) {
        faults_add(reader->scan->faults, reader->origin, NULL,
                   "\"%c\" stands outside quotes, wants NAME = VALUE;", first);
    } else if ((size_t)length > reader_rest(reader) || length == 1) {
        faults_add(reader->scan->faults, reader->origin, NULL,
                   "byte 0x%02x stands outside quotes, wants NAME = VALUE; in ASCII", first);
    } else {
        faults_add(reader->scan->faults, reader->origin, NULL,
                   "\"%.*s\" stands outside quotes, wants NAME = VALUE; in ASCII", length,
                   reader->at);
    }
    return false;
}

static bool close_bracket(struct reader *reader, char bracket)
{
    if (!scan_may_close(reader, bracket) || !scan_expect(reader, SCAN_CLOSE, 1)) {
        return false;
    }
    scan_close(reader->scan);
    return true;
}

static bool read_mark(struct reader *reader)
{
    struct scan *scan = reader->scan;
    char c = *reader->at;
    bool fine = true;
    switch (c) {
    case '=':
    case ':':
        fine = scan_expect(reader, SCAN_ASSIGN, 1);
        break;
    case ';':
        fine = scan_expect(reader, SCAN_SEMICOLON, 1);
        break;
    case ',':
        fine = scan_expect(reader, SCAN_COMMA, 1) && scan_comma(scan, reader->origin);
        break;
    case '{':
    case '(':
    case '[':
        fine = scan_expect(reader, SCAN_OPEN, 1) && scan_open(scan, reader->origin, c);
        break;
    case '}':
    case ')':
    case ']':
        fine = close_bracket(reader, c);
        break;
    default:
        return refuse_foreign(reader);
    }
    reader->line_is_blank = false;
    copy(reader, 1);
    return fine;
}

static bool is_comment(const struct reader *reader, char second)
{
    return reader_rest(reader) >= 2 && reader->at[0] == '/' && reader->at[1] == second;
}

static bool read_token(struct reader *reader)
{
    char c = *reader->at;
    if (c == '#' || is_comment(reader, '/')) {
        return skip_line_comment(reader);
    }
    if (is_comment(reader, '*')) {
        return skip_block_comment(reader);
    }
    if (c == '"') {
        return read_string(reader);
    }
    if (c == '@') {
        return reader->scan->include(reader);
    }
    if ((c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.') {
        return read_number(reader);
    }
    return is_name_byte(c) && c != '_' ? read_word(reader) : read_mark(reader);
}

bool scan_tokens(struct reader *reader)
{
    while (reader_rest(reader) > 0) {
        char c = *reader->at;
        if (c == '\n') {
            newline(reader);
        } else if (c == ' ' || c == '\t' || c == '\r' || c == '\f') {
            copy(reader, 1);
        } else if (!read_token(reader)) {
            return false;
        }
    }
    return scan_all_closed(reader) && scan_expect_end(reader);
}
