/* SPDX-License-Identifier: Apache-2.0 */
/* store_clock: the steps of the wall clock, on their way to the ledger and from it. */
#include "store/store_internal.h"

#include <string.h>

#include "base/mem.h"

/* Mutex held. */
static void insert(struct store *store, size_t at, const struct clock_step *step)
{
    if (store->step_count == LEDGER_CLOCK_STEPS_MAX) {
        memmove(store->steps, store->steps + 1, --store->step_count * sizeof(*step));
        at = at > 0 ? at - 1 : 0;
    }
    store->steps = mem_grow(store->steps, store->step_count + 1, sizeof(*step));
    memmove(store->steps + at + 1, store->steps + at, (store->step_count - at) * sizeof(*step));
    store->steps[at] = *step;
    store->step_count++;
}

void store_note_clock_step(struct store *store, const struct clock_step *step)
{
    pthread_mutex_lock(&store->mutex);
    insert(store, store->step_count, step);
    if (store->steps_new < store->step_count) {
        store->steps_new++;
    }
    store_unlock_and_wake(store);
}

size_t store_clock_steps(struct store *store, struct clock_step *out, size_t max)
{
    pthread_mutex_lock(&store->mutex);
    const size_t count = store->step_count;
    const size_t given = count < max ? count : max;
    if (given > 0) {
        memcpy(out, store->steps + count - given, given * sizeof(*out));
    }
    pthread_mutex_unlock(&store->mutex);
    return count;
}

/* What this run has seen came later than all that the file knows. */
void store_clock_learn(struct store *store)
{
    size_t count = 0;
    const struct clock_step *known = ledger_clock_steps(store->ledger, &count);
    pthread_mutex_lock(&store->mutex);
    if (store->step_count == store->steps_new) {
        for (size_t i = 0; i < count && store->step_count < LEDGER_CLOCK_STEPS_MAX; i++) {
            insert(store, store->step_count - store->steps_new, &known[i]);
        }
    }
    pthread_mutex_unlock(&store->mutex);
}

void store_clock_rewrite(struct store *store)
{
    pthread_mutex_lock(&store->mutex);
    store->steps_new = store->step_count;
    pthread_mutex_unlock(&store->mutex);
}

size_t store_clock_new(struct store *store, struct clock_step **out)
{
    pthread_mutex_lock(&store->mutex);
    const size_t count = store->steps_new;
    *out = mem_alloc_array(count + 1, sizeof(**out));
    if (count > 0) {
        memcpy(*out, store->steps + store->step_count - count, count * sizeof(**out));
    }
    pthread_mutex_unlock(&store->mutex);
    return count;
}

void store_clock_written(struct store *store, size_t count)
{
    pthread_mutex_lock(&store->mutex);
    store->steps_new -= count < store->steps_new ? count : store->steps_new;
    pthread_mutex_unlock(&store->mutex);
}
