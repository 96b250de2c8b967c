/* SPDX-License-Identifier: Apache-2.0 */
/* live_model: rows and groups from the API's JSON, and the values that come in. */
#include "cli/live/live_model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "cli/live/live_slots.h"
#include "cli/remote/client.h"
#include "cli/screen/format.h"

enum {
    NODE_DEPTH_MAX = 32,
};

void live_model_finish(struct live_model *model)
{
    for (size_t i = 0; i < model->row_count; i++) {
        struct live_row *row = &model->rows[i];
        live_slots_finish(row);
        free(row->id);
        free(row->name);
        free(row->node);
        free(row->device_class);
        free(row->health);
    }
    for (size_t i = 0; i < model->entry_count; i++) {
        free(model->entries[i].title);
    }
    free(model->rows);
    free(model->by_id);
    free(model->entries);
    free(model->site);
    free(model->sinks);
    free(model->not_ready_because);
    *model = (struct live_model){0};
}

static int compare_rows(const void *left, const void *right, void *context)
{
    const struct live_row *rows = context;
    return strcmp(rows[*(const size_t *)left].id, rows[*(const size_t *)right].id);
}

static struct live_row *find_row(struct live_model *model, const char *id)
{
    size_t low = 0;
    size_t high = model->row_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        struct live_row *row = &model->rows[model->by_id[middle]];
        int order = strcmp(id, row->id);
        if (order == 0) {
            return row;
        }
        if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return NULL;
}

static void set_string(char **place, const char *value)
{
    if (!*place || strcmp(*place, value) != 0) {
        free(*place);
        *place = mem_dup_string(value);
    }
}

/* The points of each device; they come in one list, ordered by device. */
static json_t *points_by_device(const json_t *points)
{
    json_t *by_device = json_object();
    size_t i = 0;
    json_t *point = NULL;
    json_array_foreach(json_object_get(points, "points"), i, point)
    {
        const char *device = member_string(point, "device");
        json_t *list = json_object_get(by_device, device);
        if (!list) {
            list = json_array();
            json_object_set_new(by_device, device, list);
        }
        json_array_append(list, point);
    }
    return by_device;
}

static void load_rows(struct live_model *model, const json_t *devices, const json_t *points)
{
    json_t *by_device = points_by_device(points);
    const json_t *list = json_object_get(devices, "devices");
    size_t i = 0;
    json_t *device = NULL;
    model->row_count = json_array_size(list);
    model->rows = mem_alloc_array(model->row_count + 1, sizeof(*model->rows));
    model->by_id = mem_alloc_array(model->row_count + 1, sizeof(*model->by_id));
    json_array_foreach(list, i, device)
    {
        struct live_row *row = &model->rows[i];
        model->by_id[i] = i;
        row->id = mem_dup_string(member_string(device, "id"));
        row->name = mem_dup_string(member_string(device, "name"));
        row->node = mem_dup_string(member_string(device, "node"));
        row->device_class = mem_dup_string(member_string(device, "class"));
        row->health = mem_dup_string("unknown");
        live_slots_choose(row, json_object_get(by_device, row->id));
    }
    qsort_r(model->by_id, model->row_count, sizeof(*model->by_id), compare_rows, model->rows);
    json_decref(by_device);
}

static struct live_entry *add_entry(struct live_model *model, size_t *capacity)
{
    if (model->entry_count == *capacity) {
        *capacity = *capacity ? 2 * *capacity : 64;
        model->entries = mem_grow(model->entries, *capacity, sizeof(*model->entries));
    }
    struct live_entry *entry = &model->entries[model->entry_count++];
    *entry = (struct live_entry){0};
    return entry;
}

struct grouping {
    struct live_model *model;
    size_t capacity;
    bool *is_placed; /* by row */
};

static void add_group(struct grouping *grouping, const char *node, const char *title)
{
    struct live_model *model = grouping->model;
    bool has_title = false;
    for (size_t i = 0; i < model->row_count; i++) {
        bool is_here = !node || strcmp(model->rows[i].node, node) == 0;
        if (grouping->is_placed[i] || !is_here) {
            continue;
        }
        if (!has_title) {
            add_entry(model, &grouping->capacity)->title = mem_dup_string(title);
            has_title = true;
        }
        add_entry(model, &grouping->capacity)->row = i;
        grouping->is_placed[i] = true;
    }
}

static void add_nodes(struct grouping *grouping, const json_t *nodes, const char *above, int depth)
{
    size_t i = 0;
    json_t *node = NULL;
    json_array_foreach(nodes, i, node)
    {
        const char *name = member_string(node, "name");
        char *title = mem_format("%s%s%s", above, above[0] != '\0' ? " / " : "",
                                 name[0] != '\0' ? name : member_string(node, "id"));
        add_group(grouping, member_string(node, "id"), title);
        if (depth < NODE_DEPTH_MAX) {
            add_nodes(grouping, json_object_get(node, "nodes"), title, depth + 1);
        }
        free(title);
    }
}

