/* SPDX-License-Identifier: Apache-2.0 */
/* metrics: the text format of Prometheus, version 0.0.4: families with HELP and TYPE, labels escaped. */
#ifndef LINGTAN_HTTP_METRICS_H
#define LINGTAN_HTTP_METRICS_H

#include <stdbool.h>

#include "base/text.h"

struct label {
    const char *name;
    const char *value;
};

enum metric_type { METRIC_GAUGE, METRIC_COUNTER };

/* Starts a family: its samples follow at once, all of them. */
void metric_family(struct text *text, const char *name, enum metric_type type, const char *help);

/* labels end with a NULL name; NULL = none. */
void metric_sample(struct text *text, const char *name, const struct label *labels, double value);

/* A family of one sample. */
void metric_single(struct text *text, const char *name, enum metric_type type, const char *help,
                   double value);

struct http;
/* The families of lines and devices: main thread. At most 2000 of each get samples of their own. */
void metrics_add_lines(struct text *text, struct http *http);
void metrics_add_devices(struct text *text, struct http *http);

#endif
