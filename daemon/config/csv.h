/* SPDX-License-Identifier: Apache-2.0 */
/* csv: rows of a list as spreadsheets save it: UTF-8 with or without byte order mark, separated by commas, semicolons or
 * tabs, quotes, any line ends. Inside daemon/config only.
 *
 * libcsv of Debian knows neither the lines that faults are told with nor comments, so the reader is our own. */
#ifndef LINGTAN_CONFIG_CSV_H
#define LINGTAN_CONFIG_CSV_H

#include <stddef.h>

#include "config/config.h"

enum { CSV_CELLS_MAX = 64 }; /* of a row */

struct csv {
    const char *file; /* for faults; borrowed */
    struct faults *faults;
    char *at; /* in the caller's bytes, which become the cells */
    char *end;
    int line; /* of at */
    char separator;
    char
        *cells[CSV_CELLS_MAX]; /* of the row, blanks around them trimmed; "" where nothing stands */
    size_t count;
    int row_line;  /* where the row begins */
    bool is_wider; /* the row has cells beyond the last of cells */
};

/* bytes[size] must be there too. False after a fault that makes reading pointless: no text, not UTF-8. */
bool csv_start(struct csv *csv, const char *file, char *bytes, size_t size, struct faults *faults);

/* The next row in which something stands, comments (#) left out. False at the end. Faults of quotes are added. */
bool csv_next(struct csv *csv);

#endif
