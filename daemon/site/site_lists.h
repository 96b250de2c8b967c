/* SPDX-License-Identifier: Apache-2.0 */
/* site_lists: the parts of reading a site's CSV lists. Inside daemon/config only. */
#ifndef LINGTAN_SITE_SITE_LISTS_H
#define LINGTAN_SITE_SITE_LISTS_H

#include "config/csv.h"
#include "site/site.h"

enum { LIST_ROWS_MAX = 20000 }; /* of all lists of a site */

/* What a column sets, in struct device_list. */
struct list_column {
    const struct option *option; /* NULL = nothing: a remark, no name, or a wrong one */
    size_t base;                 /* where the struct of the option begins */
};

struct list_sheet {
    const struct device_list *list;
    struct list_column columns[CSV_CELLS_MAX];
};

struct list_row {
    struct device_list values; /* the list's where the row says nothing */
    const struct list_sheet *sheet;
    uint64_t given;  /* columns in which something right stands, a bit each */
    bool is_lost;    /* where it belongs was said, but wrong: nothing more is to be said of that */
    bool makes_line; /* it says where its line leads */
    size_t line;     /* place in the site's lines, SIZE_MAX = none */
};

struct site_lists {
    struct site *site;
    struct config_memory *memory;
    struct faults *faults;
    struct list_sheet *sheets; /* as many as the site has lists */
    struct list_row *rows;
    size_t count;
    size_t capacity;
};

extern const struct option_table site_column_table; /* what a column may be: site_table.c */

/* A cell into the member of its row. What is wrong with it, to free, or NULL. */
char *list_cell_put(const struct option *row, const char *text, struct config_memory *memory,
                    void *field);

/* Reads the lists of a site; their devices and lines are then among those written out, and the lists are gone. */
void site_lists_load(struct site *site, struct config_memory *memory, struct faults *faults);

/* Reads one list: rows with their faults told. */
void site_lists_read(struct site_lists *lists, size_t number);

/* Gives each row its line, makes the lines that are missing, puts the devices on them. */
void site_lists_join(struct site_lists *lists);

#endif
