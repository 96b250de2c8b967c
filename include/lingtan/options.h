/* SPDX-License-Identifier: Apache-2.0 */
/* options: what a module can be told, as a table. Implemented by daemon/config.
 *
 * A module describes its own struct, one row an option. Loading, defaults, ranges, error messages, `--print-config` and
 * docs/CONFIG.md all follow from the row. */
#ifndef LINGTAN_OPTIONS_H
#define LINGTAN_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum option_type {
    OPTION_BOOL,    /* bool */
    OPTION_INT,     /* int64_t */
    OPTION_FLOAT,   /* double; a file may write an integer */
    OPTION_STRING,  /* char *, never NULL after loading; min/max bound the length when max > 0 */
    OPTION_ID,      /* char *: 1..63 of [a-z0-9_-], or empty when the fallback is "" */
    OPTION_ENUM,    /* int: index into words */
    OPTION_STRINGS, /* struct option_strings; from here on nothing is one value */
    OPTION_GROUP,   /* a struct described by table, at offset */
    OPTION_LIST, /* struct option_list of structs described by table, whose first member is struct origin */
    OPTION_INLINE, /* a struct described by table, at offset, whose options stand here themselves; none is required */
};

/* Where something stands in the files: for messages long after loading. file is owned by the loaded configuration. */
struct origin {
    const char *file;
    int line;
};

struct option_strings {
    char **items;
    size_t count;
};

struct option_list {
    void *items; /* array of table->size bytes each */
    size_t count;
};

struct option_table;

struct option {
    const char *name;
    enum option_type type;
    bool needs_restart; /* a reload leaves it as it is, and all options below it */
    size_t offset;
    const char *
        fallback; /* as it would be written in a file, strings without quotes; NULL = must be given. Groups,
                             lists and strings lists are never required: an absent one holds its defaults or nothing */
    double min; /* numbers: allowed range, both included, when min < max */
    double max;
    const char *unit;                 /* "ms", "A"; NULL = none. For the documentation */
    const char *const *words;         /* OPTION_ENUM: NULL-terminated */
    const struct option_table *table; /* OPTION_GROUP, OPTION_LIST, OPTION_INLINE */
    const char *help;                 /* one sentence, English */
};

struct option_table {
    const char *name; /* "mqtt", "line", "device": in messages */
    size_t size;      /* of the struct */
    const struct option *rows;
    size_t count;
    const char *help;
    bool
        keeps_origin; /* of a group: its struct begins with a struct origin, whose line is 0 while no file has it */
};

#endif
