/* SPDX-License-Identifier: Apache-2.0 */
/* mqtt_state: the devices by id and a heap of due times. */
#include "sinks/mqtt/mqtt_state.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/heap.h"
#include "base/id_map.h"
#include "base/mem.h"
#include "sinks/mqtt/mqtt_payload.h"
#include "site/site.h"

enum {
    GAP_US = 1000000,
    /* Polls of one second arrive a little early or late; without this slack every other one would have to wait for a
     * wake-up of its own. The mean stays at one message a second. */
    SLACK_US = 100000,
};

struct point_state {
    struct reading reading; /* the latest; time_us 0 = never read */
    int64_t read_us;        /* monotonic */
    double shown;           /* as last published */
    uint8_t shown_quality;
    char *string; /* text points */
};

struct device_state {
    struct heap_entry due; /* first member */
    const struct device *device;
    uint64_t seq;
    int64_t time_us;
    bool is_clock_untrusted;
    int64_t next_allowed_us;
    struct point_state *points;
    /* announcements */
    struct device_state *next_untold;
    bool is_queued;
    uint16_t told;               /* points */
    const struct device *former; /* the layout announced before this one, NULL = none */
    uint16_t former_seen;
};

struct mqtt_state {
    int64_t period_us;
    struct heap heap;
    struct id_map devices;       /* struct device_state by id */
    struct device_state *untold; /* a queue */
    struct device_state *last_untold;
};

struct mqtt_state *mqtt_state_create(int64_t period_us)
{
    struct mqtt_state *state = mem_alloc(sizeof(*state));
    state->period_us = period_us;
    return state;
}

static void forget_points(struct device_state *entry)
{
    for (size_t i = 0; entry->points && i < entry->device->point_count; i++) {
        free(entry->points[i].string);
    }
    free(entry->points);
    entry->points = NULL;
    device_unref(entry->device);
    entry->device = NULL;
}

void mqtt_state_destroy(struct mqtt_state *state)
{
    if (!state) {
        return;
    }
    heap_finish(&state->heap); /* while its entries live */
    for (size_t i = 0; i < state->devices.slot_count; i++) {
        struct device_state *entry = state->devices.slots[i].value;
        if (entry) {
            forget_points(entry);
            device_unref(entry->former);
            free(entry);
        }
    }
    id_map_finish(&state->devices);
    free(state);
}

static void queue_announcement(struct mqtt_state *state, struct device_state *entry)
{
    entry->told = 0;
    if (entry->is_queued) {
        return;
    }
    entry->is_queued = true;
    if (state->last_untold) {
        state->last_untold->next_untold = entry;
    } else {
        state->untold = entry;
    }
    state->last_untold = entry;
}

static void keep_former(struct device_state *entry)
{
    if (entry->told > 0) {
        device_unref(entry->former);
        entry->former = device_ref(entry->device);
        entry->former_seen = 0;
    }
}

static void learn_device(struct device_state *entry, const struct device *device)
{
    entry->points = mem_alloc_array(device->point_count, sizeof(struct point_state));
    entry->device = device_ref(device);
    for (size_t i = 0; i < device->point_count; i++) {
        entry->points[i].shown_quality = QUALITY_COUNT; /* unlike any: the first reading is news */
    }
}

static struct device_state *add_entry(struct mqtt_state *state, const struct device *device)
{
    struct device_state *entry = mem_alloc(sizeof(*entry));
    learn_device(entry, device);
    id_map_set(&state->devices, entry->device->id, entry);
    queue_announcement(state, entry);
    return entry;
}

static void change_layout(struct mqtt_state *state, struct device_state *entry,
                          const struct device *device)
{
    const struct device *old = device_ref(entry->device);
    keep_former(entry);
    forget_points(entry);
    learn_device(entry, device);
    id_map_set(&state->devices, entry->device->id, entry); /* the old string goes */
    device_unref(old);
    queue_announcement(state, entry);
}

