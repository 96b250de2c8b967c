/* SPDX-License-Identifier: Apache-2.0 */
/* layout: devices to bytes and back, and the guess of which counts resemble each other. */
#include "store/journal/layout.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum {
    LAYOUT_VERSION = 1,
    BACK_MAX = 3,            /* farther back another kind of value is likelier */
    POINTS_MAX = 4096,       /* as a batch can hold */
    POINT_WRITABLE = 1 << 7, /* beside the source in one byte */
    KIND_DERIVED = 1 << 7,   /* beside the class */
};

/* Phases of one quantity are nearly equal, and stand side by side in the order that profiles use. */
static bool is_alike(const struct point *one, const struct point *other)
{
    return one->source != POINT_TEXT && other->source != POINT_TEXT && one->resolution != 0 &&
           one->resolution == other->resolution && one->quantity->kind == other->quantity->kind &&
           strcmp(one->quantity->unit, other->quantity->unit) == 0;
}

static uint8_t best_back(const struct device *device, size_t index)
{
    for (size_t back = 1; back <= BACK_MAX && back <= index; back++) {
        if (is_alike(&device->points[index], &device->points[index - back])) {
            return (uint8_t)back;
        }
    }
    return 0;
}

static struct layout *make_layout(const struct device *device)
{
    struct layout *layout = mem_alloc(sizeof(*layout) + device->point_count);
    layout->device = device_ref(device);
    return layout;
}

struct layout *layout_of_device(const struct device *device)
{
    struct layout *layout = make_layout(device);
    for (size_t i = 0; i < device->point_count; i++) {
        layout->back[i] = best_back(device, i);
    }
    return layout;
}

void layout_destroy(struct layout *layout)
{
    if (layout != NULL) {
        device_unref(layout->device);
        free(layout);
    }
}

static void put_point(struct bytes *out, const struct point *point, uint8_t back)
{
    const bool is_named_so = strcmp(point->name, point->quantity->name) == 0;
    bytes_put_string(out, point->quantity->name);
    bytes_put_string(out, is_named_so ? "" : point->name);
    bytes_put_unsigned(out, point->index);
    bytes_put_u8(out, (uint8_t)(point->source | (point->is_writable ? POINT_WRITABLE : 0)));
    bytes_put_u8(out, back);
    bytes_put_double(out, point->resolution);
    bytes_put_double(out, point->offset);
    bytes_put_double(out, point->dead_band);
    bytes_put_signed(out, point->modulus);
    bytes_put_signed(out, point->period_ms);
}

void layout_encode(const struct layout *layout, struct bytes *out)
{
    const struct device *device = layout->device;
    bytes_put_u8(out, LAYOUT_VERSION);
    bytes_put_string(out, device->id);
    bytes_put_string(out, device->name);
    bytes_put_string(out, device->site);
    bytes_put_string(out, device->node);
    bytes_put_string(out, device->line);
    bytes_put_string(out, device->profile);
    bytes_put_u8(
        out, (uint8_t)(device->device_class | (device->kind == DEVICE_DERIVED ? KIND_DERIVED : 0)));
    bytes_put_unsigned(out, device->unit);
    bytes_put_unsigned(out, device->point_count);
    for (size_t i = 0; i < device->point_count; i++) {
        put_point(out, &device->points[i], layout->back[i]);
    }
}

/* A device under construction: device_create copies all of it, then it is thrown away. */
struct draft {
    struct device device;
    char *strings[6];
    struct point *points;
    uint8_t *back;
    char **names;
    size_t count;
    bool is_unknown; /* a quantity was not found */
};

static void finish_draft(struct draft *draft)
{
    for (size_t i = 0; i < ARRAY_SIZE(draft->strings); i++) {
        free(draft->strings[i]);
    }
    for (size_t i = 0; i < draft->count; i++) {
        free(draft->names[i]);
    }
    free(draft->names);
    free(draft->back);
    free(draft->points);
}

static void take_point(struct span *span, struct draft *draft, size_t index)
{
    struct point *point = &draft->points[index];
    char *quantity = span_dup_string(span);
    char *name = span_dup_string(span);
    point->quantity = quantity_find(quantity);
    draft->is_unknown |= point->quantity == NULL;
    if (name[0] == '\0') {
        draft->names[index] = quantity;
        free(name);
    } else {
        draft->names[index] = name;
        free(quantity);
    }
    point->name = draft->names[index];
    point->index = (uint16_t)span_unsigned(span);
    const uint8_t flags = span_u8(span);
    point->source = flags & (uint8_t)~POINT_WRITABLE;
    point->is_writable = (flags & POINT_WRITABLE) != 0;
    draft->back[index] = span_u8(span);
    span->is_bad |= point->source > POINT_TEXT || draft->back[index] > index;
    point->resolution = span_double(span);
    point->offset = span_double(span);
    point->dead_band = span_double(span);
    point->modulus = span_signed(span);
    point->period_ms = span_signed(span);
}

static void take_identity(struct span *span, struct draft *draft)
{
    span->is_bad |= span_u8(span) != LAYOUT_VERSION;
    for (size_t i = 0; i < ARRAY_SIZE(draft->strings); i++) {
        draft->strings[i] = span_dup_string(span);
    }
    draft->device.id = draft->strings[0];
    draft->device.name = draft->strings[1];
    draft->device.site = draft->strings[2];
    draft->device.node = draft->strings[3];
    draft->device.line = draft->strings[4];
    draft->device.profile = draft->strings[5];
    const uint8_t kind_and_class = span_u8(span);
    const uint8_t device_class = kind_and_class & (uint8_t)~KIND_DERIVED;
    span->is_bad |= device_class >= DEVICE_CLASS_COUNT;
    draft->device.kind = (kind_and_class & KIND_DERIVED) != 0 ? DEVICE_DERIVED : DEVICE_FIELD;
    draft->device.device_class = (enum device_class)device_class;
    draft->device.unit = (uint16_t)span_unsigned(span);
}

static void take_points(struct span *span, struct draft *draft)
{
    const uint64_t count = span_unsigned(span);
    if (span->is_bad || count > POINTS_MAX) {
        span->is_bad = true;
        return;
    }
    draft->count = (size_t)count;
    draft->names = mem_alloc_array(draft->count, sizeof(*draft->names));
    draft->points = mem_alloc_array(draft->count, sizeof(*draft->points));
    draft->back = mem_alloc_array(draft->count, 1);
    for (size_t i = 0; i < draft->count; i++) {
        take_point(span, draft, i);
    }
    draft->device.points = draft->points;
    draft->device.point_count = (uint16_t)count;
}

int layout_decode(const void *data, size_t length, const struct device *sibling,
                  struct layout **out)
{
    struct span span = span_of(data, length);
    struct draft draft = {0};
    int error = 0;
    take_identity(&span, &draft);
    take_points(&span, &draft);
    if (span.is_bad || span_left(&span) > 0) {
        error = -EBADMSG;
    } else if (draft.is_unknown) {
        error = -ENOENT;
    } else {
        struct device *device = device_share_points(device_create(&draft.device), sibling);
        *out = make_layout(device);
        device_unref(device);
        if (draft.count > 0) {
            memcpy((*out)->back, draft.back, draft.count);
        }
    }
    finish_draft(&draft);
    return error;
}
