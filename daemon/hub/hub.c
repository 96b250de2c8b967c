/* SPDX-License-Identifier: Apache-2.0 */
/* hub: the one place all readings pass. Stamps each batch, keeps the live state, hands it to the store and to whoever
 * has subscribed. */
#include "hub/hub.h"

#include <stdlib.h>

#include "base/mem.h"
#include "hub/live.h"
#include <lingtan/log.h>

enum {
    INTAKE_CAPACITY =
        32768, /* batches: over a minute of 500 devices while the main thread is held up */
    SUBSCRIBERS_MAX = 16,
};

struct hub {
    const struct clock *clock;
    struct store *store;
    struct mailbox
        *intake; /* full: the oldest batch is dropped and counted, since fresh data matter more */
    struct loop_source *intake_source;
    struct live_table live;
    bool is_clock_untrusted;
    bool is_numbered;
    uint64_t next_position;
    uint64_t first_seq;
    uint64_t reserved_seq; /* known to be reserved up to here; the store may have more by now */
    struct hub_subscriber subscribers[SUBSCRIBERS_MAX];
    struct hub_status status;
    struct log_limit journal_limit;
};

static void drop_batch(void *item)
{
    batch_unref(item);
}

static void count_readings(struct hub *hub, const struct batch *batch)
{
    hub->status.batches++;
    hub->status.readings += batch->count;
    for (size_t i = 0; i < batch->count; i++) {
        hub->status.by_quality[batch->readings[i].quality]++;
    }
}

static void journal_batch(struct hub *hub, const struct batch *batch)
{
    if (!hub->store) {
        return;
    }
    store_seq_used(hub->store, batch->seq);
    if (store_append(hub->store, batch) == 0) {
        return;
    }
    hub->status.not_journaled++;
    uint64_t held = 0;
    if (log_limit_pass(&hub->journal_limit, hub->clock, &held)) {
        log_error("the store is too slow or its disk is full: batches are not journaled (%llu so "
                  "far); live data "
                  "still flow. Free the disk or look at `lingtan status`",
                  (unsigned long long)hub->status.not_journaled);
    }
}

static void publish(struct hub *hub, const struct batch *batch)
{
    for (size_t i = 0; i < SUBSCRIBERS_MAX; i++) {
        if (hub->subscribers[i].batch) {
            hub->subscribers[i].batch(hub->subscribers[i].context, batch);
        }
    }
}

static void flush_subscribers(struct hub *hub)
{
    for (size_t i = 0; i < SUBSCRIBERS_MAX; i++) {
        if (hub->subscribers[i].flush) {
            hub->subscribers[i].flush(hub->subscribers[i].context);
        }
    }
}

/* Only what is reserved durably is given out, or a number could be used twice. */
static uint64_t next_seq(struct hub *hub, struct live_entry *entry)
{
    if (entry->next_seq >= hub->reserved_seq && hub->is_numbered) {
        hub->reserved_seq = store_reserved_seq(hub->store);
    }
    return entry->next_seq < hub->reserved_seq ? entry->next_seq++ : 0;
}

/* The store can tell where numbering goes on. */
static void begin_numbering(struct hub *hub)
{
    hub->is_numbered = true;
    hub->next_position = store_next_position(hub->store);
    hub->first_seq = store_first_seq(hub->store);
    for (size_t i = 0; i < hub->live.count; i++) {
        hub->live.entries[i]->next_seq = hub->first_seq;
    }
}

static void take_in(struct hub *hub, struct batch *batch)
{
    if (!hub->is_numbered && store_is_numbered(hub->store)) {
        begin_numbering(hub);
    }
    struct live_entry *entry = live_entry_of(&hub->live, batch->device, hub->first_seq);
    batch->clock.boot = clock_boot();
    batch->clock.is_untrusted = hub->is_clock_untrusted;
    batch->position = hub->next_position++;
    batch->seq = next_seq(hub, entry);
    count_readings(hub, batch);
    live_apply(entry, batch);
    journal_batch(hub, batch);
    publish(hub, batch);
    batch_unref(batch);
}

