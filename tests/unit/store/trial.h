/* SPDX-License-Identifier: Apache-2.0 */
/* trial: a table of the tests' own in a ledger, and rows of it. Include it after <cmocka.h>. */
#ifndef LINGTAN_TESTS_STORE_TRIAL_H
#define LINGTAN_TESTS_STORE_TRIAL_H

#include "store/write.h"
#include "unit/store/samples.h"

struct trial_row {
    int64_t id;
    const char *name; /* not NULL */
    double amount;
    const char *note;
};
extern const struct ledger_table trial_table;

void trial_make_table(const char *folder); /* in the ledger there, which exists */

/* What became of a write. */
struct verdict {
    size_t told;
    struct store_result result;
};
void note_verdict(void *verdict, const struct store_result *result);

/* Until that many are told in all; settles. */
void wait_settled(struct store_writer *writer, size_t count);

/* Sends one and waits for its result. */
struct store_result write_through(struct store_writer *writer, struct store_write *take_write,
                                  enum store_urgency urgency);

size_t trial_count(struct store *store, int64_t from, int64_t to);
bool trial_has(struct store *store, const struct trial_row *row); /* with the same values */

#endif
