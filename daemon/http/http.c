/* SPDX-License-Identifier: Apache-2.0 */
/* http: options, and starting and stopping the worker, the streams and the doors. */
#include "http/http.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "access/token_book.h"
#include "base/mem.h"
#include "config/config.h"
#include "http/server/doors.h"
#include "http/server/listen.h"
#include "http/server/server.h"
#include <lingtan/log.h>

static const struct option rows[] = {
    {.name = "enabled",
     .type = OPTION_BOOL,
     .offset = offsetof(struct http_options, enabled),
     .fallback = "true",
     .help = "Listen on TCP; the Unix socket is there in any case."},
    {.name = "listen",
     .type = OPTION_STRING,
     .offset = offsetof(struct http_options, listen),
     .fallback = "127.0.0.1",
     .min = 1,
     .max = 64,
     .help = "A loopback address, 127.x.x.x or ::1; every other is refused until logins exist."},
    {.name = "port",
     .type = OPTION_INT,
     .offset = offsetof(struct http_options, port),
     .fallback = "8080",
     .min = 0,
     .max = 65535,
     .help = "TCP port; 0 = a free one, which is written to port_file. While another program "
             "holds it the daemon works on and tries it again."},
    {.name = "socket",
     .type = OPTION_STRING,
     .offset = offsetof(struct http_options, socket),
     .fallback = "/run/lingtan/lingtan.sock",
     .help = "Unix socket of the lingtan command, readable and writable for the daemon's group; "
             "empty = none."},
    {.name = "port_file",
     .type = OPTION_STRING,
     .offset = offsetof(struct http_options, port_file),
     .fallback = "",
     .help = "File to which the TCP port in use is written; empty = none."},
    {.name = "token_file",
     .type = OPTION_STRING,
     .offset = offsetof(struct http_options, token_file),
     .fallback = "/var/lib/lingtan/tokens",
     .help = "The tokens by which programs are known, changed by lingtan token and read again when "
             "it has changed; empty = none."},
    {.name = "stream_memory_mb",
     .type = OPTION_INT,
     .offset = offsetof(struct http_options, stream_memory_mb),
     .fallback = "32",
     .min = 1,
     .max = 1024,
     .unit = "MB",
     .help =
         "What the newest events of the live stream may take while somebody listens, and for "
         "ten minutes after: a client that comes back goes on where it was. 32 hold ten minutes "
         "of 60 batches a second with 20 values each."},
    {.name = "web_folder",
     .type = OPTION_STRING,
     .offset = offsetof(struct http_options, web_folder),
     .fallback = "",
     .help = "Folder of the files that are served beside the API; empty = none."},
};

const struct option_table http_table = {
    .name = "http",
    .size = sizeof(struct http_options),
    .rows = rows,
    .count = ARRAY_SIZE(rows),
    .help = "The API, on this machine only.",
};

void http_check(const struct http_options *options, struct origin origin, struct faults *faults)
{
    if (options->enabled && !address_is_loopback(options->listen)) {
        faults_add(faults, origin, "http.listen",
                   "is \"%s\", wants 127.0.0.1 (any 127.x.x.x) or ::1 until logins exist; reach it "
                   "from elsewhere by an SSH tunnel",
                   options->listen);
    }
    if (!socket_path_fits(options->socket)) {
        faults_add(faults, origin, "http.socket", "is \"%s\", wants at most 107 bytes",
                   options->socket);
    }
}

static int start(struct http *http, const struct http_options *options)
{
    static const char *const queues[] = {
        [WORKER_QUICK] = "http queries", [WORKER_LONG] = "http long queries"};
    int error = 0;
    for (int i = 0; error == 0 && i < WORKER_COUNT; i++) {
        error = worker_start(http->view.store, queues[i], &http->workers[i]);
    }
    if (error == 0) {
        error = streams_create(&http->view, (size_t)options->stream_memory_mb * 1024 * 1024,
                               &http->streams);
    }
    if (error == 0) {
        error = doors_open(http, options, &http->doors);
    }
    if (error < 0) {
        log_error("http: cannot start: %s", strerror(-error));
    }
    return error;
}

int http_start(const struct http_options *options, const struct http_view *view, struct http **out)
{
    struct http *http = mem_alloc(sizeof(*http));
    http->view = *view;
    http->options = options;
    http->tokens = token_book_create(options->token_file);
    http->room = waiting_room_create();
    http->main_thread = pthread_self();
    http->started_mono_us = clock_mono_us(loop_clock(view->loop));
    int error = start(http, options);
    if (error < 0) {
        http_stop(http);
        return error;
    }
    *out = http;
    return 0;
}

static void detach(void *context)
{
    streams_detach(context);
}

/* The hub and the loop are the main thread's: it is asked when somebody else stops us. */
static void leave_main(struct http *http)
{
    if (pthread_equal(pthread_self(), http->main_thread) ||
        loop_call(http->view.loop, detach, http->streams) < 0) {
        detach(http->streams);
    }
}

void http_stop(struct http *http)
{
    if (!http) {
        return;
    }
    waiting_room_close(http->room);
    if (http->streams) {
        streams_close(http->streams);
        leave_main(http);
    }
    doors_close(http->doors);
    for (int i = 0; i < WORKER_COUNT; i++) {
        worker_stop(http->workers[i]);
    }
    streams_destroy(http->streams);
    token_book_destroy(http->tokens);
    waiting_room_unref(http->room);
    free(http);
}

void http_show(struct http *http, const struct site *site, const struct profiles *profiles)
{
    http->view.site = site;
    http->view.profiles = profiles;
    streams_show(http->streams);
}

int http_port(const struct http *http)
{
    return doors_port(http->doors);
}
