/* SPDX-License-Identifier: Apache-2.0 */
/* metrics_get: GET /metrics. The daemon's state is copied on the main thread; what the kernel knows of the process is
 * read on MHD's. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/mem.h"
#include "http/routes/metrics.h"
#include "http/routes/routes.h"
#include "http/server/server.h"
#include "http/status.h"

static void add_daemon(struct text *text, struct http *http)
{
    const struct http_view *view = &http->view;
    char why[160] = "";
    const struct label labels[] = {{"version", view->version}, {"site", view->site->id}, {0}};
    int64_t up_us = clock_mono_us(loop_clock(view->loop)) - http->started_mono_us;
    metric_family(text, "lingtan_build_info", METRIC_GAUGE, "Always 1.");
    metric_sample(text, "lingtan_build_info", labels, 1);
    metric_single(text, "lingtan_uptime_seconds", METRIC_GAUGE, "Since the start.",
                  (double)up_us / 1e6);
    metric_single(text, "lingtan_ready", METRIC_GAUGE, "1 when /readyz says 200.",
                  view->is_ready(view->context, why, sizeof(why)));
}

static void add_hub(struct text *text, const struct hub_status *hub)
{
    static const char name[] = "lingtan_hub_readings_total";
    metric_single(text, "lingtan_hub_batches_total", METRIC_COUNTER, "Batches taken in.",
                  (double)hub->batches);
    metric_family(text, name, METRIC_COUNTER, "Readings taken in, by quality.");
    for (size_t i = 0; i < QUALITY_COUNT; i++) {
        const struct label labels[] = {{"quality", quality_word((enum quality)i)}, {0}};
        metric_sample(text, name, labels, (double)hub->by_quality[i]);
    }
    metric_single(text, "lingtan_hub_not_journaled_total", METRIC_COUNTER,
                  "Batches that the store did not take.", (double)hub->not_journaled);
}

struct mailbox_family {
    const char *name;
    enum metric_type type;
    const char *help;
};

static void add_mailboxes(struct text *text, const struct mailbox_stats *boxes, size_t count)
{
    static const struct mailbox_family families[] = {
        {"lingtan_mailbox_capacity", METRIC_GAUGE, "Items that fit."},
        {"lingtan_mailbox_waiting", METRIC_GAUGE, "Items that wait."},
        {"lingtan_mailbox_most_waiting", METRIC_GAUGE, "The most that ever waited."},
        {"lingtan_mailbox_posted_total", METRIC_COUNTER, "Items posted."},
        {"lingtan_mailbox_dropped_total", METRIC_COUNTER, "Items dropped or refused."},
    };
    for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
        metric_family(text, families[i].name, families[i].type, families[i].help);
        for (size_t j = 0; j < count; j++) {
            const double values[] = {
                (double)boxes[j].capacity, (double)boxes[j].waiting, (double)boxes[j].most_waiting,
                (double)boxes[j].posted,   (double)boxes[j].dropped,
            };
            const struct label labels[] = {{"mailbox", boxes[j].name}, {0}};
            metric_sample(text, families[i].name, labels, values[i]);
        }
    }
}

static void add_alarms(struct text *text, unsigned alarms)
{
    metric_family(text, "lingtan_store_alarm", METRIC_GAUGE, "1 while the alarm stands.");
    for (const struct store_alarm_row *row = store_alarm_rows; row->word; row++) {
        const struct label labels[] = {{"alarm", row->word}, {0}};
        metric_sample(text, "lingtan_store_alarm", labels, (alarms & row->alarm) != 0);
    }
}

static void add_store(struct text *text, struct store *store)
{
    struct store_status status = store_status(store);
    metric_single(text, "lingtan_store_durable_position", METRIC_GAUGE, "Position committed up to.",
                  (double)status.durable);
    metric_single(text, "lingtan_store_dropped_total", METRIC_COUNTER,
                  "Batches that could not be journaled.", (double)status.dropped);
    metric_single(text, "lingtan_store_journal_bytes", METRIC_GAUGE, "Size of the journal.",
                  (double)status.journal_bytes);
    metric_single(text, "lingtan_store_oldest_day_timestamp_seconds", METRIC_GAUGE,
                  "Oldest day of the journal; 0 = none.", (double)status.oldest_day_us / 1e6);
    metric_single(text, "lingtan_store_commits_total", METRIC_COUNTER, "Commits.",
                  (double)status.commits);
    metric_single(text, "lingtan_store_last_commit_seconds", METRIC_GAUGE,
                  "How long the last commit took.", (double)status.last_commit_us / 1e6);
    add_alarms(text, status.alarms);
}

struct sink_family {
    const char *name;
    enum metric_type type;
    const char *help;
};

static void sink_values(const struct runner_status *status, double values[static 7])
{
    values[0] = status->state == SINK_UP;
    values[1] = (double)status->cursor;
    values[2] = (double)status->backlog;
    values[3] = (double)status->sent;
    values[4] = (double)status->rejected;
    values[5] = (double)status->sessions;
    values[6] = (double)status->oldest_us / 1e6;
}

static void add_sinks(struct text *text, const struct http_view *view)
{
    static const struct sink_family families[] = {
        {"lingtan_sink_up", METRIC_GAUGE, "1 when the far end takes batches."},
        {"lingtan_sink_cursor_position", METRIC_GAUGE, "Acknowledged and committed up to."},
        {"lingtan_sink_backlog_batches", METRIC_GAUGE, "Batches between cursor and newest."},
        {"lingtan_sink_sent_total", METRIC_COUNTER, "Batches sent, repeats included."},
        {"lingtan_sink_rejected_total", METRIC_COUNTER, "Batches that the far end never takes."},
        {"lingtan_sink_sessions_total", METRIC_COUNTER, "Connections made."},
        {"lingtan_sink_oldest_timestamp_seconds", METRIC_GAUGE,
         "Time of the batch that the cursor waits for; 0 = none."},
    };
    for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
        metric_family(text, families[i].name, families[i].type, families[i].help);
        for (size_t j = 0; j < view->runner_count; j++) {
            struct runner_status status = runner_status(view->runners[j]);
            double values[ARRAY_SIZE(families)];
            sink_values(&status, values);
            const struct label labels[] = {{"sink", status.name}, {0}};
            metric_sample(text, families[i].name, labels, values[i]);
        }
    }
}

static void add_doors(struct text *text, struct doors *doors)
{
    static const char name[] = "lingtan_http_door_open";
    struct door_status rows[DOORS_MAX];
    size_t count = doors_status(doors, rows);
    metric_family(text, name, METRIC_GAUGE, "1 when the API can be reached this way.");
    for (size_t i = 0; i < count; i++) {
        const struct label labels[] = {{"door", rows[i].name}, {0}};
        metric_sample(text, name, labels, rows[i].is_open);
    }
}

/* On the main thread. */
static void copy_state(struct request *request)
{
    struct http *http = request->http;
    struct text *text = &request->answer.body;
    struct hub_status hub = hub_status(http->view.hub);
    const struct mailbox_stats boxes[] = {hub.intake, worker_stats(http->workers[WORKER_QUICK]),
                                          worker_stats(http->workers[WORKER_LONG])};
    add_daemon(text, http);
    metrics_add_lines(text, http);
    metrics_add_devices(text, http);
    add_hub(text, &hub);
    add_mailboxes(text, boxes, ARRAY_SIZE(boxes));
    if (http->view.store) {
        add_store(text, http->view.store);
    }
    add_sinks(text, &http->view);
    add_doors(text, http->doors);
}

