/* SPDX-License-Identifier: Apache-2.0 */
/* history_get: GET /api/v1/history: readings as they were read, or thinned to pixels by the store, which picks what to read
 * for that. On a worker's thread; only what the configuration knows of the point is asked of the main thread. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "http/history/history_columns.h"
#include "http/history/history_query.h"
#include "http/live.h"
#include "http/routes/routes.h"
#include "http/server/server.h"

enum { HOUR_S = 3600 };

static const int64_t LATEST_US = 253402300799000000; /* the end of year 9999 */

/* A query on its way: owned by the job. */
struct job {
    struct request *request;
    struct store *store;
    struct history_query query;
    /* the answer as it grows */
    struct worker *worker;
    struct rollup_answer thinned;
    struct writer writer;
    struct text rows;
    size_t count;
    int64_t next_us; /* time of the first reading left out, 0 = none */
};

static void job_destroy(void *context)
{
    struct job *job = context;
    text_finish(&job->rows);
    rollup_answer_finish(&job->thinned);
    history_query_finish(&job->query);
    free(job);
}

static void learn_unit(struct job *job, const struct quantity *quantity)
{
    if (!job->query.unit && quantity) {
        job->query.unit = mem_dup_string(quantity->unit);
    }
}

static bool take_reading(void *context, const struct journal_reading *found)
{
    struct job *job = context;
    const struct point *point = found->point;
    const struct reading *reading = found->reading;
    if (job->count == job->query.limit) {
        job->next_us = reading->time_us;
        return false;
    }
    learn_unit(job, point->quantity);
    job->count++;
    writer_open(&job->writer, '[');
    writer_int(&job->writer, reading->time_us);
    live_write_value(&job->writer, point, reading, found->text);
    writer_string(&job->writer, quality_word(reading_quality(point, reading)));
    if (found->clock->is_untrusted) {
        writer_string(&job->writer, "untrusted");
    }
    writer_close(&job->writer, ']');
    return !worker_is_stopping(job->worker);
}

static int read_rows(struct job *job, struct journal_reader *reader)
{
    const struct history_query *query = &job->query;
    job->writer = (struct writer){.text = &job->rows};
    return journal_reader_history(reader, query->device, query->point, query->from_us, query->to_us,
                                  query->limit + 1, take_reading, job);
}

static int read_thinned(struct job *job, struct journal_reader *reader)
{
    const struct history_query *query = &job->query;
    const struct rollup_ask ask = {.device = query->device,
                                   .point = query->point,
                                   .from_us = query->from_us,
                                   .to_us = query->to_us,
                                   .pixels = query->pixels,
                                   .tier = ROLLUP_AUTO};
    int error = rollup_query(job->store, reader, &ask, &job->thinned);
    if (error == 0) {
        learn_unit(job, job->thinned.quantity);
        job->count = job->thinned.count;
    }
    return error;
}

static void write_rows(struct job *job, struct writer *writer)
{
    writer_field_string(writer, "resolution", rollup_tier_word(ROLLUP_RAW));
    writer_field_bool(writer, "truncated", job->next_us != 0);
    writer_field_time(writer, "next", job->next_us);
    writer_field_open(writer, "readings", '[');
    if (job->rows.data) {
        text_add(writer->text, job->rows.data, job->rows.length);
    }
    writer_close(writer, ']');
}

static void write_answer(struct job *job, struct answer *answer)
{
    struct writer writer = {.text = answer_json(answer, 200)};
    writer_open(&writer, '{');
    writer_field_string(&writer, "device", job->query.device);
    writer_field_string(&writer, "point", job->query.point);
    writer_field_string(&writer, "unit", job->query.unit);
    writer_field_time(&writer, "from", job->query.from_us);
    writer_field_time(&writer, "to", job->query.to_us);
    if (job->query.pixels > 0) {
        writer_field_string(&writer, "resolution", rollup_tier_word(job->thinned.tier));
        writer_key(&writer, "columns");
        history_columns_write(&writer, &job->thinned);
    } else {
        write_rows(job, &writer);
    }
    writer_close(&writer, '}');
}

