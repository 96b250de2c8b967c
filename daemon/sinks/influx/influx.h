/* SPDX-License-Identifier: Apache-2.0 */
/* influx: writes line protocol over HTTP or HTTPS, by the v1 or the v2 interface of InfluxDB, which VictoriaMetrics has
 * too (see lingtan/sink.h, sinks/line_protocol.h).
 *
 * What was sent and not confirmed is sent again after an outage: same series and time, so nothing shows twice. */
#ifndef LINGTAN_SINKS_INFLUX_H
#define LINGTAN_SINKS_INFLUX_H

#include "net/tls.h"
#include <lingtan/sink.h>

enum influx_api { INFLUX_V1, INFLUX_V2 };

struct influx_options {
    bool enabled;
    char *url;
    int api;        /* enum influx_api */
    char *database; /* v1 */
    char *username; /* "" = none */
    char *password_file;
    char *org; /* v2 */
    char *bucket;
    char *token_file; /* "" = none */
    char *ca_file;    /* "" = the system's */
    char *cert_file;
    char *key_file;
    bool tls_insecure;
    bool gzip;
    int64_t batch_points;
    int64_t flush_ms;
    int64_t patience_s;
    char *rejected_file; /* lines the server refused, with the reason; "" = none */
};

extern const struct option_table influx_table;
extern const struct sink influx_sink;

void influx_check(const void *given, bool with_files, struct origin origin, struct faults *faults);

bool influx_is_https(const struct influx_options *options);
struct tls_files influx_tls_files(const struct influx_options *options);

#endif