static struct device_state *find_entry(struct mqtt_state *state, const struct device *device)
{
    struct device_state *entry = id_map_find(&state->devices, device->id);
    if (!entry) {
        return add_entry(state, device);
    }
    if (entry->device != device && !device_same_layout(entry->device, device)) {
        change_layout(state, entry, device);
    }
    return entry;
}

static bool note_text(struct point_state *state, const char *string)
{
    if (state->string && strcmp(state->string, string) == 0) {
        return false;
    }
    free(state->string);
    state->string = mem_dup_string(string);
    return true;
}

/* A step of exactly the dead band must not count because of its last binary digit. */
static bool is_beyond(double change, double dead_band)
{
    return fabs(change) > dead_band * 1.000001;
}

/* True when the reading is news. */
static bool note_reading(struct point_state *state, const struct point *point,
                         const struct batch *batch, const struct reading *reading)
{
    state->reading = *reading;
    state->read_us = batch->received_mono_us;
    enum quality quality = reading_quality(point, reading);
    state->reading.quality = (uint8_t)quality;
    if (quality == QUALITY_OK && point->quantity->kind == QUANTITY_TEXT) {
        return note_text(state, reading_text(batch, reading)) || quality != state->shown_quality;
    }
    if (quality != state->shown_quality) {
        return true;
    }
    return quality == QUALITY_OK && is_beyond(reading->value - state->shown, point->dead_band);
}

void mqtt_state_note(struct mqtt_state *state, const struct batch *batch, int64_t now_us)
{
    struct device_state *entry = find_entry(state, batch->device);
    entry->seq = batch->seq;
    entry->time_us = batch->time_us;
    entry->is_clock_untrusted = batch->clock.is_untrusted;
    bool is_news = false;
    for (size_t i = 0; i < batch->count; i++) {
        uint16_t index = batch->readings[i].point;
        is_news |= note_reading(&entry->points[index], &entry->device->points[index], batch,
                                &batch->readings[i]);
    }
    if (is_news && (entry->due.place == 0 || entry->due.when_us > now_us)) {
        heap_set(&state->heap, &entry->due,
                 now_us > entry->next_allowed_us ? now_us : entry->next_allowed_us);
    }
}

void mqtt_state_renew(struct mqtt_state *state, int64_t now_us)
{
    for (size_t i = 0; i < state->devices.slot_count; i++) {
        struct device_state *entry = state->devices.slots[i].value;
        if (entry) {
            heap_set(&state->heap, &entry->due, now_us);
        }
    }
}

/* A layout without points: everything that it had is gone. */
static void hollow(struct mqtt_state *state, struct device_state *entry, int64_t now_us)
{
    const struct device *known = entry->device;
    const struct device model = {.id = known->id,
                                 .name = known->name,
                                 .site = known->site,
                                 .node = known->node,
                                 .line = known->line,
                                 .profile = known->profile,
                                 .device_class = known->device_class,
                                 .unit = known->unit};
    struct device *device = device_create(&model);
    change_layout(state, entry, device);
    device_unref(device);
    heap_set(&state->heap, &entry->due, now_us);
}

static bool is_hollow(const struct device_state *entry)
{
    return entry->device->point_count == 0;
}

void mqtt_state_keep(struct mqtt_state *state, const struct site *site, int64_t now_us)
{
    struct id_map known = {0};
    const struct line_config *lines = site->lines.items;
    for (size_t i = 0; i < site->lines.count; i++) {
        const struct device_config *devices = lines[i].devices.items;
        for (size_t j = 0; j < lines[i].devices.count; j++) {
            id_map_set(&known, devices[j].id, (void *)&devices[j]);
        }
    }
    for (size_t i = 0; i < state->devices.slot_count; i++) {
        struct device_state *entry = state->devices.slots[i].value;
        const bool is_field = entry && entry->device->kind == DEVICE_FIELD;
        if (is_field && !is_hollow(entry) && id_map_find(&known, entry->device->id) == NULL) {
            hollow(state, entry, now_us);
        }
    }
    id_map_finish(&known);
}

