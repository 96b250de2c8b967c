/* SPDX-License-Identifier: Apache-2.0 */
/* server: MHD's callbacks. A request is checked when its headers are there, its body is taken in bounds, its handler
 * runs, its answer goes out. Everything here runs on MHD's threads. */
#include "http/server/server.h"

#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "http/routes/routes.h"
#include "http/server/origin.h"
#include <lingtan/log.h>

enum {
    CONNECTIONS_MAX = 64,
    CONNECTION_MEMORY = 32 * 1024, /* the request line and headers must fit */
    CONNECTION_TIMEOUT_S = 30,
    STREAM_TIMEOUT_S = 300, /* a stream whose client has not read a byte for so long is over */
    STREAM_BLOCK = 16 * 1024,
    DISCARD_MAX = 1024 * 1024, /* a body is read on to answer 413, but not for ever */
};

static void *begin(void *context, const char *uri, struct MHD_Connection *connection)
{
    struct endpoint *endpoint = context;
    struct request *request = request_create(endpoint->http, endpoint->http->room);
    request->connection = connection;
    request->url_size = strlen(uri);
    return request;
}

static enum MHD_Result check_header(void *context, enum MHD_ValueKind kind, const char *name,
                                    const char *value)
{
    struct request *request = context;
    (void)kind;
    char shown[64];
    if (header_is_forwarding(name)) {
        request_refuse(request, ERROR_PROXIED,
                       "connect directly to the daemon's loopback address or its Unix socket",
                       "the request came through a proxy (header %s): refused until logins exist",
                       printable(name, shown, sizeof(shown)));
        return MHD_NO;
    }
    if (strcasecmp(name, MHD_HTTP_HEADER_ORIGIN) == 0 && (!value || !origin_is_loopback(value))) {
        request_refuse(request, ERROR_FOREIGN_ORIGIN,
                       "pages served from this machine's loopback address",
                       "the request was made by a page from elsewhere (Origin %s)",
                       printable(value ? value : "", shown, sizeof(shown)));
        return MHD_NO;
    }
    return MHD_YES;
}

static bool origin_passes(struct request *request)
{
    char shown[64];
    const char *host =
        MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_HOST);
    if (!host || !host_is_loopback(host)) {
        request_refuse(request, ERROR_FOREIGN_HOST, "localhost, 127.0.0.1 or [::1], with any port",
                       "the Host header \"%s\" is not a name of the loopback interface: refused "
                       "against DNS rebinding",
                       printable(host ? host : "", shown, sizeof(shown)));
    } else {
        MHD_get_connection_values(request->connection, MHD_HEADER_KIND, check_header, request);
    }
    if (request->answer.status != 0) {
        atomic_fetch_add(&request->http->counts.foreign, 1);
        return false;
    }
    return true;
}

static bool parameter_is_known(const struct route *route, const char *name)
{
    const char *const *known = route->parameters;
    while (known && *known && strcmp(*known, name) != 0) {
        known++;
    }
    return known && *known;
}

static void refuse_parameter(struct request *request, const char *name)
{
    char shown[64];
    struct text allowed = {0};
    const char *const *known = request->route->parameters;
    for (size_t i = 0; known && known[i]; i++) {
        text_add_format(&allowed, "%s%s", i ? ", " : "", known[i]);
    }
    request_refuse(request, ERROR_UNKNOWN_PARAMETER, allowed.data ? allowed.data : "no parameters",
                   "unknown parameter %s", printable(name, shown, sizeof(shown)));
    text_finish(&allowed);
}

static enum MHD_Result take_parameter(void *context, enum MHD_ValueKind kind, const char *name,
                                      const char *value)
{
    struct request *request = context;
    (void)kind;
    if (!parameter_is_known(request->route, name)) {
        refuse_parameter(request, name);
        return MHD_NO;
    }
    if (request_parameter(request, name) || request->parameter_count == REQUEST_PARAMETERS_MAX) {
        request_refuse(request, ERROR_REPEATED_PARAMETER, "each parameter once",
                       "the parameter %s is given twice", name);
        return MHD_NO;
    }
    request->parameters[request->parameter_count++] =
        (struct parameter){mem_dup_string(name), mem_dup_string(value ? value : "")};
    return MHD_YES;
}

