/* SPDX-License-Identifier: Apache-2.0 */
/* live: values as JSON, for the snapshot, for one device and for the stream. */
#ifndef LINGTAN_HTTP_LIVE_H
#define LINGTAN_HTTP_LIVE_H

#include "http/http.h"
#include "http/server/writer.h"

struct request;

/* Which devices are wanted: all-zero = all. node takes in everything below it. Strings are borrowed. */
struct live_filter {
    const char *device;
    const char *node;
};

/* Reads ?device= and ?node= of the request; -EINVAL with the answer set when there is no such thing. Main thread. */
int live_filter_read(struct request *request, struct live_filter *filter) MUST_USE;
/* The node itself, or one below it. */
bool live_node_is_within(const struct site *site, const char *node, const char *wanted);
bool live_filter_passes(const struct live_filter *filter, const struct site *site,
                        const struct device *device);

/* {"time":..., "devices":[...]}. Main thread. */
void live_write_snapshot(struct writer *writer, const struct http_view *view,
                         const struct live_filter *filter);

/* {"device":..., "ts":..., "seq":..., "values":{}, "quality":{}}; quality holds what is not ok. */
void live_write_batch(struct writer *writer, const struct batch *batch);

/* The value alone: a number, a string, or null. text may be NULL. */
void live_write_value(struct writer *writer, const struct point *point,
                      const struct reading *reading, const char *text);

#endif
