/* SPDX-License-Identifier: Apache-2.0 */
/* influx: writes line protocol to the v1 HTTP interface of InfluxDB (see lingtan/sink.h, sinks/line_protocol.h).
 *
 * What was sent and not confirmed is sent again after an outage: same series and time, so nothing shows twice. */
#ifndef LINGTAN_SINKS_INFLUX_H
#define LINGTAN_SINKS_INFLUX_H

#include <lingtan/sink.h>

struct influx_options {
    bool enabled;
    char *url;
    char *database;
    char *username; /* "" = none */
    char *password_file;
    int64_t batch_points;
    int64_t flush_ms;
    char *rejected_file; /* lines the server refused, with the reason; "" = none */
};

extern const struct option_table influx_table;
extern const struct sink influx_sink;

#endif
