/* SPDX-License-Identifier: Apache-2.0 */
/* tables: the columns of each table, as the newest step of ledger_upgrade.c leaves them. */
#include "store/tables.h"

#include "base/mem.h"

static const struct ledger_column record_columns[] = {
    {"position", offsetof(struct record_row, position), COLUMN_INTEGER, true},
    {"kind", offsetof(struct record_row, kind), COLUMN_TEXT, false},
    {"subject", offsetof(struct record_row, subject), COLUMN_TEXT, false},
    {"time_us", offsetof(struct record_row, time_us), COLUMN_INTEGER, false},
    {"body", offsetof(struct record_row, body), COLUMN_TEXT, false},
    {"reference", offsetof(struct record_row, reference), COLUMN_TEXT, false},
};

const struct ledger_table record_table = {
    .name = "record",
    .size = sizeof(struct record_row),
    .columns = record_columns,
    .count = ARRAY_SIZE(record_columns),
};

const struct ledger_table *const ledger_tables[] = {&record_table, NULL};