static void find_route(struct request *request, const char *method, const char *url)
{
    char shown[128];
    const char *id = NULL;
    request->is_head = strcmp(method, MHD_HTTP_METHOD_HEAD) == 0;
    request->route = route_find(method, url, &id, &request->allow);
    if (!request->route && request->allow) {
        request_refuse(request, ERROR_METHOD_NOT_ALLOWED, request->allow,
                       "the method %s is not allowed here", printable(method, shown, 32));
    } else if (!request->route) {
        request_refuse(request, ERROR_UNKNOWN_PATH,
                       "a path of docs/openapi.yaml, as /api/v1/status or /metrics",
                       "there is nothing at %s", printable(url, shown, sizeof(shown)));
    } else {
        request->id = mem_dup_string(id);
        MHD_get_connection_values(request->connection, MHD_GET_ARGUMENT_KIND, take_parameter,
                                  request);
    }
}

static void refuse_body(struct request *request)
{
    request->must_close = true;
    request_refuse(request, ERROR_BODY_TOO_LARGE, "65536 bytes at the most",
                   "the request body is too large");
}

static void check_length(struct request *request)
{
    const char *length = MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND,
                                                     MHD_HTTP_HEADER_CONTENT_LENGTH);
    if (!length || strtoull(length, NULL, 10) <= REQUEST_BODY_MAX) {
        return;
    }
    request->must_close = true;
    if (request->answer.status == 0) {
        refuse_body(request);
    }
}

static void check_type(struct request *request)
{
    static const char json[] = "application/json";
    const char *type = MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND,
                                                   MHD_HTTP_HEADER_CONTENT_TYPE);
    if (strcmp(request->route->method, MHD_HTTP_METHOD_POST) == 0 &&
        (!type || strncasecmp(type, json, strlen(json)) != 0)) {
        request_refuse(request, ERROR_NOT_DECLARED_JSON, "Content-Type: application/json",
                       "the body must be declared as JSON");
    }
}

static void check_door(struct request *request)
{
    if (request->route->door == DOOR_SOCKET) {
        request_refuse(request, ERROR_SOCKET_ONLY,
                       "the daemon's Unix socket: the command lingtan, or curl --unix-socket",
                       "%s changes something, and over TCP nobody can be told from anybody else: "
                       "loopback without a login is read-only",
                       request->route->path);
    }
}

/* Everything that the request line and headers tell. */
static void check(struct request *request, bool is_tcp, const char *method, const char *url)
{
    if (request->url_size > REQUEST_URL_MAX) {
        request_refuse(request, ERROR_URL_TOO_LONG, "2048 bytes at the most",
                       "the URL is too long");
        return;
    }
    if (is_tcp && !origin_passes(request)) {
        return;
    }
    find_route(request, method, url);
    if (request->answer.status == 0 && is_tcp) {
        check_door(request);
    }
    if (request->answer.status == 0) {
        check_type(request);
    }
    check_length(request);
}

static enum MHD_Result take_body(struct request *request, const char *data, size_t *size)
{
    request->body_size += *size;
    if (request->body_size <= REQUEST_BODY_MAX) {
        text_add(&request->body, data, *size);
    } else if (request->body_size > DISCARD_MAX) {
        return MHD_NO;
    }
    *size = 0;
    return MHD_YES;
}

static void handle(struct request *request)
{
    request->is_handled = true;
    if (request->body_size > REQUEST_BODY_MAX) {
        refuse_body(request);
    }
    if (request->answer.status != 0) {
        return;
    }
    if (request->route->place == ROUTE_MAIN) {
        (void)request_on_main(request, request->route->handle);
    } else {
        request->route->handle(request);
    }
}

