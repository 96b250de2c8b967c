/* SPDX-License-Identifier: Apache-2.0 */
/* stream_filter: which devices a stream wants, made up once on the main thread so that any thread can ask it. */
#ifndef LINGTAN_HTTP_STREAM_FILTER_H
#define LINGTAN_HTTP_STREAM_FILTER_H

#include "http/live.h"

/* All-zero passes everything. */
struct stream_filter {
    char *device;
    char *node;   /* that was asked for, or NULL */
    char **nodes; /* it and all below it */
    size_t node_count;
};

void stream_filter_init(struct stream_filter *filter, const struct live_filter *wanted,
                        const struct site *site);
/* The site is another one now. */
void stream_filter_show(struct stream_filter *filter, const struct site *site);
void stream_filter_finish(struct stream_filter *filter);

/* device may be NULL: an event for everybody. */
bool stream_filter_passes(const struct stream_filter *filter, const struct device *device);

#endif
