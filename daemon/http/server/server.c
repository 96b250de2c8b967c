/* SPDX-License-Identifier: Apache-2.0 */
/* server: MHD's callbacks. A request is checked when its headers are there, its body is taken in bounds, its handler
 * runs, its answer goes out. Everything here runs on MHD's threads. */
#include "http/server/server.h"

#include <microhttpd.h>
#include <string.h>

#include "http/routes/routes.h"
#include "http/server/file.h"
#include "http/server/gate.h"
#include "http/server/response.h"

enum {
    CONNECTIONS_MAX = 64 + STREAMS_MAX,
    CONNECTION_MEMORY = 32 * 1024, /* the request line and headers must fit */
    CONNECTION_TIMEOUT_S = 30,
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
        request->must_close = true;
        request_refuse(request, ERROR_BODY_TOO_LARGE, "65536 bytes at the most",
                       "the request body is too large");
    }
    if (request->answer.status != 0) {
        return;
    }
    if (!request->route) {
        file_get(request, request->http->options->web_folder, request->path);
    } else if (request->route->place == ROUTE_MAIN) {
        (void)request_on_main(request, request->route->handle);
    } else {
        request->route->handle(request);
    }
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
        gate_check(request, endpoint->is_tcp, method, url);
        return request->must_close ? response_send(request) : MHD_YES;
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
    return response_send(request);
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
