/* SPDX-License-Identifier: Apache-2.0 */
/* scan: the lexical pass over a file that makes it safe for libconfig (see source.h). Inside daemon/config only. */
#ifndef LINGTAN_CONFIG_SCAN_H
#define LINGTAN_CONFIG_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "config/source.h"

/* A bracket that is open. */
struct scan_level {
    char opener; /* { ( [; '\0' = the file itself */
    struct origin origin;
    size_t first_name; /* of its settings, in names */
    size_t items;
};

struct scan_name {
    const char *at; /* in one of the buffers */
    size_t length;
};

struct scan {
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
    bool wants_value;   /* after = or : */
};

/* Appends the file and what it includes to the source. asked_at: what a message points to when the file can't be read.
 * -EINVAL when a fault was added that ends the scan. */
int scan_file(struct scan *scan, const char *path, struct origin asked_at) MUST_USE;
void scan_finish(struct scan *scan);

/* A byte that may stand in a file, as it is or as \xHH. */
bool scan_is_text(unsigned value);

size_t reader_rest(const struct reader *reader);                   /* bytes from at */
bool reader_refuse(const struct reader *reader, const char *what); /* adds a fault; false */

/* The tokens of a file, up to its end: scan.c. The include directive at the reader: scan_file.c. */
bool scan_tokens(struct reader *reader);
bool scan_include(struct reader *reader);

/* The parts of the pass that know of brackets and names: scan_nesting.c. They return false after adding a fault. */
bool scan_open(struct scan *scan, struct origin origin, char bracket);
bool scan_close(struct scan *scan, struct origin origin, char bracket, size_t base_depth);
bool scan_comma(struct scan *scan, struct origin origin);
bool scan_end(struct scan *scan, size_t base_depth);
bool scan_setting(struct scan *scan, struct origin origin, const char *name, size_t length);

/* Are bare values expected here, not settings? */
bool scan_in_list(const struct scan *scan);

#endif
