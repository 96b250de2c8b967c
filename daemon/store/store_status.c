/* SPDX-License-Identifier: Apache-2.0 */
/* store_status: what the other threads may ask of the store at any time. */
#include "store/store_internal.h"

bool store_is_numbered(const struct store *store)
{
    return atomic_load(&store->is_numbered);
}

uint64_t store_next_position(const struct store *store)
{
    return store->next_position;
}

uint64_t store_first_seq(const struct store *store)
{
    return store->first_seq;
}

uint64_t store_reserved_seq(const struct store *store)
{
    return atomic_load(&store->seq_reserved);
}

uint64_t store_durable(const struct store *store)
{
    return atomic_load(&store->durable);
}

const char *store_reason(const struct store_status *status, unsigned alarms)
{
    unsigned i = 0;
    while (i < STORE_ALARM_COUNT && (alarms & status->alarms & 1U << i) == 0) {
        i++;
    }
    return i < STORE_ALARM_COUNT ? status->reasons[i] : "";
}

struct store_status store_status(struct store *store)
{
    struct journal *journal = atomic_load(&store->journal);
    struct store_status status = {
        .durable = atomic_load(&store->durable),
        .dropped = atomic_load(&store->dropped),
        .last_commit_us = atomic_load(&store->last_commit_us),
        .commits = atomic_load(&store->commits),
    };
    alarms_copy(&store->alarms, &status);
    if (journal != NULL) {
        const struct journal_totals totals = journal_totals(journal);
        status.journal_bytes = totals.bytes;
        status.oldest_day_us = totals.oldest_us;
        status.bad_blocks = atomic_load(&journal->bad_blocks);
    }
    return status;
}
