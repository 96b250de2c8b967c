/* SPDX-License-Identifier: Apache-2.0 */
/* lines_get: GET /api/v1/lines and /api/v1/lines/{id}. */
#include <stdlib.h>
#include <string.h>

#include "http/routes/routes.h"
#include "http/server/server.h"
#include "http/status.h"

static void write_line(struct writer *writer, const struct line_status *line)
{
    writer_field_string(writer, "id", line->id);
    writer_field_string(writer, "endpoint", line->endpoint);
    writer_field_string(writer, "state", line_state_words[line->state]);
    writer_field_string(writer, "last_error", line->last_error);
    writer_field_time(writer, "last_good", line->last_good_wall_us);
    writer_field_real(writer, "load", line->load);
    writer_field_int(writer, "round_trip_p50_us", line->round_trip_p50_us);
    writer_field_int(writer, "round_trip_p99_us", line->round_trip_p99_us);
    writer_field_uint(writer, "requests", line->requests);
    writer_field_uint(writer, "replies", line->replies);
    writer_field_uint(writer, "devices", line->device_count);
    write_errors(writer, &line->errors);
}

void lines_get(struct request *request)
{
    size_t count = 0;
    struct line_status *lines = status_lines(&request->http->view, &count);
    struct writer writer = {.text = request_json(request, 200)};
    writer_open(&writer, '{');
    writer_field_open(&writer, "lines", '[');
    for (size_t i = 0; i < count; i++) {
        writer_open(&writer, '{');
        write_line(&writer, &lines[i]);
        writer_close(&writer, '}');
    }
    writer_close(&writer, ']');
    writer_close(&writer, '}');
    free(lines);
}

static void write_units(struct writer *writer, const struct http_view *view, const char *line)
{
    struct device_table table;
    device_table_init(&table, view);
    writer_field_open(writer, "units", '[');
    for (size_t i = 0; i < hub_device_count(view->hub); i++) {
        const struct device *device = hub_device_at(view->hub, i)->device;
        if (strcmp(device->line, line) == 0) {
            writer_open(writer, '{');
            writer_field_string(writer, "id", device->id);
            writer_field_string(writer, "name", device->name);
            writer_field_int(writer, "unit", device->unit);
            write_health(writer, device_table_find(&table, device->id));
            writer_close(writer, '}');
        }
    }
    writer_close(writer, ']');
    device_table_finish(&table);
}

void line_get(struct request *request)
{
    const char *id = request_variable(request, "id");
    size_t count = 0;
    struct line_status *lines = status_lines(&request->http->view, &count);
    size_t found = 0;
    while (found < count && strcmp(lines[found].id, id) != 0) {
        found++;
    }
    if (found < count) {
        struct writer writer = {.text = request_json(request, 200)};
        writer_open(&writer, '{');
        write_line(&writer, &lines[found]);
        write_units(&writer, &request->http->view, id);
        writer_close(&writer, '}');
    } else {
        char shown[64];
        request_refuse(request, ERROR_UNKNOWN_LINE, "the id of a line in /api/v1/lines",
                       "there is no line %s", printable(id, shown, sizeof(shown)));
    }
    free(lines);
}
