/* SPDX-License-Identifier: Apache-2.0 */
/* request: one HTTP request and its answer, shared by the threads that work on it.
 *
 * A request is made on one of MHD's threads. Its handler fills the answer there, or on the main thread by
 * request_on_main, or lets another thread do it (request_expect, then request_suspend, and there request_finish). None
 * of that can block MHD's thread for longer than the main thread's deadline. */
#ifndef LINGTAN_HTTP_REQUEST_H
#define LINGTAN_HTTP_REQUEST_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "access/principal.h"
#include "http/server/answer.h"
#include "http/server/path.h"
#include "http/server/worker.h"

struct MHD_Connection;
struct http;
struct request;
struct route;
struct stream;

typedef void (*request_fn)(struct request *request);

enum {
    REQUEST_PARAMETERS_MAX = 16,
    REQUEST_BODY_MAX = 64 * 1024,
    REQUEST_URL_MAX = 2048,
    REQUEST_PATH_SHOWN = 256,
    ALLOW_SIZE = 64,
    REQUEST_MAIN_DEADLINE_MS = 2000,
};

struct parameter {
    char *name;
    char *value;
};

/* Where requests wait for other threads. It outlives the server when a line still holds a request. */
struct waiting_room;
struct waiting_room *waiting_room_create(void);
void waiting_room_unref(struct waiting_room *room);
/* Everyone who waits gets 503, and nobody waits any more. */
void waiting_room_close(struct waiting_room *room);

enum request_hop { HOP_NONE, HOP_POSTED, HOP_RUNNING, HOP_DONE, HOP_GIVEN_UP };
enum request_wait { WAIT_NONE, WAIT_EXPECTED, WAIT_SUSPENDED, WAIT_DONE, WAIT_GIVEN_UP };

struct request {
    atomic_uint references;
    struct http *http;
    struct MHD_Connection *connection;
    const struct route *route;
    struct principal principal;                 /* who asks */
    struct parameter variables[PATH_PARTS_MAX]; /* what stands for {name} in the path */
    size_t variable_count;
    struct parameter parameters[REQUEST_PARAMETERS_MAX];
    size_t parameter_count;
    size_t url_size;
    size_t body_size; /* received, also beyond what is kept */
    struct text body;
    bool has_begun;
    bool is_head; /* no body is wanted */
    bool is_handled;
    bool was_suspended; /* MHD calls again when the answer is there */
    bool must_close;    /* the connection, after the answer */
    struct answer answer;
    char allow[ALLOW_SIZE];        /* of a 405 */
    char path[REQUEST_PATH_SHOWN]; /* printable, for the log; cut */
    struct stream *stream;         /* the answer is this stream instead */
    void *work;                    /* the handler's own, for the hop to the main thread */
    void (*work_free)(void *work);
    /* guarded by the room */
    struct waiting_room *room;
    enum request_hop hop;
    enum request_wait wait;
    request_fn main_fn;
    struct request *next; /* in the room's list of suspended requests */
    struct request *previous;
};

struct request *request_create(struct http *http, struct waiting_room *room);
struct request *request_ref(struct request *request);
void request_unref(struct request *request); /* NULL-safe, any thread */

/* Each is NULL when there is none of that name; borrowed from the request. */
const char *request_parameter(const struct request *request, const char *name);
const char *request_variable(const struct request *request, const char *name); /* of the path */
const char *request_header(const struct request *request, const char *name);
int request_fd(const struct request *request); /* of the connection, which keeps it; -1 = none */
const char *request_cookie(const struct request *request, const char *name);

/* The number, or fallback when it is not given. -EINVAL with the answer set when it is no integer in [min, max]. */
int request_parameter_int(struct request *request, const char *name, int64_t min, int64_t max,
                          int64_t fallback, int64_t *out) MUST_USE;

/* Starts a JSON answer and returns its empty body. */
struct text *request_json(struct request *request, unsigned status);

/* See answer.h. */
void request_refuse(struct request *request, enum error_code code, const char *allowed,
                    const char *what, ...) PRINTF_LIKE(4, 5);

/* What a client sent, cut and cleaned so that it can stand in a message. */
const char *printable(const char *input, char *out, size_t size);

/* Runs fn on the main thread and waits for it, 2 s at the most: then, or when the server stops, the answer is 503 and
 * fn will not run. Returns whether fn ran. */
bool request_on_main(struct request *request, request_fn fn);

/* Hands the request to a worker, which calls request_finish. False when its queue is full: the answer is 503, and the
 * context stays the caller's. */
bool request_on_worker(struct request *request, enum worker_queue queue, worker_fn fn,
                       void *context);

/* Before the request is handed to another thread: takes the reference which request_finish gives back. */
void request_expect(struct request *request);
/* After it was handed over: frees MHD's thread until request_finish. */
void request_suspend(struct request *request);
/* When it could not be handed over after all: gives the reference back; the answer stands as it is. */
void request_forget(struct request *request);
/* Hands in the answer; any thread, exactly once after request_expect, also when the server is long gone. */
void request_finish(struct request *take_request, struct answer *take_answer);

#endif
