/* SPDX-License-Identifier: Apache-2.0 */
/* ledger_clock: the table of the steps of the wall clock. */
#include "base/mem.h"
#include "store/ledger/ledger_internal.h"

int ledger_clock_load(struct ledger *ledger)
{
    sqlite3_stmt *query = NULL;
    int error = sql_prepare(ledger->db,
                            "SELECT boot, mono_us, before_us, after_us FROM (SELECT * FROM"
                            " clock_step ORDER BY id DESC LIMIT ?1) ORDER BY id",
                            &query);
    if (error == 0) {
        sqlite3_bind_int(query, 1, LEDGER_CLOCK_STEPS_MAX);
    }
    while (error == 0 && (error = sql_step(query)) == 1) {
        ledger->steps = mem_grow(ledger->steps, ledger->step_count + 1, sizeof(*ledger->steps));
        ledger->steps[ledger->step_count++] = (struct clock_step){
            .boot = (uint64_t)sqlite3_column_int64(query, 0),
            .mono_us = sqlite3_column_int64(query, 1),
            .before_us = sqlite3_column_int64(query, 2),
            .after_us = sqlite3_column_int64(query, 3),
        };
        error = 0;
    }
    sqlite3_finalize(query);
    return error;
}

const struct clock_step *ledger_clock_steps(const struct ledger *ledger, size_t *count)
{
    *count = ledger->step_count;
    return ledger->steps;
}

static int write_one(sqlite3_stmt *put, const struct clock_step *step)
{
    sqlite3_bind_int64(put, 1, (sqlite3_int64)step->boot);
    sqlite3_bind_int64(put, 2, step->mono_us);
    sqlite3_bind_int64(put, 3, step->before_us);
    sqlite3_bind_int64(put, 4, step->after_us);
    return sql_finish_step(put);
}

/* Rare: a statement of its own each time. */
int ledger_clock_write(struct ledger *ledger, const struct clock_step *steps, size_t count)
{
    sqlite3_stmt *put = NULL;
    if (count == 0) {
        return 0;
    }
    int error = sql_prepare(ledger->db,
                            "INSERT INTO clock_step(boot, mono_us, before_us, after_us)"
                            " VALUES(?1, ?2, ?3, ?4)",
                            &put);
    for (size_t i = 0; error == 0 && i < count; i++) {
        error = write_one(put, &steps[i]);
    }
    sqlite3_finalize(put);
    return error < 0 ? error
                     : sql_run(ledger->db,
                               "DELETE FROM clock_step WHERE id <= (SELECT max(id) FROM clock_step)"
                               " - 1000");
}
