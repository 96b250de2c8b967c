/* SPDX-License-Identifier: Apache-2.0 */
/* faults: what is wrong with a configuration, kept in the order in which a person works through it: file by file as
 * they were first met, line by line. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "config/config.h"

enum {
    FAULTS_KEPT = 1000,
};

struct fault {
    size_t file; /* index into files */
    int line;
    char *text;
};

struct faults {
    char **files;
    size_t file_count;
    struct fault *items;
    size_t count;
    size_t dropped;
    char *more; /* the last line, when some were dropped */
};

struct faults *faults_create(void)
{
    return mem_alloc(sizeof(struct faults));
}

void faults_destroy(struct faults *faults)
{
    if (!faults) {
        return;
    }
    for (size_t i = 0; i < faults->file_count; i++) {
        free(faults->files[i]);
    }
    for (size_t i = 0; i < faults->count; i++) {
        free(faults->items[i].text);
    }
    free(faults->files);
    free(faults->items);
    free(faults->more);
    free(faults);
}

size_t faults_count(const struct faults *faults)
{
    return faults->count + faults->dropped;
}

bool faults_is_full(const struct faults *faults)
{
    return faults->count == FAULTS_KEPT;
}

static size_t find_file(struct faults *faults, const char *file)
{
    for (size_t i = 0; i < faults->file_count; i++) {
        if (!strcmp(faults->files[i], file)) {
            return i;
        }
    }
    faults->files = mem_grow(faults->files, faults->file_count + 1, sizeof(*faults->files));
    faults->files[faults->file_count] = mem_dup_string(file);
    return faults->file_count++;
}

static char *place_text(struct origin origin, const char *key)
{
    const char *file = origin.file ? origin.file : "";
    const char *after_key = key ? ": " : "";
    key = key ? key : "";
    if (!origin.file) {
        return mem_format("%s%s", key, after_key);
    }
    if (origin.line <= 0) {
        return mem_format("%s: %s%s", file, key, after_key);
    }
    return mem_format("%s:%d: %s%s", file, origin.line, key, after_key);
}

/* Values from files are quoted in messages and must not drive the terminal they are printed on. */
static void disarm(char *text)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c < 0x20 || c == 0x7f) {
            *text = '?';
        }
    }
}

static void insert(struct faults *faults, struct fault fault)
{
    size_t at = faults->count;
    while (at > 0) {
        const struct fault *before = &faults->items[at - 1];
        if (before->file < fault.file ||
            (before->file == fault.file && before->line <= fault.line)) {
            break;
        }
        at--;
    }
    faults->items = mem_grow(faults->items, faults->count + 1, sizeof(*faults->items));
    memmove(&faults->items[at + 1], &faults->items[at],
            (faults->count - at) * sizeof(*faults->items));
    faults->items[at] = fault;
    faults->count++;
}

void faults_add(struct faults *faults, struct origin origin, const char *key, const char *format,
                ...)
{
    if (faults_is_full(faults)) {
        faults->dropped++;
        free(faults->more);
        faults->more = mem_format("... and %zu more", faults->dropped);
        return;
    }
    va_list args;
    va_start(args, format);
    char *what = mem_format_args(format, args);
    va_end(args);
    char *place = place_text(origin, key);
    struct fault fault = {.file = find_file(faults, origin.file ? origin.file : ""),
                          .line = origin.line,
                          .text = mem_format("%s%s", place, what)};
    disarm(fault.text);
    insert(faults, fault);
    free(place);
    free(what);
}

void faults_print(const struct faults *faults, FILE *out)
{
    for (size_t i = 0; i < faults->count; i++) {
        fprintf(out, "%s\n", faults->items[i].text);
    }
    if (faults->more) {
        fprintf(out, "%s\n", faults->more);
    }
}

const char *faults_line(const struct faults *faults, size_t index)
{
    if (index < faults->count) {
        return faults->items[index].text;
    }
    return faults->more ? faults->more : "";
}
