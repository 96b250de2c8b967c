/* SPDX-License-Identifier: Apache-2.0 */
/* influx_client: the requests we make of InfluxDB's v1 interface and what its answers mean. One thread; every call may
 * block for as long as a request may take (10 s). */
#ifndef LINGTAN_SINKS_INFLUX_CLIENT_H
#define LINGTAN_SINKS_INFLUX_CLIENT_H

#include <stddef.h>

#include "sinks/influx.h"
#include <lingtan/error.h>

enum influx_verdict {
    INFLUX_WRITTEN,
    INFLUX_BAD_LINES,   /* some lines are refused; good ones of the same request may be written */
    INFLUX_TOO_LARGE,   /* fewer lines at once, please */
    INFLUX_UNREACHABLE, /* no answer */
    INFLUX_TROUBLED,    /* it answers, but cannot write just now: 429, 5xx */
    INFLUX_REFUSED,     /* a person must act: access, address, database */
};

struct influx_answer {
    enum influx_verdict verdict;
    size_t dropped;   /* how many lines the server says it refused, 0 = it does not say */
    char reason[300]; /* for people, "" when written */
};

struct influx_client;

struct influx_client *influx_client_create(const struct influx_options *options);
void influx_client_destroy(struct influx_client *client);

/* Reads the password again and begins a new connection. On failure answer says why. */
int influx_client_open(struct influx_client *client, struct influx_answer *answer) MUST_USE;

/* Writes lines; none at all asks whether it would be allowed. A database that is absent is made. */
void influx_client_write(struct influx_client *client, const char *lines, size_t length,
                         struct influx_answer *answer);

#endif
