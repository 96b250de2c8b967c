/* SPDX-License-Identifier: Apache-2.0 */
/* scan: tokens of a file, copied into the source's text without comments and with includes spliced in. */
#include "config/scan.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "config/literal.h"
#include "config/memory.h"
#include "config/slurp.h"

/* One file being read. */
struct reader {
    struct scan *scan;
    const char *at;
    const char *end;
    struct origin origin; /* of at */
    size_t base_depth;
    bool line_is_blank; /* so far: an include must be alone */
    bool wants_value;   /* after = or : */
};

static bool refuse(const struct reader *reader, const char *what)
{
    faults_add(reader->scan->faults, reader->origin, NULL, "%s", what);
    return false;
}

static size_t rest(const struct reader *reader)
{
    return (size_t)(reader->end - reader->at);
}

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
    const char *end = memchr(reader->at, '\n', rest(reader));
    reader->at = end ? end : reader->end;
    return true;
}

static bool skip_block_comment(struct reader *reader)
{
    struct origin start = reader->origin;
    reader->at += 2;
    while (rest(reader) >= 2 && memcmp(reader->at, "*/", 2) != 0) {
        if (*reader->at == '\n') {
            newline(reader);
        } else {
            reader->at++;
        }
    }
    if (rest(reader) < 2) {
        faults_add(reader->scan->faults, start, NULL,
                   "the comment that begins here never ends, wants */");
        return false;
    }
    reader->at += 2;
    text_add_char(&reader->scan->source->text, ' ');
    return true;
}

/* Printable as it stands, or as libconfig's \xHH would make it. */
static bool is_text_byte(unsigned value)
{
    return value == '\t' || value == '\n' || value == '\r' || value == '\f' ||
           (value >= 0x20 && value != 0x7f);
}

/* \xHH that names a control byte: a NUL would cut the string, others are our marks. */
static bool escape_is_text(const struct reader *reader)
{
    char digits[3] = {0};
    if (rest(reader) < 4 || reader->at[1] != 'x') {
        return true;
    }
    memcpy(digits, reader->at + 2, 2);
    char *end = NULL;
    unsigned long value = strtoul(digits, &end, 16);
    return end != digits + 2 || is_text_byte((unsigned)value);
}

static bool read_string(struct reader *reader)
{
    struct origin start = reader->origin;
    copy(reader, 1);
    while (rest(reader) > 0 && *reader->at != '"') {
        if (*reader->at == '\n') {
            newline(reader);
            continue;
        }
        if (*reader->at == '\\' && !escape_is_text(reader)) {
            return refuse(reader, "the string holds a control byte, wants text");
        }
        bool is_escape = *reader->at == '\\' && rest(reader) >= 2 && reader->at[1] != '\n';
        copy(reader, is_escape ? 2 : 1);
    }
    if (rest(reader) == 0) {
        faults_add(reader->scan->faults, start, NULL,
                   "the string that begins here never ends, wants a closing \"");
        return false;
    }
    copy(reader, 1);
    reader->line_is_blank = false;
    reader->wants_value = false;
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
    while (length < rest(reader) && is_name_byte(reader->at[length])) {
        length++;
    }
    return length;
}

static bool is_boolean(const char *word, size_t length)
{
    return (length == 4 && !strncasecmp(word, "true", 4)) ||
           (length == 5 && !strncasecmp(word, "false", 5));
}

