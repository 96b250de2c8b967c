/* SPDX-License-Identifier: Apache-2.0 */
/* live: the newest values of devices, and batches, as JSON. */
#include "http/live.h"

#include <math.h>
#include <string.h>

#include "http/server/server.h"

enum {
    NODE_DEPTH_MAX = 32,
};

bool live_node_is_within(const struct site *site, const char *node, const char *wanted)
{
    for (int depth = 0; depth < NODE_DEPTH_MAX && node[0] != '\0'; depth++) {
        if (strcmp(node, wanted) == 0) {
            return true;
        }
        const struct node_config *config = site_find_node(site, node);
        if (!config) {
            return false;
        }
        node = config->parent;
    }
    return false;
}

bool live_filter_passes(const struct live_filter *filter, const struct site *site,
                        const struct device *device)
{
    if (filter->device && strcmp(device->id, filter->device) != 0) {
        return false;
    }
    return !filter->node || live_node_is_within(site, device->node, filter->node);
}

int live_filter_read(struct request *request, struct live_filter *filter)
{
    const struct http_view *view = &request->http->view;
    char shown[64];
    *filter = (struct live_filter){
        .device = request_parameter(request, "device"),
        .node = request_parameter(request, "node"),
    };
    if (filter->device && !hub_find_device(view->hub, filter->device)) {
        request_refuse(request, ERROR_FILTER_DEVICE, "the id of a device in /api/v1/devices",
                       "there is no device %s", printable(filter->device, shown, sizeof(shown)));
        return -EINVAL;
    }
    if (filter->node && !site_find_node(view->site, filter->node)) {
        request_refuse(request, ERROR_FILTER_NODE, "the id of a node in /api/v1/site",
                       "there is no node %s", printable(filter->node, shown, sizeof(shown)));
        return -EINVAL;
    }
    return 0;
}

void live_write_value(struct writer *writer, const struct point *point,
                      const struct reading *reading, const char *text)
{
    if (point->quantity->kind == QUANTITY_TEXT) {
        writer_string(writer, text);
    } else if (isfinite(reading->value)) {
        writer_value(writer);
        reading_add_value(writer->text, point, reading);
    } else {
        writer_null(writer);
    }
}

static void write_clock(struct writer *writer, bool is_untrusted)
{
    if (is_untrusted) {
        writer_field_string(writer, "clock", "untrusted");
    }
}

static void write_values(struct writer *writer, const struct live_device *live)
{
    const struct device *device = live->device;
    writer_field_open(writer, "values", '{');
    for (size_t i = 0; i < device->point_count; i++) {
        if (live->readings[i].time_us != 0) {
            writer_key(writer, device->points[i].name);
            live_write_value(writer, &device->points[i], &live->readings[i], live->texts[i]);
        }
    }
    writer_close(writer, '}');
}

static void write_qualities(struct writer *writer, const struct hub *hub,
                            const struct live_device *live)
{
    writer_field_open(writer, "quality", '{');
    for (size_t i = 0; i < live->device->point_count; i++) {
        enum quality quality = hub_quality(hub, live, i);
        if (quality != QUALITY_OK) {
            writer_field_string(writer, live->device->points[i].name, quality_word(quality));
        }
    }
    writer_close(writer, '}');
}

static void write_ages(struct writer *writer, const struct live_device *live, int64_t now_us)
{
    writer_field_open(writer, "age_ms", '{');
    for (size_t i = 0; i < live->device->point_count; i++) {
        if (live->readings[i].time_us != 0) {
            writer_field_int(writer, live->device->points[i].name,
                             (now_us - live->read_mono_us[i]) / 1000);
        }
    }
    writer_close(writer, '}');
}

static void write_device(struct writer *writer, const struct http_view *view,
                         const struct live_device *live)
{
    writer_open(writer, '{');
    writer_field_string(writer, "device", live->device->id);
    writer_key(writer, "ts");
    if (live->time_us != 0) {
        writer_int(writer, live->time_us / 1000);
    } else {
        writer_null(writer);
    }
    writer_field_uint(writer, "seq", live->seq);
    write_clock(writer, live->is_clock_untrusted);
    write_values(writer, live);
    write_qualities(writer, view->hub, live);
    write_ages(writer, live, clock_mono_us(loop_clock(view->loop)));
    writer_close(writer, '}');
}

void live_write_snapshot(struct writer *writer, const struct http_view *view,
                         const struct live_filter *filter)
{
    writer_open(writer, '{');
    writer_field_time(writer, "time", clock_wall_us(loop_clock(view->loop)));
    writer_field_open(writer, "devices", '[');
    for (size_t i = 0; i < hub_device_count(view->hub); i++) {
        const struct live_device *live = hub_device_at(view->hub, i);
        if (live_filter_passes(filter, view->site, live->device)) {
            write_device(writer, view, live);
        }
    }
    writer_close(writer, ']');
    writer_close(writer, '}');
}

void live_write_batch(struct writer *writer, const struct batch *batch)
{
    const struct point *points = batch->device->points;
    writer_open(writer, '{');
    writer_field_string(writer, "device", batch->device->id);
    writer_field_int(writer, "ts", batch->time_us / 1000);
    writer_field_uint(writer, "seq", batch->seq);
    write_clock(writer, batch->clock.is_untrusted);
    writer_field_open(writer, "values", '{');
    for (size_t i = 0; i < batch->count; i++) {
        const struct reading *reading = &batch->readings[i];
        const struct point *point = &points[reading->point];
        bool is_text = point->quantity->kind == QUANTITY_TEXT && reading->quality == QUALITY_OK;
        writer_key(writer, point->name);
        live_write_value(writer, point, reading, is_text ? reading_text(batch, reading) : NULL);
    }
    writer_close(writer, '}');
    writer_field_open(writer, "quality", '{');
    for (size_t i = 0; i < batch->count; i++) {
        const struct reading *reading = &batch->readings[i];
        enum quality quality = reading_quality(&points[reading->point], reading);
        if (quality != QUALITY_OK) {
            writer_field_string(writer, points[reading->point].name, quality_word(quality));
        }
    }
    writer_close(writer, '}');
    writer_close(writer, '}');
}