static void take_items(void *context, void **items, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        take_in(context, items[i]);
    }
    flush_subscribers(context);
}

int hub_create(struct loop *loop, struct store *store, struct hub **out)
{
    struct hub *hub = mem_alloc(sizeof(*hub));
    hub->clock = loop_clock(loop);
    hub->store = store;
    hub->is_numbered = !store;
    hub->next_position = store ? POSITION_UNNUMBERED : 1;
    hub->first_seq = 1;
    hub->reserved_seq = store ? 0 : UINT64_MAX;
    hub->journal_limit.period_us = 60 * 1000000LL;
    hub->intake = mailbox_create("hub intake", INTAKE_CAPACITY, MAILBOX_DROP_OLDEST, drop_batch);
    int error = loop_add_mailbox(loop, hub->intake, take_items, hub, &hub->intake_source);
    if (error < 0) {
        hub_destroy(hub);
        return error;
    }
    *out = hub;
    return 0;
}

void hub_destroy(struct hub *hub)
{
    if (!hub) {
        return;
    }
    loop_remove(hub->intake_source);
    mailbox_destroy(hub->intake);
    live_finish(&hub->live);
    free(hub);
}

void hub_add_device(struct hub *hub, const struct device *device)
{
    (void)live_entry_of(&hub->live, device, hub->first_seq);
}

void hub_keep_devices(struct hub *hub, const struct device *const *devices, size_t count)
{
    const uint64_t gone_seq = live_keep(&hub->live, devices, count, hub->first_seq);
    if (gone_seq > hub->first_seq) {
        hub->first_seq = gone_seq;
    }
}

void hub_post(struct hub *hub, struct batch *take_batch)
{
    if (mailbox_put(hub->intake, take_batch) < 0) {
        batch_unref(take_batch); /* cannot happen: this mailbox drops the oldest instead */
    }
}

void hub_flush(struct hub *hub)
{
    mailbox_wake(hub->intake);
}

void hub_drain(struct hub *hub)
{
    void *items[64];
    size_t count = 0;
    while ((count = mailbox_take(hub->intake, items, ARRAY_SIZE(items))) > 0) {
        take_items(hub, items, count);
    }
}

void hub_trust_clock(struct hub *hub, bool is_trusted)
{
    hub->is_clock_untrusted = !is_trusted;
}

bool hub_trusts_clock(const struct hub *hub)
{
    return !hub->is_clock_untrusted;
}

int hub_subscribe(struct hub *hub, const struct hub_subscriber *subscriber)
{
    for (int i = 0; i < SUBSCRIBERS_MAX; i++) {
        if (!hub->subscribers[i].batch) {
            hub->subscribers[i] = *subscriber;
            return i;
        }
    }
    return -ENOSPC;
}

void hub_unsubscribe(struct hub *hub, int handle)
{
    if (handle >= 0 && handle < SUBSCRIBERS_MAX) {
        hub->subscribers[handle] = (struct hub_subscriber){0};
    }
}

size_t hub_device_count(const struct hub *hub)
{
    return hub->live.count;
}

const struct live_device *hub_device_at(const struct hub *hub, size_t index)
{
    return index < hub->live.count ? &hub->live.entries[index]->live : NULL;
}

const struct live_device *hub_find_device(const struct hub *hub, const char *id)
{
    const struct live_entry *entry = live_find(&hub->live, id);
    return entry ? &entry->live : NULL;
}

enum quality hub_quality(const struct hub *hub, const struct live_device *live, size_t point)
{
    int64_t age_us = clock_mono_us(hub->clock) - live->read_mono_us[point];
    return reading_quality_now(&live->device->points[point], &live->readings[point], age_us);
}

struct hub_status hub_status(const struct hub *hub)
{
    struct hub_status status = hub->status;
    status.intake = mailbox_stats(hub->intake);
    return status;
}
