/* SPDX-License-Identifier: Apache-2.0 */
/* mqtt: publishes to an MQTT 3.1.1 broker (see lingtan/sink.h).
 *
 * <prefix>/<site>/<device>/telemetry: every batch, in order, with its sequence number; after an outage some come twice.
 * <prefix>/<site>/<device>/state: retained, the latest of all points, overtaking any backlog.
 * <prefix>/<site>/status: retained, online or offline, offline also as the last will. */
#ifndef LINGTAN_SINKS_MQTT_H
#define LINGTAN_SINKS_MQTT_H

#include <lingtan/sink.h>

struct mqtt_options {
    bool enabled;
    char *host;
    int64_t port;
    char *client_id; /* "" = lingtan-<site> */
    char *username;  /* "" = none */
    char *password_file;
    int64_t qos;
    int64_t keepalive_s;
    int64_t window; /* telemetry in flight */
    char *prefix;
    int64_t state_s;
};

extern const struct option_table mqtt_table;
extern const struct sink mqtt_sink;

#endif
