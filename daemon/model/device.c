/* SPDX-License-Identifier: Apache-2.0 */
/* device: an immutable copy of who sends and what it sends: the struct, its points and all strings in one block. The
 * points may be those of an equal device. */
#include <lingtan/device.h>

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

const char *const device_class_words[] = {"meter",       "inverter", "charger", "hvac",
                                          "water_meter", "sensor",   NULL};

enum { STRING_COUNT = 6 };

static const char *text_of(const char *string)
{
    return string != NULL ? string : "";
}

static void list_strings(const struct device *device, const char *strings[STRING_COUNT])
{
    strings[0] = text_of(device->id);
    strings[1] = text_of(device->name);
    strings[2] = text_of(device->site);
    strings[3] = text_of(device->node);
    strings[4] = text_of(device->line);
    strings[5] = text_of(device->profile);
}

static size_t identity_size(const struct device *model)
{
    const char *strings[STRING_COUNT];
    size_t size = 0;
    list_strings(model, strings);
    for (size_t i = 0; i < STRING_COUNT; i++) {
        size += strlen(strings[i]) + 1;
    }
    return size;
}

static size_t points_size(const struct device *model)
{
    size_t size = model->point_count * sizeof(struct point);
    for (size_t i = 0; i < model->point_count; i++) {
        size += strlen(text_of(model->points[i].name)) + 1;
    }
    return size;
}

static const char *copy_string(char **space, const char *string)
{
    size_t size = strlen(text_of(string)) + 1;
    char *copy = memcpy(*space, text_of(string), size);
    *space += size;
    return copy;
}

static bool same_point(const struct point *one, const struct point *other)
{
    return strcmp(one->name, other->name) == 0 && one->quantity == other->quantity &&
           one->index == other->index && one->source == other->source &&
           one->is_writable == other->is_writable && one->resolution == other->resolution &&
           one->offset == other->offset && one->dead_band == other->dead_band &&
           one->modulus == other->modulus && one->period_ms == other->period_ms;
}

static bool same_identity(const struct device *one, const struct device *other)
{
    const char *ours[STRING_COUNT];
    const char *theirs[STRING_COUNT];
    list_strings(one, ours);
    list_strings(other, theirs);
    for (size_t i = 0; i < STRING_COUNT; i++) {
        if (strcmp(ours[i], theirs[i]) != 0) {
            return false;
        }
    }
    return one->kind == other->kind && one->device_class == other->device_class &&
           one->unit == other->unit;
}

static void copy_identity(struct device *device, const struct device *model, char *space)
{
    atomic_init(&device->references, 1);
    device->id = copy_string(&space, model->id);
    device->name = copy_string(&space, model->name);
    device->site = copy_string(&space, model->site);
    device->node = copy_string(&space, model->node);
    device->line = copy_string(&space, model->line);
    device->profile = copy_string(&space, model->profile);
    device->kind = model->kind;
    device->device_class = model->device_class;
    device->unit = model->unit;
    device->point_count = model->point_count;
}

struct device *device_create(const struct device *model)
{
    struct device *device = mem_alloc(sizeof(*device) + points_size(model) + identity_size(model));
    struct point *points = (struct point *)(device + 1);
    char *space = (char *)(points + model->point_count);
    device->points = points;
    for (size_t i = 0; i < model->point_count; i++) {
        points[i] = model->points[i];
        points[i].name = copy_string(&space, model->points[i].name);
    }
    copy_identity(device, model, space);
    return device;
}

static bool same_points(const struct device *one, const struct device *other)
{
    if (one->point_count != other->point_count) {
        return false;
    }
    for (size_t i = 0; i < one->point_count; i++) {
        if (!same_point(&one->points[i], &other->points[i])) {
            return false;
        }
    }
    return true;
}

struct device *device_share_points(struct device *take_device, const struct device *sibling)
{
    if (sibling == NULL || !same_points(take_device, sibling)) {
        return take_device;
    }
    struct device *device = mem_alloc(sizeof(*device) + identity_size(take_device));
    copy_identity(device, take_device, (char *)(device + 1));
    device->sibling = device_ref(sibling->sibling != NULL ? sibling->sibling : sibling);
    device->points = sibling->points;
    device_unref(take_device);
    return device;
}

const struct device *device_ref(const struct device *device)
{
    atomic_fetch_add_explicit(&((struct device *)device)->references, 1, memory_order_relaxed);
    return device;
}

/* Memory orders as in batch_unref. */
void device_unref(const struct device *device)
{
    struct device *counted = (struct device *)device;
    if (device != NULL &&
        atomic_fetch_sub_explicit(&counted->references, 1, memory_order_acq_rel) == 1) {
        device_unref(device->sibling);
        free(counted);
    }
}

const struct point *device_find_point(const struct device *device, const char *name)
{
    for (size_t i = 0; i < device->point_count; i++) {
        if (strcmp(device->points[i].name, name) == 0) {
            return &device->points[i];
        }
    }
    return NULL;
}

bool device_same_layout(const struct device *one, const struct device *other)
{
    return one == other || (same_identity(one, other) && same_points(one, other));
}
