/* SPDX-License-Identifier: Apache-2.0 */
/* bad_registers: GET /api/v1/bad-registers and POST /api/v1/bad-registers/{id}: what devices refuse. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "http/routes/routes.h"
#include "http/server/server.h"
#include "http/server/writer.h"
#include <lingtan/bad_register.h>

static int compare(const void *left, const void *right)
{
    const struct bad_register *one = left;
    const struct bad_register *other = right;
    int order = strcmp(one->device, other->device);
    order = order != 0 ? order : (one->unit > other->unit) - (one->unit < other->unit);
    order =
        order != 0 ? order : (one->function > other->function) - (one->function < other->function);
    return order != 0 ? order : (one->first > other->first) - (one->first < other->first);
}

static struct bad_register *copy_rows(struct store *store, size_t *count)
{
    *count = 0;
    size_t max = store != NULL ? store_bad_registers(store, NULL, 0) : 0;
    struct bad_register *rows = mem_alloc_array(max + 1, sizeof(*rows));
    if (max > 0) {
        size_t known = store_bad_registers(store, rows, max);
        *count = known < max ? known : max;
    }
    qsort(rows, *count, sizeof(*rows), compare);
    return rows;
}

static void write_row(struct writer *writer, const struct bad_register *row)
{
    writer_open(writer, '{');
    writer_field_string(writer, "device", row->device);
    writer_field_int(writer, "unit", row->unit);
    writer_field_int(writer, "function", row->function);
    writer_field_int(writer, "first", row->first_printed);
    writer_field_int(writer, "last", row->last_printed);
    writer_field_int(writer, "address", row->first);
    writer_field_int(writer, "count", row->last - row->first + 1);
    writer_field_string(writer, "kind", row->is_split ? "not_together" : "refused");
    writer_field_string(writer, "quality", quality_word((enum quality)row->quality));
    writer_field_int(writer, "exception", row->exception);
    writer_field_time(writer, "since", row->since_us);
    writer_field_time(writer, "next_try", row->next_try_us);
    writer_close(writer, '}');
}

void bad_registers_get(struct request *request)
{
    size_t count = 0;
    struct bad_register *rows = copy_rows(request->http->view.store, &count);
    struct writer writer = {.text = request_json(request, 200)};
    writer_open(&writer, '{');
    writer_field_open(&writer, "bad_registers", '[');
    for (size_t i = 0; i < count; i++) {
        write_row(&writer, &rows[i]);
    }
    writer_close(&writer, ']');
    writer_close(&writer, '}');
    free(rows);
}

void bad_registers_post(struct request *request)
{
    const char *id = request_variable(request, "id");
    const struct http_view *view = &request->http->view;
    if (request->body.length != 2 || memcmp(request->body.data, "{}", 2) != 0) {
        request_refuse(request, ERROR_BAD_BODY, "{}",
                       "the body must be {}: the device stands in the path");
        return;
    }
    if (view->retry_bad_registers(view->context, id) < 0) {
        char shown[64];
        request_refuse(request, ERROR_UNKNOWN_DEVICE, "the id of a device in /api/v1/devices",
                       "there is no device %s", printable(id, shown, sizeof(shown)));
        return;
    }
    struct writer writer = {.text = request_json(request, 200)};
    writer_open(&writer, '{');
    writer_field_string(&writer, "device", id);
    writer_field_string(&writer, "by", request->principal.name);
    writer_close(&writer, '}');
}
