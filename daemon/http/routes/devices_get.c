/* SPDX-License-Identifier: Apache-2.0 */
/* devices_get: GET /api/v1/devices, /api/v1/devices/{id} and /api/v1/points. */
#include "http/live.h"
#include "http/routes/routes.h"
#include "http/server/server.h"
#include "http/status.h"

static void write_device(struct writer *writer, const struct device *device,
                         const struct device_status *status)
{
    writer_field_string(writer, "id", device->id);
    writer_field_string(writer, "name", device->name);
    writer_field_string(writer, "node", device->node);
    writer_field_string(writer, "line", device->line);
    writer_field_string(writer, "profile", device->profile);
    writer_field_string(writer, "class", device_class_words[device->device_class]);
    writer_field_int(writer, "unit", device->unit);
    write_health(writer, status);
}

static void write_point(struct writer *writer, const struct point *point)
{
    writer_field_string(writer, "name", point->name);
    writer_field_string(writer, "quantity", point->quantity->name);
    writer_field_int(writer, "index", point->index);
    writer_field_string(writer, "unit", point->quantity->unit);
    writer_field_string(writer, "kind", quantity_kind_word(point->quantity->kind));
    writer_field_string(writer, "chinese", point->quantity->chinese);
    writer_field_bool(writer, "writable", point->is_writable);
    writer_field_int(writer, "period_ms", point->period_ms);
}

void devices_get(struct request *request)
{
    const struct http_view *view = &request->http->view;
    struct device_table table;
    device_table_init(&table, view);
    struct writer writer = {.text = request_json(request, 200)};
    writer_open(&writer, '{');
    writer_field_open(&writer, "devices", '[');
    for (size_t i = 0; i < hub_device_count(view->hub); i++) {
        const struct device *device = hub_device_at(view->hub, i)->device;
        writer_open(&writer, '{');
        write_device(&writer, device, device_table_find(&table, device->id));
        writer_close(&writer, '}');
    }
    writer_close(&writer, ']');
    writer_close(&writer, '}');
    device_table_finish(&table);
}

static void write_live_points(struct writer *writer, const struct http_view *view,
                              const struct live_device *live)
{
    int64_t now_us = clock_mono_us(loop_clock(view->loop));
    writer_field_open(writer, "points", '[');
    for (size_t i = 0; i < live->device->point_count; i++) {
        const struct point *point = &live->device->points[i];
        const struct reading *reading = &live->readings[i];
        writer_open(writer, '{');
        write_point(writer, point);
        writer_key(writer, "value");
        if (reading->time_us != 0) {
            live_write_value(writer, point, reading, live->texts[i]);
        } else {
            writer_null(writer);
        }
        writer_field_string(writer, "quality", quality_word(hub_quality(view->hub, live, i)));
        writer_field_time(writer, "time", reading->time_us);
        writer_key(writer, "age_ms");
        if (reading->time_us != 0) {
            writer_int(writer, (now_us - live->read_mono_us[i]) / 1000);
        } else {
            writer_null(writer);
        }
        writer_close(writer, '}');
    }
    writer_close(writer, ']');
}

void device_get(struct request *request)
{
    const char *id = request_variable(request, "id");
    const struct http_view *view = &request->http->view;
    const struct live_device *live = hub_find_device(view->hub, id);
    if (!live) {
        char shown[64];
        request_refuse(request, ERROR_UNKNOWN_DEVICE, "the id of a device in /api/v1/devices",
                       "there is no device %s", printable(id, shown, sizeof(shown)));
        return;
    }
    struct device_table table;
    device_table_init(&table, view);
    struct writer writer = {.text = request_json(request, 200)};
    writer_open(&writer, '{');
    write_device(&writer, live->device, device_table_find(&table, id));
    writer_field_uint(&writer, "seq", live->seq);
    write_live_points(&writer, view, live);
    writer_close(&writer, '}');
    device_table_finish(&table);
}

void points_get(struct request *request)
{
    const struct http_view *view = &request->http->view;
    struct live_filter filter;
    if (live_filter_read(request, &filter) < 0) {
        return;
    }
    struct writer writer = {.text = request_json(request, 200)};
    request->answer.is_tagged = true;
    writer_open(&writer, '{');
    writer_field_open(&writer, "points", '[');
    for (size_t i = 0; i < hub_device_count(view->hub); i++) {
        const struct device *device = hub_device_at(view->hub, i)->device;
        if (!live_filter_passes(&filter, view->site, device)) {
            continue;
        }
        for (size_t j = 0; j < device->point_count; j++) {
            writer_open(&writer, '{');
            writer_field_string(&writer, "device", device->id);
            write_point(&writer, &device->points[j]);
            writer_close(&writer, '}');
        }
    }
    writer_close(&writer, ']');
    writer_close(&writer, '}');
}
