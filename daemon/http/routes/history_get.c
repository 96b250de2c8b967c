/* SPDX-License-Identifier: Apache-2.0 */
/* history_get: GET /api/v1/history. The journal is read on the worker's thread; only what the configuration knows of
 * the point is asked of the main thread. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "http/live.h"
#include "http/routes/routes.h"
#include "http/server/server.h"
#include "http/server/writer.h"

enum {
    LIMIT_DEFAULT = 10000,
    LIMIT_MAX = 100000,
    HOUR_S = 3600,
};

static const int64_t LATEST_US = 253402300799000000; /* the end of year 9999 */

/* A query on its way: owned by the job. */
struct query {
    struct request *request;
    char *device;
    char *point;
    int64_t from_us;
    int64_t to_us;
    size_t limit;
    bool is_known; /* to the configuration of now */
    char *unit;
    /* the answer as it grows */
    struct worker *worker;
    struct writer writer;
    struct text rows;
    size_t count;
    int64_t next_us; /* time of the first reading left out, 0 = none */
};

static void query_destroy(void *context)
{
    struct query *query = context;
    text_finish(&query->rows);
    free(query->device);
    free(query->point);
    free(query->unit);
    free(query);
}

static bool take_reading(void *context, const struct journal_reading *found)
{
    struct query *query = context;
    const struct point *point = found->point;
    const struct reading *reading = found->reading;
    if (query->count == query->limit) {
        query->next_us = reading->time_us;
        return false;
    }
    if (!query->unit) {
        query->unit = mem_dup_string(point->quantity->unit);
    }
    query->count++;
    writer_open(&query->writer, '[');
    writer_int(&query->writer, reading->time_us);
    live_write_value(&query->writer, point, reading, found->text);
    writer_string(&query->writer, quality_word(reading_quality(point, reading)));
    if (found->clock->is_untrusted) {
        writer_string(&query->writer, "untrusted");
    }
    writer_close(&query->writer, ']');
    return !worker_is_stopping(query->worker);
}

static void write_answer(struct query *query, struct answer *answer)
{
    struct writer writer = {.text = &answer->body};
    answer->status = 200;
    answer->content_type = "application/json";
    writer_open(&writer, '{');
    writer_field_string(&writer, "device", query->device);
    writer_field_string(&writer, "point", query->point);
    writer_field_string(&writer, "unit", query->unit);
    writer_field_time(&writer, "from", query->from_us);
    writer_field_time(&writer, "to", query->to_us);
    writer_field_bool(&writer, "truncated", query->next_us != 0);
    writer_field_time(&writer, "next", query->next_us);
    writer_field_open(&writer, "readings", '[');
    if (query->rows.data) {
        text_add(writer.text, query->rows.data, query->rows.length);
    }
    writer_close(&writer, ']');
    writer_close(&writer, '}');
}

static void refuse_unknown(struct query *query, struct answer *answer)
{
    char device[64];
    char point[64];
    answer_refuse(answer, ERROR_UNKNOWN_POINT, "a device and a point of /api/v1/points",
                  "neither the configuration nor the journal knows %s of %s",
                  printable(query->point, point, sizeof(point)),
                  printable(query->device, device, sizeof(device)));
}

/* On the worker's thread. */
static void run_query(struct worker *worker, struct journal_reader *reader, void *context)
{
    struct query *query = context;
    struct answer answer = {0};
    int error = -ENOENT;
    query->worker = worker;
    query->writer = (struct writer){.text = &query->rows};
    if (reader) {
        error = journal_reader_history(reader, query->device, query->point, query->from_us,
                                       query->to_us, query->limit + 1, take_reading, query);
    }
    if (error < 0) {
        answer_refuse(&answer, reader ? ERROR_JOURNAL_UNREADABLE : ERROR_NO_JOURNAL,
                      "ask again later; see the alarms of /api/v1/status",
                      reader ? "reading the journal failed: %s" : "there is no journal to read%s",
                      reader ? strerror(-error) : "");
    } else if (query->count == 0 && !query->is_known) {
        refuse_unknown(query, &answer);
    } else {
        write_answer(query, &answer);
    }
    request_finish(query->request, &answer);
    query_destroy(query);
}

static int parse_time(struct request *request, const char *name, int64_t fallback_us, int64_t *out)
{
    const char *value = request_parameter(request, name);
    char shown[64];
    *out = fallback_us;
    if (value && (time_parse(value, out) < 0 || *out < 0 || *out > LATEST_US)) {
        request_refuse(request, ERROR_BAD_PARAMETER,
                       "ISO 8601 with zone, as 2026-11-23T08:00:00Z or 2026-11-23T16:00+08:00 (a + "
                       "in a URL is %2B), or milliseconds since 1970",
                       "%s=%s is no time", name, printable(value, shown, sizeof(shown)));
        return -EINVAL;
    }
    return 0;
}

static int parse_range(struct request *request, struct query *query)
{
    int64_t now_us = clock_wall_us(loop_clock(request->http->view.loop));
    int64_t limit = 0;
    if (parse_time(request, "to", now_us, &query->to_us) < 0 ||
        parse_time(request, "from", query->to_us - HOUR_S * 1000000LL, &query->from_us) < 0 ||
        request_parameter_int(request, "limit", 1, LIMIT_MAX, LIMIT_DEFAULT, &limit) < 0) {
        return -EINVAL;
    }
    if (query->from_us >= query->to_us) {
        request_refuse(request, ERROR_BAD_PARAMETER,
                       "from before to; both have defaults: the last hour",
                       "the time range is empty");
        return -EINVAL;
    }
    query->limit = (size_t)limit;
    return 0;
}

static int parse_query(struct request *request, struct query *query)
{
    const char *device = request_parameter(request, "device");
    const char *point = request_parameter(request, "point");
    if (!device || !point || device[0] == '\0' || point[0] == '\0') {
        request_refuse(request, ERROR_MISSING_PARAMETER,
                       "device=ID&point=NAME, as listed by /api/v1/points",
                       "device and point must be given");
        return -EINVAL;
    }
    query->device = mem_dup_string(device);
    query->point = mem_dup_string(point);
    return parse_range(request, query);
}

/* On the main thread. */
static void learn_point(struct request *request)
{
    struct query *query = request->work;
    const struct live_device *live = hub_find_device(request->http->view.hub, query->device);
    const struct point *point = live ? device_find_point(live->device, query->point) : NULL;
    if (point) {
        query->is_known = true;
        query->unit = mem_dup_string(point->quantity->unit);
    }
}

static void submit(struct request *request, struct query *query)
{
    query->request = request;
    if (!request_on_worker(request, WORKER_LONG, run_query, query)) {
        query_destroy(query);
    }
}

void history_get(struct request *request)
{
    struct query *query = mem_alloc(sizeof(*query));
    request->work = query;
    request->work_free = query_destroy;
    if (parse_query(request, query) == 0 && request_on_main(request, learn_point)) {
        request->work = NULL;
        submit(request, query);
    }
}