static bool read_word(struct reader *reader)
{
    size_t length = word_length(reader);
    reader->line_is_blank = false;
    if (is_boolean(reader->at, length)) {
        reader->wants_value = false;
        copy(reader, length);
        return true;
    }
    if (reader->wants_value || scan_in_list(reader->scan)) {
        int shown = length > 60 ? 60 : (int)length;
        faults_add(reader->scan->faults, reader->origin, NULL,
                   "%.*s is neither true, false nor a number, a text wants quotes: \"%.*s\"", shown,
                   reader->at, shown, reader->at);
        return false;
    }
    bool fine = scan_setting(reader->scan, reader->origin, reader->at, length);
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
    struct literal literal = literal_measure(reader->at, rest(reader));
    size_t length = literal.length;
    while (length < rest(reader) &&
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
    reader->wants_value = false;
    if (literal.verdict == LITERAL_FINE) {
        copy(reader, length);
        return true;
    }
    bool fine = mark_number(reader, &literal);
    reader->at += length;
    return fine;
}

/* The path of `@include "path"` at the reader, as the including file means it; NULL when none stands there. */
static char *include_path(struct reader *reader)
{
    static const char word[] = "@include";
    size_t size = sizeof(word) - 1;
    if (rest(reader) <= size || memcmp(reader->at, word, size) != 0) {
        return NULL;
    }
    const char *at = reader->at + size;
    while (at < reader->end && (*at == ' ' || *at == '\t')) {
        at++;
    }
    const char *end = at < reader->end ? memchr(at + 1, '"', (size_t)(reader->end - at - 1)) : NULL;
    if (!end || *at != '"' || end - at > 4096 || memchr(at, '\n', (size_t)(end - at))) {
        return NULL;
    }
    reader->at = end + 1;
    const char *slash = strrchr(reader->origin.file, '/');
    int folder = at[1] == '/' || !slash ? 0 : (int)(slash + 1 - reader->origin.file);
    return mem_format("%.*s%.*s", folder, reader->origin.file, (int)(end - at - 1), at + 1);
}

static bool read_include(struct reader *reader)
{
    if (!reader->line_is_blank) {
        return refuse(reader,
                      "\"@\" stands where a setting is wanted, @include wants its own line");
    }
    char *path = include_path(reader);
    if (!path) {
        return refuse(
            reader,
            "\"@\" stands where a setting is wanted; a file is included by @include \"path\"");
    }
    struct scan *scan = reader->scan;
    if (scan->include_depth == SOURCE_INCLUDE_DEPTH_MAX) {
        free(path);
        return refuse(reader, "@include nests too deep, at most 10 files may include one another");
    }
    if (++scan->includes > SOURCE_INCLUDES_MAX) {
        free(path);
        return refuse(reader, "too many @include lines, at most 1000 are allowed");
    }
    scan->include_depth++;
    int error = scan_file(scan, path, reader->origin);
    scan->include_depth--;
    free(path);
    if (error == 0) {
        text_add_char(&scan->source->text, '\n');
        scan->source->line++;
        source_mark(scan->source, reader->origin);
    }
    reader->line_is_blank = false;
    return error == 0;
}

/* Typed by an input method, they look like ours: "；" for ";". */
static bool refuse_foreign(const struct reader *reader)
{
    unsigned char first = (unsigned char)*reader->at;
    int length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
    if (first < 0x80) {
        faults_add(reader->scan->faults, reader->origin, NULL,
                   "\"%c\" stands outside quotes, wants NAME = VALUE;", first);
    } else if ((size_t)length > rest(reader) || length == 1) {
        faults_add(reader->scan->faults, reader->origin, NULL,
                   "byte 0x%02x stands outside quotes, wants NAME = VALUE; in ASCII", first);
    } else {
        faults_add(reader->scan->faults, reader->origin, NULL,
                   "\"%.*s\" stands outside quotes, wants NAME = VALUE; in ASCII", length,
                   reader->at);
    }
    return false;
}

static bool read_mark(struct reader *reader)
{
    struct scan *scan = reader->scan;
    char c = *reader->at;
    bool fine = true;
    switch (c) {
    case '=':
    case ':':
        reader->wants_value = true;
        break;
    case ';':
        break;
    case ',':
        fine = scan_comma(scan, reader->origin);
        break;
    case '{':
    case '(':
    case '[':
        fine = scan_open(scan, reader->origin, c);
        break;
    case '}':
    case ')':
    case ']':
        fine = scan_close(scan, reader->origin, c, reader->base_depth);
        break;
    default:
        return refuse_foreign(reader);
    }
    if (c != '=' && c != ':') {
        reader->wants_value = false;
    }
    reader->line_is_blank = false;
    copy(reader, 1);
    return fine;
}

static bool is_comment(const struct reader *reader, char second)
{
    return rest(reader) >= 2 && reader->at[0] == '/' && reader->at[1] == second;
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
        return read_include(reader);
    }
    if ((c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.') {
        return read_number(reader);
    }
    return is_name_byte(c) && c != '_' ? read_word(reader) : read_mark(reader);
}

static bool read_all(struct reader *reader)
{
    while (rest(reader) > 0) {
        char c = *reader->at;
        if (c == '\n') {
            newline(reader);
        } else if (c == ' ' || c == '\t' || c == '\r' || c == '\f') {
            copy(reader, 1);
        } else if (!read_token(reader)) {
            return false;
        }
    }
    return scan_end(reader->scan, reader->base_depth);
}

/* Control bytes have no place in a text file, and NUL would end it early. */
static bool check_bytes(struct reader *reader)
{
    struct origin origin = reader->origin;
    for (const char *at = reader->at; at < reader->end; at++) {
        unsigned char c = (unsigned char)*at;
        if (!is_text_byte(c)) {
            faults_add(reader->scan->faults, origin, NULL,
                       "byte 0x%02x is no text, wants a text file in UTF-8", c);
            return false;
        }
        origin.line += c == '\n';
    }
    return true;
}

static int read_bytes(struct scan *scan, const char *path, struct origin asked_at, char **bytes,
                      size_t *size)
{
    int error = file_slurp(path, SOURCE_BYTES_MAX - scan->bytes_read, bytes, size);
    if (error == 0) {
        scan->bytes_read += *size;
        scan->buffers = mem_grow(scan->buffers, scan->buffer_count + 1, sizeof(*scan->buffers));
        scan->buffers[scan->buffer_count++] = *bytes;
        return 0;
    }
    if (scan->include_depth > 0) {
        faults_add(scan->faults, asked_at, NULL, "the included file %s cannot be read: %s", path,
                   slurp_reason(error));
    } else {
        faults_add(scan->faults, asked_at, NULL, "cannot be read: %s", slurp_reason(error));
    }
    return -EINVAL;
}

int scan_file(struct scan *scan, const char *path, struct origin asked_at)
{
    char *bytes = NULL;
    size_t size = 0;
    if (read_bytes(scan, path, asked_at, &bytes, &size) < 0) {
        return -EINVAL;
    }
    struct reader reader = {
        .scan = scan,
        .at = bytes,
        .end = bytes + size,
        .origin = {.file = config_memory_string(scan->memory, path), .line = 1},
        .base_depth = scan->depth,
        .line_is_blank = true,
    };
    if (size >= 3 && !memcmp(bytes, "\xef\xbb\xbf", 3)) {
        reader.at += 3; /* some editors put a byte order mark first */
    }
    source_mark(scan->source, reader.origin);
    return check_bytes(&reader) && read_all(&reader) ? 0 : -EINVAL;
}

void scan_finish(struct scan *scan)
{
    for (size_t i = 0; i < scan->buffer_count; i++) {
        free(scan->buffers[i]);
    }
    free(scan->buffers);
    free(scan->names);
    scan->buffers = NULL;
    scan->names = NULL;
}
