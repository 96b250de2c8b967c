/* SPDX-License-Identifier: Apache-2.0 */
/* consumer: a cursor that is claimed and a listener, under one handle. */
#include "store/feed/consumer.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/mem.h"
#include <lingtan/log.h>

struct consumer {
    struct store *store;
    char *name;
    store_durable_fn wake;
    void *context;
};

int consumer_join(struct store *store, const char *name, store_durable_fn wake, void *context,
                  struct consumer **out)
{
    const int error = store_claim_cursor(store, name);
    if (error < 0) {
        return error;
    }
    struct consumer *consumer = mem_alloc(sizeof(*consumer));
    consumer->store = store;
    consumer->name = mem_dup_string(name);
    consumer->wake = wake;
    consumer->context = context;
    if (wake != NULL) {
        store_on_durable(store, wake, context);
    }
    *out = consumer;
    return 0;
}

void consumer_leave(struct consumer *consumer)
{
    if (consumer == NULL) {
        return;
    }
    if (consumer->wake != NULL) {
        store_off_durable(consumer->store, consumer->wake, consumer->context);
    }
    store_release_cursor(consumer->store, consumer->name);
    free(consumer->name);
    free(consumer);
}

static uint64_t end_of_journal(const struct store *store)
{
    const uint64_t began = store_next_position(store) - 1;
    const uint64_t durable = store_durable(store);
    return durable > began ? durable : began;
}

/* Waiting for the numbers to catch up with a cursor beyond them would give nothing for days. */
bool consumer_find_cursor(const struct consumer *consumer, uint64_t *cursor)
{
    if (!store_is_numbered(consumer->store)) {
        return false;
    }
    const uint64_t found = store_cursor(consumer->store, consumer->name);
    const uint64_t end = end_of_journal(consumer->store);
    if (found > end) {
        log_warning("%s: the cursor %" PRIu64 " is beyond the journal's end %" PRIu64
                    ": the journal was lost; going on at its end",
                    consumer->name, found, end);
    }
    *cursor = found <= end ? found : end;
    return true;
}

void consumer_set_cursor(struct consumer *consumer, uint64_t position)
{
    store_set_cursor(consumer->store, consumer->name, position);
}

const char *consumer_name(const struct consumer *consumer)
{
    return consumer->name;
}
