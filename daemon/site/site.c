/* SPDX-License-Identifier: Apache-2.0 */
/* site: look-ups in a loaded site, and devices as the rest of the daemon sees them. */
#include "site/site.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "config/number.h"
#include "profile/profile_parts.h"
#include <lingtan/reading.h>

enum {
    ONCE_MS = 86400000, /* identity is read again every day */
};

const struct node_config *site_find_node(const struct site *site, const char *id)
{
    const struct node_config *nodes = site->nodes.items;
    for (size_t i = 0; i < site->nodes.count; i++) {
        if (!strcmp(nodes[i].id, id)) {
            return &nodes[i];
        }
    }
    return NULL;
}

int64_t site_period_ms(const struct site *site, const struct device_config *device,
                       enum poll_class poll_class)
{
    switch (poll_class) {
    case POLL_FAST:
        return device->fast_ms > 0 ? device->fast_ms : site->fast_ms;
    case POLL_NORMAL:
        return device->normal_ms > 0 ? device->normal_ms : site->normal_ms;
    case POLL_SLOW:
        return device->slow_ms > 0 ? device->slow_ms : site->slow_ms;
    default:
        return ONCE_MS;
    }
}

double site_ratio(const struct device_config *device, const char *ratio)
{
    if (!strcmp(ratio, "ct")) {
        return device->ct_ratio;
    }
    if (!strcmp(ratio, "vt")) {
        return device->vt_ratio;
    }
    if (!strcmp(ratio, "ct*vt")) {
        return device->ct_ratio * device->vt_ratio;
    }
    return strcmp(ratio, "pulse") ? 1.0 : device->pulse_weight;
}

static bool has_helpers(const struct profile_point *point)
{
    return point->scale_from[0] || point->scale_by.count > 0;
}

/* A float register divided by a power of ten at the most. */
static bool is_single(const struct profile_point *point, double scale)
{
    const int decimals = resolution_decimals(scale);
    return point->type == REGISTER_F32 && !has_helpers(point) && point->offset == 0 &&
           decimals >= 0 && decimals <= SINGLE_DECIMALS_MAX;
}

static enum point_source source_of(const struct profile_point *point, double scale)
{
    switch (point->type) {
    case REGISTER_F32:
        return is_single(point, scale) ? POINT_FLOAT32 : POINT_FLOAT64;
    case REGISTER_F64:
        return POINT_FLOAT64;
    case REGISTER_STRING:
        return POINT_TEXT;
    default:
        return POINT_INTEGER;
    }
}

/* What one unit of the point is in the quantity's unit. */
static double unit_factor(const struct profile_point *point)
{
    return point->unit_scale / point->scale;
}

/* Where helpers have a say, each reading carries a resolution of its own. */
static double resolution_of(const struct profile_point *point, double ratio)
{
    if (point->type == REGISTER_STRING || has_helpers(point)) {
        return 0;
    }
    if (!profile_is_float(point)) {
        return number_round(point->unit_scale * ratio);
    }
    if (point->row->kind != QUANTITY_COUNTER) {
        const double scale = number_round(point->unit_scale * ratio);
        return is_single(point, scale) ? scale : 0;
    }
    return number_round(point->resolution * unit_factor(point) * ratio);
}

struct device *site_device(const struct site *site, const struct line_config *line,
                           const struct device_config *device, const struct profile *profile)
{
    const struct profile_point *from = profile->points.items;
    size_t count = profile->points.count;
    struct point *points = mem_alloc_array(count + 1, sizeof(*points));
    for (size_t i = 0; i < count; i++) {
        const double ratio = site_ratio(device, from[i].ratio);
        points[i] = (struct point){
            .name = from[i].name,
            .quantity = from[i].row,
            .index = (uint16_t)from[i].index,
            .source = (uint8_t)source_of(&from[i], number_round(from[i].unit_scale * ratio)),
            .is_writable = write_is_given(&from[i].write),
            .resolution = resolution_of(&from[i], ratio),
            .offset = number_round(from[i].offset * unit_factor(&from[i])),
            .dead_band = isnan(from[i].dead_band) ? from[i].row->dead_band : from[i].dead_band,
            .modulus = from[i].modulus_count,
            .period_ms = site_period_ms(site, device, (enum poll_class)from[i].poll),
        };
    }
    struct device model = {
        .id = device->id,
        .name = device->name[0] ? device->name : device->id,
        .site = site->id,
        .node = device->node,
        .line = line->id,
        .profile = profile->id,
        .device_class = (enum device_class)profile->device_class,
        .unit = (uint16_t)(device->unit >= 0 ? device->unit : profile->link.unit),
        .point_count = (uint16_t)count,
        .points = points,
    };
    struct device *made = device_create(&model);
    free(points);
    return made;
}
