/* SPDX-License-Identifier: Apache-2.0 */
/* live: the newest reading of every point of every device, found by the device's id. */
#include "hub/live.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static void state_finish(struct live_device *live)
{
    for (size_t i = 0; live->device && i < live->device->point_count; i++) {
        free((void *)live->texts[i]);
    }
    free(live->texts);
    free(live->readings);
    free(live->read_mono_us);
    device_unref(live->device);
    *live = (struct live_device){0};
}

static void state_init(struct live_device *live, const struct device *device)
{
    size_t count = device->point_count;
    *live = (struct live_device){
        .device = device_ref(device),
        .readings = mem_alloc_array(count, sizeof(*live->readings)),
        .read_mono_us = mem_alloc_array(count, sizeof(*live->read_mono_us)),
        .texts = mem_alloc_array(count, sizeof(*live->texts)),
    };
}

void live_finish(struct live_table *table)
{
    id_map_finish(&table->by_id);
    for (size_t i = 0; i < table->count; i++) {
        state_finish(&table->entries[i]->live);
        free(table->entries[i]);
    }
    free(table->entries);
    *table = (struct live_table){0};
}

struct live_entry *live_find(const struct live_table *table, const char *id)
{
    return id_map_find(&table->by_id, id);
}

static struct live_entry *entry_add(struct live_table *table, const struct device *device,
                                    uint64_t first_seq)
{
    if (table->count == table->capacity) {
        table->capacity = table->capacity ? 2 * table->capacity : 64;
        table->entries = mem_grow(table->entries, table->capacity, sizeof(*table->entries));
    }
    struct live_entry *entry = mem_alloc(sizeof(*entry));
    state_init(&entry->live, device);
    entry->next_seq = first_seq;
    table->entries[table->count++] = entry;
    id_map_set(&table->by_id, entry->live.device->id, entry);
    return entry;
}

struct live_entry *live_entry_of(struct live_table *table, const struct device *device,
                                 uint64_t first_seq)
{
    struct live_entry *entry = live_find(table, device->id);
    if (!entry) {
        return entry_add(table, device, first_seq);
    }
    if (entry->live.device != device && !device_same_layout(entry->live.device, device)) {
        struct live_device old = entry->live;
        state_init(&entry->live, device);
        id_map_set(&table->by_id, entry->live.device->id, entry); /* the old string goes */
        state_finish(&old);
    }
    return entry;
}

static uint64_t drop_entry(struct live_entry *entry)
{
    const uint64_t next_seq = entry->next_seq;
    state_finish(&entry->live);
    free(entry);
    return next_seq;
}

/* The table is made anew: its entries are moved, so that who stays keeps its state, and the rest is dropped. */
uint64_t live_keep(struct live_table *table, const struct device *const *devices, size_t count,
                   uint64_t first_seq)
{
    struct live_table kept = {0};
    uint64_t gone_seq = 0;
    for (size_t i = 0; i < count; i++) {
        (void)live_entry_of(table, devices[i], first_seq);
    }
    kept.entries = mem_alloc_array(count + 1, sizeof(*kept.entries));
    kept.capacity = count;
    for (size_t i = 0; i < count; i++) {
        struct live_entry *entry = live_find(table, devices[i]->id);
        if (id_map_find(&kept.by_id, devices[i]->id) == NULL) {
            kept.entries[kept.count++] = entry;
            id_map_set(&kept.by_id, entry->live.device->id, entry);
        }
    }
    for (size_t i = 0; i < table->count; i++) {
        struct live_entry *entry = table->entries[i];
        if (id_map_find(&kept.by_id, entry->live.device->id) == NULL) {
            const uint64_t next_seq = drop_entry(entry);
            gone_seq = next_seq > gone_seq ? next_seq : gone_seq;
        }
    }
    id_map_finish(&table->by_id);
    free(table->entries);
    *table = kept;
    return gone_seq;
}

static void apply_text(struct live_device *live, const struct batch *batch,
                       const struct reading *reading)
{
    const char *text = reading_text(batch, reading);
    const char *old = live->texts[reading->point];
    if (reading->quality != QUALITY_OK || (old && strcmp(old, text) == 0)) {
        return;
    }
    live->texts[reading->point] = mem_dup_string(text);
    free((void *)old);
}

void live_apply(struct live_entry *entry, const struct batch *batch)
{
    struct live_device *live = &entry->live;
    live->seq = batch->seq;
    live->time_us = batch->time_us;
    live->is_clock_untrusted = batch->clock.is_untrusted;
    for (size_t i = 0; i < batch->count; i++) {
        const struct reading *reading = &batch->readings[i];
        if (reading->point >= live->device->point_count) {
            continue;
        }
        live->readings[reading->point] = *reading;
        live->read_mono_us[reading->point] = batch->received_mono_us;
        if (live->device->points[reading->point].quantity->kind == QUANTITY_TEXT) {
            apply_text(live, batch, reading);
        }
    }
}
