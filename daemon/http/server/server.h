/* SPDX-License-Identifier: Apache-2.0 */
/* server: what all requests share, and the way from MHD's callbacks to the handlers. */
#ifndef LINGTAN_HTTP_SERVER_H
#define LINGTAN_HTTP_SERVER_H

#include <pthread.h>
#include <stdatomic.h>

#include "http/http.h"
#include "http/server/doors.h"
#include "http/server/request.h"
#include "http/server/stream.h"
#include "http/server/worker.h"

struct MHD_Daemon;
struct token_book;

struct http_counts {
    atomic_ullong answers[6]; /* by hundreds of the status */
    atomic_ullong foreign;    /* refused because they came through a proxy or under another name */
};

/* A listening socket. Its MHD threads take requests from there. */
struct endpoint {
    struct http *http;
    struct MHD_Daemon *daemon;
    bool is_tcp;
};

struct http {
    struct http_view view;
    struct waiting_room *room;
    struct worker *workers[WORKER_COUNT];
    struct token_book *tokens;
    const struct http_options *options;
    struct streams *streams;
    struct http_counts counts;
    struct doors *doors; /* for handlers on the main thread */
    pthread_t main_thread;
    int64_t started_mono_us;
};

/* Takes the listening socket; MHD closes it at the end. */
int endpoint_start(struct endpoint *endpoint, int take_socket, unsigned threads) MUST_USE;
void endpoint_stop(struct endpoint *endpoint);

#endif
