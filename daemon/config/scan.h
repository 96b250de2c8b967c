/* SPDX-License-Identifier: Apache-2.0 */
/* scan: the lexical pass over a file that makes it safe for libconfig (see source.h). Inside daemon/config only. */
#ifndef LINGTAN_CONFIG_SCAN_H
#define LINGTAN_CONFIG_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "config/source.h"

/* What the grammar wants next, inside of a bracket. */
enum scan_want {
    SCAN_WANTS_NAME,
    SCAN_WANTS_ASSIGN,
    SCAN_WANTS_FIRST, /* value of a list, which may have none */
    SCAN_WANTS_VALUE,
    SCAN_AFTER_VALUE,
    SCAN_AFTER_STRING, /* which another one continues */
};

enum scan_token {
    SCAN_NAME,
    SCAN_ASSIGN, /* = or : */
    SCAN_SCALAR,
    SCAN_STRING,
    SCAN_OPEN,
    SCAN_CLOSE,
    SCAN_SEMICOLON,
    SCAN_COMMA,
};

/* A bracket that is open. */
struct scan_level {
    char opener; /* { ( [; '\0' = the file itself */
    enum scan_want want;
    struct origin origin;
    size_t first_name; /* of its settings, in names */
    size_t items;
};

struct scan_name {
    const char *at; /* in one of the buffers */
    size_t length;
};

struct reader;

struct scan {
    bool (*include)(struct reader *reader); /* the directive at the reader: scan_include */
    struct source *source;
    struct config_memory *memory;
    struct faults *faults;
    struct scan_level levels[SOURCE_DEPTH_MAX + 1];
    size_t depth; /* 0 = outside of all brackets */
    struct scan_name *names;
    size_t name_count;
    size_t settings;
    char **buffers; /* what names point into */
    size_t buffer_count;
    size_t bytes_read;
    size_t include_depth;
    size_t includes; /* so far */
};

/* One file being read. */
struct reader {
    struct scan *scan;
    const char *at;
    const char *end;
    struct origin origin; /* of at */
    size_t base_depth;
    bool line_is_blank; /* so far: an include must be alone */
};

/* Appends the file and what it includes to the source. asked_at: what a message points to when the file can't be read.
 * -EINVAL when a fault was added that ends the scan. */
int scan_file(struct scan *scan, const char *path, struct origin asked_at) MUST_USE;
void scan_finish(struct scan *scan);

/* A byte that may stand in a file, as it is or as \xHH: reader.c. */
bool scan_is_text(unsigned value);

/* reader.c */
size_t reader_rest(const struct reader *reader);                   /* bytes from at */
bool reader_refuse(const struct reader *reader, const char *what); /* adds a fault; false */

/* The tokens of a file, up to its end: scan.c. The include directive at the reader: scan_file.c. */
bool scan_tokens(struct reader *reader);
bool scan_include(struct reader *reader);

/* Whether the token at the reader, of length bytes, or the end of the file, may stand there: scan_grammar.c. Like all
 * below they return false after adding a fault. */
bool scan_expect(const struct reader *reader, enum scan_token token, size_t length);
bool scan_expect_end(const struct reader *reader);

/* Brackets and names, and how many there may be: scan_nesting.c. */
bool scan_open(struct scan *scan, struct origin origin, char bracket);
bool scan_may_close(const struct reader *reader, char bracket);
void scan_close(struct scan *scan);
bool scan_comma(struct scan *scan, struct origin origin);
bool scan_all_closed(const struct reader *reader);
bool scan_setting(struct scan *scan, struct origin origin, const char *name, size_t length);

#endif
