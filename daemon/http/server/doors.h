/* SPDX-License-Identifier: Apache-2.0 */
/* doors: the ways in, TCP and the Unix socket. A port that another program holds, or a folder that is not there yet, must
 * not end metering: what cannot be opened at the start is tried again on a thread of its own, after pauses that grow from
 * a second to a minute, and says meanwhile why it is closed. */
#ifndef LINGTAN_HTTP_DOORS_H
#define LINGTAN_HTTP_DOORS_H

#include <stdbool.h>
#include <stddef.h>

#include "http/http.h"

struct doors;

enum { DOORS_MAX = 2, DOOR_TEXT_SIZE = 192 };

/* Opens what can be opened. http and options outlive the doors. Fails only when the thread cannot be made. */
int doors_open(struct http *http, const struct http_options *options, struct doors **out) MUST_USE;
void doors_close(struct doors *doors); /* NULL-safe */

/* A copy, for people. */
struct door_status {
    const char *name;           /* "tcp", "socket" */
    char place[DOOR_TEXT_SIZE]; /* "127.0.0.1 port 8080", a path */
    bool is_open;
    char why[DOOR_TEXT_SIZE]; /* something is amiss; "" when all is well */
};

/* Those that are wanted; returns how many. Any thread. */
size_t doors_status(struct doors *doors, struct door_status out[static DOORS_MAX]);

int doors_port(struct doors *doors); /* of TCP, 0 = closed */

#endif
