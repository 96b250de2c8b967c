/* SPDX-License-Identifier: Apache-2.0 */
/* tables: the tables of the ledger that store/write.h takes rows of, each as a struct. How to add one: ledger_table.h. */
#ifndef LINGTAN_STORE_TABLES_H
#define LINGTAN_STORE_TABLES_H

#include "store/ledger/ledger_table.h"

/* A record (lingtan/record.h). Written by store_write_record alone, which knows its position. */
struct record_row {
    uint64_t position;
    const char *kind; /* its word */
    const char *subject;
    int64_t time_us;
    const char *body;      /* JSON, or NULL and */
    const char *reference; /* what its provider finds it by */
};
extern const struct ledger_table record_table;

extern const struct ledger_table *const ledger_tables[]; /* NULL-terminated */

#endif
