/* SPDX-License-Identifier: Apache-2.0 */
/* http: options, and starting and stopping the doors, the worker and the streams. */
#include "http/http.h"

#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "http/listen.h"
#include "http/server.h"
#include <lingtan/log.h>

enum {
    TCP_THREADS = 2,
    LOCAL_THREADS = 1,
};

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
     .help = "TCP port; 0 = a free one, which is written to port_file."},
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
};

const struct option_table http_table = {
    .name = "http",
    .size = sizeof(struct http_options),
    .rows = rows,
    .count = ARRAY_SIZE(rows),
    .help = "The API, on this machine only.",
};

static int start_local(struct http *http, const char *path)
{
    int fd = -1;
    if (path[0] == '\0') {
        return 0;
    }
    int error = listen_local(path, &fd);
    if (error < 0) {
        return error;
    }
    http->socket_path = mem_dup_string(path);
    error = endpoint_start(&http->local, fd, LOCAL_THREADS);
    if (error < 0) {
        log_error("http: cannot serve the socket %s", path);
        close(fd);
    }
    return error;
}

static int start_tcp(struct http *http, const struct http_options *options)
{
    int fd = -1;
    if (!options->enabled) {
        return 0;
    }
    int error = listen_tcp(options->listen, options->port, &fd, &http->port);
    if (error < 0) {
        return error;
    }
    error = endpoint_start(&http->tcp, fd, TCP_THREADS);
    if (error < 0) {
        log_error("http: cannot serve port %d", http->port);
        close(fd);
        return error;
    }
    if (options->port_file[0] != '\0') {
        error = port_file_write(options->port_file, http->port);
        http->port_file = error == 0 ? mem_dup_string(options->port_file) : NULL;
    }
    return error;
}

static int start(struct http *http, const struct http_options *options)
{
    int error = worker_start(http->view.store, &http->worker);
    if (error == 0) {
        error = streams_create(&http->view, &http->streams);
    }
    if (error < 0) {
        log_error("http: cannot start (error %d)", -error);
        return error;
    }
    error = start_local(http, options->socket);
    return error < 0 ? error : start_tcp(http, options);
}

int http_start(const struct http_options *options, const struct http_view *view, struct http **out)
{
    struct http *http = mem_alloc(sizeof(*http));
    http->view = *view;
    http->room = waiting_room_create();
    http->tcp = (struct endpoint){.http = http, .is_tcp = true};
    http->local = (struct endpoint){.http = http};
    http->main_thread = pthread_self();
    http->started_mono_us = clock_mono_us(loop_clock(view->loop));
    int error = start(http, options);
    if (error < 0) {
        http_stop(http);
        return error;
    }
    if (http->port > 0) {
        log_info("http: listening on %s port %d", options->listen, http->port);
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

static void remove_file(char *path)
{
    if (path) {
        (void)unlink(path);
    }
    free(path);
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
    remove_file(http->port_file);
    remove_file(http->socket_path);
    endpoint_stop(&http->tcp);
    endpoint_stop(&http->local);
    worker_stop(http->worker);
    streams_destroy(http->streams);
    waiting_room_unref(http->room);
    free(http);
}

int http_port(const struct http *http)
{
    return http->port;
}