int64_t mqtt_state_due_us(const struct mqtt_state *state)
{
    const struct heap_entry *top = heap_top(&state->heap);
    return top ? top->when_us : -1;
}

static void refresh_quality(struct point_state *state, const struct point *point, int64_t now_us)
{
    int64_t age_us = now_us - state->read_us;
    state->shown = state->reading.value;
    state->shown_quality = (uint8_t)reading_quality_now(point, &state->reading, age_us);
}

static void add_message(struct device_state *entry, int64_t now_us, struct text *text)
{
    struct mqtt_payload payload;
    const struct point *points = entry->device->points;
    mqtt_payload_begin(&payload, text, entry->time_us, entry->seq);
    for (size_t i = 0; i < entry->device->point_count; i++) {
        struct point_state *point = &entry->points[i];
        refresh_quality(point, &points[i], now_us);
        if (point->shown_quality == QUALITY_OK) {
            mqtt_payload_value(&payload, &points[i], &point->reading, point->string);
        }
    }
    for (size_t i = 0; i < entry->device->point_count; i++) {
        const struct point_state *point = &entry->points[i];
        if (point->shown_quality != QUALITY_OK) {
            mqtt_payload_quality(&payload, &points[i], point->shown_quality);
        }
    }
    mqtt_payload_end(&payload, entry->is_clock_untrusted);
}

const struct device *mqtt_state_take(struct mqtt_state *state, int64_t now_us, struct text *payload)
{
    struct heap_entry *top = heap_top(&state->heap);
    if (!top || top->when_us > now_us) {
        return NULL;
    }
    struct device_state *entry = (struct device_state *)top;
    if (is_hollow(entry)) {
        heap_remove(&state->heap, &entry->due);
        return entry->device;
    }
    add_message(entry, now_us, payload);
    int64_t base_us = entry->next_allowed_us;
    if (base_us < now_us - SLACK_US) {
        base_us = now_us - SLACK_US;
    }
    entry->next_allowed_us = base_us + GAP_US;
    heap_set(&state->heap, &entry->due, now_us + state->period_us);
    return entry->device;
}

bool mqtt_state_has_announcement(const struct mqtt_state *state)
{
    return state->untold != NULL;
}

void mqtt_state_announce_all(struct mqtt_state *state)
{
    for (size_t i = 0; i < state->devices.slot_count; i++) {
        struct device_state *entry = state->devices.slots[i].value;
        if (entry) {
            queue_announcement(state, entry);
        }
    }
}

/* A point of the former layout that the device has no more. */
static const struct point *next_gone(struct device_state *entry)
{
    while (entry->former && entry->former_seen < entry->former->point_count) {
        const struct point *point = &entry->former->points[entry->former_seen++];
        if (!device_find_point(entry->device, point->name)) {
            return point;
        }
    }
    return NULL;
}

static void drop_first(struct mqtt_state *state)
{
    struct device_state *entry = state->untold;
    state->untold = entry->next_untold;
    state->last_untold = state->untold ? state->last_untold : NULL;
    entry->next_untold = NULL;
    entry->is_queued = false;
    device_unref(entry->former);
    entry->former = NULL;
}

bool mqtt_state_next_announcement(struct mqtt_state *state, struct mqtt_announcement *out)
{
    while (state->untold) {
        struct device_state *entry = state->untold;
        const struct point *gone = next_gone(entry);
        if (gone) {
            *out = (struct mqtt_announcement){entry->device, gone, true};
            return true;
        }
        if (entry->told < entry->device->point_count) {
            const struct point *point = &entry->device->points[entry->told++];
            *out = (struct mqtt_announcement){entry->device, point, false};
            return true;
        }
        drop_first(state);
    }
    return false;
}
