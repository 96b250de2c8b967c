/* SPDX-License-Identifier: Apache-2.0 */
/* routes: the table, and finding a row. */
#include "http/routes/routes.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static const char *const points_parameters[] = {"device", NULL};
static const char *const live_parameters[] = {"device", "node", NULL};
static const char *const stream_parameters[] = {"device", "node", "after", NULL};
static const char *const history_parameters[] = {"device", "point",  "from", "to",
                                                 "limit",  "pixels", NULL};

#define API "/api/v1"
/* clang-format off */
const struct route routes[] = {
    {"GET", API "/site", ROUTE_MAIN, ROLE_VIEWER, site_get, NULL, "The site and its tree of nodes"},
    {"GET", API "/devices", ROUTE_MAIN, ROLE_VIEWER, devices_get, NULL, "All devices with their health"},
    {"GET", API "/devices/{id}", ROUTE_MAIN, ROLE_VIEWER, device_get, NULL, "One device with its points and live values"},
    {"GET", API "/points", ROUTE_MAIN, ROLE_VIEWER, points_get, points_parameters, "All points: quantity, unit, kind, period"},
    {"GET", API "/live", ROUTE_MAIN, ROLE_VIEWER, live_get, live_parameters, "The newest values of every device"},
    {"GET", API "/live/stream", ROUTE_HERE, ROLE_VIEWER, stream_get, stream_parameters, "Server-sent events: a snapshot, then every batch"},
    {"GET", API "/history", ROUTE_HERE, ROLE_VIEWER, history_get, history_parameters, "Readings of one point, as read or thinned to pixels"},
    {"GET", API "/lines", ROUTE_MAIN, ROLE_VIEWER, lines_get, NULL, "All lines: state, load, round trips, errors"},
    {"GET", API "/lines/{id}", ROUTE_MAIN, ROLE_VIEWER, line_get, NULL, "One line with its units"},
    {"GET", API "/bad-registers", ROUTE_MAIN, ROLE_VIEWER, bad_registers_get, NULL, "Registers that devices refuse and that are not read"},
    {"POST", API "/bad-registers/{id}", ROUTE_MAIN, ROLE_ENGINEER, bad_registers_post, NULL, "Asks what a device refuses again with its next polls"},
    {"GET", API "/principal", ROUTE_HERE, ROLE_VIEWER, principal_get, NULL, "Who asks, as the daemon knows it"},
    {"GET", API "/sinks", ROUTE_MAIN, ROLE_VIEWER, sinks_get, NULL, "The ways out: state, cursor, backlog"},
    {"GET", API "/status", ROUTE_MAIN, ROLE_VIEWER, status_get, NULL, "Version, readiness, counts, store, sinks, alarms"},
    {"POST", API "/read", ROUTE_HERE, ROLE_VIEWER, read_post, NULL, "Reads raw registers through the line's queue"},
    {"POST", API "/store/acknowledge", ROUTE_HERE, ROLE_ENGINEER, acknowledge_post, NULL, "Ends standing alarms of the store: a person has seen them"},
    {"POST", API "/reload", ROUTE_HERE, ROLE_ENGINEER, reload_post, NULL, "Reads the configuration again, or says what that would change"},
    {"GET", "/metrics", ROUTE_HERE, ROLE_VIEWER, metrics_get, NULL, "Counters for Prometheus"},
    {"GET", "/healthz", ROUTE_HERE, ROLE_VIEWER, healthz_get, NULL, "200 when the main thread answers within 2 s"},
    {"GET", "/readyz", ROUTE_HERE, ROLE_VIEWER, readyz_get, NULL, "200 when the daemon is ready, else 503 with the reason"},
};
/* clang-format on */
#undef API
const size_t route_count = ARRAY_SIZE(routes);

/* Written once by parse_all. */
static struct path templates[ARRAY_SIZE(routes)];

static void parse_all(void)
{
    for (size_t i = 0; i < route_count; i++) {
        if (!path_split(routes[i].path, true, &templates[i])) {
            abort(); /* a row of the table above is no path */
        }
    }
}

static bool method_matches(const char *allowed, const char *method)
{
    return strcmp(allowed, method) == 0 ||
           (strcmp(allowed, "GET") == 0 && strcmp(method, "HEAD") == 0);
}

static void add_method(char allow[static ALLOW_SIZE], const char *method)
{
    size_t length = strlen(allow);
    (void)snprintf(allow + length, ALLOW_SIZE - length, "%s%s%s", length > 0 ? ", " : "", method,
                   strcmp(method, "GET") == 0 ? ", HEAD" : "");
}

static void take_variables(const struct path *template, const struct path *path,
                           struct route_found *out)
{
    for (size_t i = 0; i < path->count; i++) {
        if (template->parts[i].is_variable) {
            out->variables[out->variable_count++] =
                (struct route_variable){template->parts[i], path->parts[i]};
        }
    }
}

void route_find(const char *method, const char *path, struct route_found *out)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct path parts;
    const struct path *best = NULL;
    pthread_once(&once, parse_all);
    *out = (struct route_found){0};
    bool is_path = path_split(path, false, &parts);
    for (size_t i = 0; is_path && i < route_count; i++) {
        if (!path_matches(&templates[i], &parts)) {
            continue;
        }
        if (!method_matches(routes[i].method, method)) {
            add_method(out->allow, routes[i].method);
        } else if (!best || path_variables(&templates[i]) < path_variables(best)) {
            best = &templates[i];
            out->route = &routes[i];
        }
    }
    if (best) {
        out->allow[0] = '\0';
        take_variables(best, &parts, out);
    }
}

bool route_changes(const struct route *route)
{
    return route->role > ROLE_VIEWER && strcmp(route->method, "GET") != 0;
}