static struct MHD_Response *response_create(struct request *request)
{
    if (request->stream) {
        MHD_set_connection_option(request->connection, MHD_CONNECTION_OPTION_TIMEOUT,
                                  (unsigned)STREAM_TIMEOUT_S);
        return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK, stream_read,
                                                 request->stream, stream_end);
    }
    size_t size = request->answer.body.length;
    return MHD_create_response_from_buffer(size, text_take(&request->answer.body),
                                           MHD_RESPMEM_MUST_FREE);
}

static void add_headers(struct MHD_Response *response, const struct request *request)
{
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, request->answer.content_type);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    if (request->allow) {
        MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, request->allow);
    }
    if (request->answer.status == 503) {
        MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, "2");
    }
    if (request->must_close) {
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    }
}

static enum MHD_Result answer(struct request *request)
{
    unsigned status = request->answer.status;
    struct MHD_Response *response = response_create(request);
    if (!response) {
        stream_end(request->stream);
        request->stream = NULL;
        return MHD_NO;
    }
    request->stream = NULL; /* the response's now */
    add_headers(response, request);
    atomic_fetch_add(&request->http->counts.answers[status / 100 % 6], 1);
    enum MHD_Result result = MHD_queue_response(request->connection, status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result access_request(void *context, struct MHD_Connection *connection,
                                      const char *url, const char *method, const char *version,
                                      const char *data, size_t *size, void **request_context)
{
    const struct endpoint *endpoint = context;
    struct request *request = *request_context;
    (void)connection;
    (void)version;
    if (!request->has_begun) {
        request->has_begun = true;
        check(request, endpoint->is_tcp, method, url);
        return request->must_close ? answer(request) : MHD_YES;
    }
    if (*size > 0) {
        return take_body(request, data, size);
    }
    if (!request->is_handled) {
        handle(request);
        if (request->was_suspended) {
            return MHD_YES;
        }
    }
    return answer(request);
}

static void complete(void *context, struct MHD_Connection *connection, void **request_context,
                     enum MHD_RequestTerminationCode code)
{
    (void)context;
    (void)connection;
    (void)code;
    struct request *request = *request_context;
    if (request && request->stream) {
        stream_end(request->stream);
        request->stream = NULL;
    }
    request_unref(request);
    *request_context = NULL;
}

static void log_nothing(void *context, const char *format, va_list args)
{
    /* MHD complains of every client that goes away: that is no news to anybody. */
    (void)context;
    (void)format;
    (void)args;
}

int endpoint_start(struct endpoint *endpoint, int take_socket, unsigned threads)
{
    struct MHD_OptionItem pool[] = {
        {MHD_OPTION_THREAD_POOL_SIZE, (intptr_t)threads, NULL},
        {MHD_OPTION_END, 0, NULL},
    };
    if (threads < 2) {
        pool[0] = pool[1]; /* MHD takes no pool of one */
    }
    /* Poll, not epoll: with its edge-triggered epoll MHD 0.9.75 misses the end of a connection that comes together with
     * the last bytes and holds it until the timeout; 64 such clients shut everybody else out. */
    endpoint->daemon = MHD_start_daemon(
        MHD_USE_POLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0, NULL, NULL,
        access_request, endpoint, MHD_OPTION_EXTERNAL_LOGGER, log_nothing, NULL,
        MHD_OPTION_LISTEN_SOCKET, take_socket, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)CONNECTION_TIMEOUT_S,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY, MHD_OPTION_URI_LOG_CALLBACK,
        begin, endpoint, MHD_OPTION_NOTIFY_COMPLETED, complete, NULL, MHD_OPTION_ARRAY, pool,
        MHD_OPTION_END);
    return endpoint->daemon ? 0 : -EIO;
}

void endpoint_stop(struct endpoint *endpoint)
{
    if (endpoint->daemon) {
        MHD_stop_daemon(endpoint->daemon);
        endpoint->daemon = NULL;
    }
}
