/* SPDX-License-Identifier: Apache-2.0 */
/* mqtt: publishes to a broker of MQTT 3.1.1 or 5 (see lingtan/sink.h).
 *
 * <prefix>/<site>/<device>/telemetry: every batch, in order, with its sequence number; after an outage some come twice.
 * <prefix>/<site>/<device>/state: retained, the latest of all points, overtaking any backlog.
 * <prefix>/<site>/status: retained, online or offline, offline also as the last will.
 * <home_assistant_prefix>/...: retained, what Home Assistant wants to know of every point, if it is wanted. */
#ifndef LINGTAN_SINKS_MQTT_H
#define LINGTAN_SINKS_MQTT_H

#include "net/tls.h"
#include <lingtan/sink.h>

struct mqtt_options {
    bool enabled;
    char *host;
    int64_t port;
    bool tls;
    char *ca_file;
    char *cert_file;
    char *key_file;
    int protocol;    /* enum mqtt_protocol */
    char *client_id; /* "" = lingtan-<site>-<mark of this daemon> */
    char *username;  /* "" = none */
    char *password_file;
    int64_t qos;
    int64_t keepalive_s;
    int64_t window; /* telemetry in flight */
    char *prefix;
    int64_t state_s;
    bool home_assistant;
    int home_assistant_classes; /* enum mqtt_discovery_classes */
    char *home_assistant_prefix;
};

extern const struct option_table mqtt_table;

/* As in struct sink. */
void mqtt_check(const void *options, bool with_files, struct origin origin, struct faults *faults);

struct tls_files mqtt_tls_files(const struct mqtt_options *options);

extern const struct sink mqtt_sink;

#endif
