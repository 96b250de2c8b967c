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

struct route {
    const char *method;
    const char *path; /* a part {name} stands for any one part */
    enum route_place place;
    enum role role; /* the least that may ask; above viewer it changes something */
    request_fn handle;
    const char *const *parameters; /* known in the query, NULL-terminated; NULL = none */
    const char *help;
};

extern const struct route routes[];
extern const size_t route_count;

struct route_variable {
    struct path_part name;
    struct path_part value; /* within the path */
};

struct route_found {
    const struct route *route; /* NULL: see allow */
    char allow
        [ALLOW_SIZE]; /* the methods that the path has; "" = there is no such path, or a route was found */
    size_t variable_count;
    struct route_variable variables[PATH_PARTS_MAX];
};

/* The route of a method and path; of several that match, the one with the fewest variables. Any thread; the templates are
 * parsed once. */
void route_find(const char *method, const char *path, struct route_found *out);

/* Whether it changes something, so that who asked is recorded. */
bool route_changes(const struct route *route);

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
void principal_get(struct request *request);
void sinks_get(struct request *request);
void status_get(struct request *request);
void bad_registers_get(struct request *request);
void bad_registers_post(struct request *request);
void read_post(struct request *request);
void acknowledge_post(struct request *request);
void reload_post(struct request *request);
void metrics_get(struct request *request);
void healthz_get(struct request *request);
void readyz_get(struct request *request);

#endif