static void refuse_unknown(const struct history_query *query, struct answer *answer)
{
    char device[64];
    char point[64];
    answer_refuse(answer, ERROR_UNKNOWN_POINT, "a device and a point of /api/v1/points",
                  "neither the configuration nor the journal knows %s of %s",
                  printable(query->point, point, sizeof(point)),
                  printable(query->device, device, sizeof(device)));
}

/* On a worker's thread. */
static void run_query(struct worker *worker, struct journal_reader *reader, void *context)
{
    struct job *job = context;
    struct answer answer = {0};
    int error = -ENOENT;
    job->worker = worker;
    if (reader) {
        error = job->query.pixels > 0 ? read_thinned(job, reader) : read_rows(job, reader);
    }
    if (error < 0) {
        answer_refuse(&answer, reader ? ERROR_JOURNAL_UNREADABLE : ERROR_NO_JOURNAL,
                      "ask again later; see the alarms of /api/v1/status",
                      reader ? "reading the journal failed: %s" : "there is no journal to read%s",
                      reader ? strerror(-error) : "");
    } else if (job->count == 0 && !job->query.is_known) {
        refuse_unknown(&job->query, &answer);
    } else {
        write_answer(job, &answer);
    }
    request_finish(job->request, &answer);
    job_destroy(job);
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

/* As read up to a limit, or thinned to pixels. */
static int parse_extent(struct request *request, struct history_query *query)
{
    int64_t limit = 0;
    int64_t pixels = 0;
    if (request_parameter_int(request, "limit", 1, HISTORY_LIMIT_MAX, HISTORY_LIMIT_DEFAULT,
                              &limit) < 0 ||
        request_parameter_int(request, "pixels", 1, ROLLUP_PIXELS_MAX, 0, &pixels) < 0) {
        return -EINVAL;
    }
    if (request_parameter(request, "limit") && pixels > 0) {
        request_refuse(request, ERROR_BAD_PARAMETER,
                       "limit for readings as they were read, pixels for a curve",
                       "limit and pixels are both given");
        return -EINVAL;
    }
    query->limit = (size_t)limit;
    query->pixels = (size_t)pixels;
    return 0;
}

static int64_t hour_before(int64_t time_us)
{
    const int64_t hour_us = HOUR_S * INT64_C(1000000);
    return time_us > hour_us ? time_us - hour_us : 0;
}

static int parse_range(struct request *request, struct history_query *query)
{
    int64_t now_us = clock_wall_us(loop_clock(request->http->view.loop));
    if (parse_time(request, "to", now_us, &query->to_us) < 0 ||
        parse_time(request, "from", hour_before(query->to_us), &query->from_us) < 0) {
        return -EINVAL;
    }
    if (query->from_us >= query->to_us) {
        request_refuse(request, ERROR_BAD_PARAMETER,
                       "from before to; both have defaults: the last hour",
                       "the time range is empty");
        return -EINVAL;
    }
    return parse_extent(request, query);
}

static int parse_query(struct request *request, struct history_query *query)
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
    struct history_query *query = &((struct job *)request->work)->query;
    const struct live_device *live = hub_find_device(request->http->view.hub, query->device);
    const struct point *point = live ? device_find_point(live->device, query->point) : NULL;
    if (point) {
        query->is_known = true;
        query->unit = mem_dup_string(point->quantity->unit);
    }
}

static void submit(struct request *request, struct job *job)
{
    job->request = request;
    job->store = request->http->view.store;
    if (!request_on_worker(request, history_query_queue(&job->query), run_query, job)) {
        job_destroy(job);
    }
}

void history_get(struct request *request)
{
    struct job *job = mem_alloc(sizeof(*job));
    request->work = job;
    request->work_free = job_destroy;
    if (parse_query(request, &job->query) == 0 && request_on_main(request, learn_point)) {
        request->work = NULL;
        submit(request, job);
    }
}
