/* SPDX-License-Identifier: Apache-2.0 */
/* scan_file: files and what they include, each spliced into the source's text where it is named. */
#include "config/scan.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "config/memory.h"
#include "config/slurp.h"

/* The path of `@include "path"` at the reader, as the including file means it; NULL when none stands there. */
static char *include_path(struct reader *reader)
{
    static const char word[] = "@include";
    size_t size = sizeof(word) - 1;
    if (reader_rest(reader) <= size || memcmp(reader->at, word, size) != 0) {
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
    char *named = mem_format("%.*s", (int)(end - at - 1), at + 1);
    char *path = config_path_beside(reader->origin.file, named);
    free(named);
    return path;
}

bool scan_include(struct reader *reader)
{
    if (!reader->line_is_blank) {
        return reader_refuse(reader,
                             "\"@\" stands where a setting is wanted, @include wants its own line");
    }
    char *path = include_path(reader);
    if (!path) {
        return reader_refuse(
            reader,
            "\"@\" stands where a setting is wanted; a file is included by @include \"path\"");
    }
    struct scan *scan = reader->scan;
    if (scan->include_depth == SOURCE_INCLUDE_DEPTH_MAX) {
        free(path);
        return reader_refuse(reader,
                             "@include nests too deep, at most 10 files may include one another");
    }
    if (++scan->includes > SOURCE_INCLUDES_MAX) {
        free(path);
        return reader_refuse(reader, "too many @include lines, at most 1000 are allowed");
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

/* Control bytes have no place in a text file, and NUL would end it early. */
static bool check_bytes(struct reader *reader)
{
    struct origin origin = reader->origin;
    for (const char *at = reader->at; at < reader->end; at++) {
        unsigned char c = (unsigned char)*at;
        if (!scan_is_text(c)) {
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
    return check_bytes(&reader) && scan_tokens(&reader) ? 0 : -EINVAL;
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