void live_model_load(struct live_model *model, const json_t *site, const json_t *devices,
                     const json_t *points)
{
    const char *name = member_string(site, "name");
    model->site = mem_dup_string(name[0] != '\0' ? name : member_string(site, "id"));
    load_rows(model, devices, points);
    struct grouping grouping = {
        .model = model,
        .is_placed = mem_alloc_array(model->row_count + 1, sizeof(bool)),
    };
    add_group(&grouping, "", model->site);
    add_nodes(&grouping, json_object_get(site, "nodes"), "", 0);
    add_group(&grouping, NULL, "?"); /* whose node the site does not know */
    free(grouping.is_placed);
}

void live_model_take_devices(struct live_model *model, const json_t *devices, int64_t now_wall_us,
                             int64_t now_mono_us)
{
    size_t i = 0;
    json_t *device = NULL;
    json_array_foreach(json_object_get(devices, "devices"), i, device)
    {
        struct live_row *row = find_row(model, member_string(device, "id"));
        int64_t good_us = member_time_us(device, "last_good");
        if (!row) {
            continue;
        }
        set_string(&row->health, member_string(device, "health"));
        row->was_asked = member_integer(device, "polls") > 0;
        if (good_us != 0) {
            int64_t mono_us = now_mono_us - (now_wall_us - good_us);
            row->good_mono_us = mono_us > row->good_mono_us ? mono_us : row->good_mono_us;
        }
    }
}

static char *sinks_text(const json_t *sinks)
{
    struct text text = {0};
    size_t i = 0;
    json_t *sink = NULL;
    json_array_foreach(sinks, i, sink)
    {
        const char *state = member_string(sink, "state");
        int64_t backlog = member_integer(sink, "backlog");
        text_add_format(&text, "%s%s %s", i > 0 ? ", " : "", member_string(sink, "name"),
                        strcmp(state, "down") == 0 ? "DOWN" : state);
        if (backlog > 100) { /* a caught-up sink is always a few behind */
            text_add_format(&text, " (%lld behind)", (long long)backlog);
        }
    }
    return text_take(&text);
}

void live_model_take_status(struct live_model *model, const json_t *status)
{
    const json_t *counts = json_object_get(status, "counts");
    model->online = member_integer(counts, "devices_online");
    model->offline = member_integer(counts, "devices_offline");
    model->lines = member_integer(counts, "lines");
    model->lines_up = member_integer(counts, "lines_up");
    model->points = member_integer(counts, "points");
    model->is_ready = json_is_true(json_object_get(status, "ready"));
    model->alarm_count = json_array_size(json_object_get(status, "alarms"));
    set_string(&model->not_ready_because, member_string(status, "not_ready_because"));
    free(model->sinks);
    model->sinks = sinks_text(json_object_get(status, "sinks"));
}

/* age_ms is an object by point, or NULL: now. */
static void take_values(struct live_row *row, const json_t *data, const json_t *age_ms,
                        int64_t now_mono_us)
{
    const json_t *values = json_object_get(data, "values");
    const json_t *qualities = json_object_get(data, "quality");
    for (size_t i = 0; i < row->slot_count; i++) {
        struct live_slot *slot = &row->slots[i];
        const json_t *value = json_object_get(values, slot->point);
        if (!value) {
            continue; /* of another poll class */
        }
        const char *quality = member_string(qualities, slot->point);
        slot->quality = QUALITY_OK;
        if (quality[0] != '\0' && quality_parse(quality, &slot->quality) < 0) {
            slot->quality = QUALITY_COUNT; /* a word of a newer daemon */
        }
        slot->is_known = true;
        slot->value = member_number(values, slot->point);
        if (json_is_number(value)) {
            slot->read_mono_us = now_mono_us - member_integer(age_ms, slot->point) * 1000;
        }
    }
}

/* The newest good value of the whole device, shown or not. */
static void take_good(struct live_row *row, const json_t *data, const json_t *age_ms,
                      int64_t now_mono_us)
{
    const json_t *qualities = json_object_get(data, "quality");
    const char *point = NULL;
    json_t *value = NULL;
    json_object_foreach(json_object_get(data, "values"), point, value)
    {
        if (json_is_null(value) || json_object_get(qualities, point)) {
            continue;
        }
        int64_t good_us = now_mono_us - member_integer(age_ms, point) * 1000;
        row->good_mono_us = good_us > row->good_mono_us ? good_us : row->good_mono_us;
    }
}

static void take_data(struct live_model *model, const json_t *data, int64_t now_mono_us)
{
    struct live_row *row = find_row(model, member_string(data, "device"));
    const json_t *age_ms = json_object_get(data, "age_ms");
    if (row) {
        take_values(row, data, age_ms, now_mono_us);
        take_good(row, data, age_ms, now_mono_us);
    }
}

void live_model_take_snapshot(struct live_model *model, const json_t *snapshot, int64_t now_mono_us)
{
    size_t i = 0;
    json_t *data = NULL;
    json_array_foreach(json_object_get(snapshot, "devices"), i, data)
    {
        take_data(model, data, now_mono_us);
    }
}

void live_model_take_batch(struct live_model *model, const json_t *batch, int64_t now_mono_us)
{
    take_data(model, batch, now_mono_us);
}

char live_slot_letter(const struct live_slot *slot, int64_t now_mono_us)
{
    int64_t age_us = now_mono_us - slot->read_mono_us;
    return quality_letter(quality_word(quality_now(slot->quality, age_us, slot->period_ms)));
}
