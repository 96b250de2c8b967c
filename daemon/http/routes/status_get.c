/* SPDX-License-Identifier: Apache-2.0 */
/* status_get: GET /api/v1/status and /api/v1/sinks: the whole on one page. */
#include <stdlib.h>

#include "base/mem.h"
#include "http/routes/routes.h"
#include "http/server/server.h"
#include "http/status.h"

static void write_sinks(struct writer *writer, const struct http_view *view)
{
    writer_field_open(writer, "sinks", '[');
    for (size_t i = 0; i < view->runner_count; i++) {
        struct runner_status status = runner_status(view->runners[i]);
        write_sink(writer, &status);
    }
    writer_close(writer, ']');
}

void sinks_get(struct request *request)
{
    struct writer writer = {.text = request_json(request, 200)};
    writer_open(&writer, '{');
    write_sinks(&writer, &request->http->view);
    writer_close(&writer, '}');
}

static size_t count_points(const struct hub *hub)
{
    size_t points = 0;
    for (size_t i = 0; i < hub_device_count(hub); i++) {
        points += hub_device_at(hub, i)->device->point_count;
    }
    return points;
}

static void write_lines(struct writer *writer, const struct http_view *view)
{
    size_t count = 0;
    size_t up = 0;
    struct line_status *lines = status_lines(view, &count);
    for (size_t i = 0; i < count; i++) {
        up += line_is_well(&lines[i]);
    }
    free(lines);
    writer_field_uint(writer, "lines", count);
    writer_field_uint(writer, "lines_up", up);
}

static void write_devices(struct writer *writer, const struct http_view *view)
{
    size_t by_health[3] = {0};
    uint64_t bad_registers = 0;
    struct device_table table;
    device_table_init(&table, view);
    for (size_t i = 0; i < table.count; i++) {
        by_health[table.rows[i].health]++;
        bad_registers += table.rows[i].bad_registers;
    }
    device_table_finish(&table);
    writer_field_uint(writer, "devices", hub_device_count(view->hub));
    writer_field_uint(writer, "devices_online", by_health[DEVICE_ONLINE]);
    writer_field_uint(writer, "devices_offline", by_health[DEVICE_OFFLINE]);
    writer_field_uint(writer, "bad_registers", bad_registers);
    writer_field_uint(writer, "points", count_points(view->hub));
}

static void write_counts(struct writer *writer, const struct http_view *view)
{
    struct hub_status hub = hub_status(view->hub);
    writer_field_open(writer, "counts", '{');
    write_lines(writer, view);
    write_devices(writer, view);
    writer_field_uint(writer, "batches", hub.batches);
    writer_field_uint(writer, "readings", hub.readings);
    writer_field_open(writer, "readings_by_quality", '{');
    for (size_t i = 0; i < QUALITY_COUNT; i++) {
        writer_field_uint(writer, quality_word((enum quality)i), hub.by_quality[i]);
    }
    writer_close(writer, '}');
    writer_field_uint(writer, "not_journaled", hub.not_journaled);
    writer_field_uint(writer, "dropped", hub.intake.dropped);
    writer_close(writer, '}');
}

static void write_store(struct writer *writer, const struct store_status *store)
{
    writer_field_open(writer, "store", '{');
    writer_field_uint(writer, "durable", store->durable);
    writer_field_uint(writer, "dropped", store->dropped);
    writer_field_int(writer, "journal_bytes", store->journal_bytes);
    writer_field_time(writer, "oldest_day", store->oldest_day_us);
    writer_field_int(writer, "last_commit_us", store->last_commit_us);
    writer_field_uint(writer, "commits", store->commits);
    writer_close(writer, '}');
}

/* The last steps, oldest first: what they did to the times of readings can be told from them. */
static void write_clock(struct writer *writer, const struct http_view *view)
{
    enum { SHOWN = 10 };
    struct clock_step steps[SHOWN];
    size_t count = view->store ? store_clock_steps(view->store, steps, SHOWN) : 0;
    writer_field_open(writer, "clock", '{');
    writer_field_bool(writer, "trusted", hub_trusts_clock(view->hub));
    writer_field_uint(writer, "step_count", count);
    writer_field_open(writer, "steps", '[');
    for (size_t i = 0; i < count && i < SHOWN; i++) {
        writer_open(writer, '{');
        writer_field_time(writer, "from", steps[i].before_us);
        writer_field_time(writer, "to", steps[i].after_us);
        writer_field_int(writer, "by_ms", (steps[i].after_us - steps[i].before_us) / 1000);
        writer_close(writer, '}');
    }
    writer_close(writer, ']');
    writer_close(writer, '}');
}

static void write_alarms(struct writer *writer, const struct store_status *store)
{
    writer_field_open(writer, "alarms", '[');
    for (const struct store_alarm_row *row = store_alarm_rows; row->word; row++) {
        if (store->alarms & row->alarm) {
            writer_open(writer, '{');
            writer_field_string(writer, "id", row->word);
            writer_field_string(writer, "what", row->what);
            writer_field_string(writer, "why", store_reason(store, row->alarm));
            writer_field_bool(writer, "stands", row->alarm & STORE_STANDING);
            writer_close(writer, '}');
        }
    }
    writer_close(writer, ']');
}

static void write_doors(struct writer *writer, struct doors *doors)
{
    struct door_status rows[DOORS_MAX];
    size_t count = doors_status(doors, rows);
    writer_field_open(writer, "doors", '[');
    for (size_t i = 0; i < count; i++) {
        writer_open(writer, '{');
        writer_field_string(writer, "name", rows[i].name);
        writer_field_string(writer, "place", rows[i].place);
        writer_field_bool(writer, "open", rows[i].is_open);
        writer_field_string(writer, "why", rows[i].why);
        writer_close(writer, '}');
    }
    writer_close(writer, ']');
}

static void write_head(struct writer *writer, const struct http *http)
{
    const struct http_view *view = &http->view;
    const struct clock *clock = loop_clock(view->loop);
    char why[160] = "";
    bool is_ready = view->is_ready(view->context, why, sizeof(why));
    writer_field_string(writer, "version", view->version);
    writer_field_string(writer, "site", view->site->id);
    writer_field_string(writer, "site_name", view->site->name);
    writer_field_time(writer, "time", clock_wall_us(clock));
    writer_field_time(writer, "started", view->started_wall_us);
    writer_field_int(writer, "uptime_s", (clock_mono_us(clock) - http->started_mono_us) / 1000000);
    writer_field_bool(writer, "ready", is_ready);
    writer_field_string(writer, "not_ready_because", is_ready ? "" : why);
}

void status_get(struct request *request)
{
    const struct http_view *view = &request->http->view;
    struct store_status store = {0};
    if (view->store) {
        store = store_status(view->store);
    }
    struct writer writer = {.text = request_json(request, 200)};
    writer_open(&writer, '{');
    write_head(&writer, request->http);
    write_counts(&writer, view);
    write_store(&writer, &store);
    write_sinks(&writer, view);
    write_clock(&writer, view);
    write_doors(&writer, request->http->doors);
    write_alarms(&writer, &store);
    writer_close(&writer, '}');
}
