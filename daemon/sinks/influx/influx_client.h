/* SPDX-License-Identifier: Apache-2.0 */
/* influx_client: the requests we make of InfluxDB's interfaces. One thread; every call may block for as long as a
 * request may take (10 s). */
#ifndef LINGTAN_SINKS_INFLUX_CLIENT_H
#define LINGTAN_SINKS_INFLUX_CLIENT_H

#include "sinks/influx/influx_answer.h"

struct influx_client;

struct influx_client *influx_client_create(const struct influx_options *options,
                                           const atomic_bool *is_cancelled);
void influx_client_destroy(struct influx_client *client);

/* Reads password or token again and begins a new connection. On failure answer says why. */
int influx_client_open(struct influx_client *client, struct influx_answer *answer) MUST_USE;

/* Writes lines; none at all asks whether it would be allowed. A database (v1) that is absent is made. */
void influx_client_write(struct influx_client *client, const char *lines, size_t length,
                         struct influx_answer *answer);

#endif
