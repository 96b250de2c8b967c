/* SPDX-License-Identifier: Apache-2.0 */
/* metrics: the text format. */
#include "http/routes/metrics.h"

#include <math.h>

void metric_family(struct text *text, const char *name, enum metric_type type, const char *help)
{
    text_add_format(text, "# HELP %s %s\n# TYPE %s %s\n", name, help, name,
                    type == METRIC_COUNTER ? "counter" : "gauge");
}

static void add_label_value(struct text *text, const char *value)
{
    for (; *value != '\0'; value++) {
        if (*value == '\n') {
            text_add_string(text, "\\n");
            continue;
        }
        if (*value == '"' || *value == '\\') {
            text_add_char(text, '\\');
        }
        text_add_char(text, *value);
    }
}

static void add_labels(struct text *text, const struct label *labels)
{
    if (!labels || !labels->name) {
        return;
    }
    char before = '{';
    for (; labels->name; labels++) {
        text_add_char(text, before);
        text_add_format(text, "%s=\"", labels->name);
        add_label_value(text, labels->value);
        text_add_char(text, '"');
        before = ',';
    }
    text_add_char(text, '}');
}

void metric_sample(struct text *text, const char *name, const struct label *labels, double value)
{
    text_add_string(text, name);
    add_labels(text, labels);
    text_add_char(text, ' ');
    if (isfinite(value)) {
        text_add_float(text, value, 0);
    } else {
        text_add_string(text, isnan(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf");
    }
    text_add_char(text, '\n');
}

void metric_single(struct text *text, const char *name, enum metric_type type, const char *help,
                   double value)
{
    metric_family(text, name, type, help);
    metric_sample(text, name, NULL, value);
}
