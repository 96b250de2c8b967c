/* SPDX-License-Identifier: Apache-2.0 */
/* routes: what can be asked for, one row a route. docs/openapi.yaml describes the same rows. */
#ifndef LINGTAN_HTTP_ROUTES_H
#define LINGTAN_HTTP_ROUTES_H

#include "http/server/request.h"

/* Where the handler runs. */
enum route_place {
    ROUTE_MAIN, /* on the main thread: copies live state into the answer, blocks nowhere */
    ROUTE_HERE, /* on MHD's thread; hops by itself */
};

/* Where it may be asked for. Whoever opens the Unix socket is of the daemon's group and has a uid; on the loopback
 * address anybody may be at the other end, so that nothing is changed from there before logins exist. */
enum route_door {
    DOOR_ANY,
    DOOR_SOCKET, /* the Unix socket only: over TCP 403 */
};

struct route {
    const char *method;
    const char *path; /* a last segment {id} matches any one segment */
    enum route_place place;
    enum route_door door;
    request_fn handle;
    const char *const *parameters; /* known in the query, NULL-terminated; NULL = none */
    const char *help;
};

extern const struct route routes[];
extern const size_t route_count;

/* The route of a path and method. *id becomes what stands for {id} (within path), or NULL. NULL: *allow is the list of
 * methods that the path has, or NULL when there is no such path. */
const struct route *route_find(const char *method, const char *path, const char **id,
                               const char **allow);

/* The handlers, each in the file of its name. */
void site_get(struct request *request);
void devices_get(struct request *request);
void device_get(struct request *request);
void points_get(struct request *request);
void live_get(struct request *request);
void stream_get(struct request *request);
void history_get(struct request *request);
void lines_get(struct request *request);
void line_get(struct request *request);
void sinks_get(struct request *request);
void status_get(struct request *request);
void bad_registers_get(struct request *request);
void bad_registers_post(struct request *request);
void read_post(struct request *request);
void acknowledge_post(struct request *request);
void metrics_get(struct request *request);
void healthz_get(struct request *request);
void readyz_get(struct request *request);

#endif
