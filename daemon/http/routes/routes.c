/* SPDX-License-Identifier: Apache-2.0 */
/* routes: the table, and finding a row. */
#include "http/routes/routes.h"

#include <string.h>

#include "base/mem.h"

static const char *const points_parameters[] = {"device", NULL};
static const char *const live_parameters[] = {"device", "node", NULL};
static const char *const history_parameters[] = {"device", "point", "from", "to", "limit", NULL};

#define API "/api/v1"
/* clang-format off */
const struct route routes[] = {
    {"GET", API "/site", ROUTE_MAIN, DOOR_ANY, site_get, NULL, "The site and its tree of nodes"},
    {"GET", API "/devices", ROUTE_MAIN, DOOR_ANY, devices_get, NULL, "All devices with their health"},
    {"GET", API "/devices/{id}", ROUTE_MAIN, DOOR_ANY, device_get, NULL, "One device with its points and live values"},
    {"GET", API "/points", ROUTE_MAIN, DOOR_ANY, points_get, points_parameters, "All points: quantity, unit, kind, period"},
    {"GET", API "/live", ROUTE_MAIN, DOOR_ANY, live_get, live_parameters, "The newest values of every device"},
    {"GET", API "/live/stream", ROUTE_HERE, DOOR_ANY, stream_get, live_parameters, "Server-sent events: a snapshot, then every batch"},
    {"GET", API "/history", ROUTE_HERE, DOOR_ANY, history_get, history_parameters, "Raw readings of one point"},
    {"GET", API "/lines", ROUTE_MAIN, DOOR_ANY, lines_get, NULL, "All lines: state, load, round trips, errors"},
    {"GET", API "/lines/{id}", ROUTE_MAIN, DOOR_ANY, line_get, NULL, "One line with its units"},
    {"GET", API "/bad-registers", ROUTE_MAIN, DOOR_ANY, bad_registers_get, NULL, "Registers that devices refuse and that are not read"},
    {"POST", API "/bad-registers/{id}", ROUTE_MAIN, DOOR_SOCKET, bad_registers_post, NULL, "Asks what a device refuses again with its next polls"},
    {"GET", API "/sinks", ROUTE_MAIN, DOOR_ANY, sinks_get, NULL, "The ways out: state, cursor, backlog"},
    {"GET", API "/status", ROUTE_MAIN, DOOR_ANY, status_get, NULL, "Version, readiness, counts, store, sinks, alarms"},
    {"POST", API "/read", ROUTE_HERE, DOOR_ANY, read_post, NULL, "Reads raw registers through the line's queue"},
    {"POST", API "/store/acknowledge", ROUTE_HERE, DOOR_SOCKET, acknowledge_post, NULL, "Ends standing alarms of the store: a person has seen them"},
    {"GET", "/metrics", ROUTE_HERE, DOOR_ANY, metrics_get, NULL, "Counters for Prometheus"},
    {"GET", "/healthz", ROUTE_HERE, DOOR_ANY, healthz_get, NULL, "200 when the main thread answers within 2 s"},
    {"GET", "/readyz", ROUTE_HERE, DOOR_ANY, readyz_get, NULL, "200 when the daemon is ready, else 503 with the reason"},
};
/* clang-format on */
#undef API
const size_t route_count = ARRAY_SIZE(routes);

static bool path_matches(const char *pattern, const char *path, const char **id)
{
    const char *brace = strchr(pattern, '{');
    *id = NULL;
    if (!brace) {
        return strcmp(pattern, path) == 0;
    }
    size_t head = (size_t)(brace - pattern);
    if (strncmp(pattern, path, head) != 0 || path[head] == '\0' || strchr(path + head, '/')) {
        return false;
    }
    *id = path + head;
    return true;
}

static bool method_matches(const char *allowed, const char *method)
{
    return strcmp(allowed, method) == 0 ||
           (strcmp(allowed, "GET") == 0 && strcmp(method, "HEAD") == 0);
}

const struct route *route_find(const char *method, const char *path, const char **id,
                               const char **allow)
{
    *allow = NULL;
    for (size_t i = 0; i < route_count; i++) {
        if (!path_matches(routes[i].path, path, id)) {
            continue;
        }
        if (method_matches(routes[i].method, method)) {
            return &routes[i];
        }
        *allow = strcmp(routes[i].method, "GET") == 0 ? "GET, HEAD" : routes[i].method;
    }
    return NULL;
}
