/* SPDX-License-Identifier: Apache-2.0 */
/* runner_records: see runner_records.h. */
#include "sinks/runner_records.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    SENDS_MAX = 64, /* a round */
    RETRY_US = 1000000,
};

int runner_records_join(struct runner_records *records, struct store *store,
                        const struct sink *sink, struct sink_instance *instance,
                        void (*wake)(void *context), void *context)
{
    *records = (struct runner_records){
        .store = store, .sink = sink, .instance = instance, .limit = {.period_us = 60000000}};
    if (sink->send_record == NULL) {
        return 0;
    }
    return record_feed_join(store, sink->name, wake, context, &records->feed);
}

void runner_records_leave(struct runner_records *records)
{
    record_feed_leave(records->feed);
    records->feed = NULL;
}

void runner_records_rewind(struct runner_records *records)
{
    if (records->feed != NULL) {
        record_feed_rewind(records->feed);
        records->handed = 0;
    }
}

/* A body that its keeper has lost is no reason to stop: what is known of the record goes out. */
static void send_one(struct runner_records *records, const struct record *record)
{
    char *body = store_record_body(records->store, record);
    records->sink->send_record(records->instance, record, body != NULL ? body : "{}");
    records->handed = record->position;
    free(body);
}

static void report_error(struct runner_records *records, const struct clock *clock)
{
    uint64_t held = 0;
    const int error = record_feed_error(records->feed);
    if (error < 0 && log_limit_pass(&records->limit, clock, &held)) {
        log_error("%s: cannot read the records of the ledger: %s; trying again every second",
                  records->sink->name, strerrordesc_np(-error));
    }
}

void runner_records_send(struct runner_records *records, const struct clock *clock)
{
    int sent = 0;
    const struct record *record = NULL;
    if (records->feed == NULL) {
        return;
    }
    while (sent < SENDS_MAX && records->sink->has_record_room(records->instance) &&
           (record = record_feed_take(records->feed)) != NULL) {
        send_one(records, record);
        record_unref(record);
        sent++;
    }
    records->has_more = sent == SENDS_MAX;
    report_error(records, clock);
}

void runner_records_settle(struct runner_records *records)
{
    if (records->feed == NULL || records->handed == 0) {
        return;
    }
    const uint64_t acknowledged = records->sink->acknowledged_records(records->instance);
    const uint64_t position = acknowledged < records->handed ? acknowledged : records->handed;
    if (position > records->settled) {
        record_feed_settle(records->feed, position);
        records->settled = position;
    }
}

int64_t runner_records_wait_us(const struct runner_records *records)
{
    if (records->feed == NULL) {
        return -1;
    }
    if (records->has_more) {
        return 0;
    }
    const bool is_held_up =
        record_feed_has_more(records->feed) && records->sink->has_record_room(records->instance);
    return is_held_up ? RETRY_US : -1;
}