static void add_http(struct text *text, struct http *http)
{
    static const char *const classes[] = {"other", "1xx", "2xx", "3xx", "4xx", "5xx"};
    static const char name[] = "lingtan_http_answers_total";
    struct streams_status streams = streams_status(http->streams);
    metric_family(text, name, METRIC_COUNTER, "Answers by class of status.");
    for (size_t i = 1; i < ARRAY_SIZE(classes); i++) {
        const struct label labels[] = {{"class", classes[i]}, {0}};
        metric_sample(text, name, labels, (double)atomic_load(&http->counts.answers[i]));
    }
    metric_single(text, "lingtan_http_foreign_total", METRIC_COUNTER,
                  "Requests refused because they did not come straight from this machine.",
                  (double)atomic_load(&http->counts.foreign));
    metric_single(text, "lingtan_http_streams", METRIC_GAUGE, "Live streams open.", streams.open);
    metric_single(text, "lingtan_http_stream_gaps_total", METRIC_COUNTER,
                  "Gap events sent to slow clients.", (double)streams.gaps);
    metric_single(text, "lingtan_http_stream_missed_total", METRIC_COUNTER,
                  "Batches that slow clients missed.", (double)streams.missed);
    metric_single(text, "lingtan_http_stream_resumed_total", METRIC_COUNTER,
                  "Clients that came back and went on where they were.", (double)streams.resumed);
    metric_single(text, "lingtan_http_stream_resets_total", METRIC_COUNTER,
                  "Clients that came back too late, or after a restart.", (double)streams.resets);
    metric_single(text, "lingtan_http_stream_bytes", METRIC_GAUGE,
                  "Memory of the events that are kept for clients that come back.",
                  (double)streams.bytes);
}

static double resident_bytes(void)
{
    unsigned long size = 0;
    unsigned long resident = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (file) {
        if (fscanf(file, "%lu %lu", &size, &resident) != 2) {
            resident = 0;
        }
        fclose(file);
    }
    return (double)resident * (double)sysconf(_SC_PAGESIZE);
}

static double open_fds(void)
{
    DIR *folder = opendir("/proc/self/fd");
    double count = 0;
    if (folder) {
        while (readdir(folder)) {
            count++;
        }
        closedir(folder);
        count -= 3; /* ".", ".." and the folder itself */
    }
    return count;
}

static double cpu_seconds(void)
{
    struct rusage usage = {0};
    (void)getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static void add_process(struct text *text, const struct http_view *view)
{
    metric_single(text, "process_resident_memory_bytes", METRIC_GAUGE, "Resident memory.",
                  resident_bytes());
    metric_single(text, "process_cpu_seconds_total", METRIC_COUNTER, "User and system time used.",
                  cpu_seconds());
    metric_single(text, "process_open_fds", METRIC_GAUGE, "Open descriptors.", open_fds());
    metric_single(text, "process_start_time_seconds", METRIC_GAUGE, "When the daemon started.",
                  (double)view->started_wall_us / 1e6);
}

void metrics_get(struct request *request)
{
    if (!request_on_main(request, copy_state)) {
        return;
    }
    add_http(&request->answer.body, request->http);
    add_process(&request->answer.body, &request->http->view);
    request->answer.status = 200;
    request->answer.content_type = "text/plain; version=0.0.4; charset=utf-8";
}
