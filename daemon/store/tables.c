/* SPDX-License-Identifier: Apache-2.0 */
/* tables: the columns of each table, as the newest step of ledger_upgrade.c leaves them. */
#include "store/tables.h"

#include "base/mem.h"

static const struct ledger_column record_columns[] = {
    {"position", COLUMN_INTEGER, offsetof(struct record_row, position), true},
    {"kind", COLUMN_TEXT, offsetof(struct record_row, kind), false},
    {"subject", COLUMN_TEXT, offsetof(struct record_row, subject), false},
    {"time_us", COLUMN_INTEGER, offsetof(struct record_row, time_us), false},
    {"body", COLUMN_TEXT, offsetof(struct record_row, body), false},
    {"reference", COLUMN_TEXT, offsetof(struct record_row, reference), false},
};

const struct ledger_table record_table = {
    .name = "record",
    .size = sizeof(struct record_row),
    .columns = record_columns,
    .count = ARRAY_SIZE(record_columns),
};

const struct ledger_table *const ledger_tables[] = {&record_table, NULL};
