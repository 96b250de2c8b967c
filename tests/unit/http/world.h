/* SPDX-License-Identifier: Apache-2.0 */
/* world: a running http with a real loop thread, a real hub and, on request, a real store; lines and devices are made
 * up. And a client that sends bytes as they are given. */
#ifndef LINGTAN_TEST_HTTP_WORLD_H
#define LINGTAN_TEST_HTTP_WORLD_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

#include <jansson.h>

#include "http/http.h"
#include "store/store.h"

enum command_mode {
    COMMAND_ANSWERED,
    COMMAND_HELD, /* until the test gives it back */
    COMMAND_TIMEOUT,
    COMMAND_PUT_OFF,
    COMMAND_REFUSED,
    COMMAND_NO_LINE,
    COMMAND_FULL,
};

enum { WORLD_DEVICES = 2 };

struct world {
    const struct clock *clock;
    char folder[64];
    char *socket;
    struct loop *loop;
    struct hub *hub;
    struct store *store; /* NULL unless asked for */
    struct store_options store_options;
    struct site site;
    struct node_config nodes[3];
    const struct device *devices[WORLD_DEVICES];
    struct http_options options;
    struct http *http;
    int start_error;
    pthread_t thread;
    atomic_bool is_up;
    atomic_int mode;      /* enum command_mode */
    atomic_int exception; /* of COMMAND_REFUSED */
    struct command *_Atomic held;
    atomic_bool is_ready;
    atomic_int retries;      /* of bad registers, device 0 */
    atomic_int hold_main_ms; /* the main thread sleeps in is_ready */
};

void world_start(struct world *world, bool with_store);
/* Without a store, on this clock: the loop looks at it every 10 ms. */
void world_start_at(struct world *world, const struct clock *clock);
/* With a store whose only day file is garbage and whose ledger is missing: STORE_JOURNAL_CORRUPT and
 * STORE_LEDGER_RESTORED stand. */
void world_start_damaged(struct world *world);
/* Without a store, with options of the test's own: tweak is called before http starts. */
void world_start_with(struct world *world, void (*tweak)(struct world *world));
void world_stop(struct world *world);

/* Posts a batch of a device: power in W, and its other points. */
void world_post(struct world *world, size_t device, int64_t watts, enum quality quality);
void world_wait_batches(struct world *world, uint64_t count);

struct reply {
    int status;   /* 0: none came */
    bool is_open; /* the server has not closed the connection */
    char *bytes;
    size_t length;
    const char *body;
};
void reply_finish(struct reply *reply);

int world_connect_tcp(const struct world *world);
int world_connect_local(const struct world *world);
void send_all(int fd, const void *bytes, size_t length);
/* Until the end of the connection, or so long. */
struct reply receive_for(int fd, int64_t patience_ms);
/* Until the end of the connection, which must come within 20 s. */
struct reply receive_all(int fd);

/* Raw bytes over TCP. */
struct reply world_raw(const struct world *world, const char *bytes, size_t length);
/* METHOD PATH over TCP with Host: localhost; body may be NULL, else it goes as JSON. */
struct reply world_ask(const struct world *world, const char *method, const char *path,
                       const char *body);
/* The same over the Unix socket. */
struct reply world_ask_local(const struct world *world, const char *method, const char *path,
                             const char *body);
/* The same over TCP with more header lines, each with its \r\n. */
struct reply world_ask_with(const struct world *world, const char *method, const char *path,
                            const char *headers, const char *body);
/* GET that must give this status; returns the parsed body. */
json_t *world_get(const struct world *world, const char *path, int status);

int64_t mono_ms(void);

/* A member of an answer, which must be there and of that type. */
const char *string_at(const json_t *object, const char *name);
json_int_t integer_at(const json_t *object, const char *name);

#endif
