/* SPDX-License-Identifier: Apache-2.0 */
/* doors: opening them, and trying again. */
#include "http/server/doors.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "http/server/listen.h"
#include "http/server/server.h"
#include <lingtan/log.h>

enum {
    TCP_THREADS = 2,
    LOCAL_THREADS = 1,
    FIRST_PAUSE_S = 1,
    LONGEST_PAUSE_S = 60,
};

struct door {
    struct endpoint endpoint; /* of whoever opens, and of doors_close when nobody does any more */
    bool is_wanted;
    bool is_done;   /* nothing is left to be tried; of whoever opens */
    int last_error; /* what was logged */
    char *made;     /* a path to be unlinked, or NULL */
    /* guarded by the lock */
    struct door_status status;
    int port;
};

struct doors {
    const struct http_options *options;
    struct door tcp;
    struct door local;
    pthread_t thread;
    bool is_trying; /* the thread was made */
    pthread_mutex_t lock;
    pthread_cond_t stop;
    bool is_stopping; /* guarded by the lock */
};

static const char *tcp_advice(int error)
{
    switch (error) {
    case -EADDRINUSE:
        return "see who has it (ss -ltnp), or choose another http.port, 0 for a free one";
    case -EADDRNOTAVAIL:
    case -EAFNOSUPPORT:
        return "choose another http.listen";
    default:
        return "choose another http.port, or 0 for a free one";
    }
}

static int open_port(struct doors *doors, char *why)
{
    const struct http_options *options = doors->options;
    struct door *door = &doors->tcp;
    int fd = -1;
    int port = 0;
    int error = listen_tcp(options->listen, options->port, &fd, &port);
    if (error < 0) {
        (void)snprintf(why, DOOR_TEXT_SIZE, "%s; %s", strerror(-error), tcp_advice(error));
        return error;
    }
    error = endpoint_start(&door->endpoint, fd, TCP_THREADS);
    if (error < 0) {
        (void)snprintf(why, DOOR_TEXT_SIZE, "its threads cannot be started");
        close(fd);
        return error;
    }
    pthread_mutex_lock(&doors->lock);
    door->port = port;
    door->status.is_open = true;
    (void)snprintf(door->status.place, DOOR_TEXT_SIZE, "%s port %d", options->listen, port);
    pthread_mutex_unlock(&doors->lock);
    log_info("http: listening on %s port %d", options->listen, port);
    return 0;
}

static int open_tcp(struct doors *doors, char *why)
{
    const char *port_file = doors->options->port_file;
    int error = doors->tcp.status.is_open ? 0 : open_port(doors, why);
    if (error < 0 || port_file[0] == '\0') {
        return error;
    }
    error = port_file_write(port_file, doors->tcp.port);
    if (error < 0) {
        (void)snprintf(why, DOOR_TEXT_SIZE, "http.port_file %s cannot be written: %s", port_file,
                       strerror(-error));
        return error;
    }
    doors->tcp.made = mem_dup_string(port_file);
    return 0;
}

static const char *local_reason(int error)
{
    switch (error) {
    case -EADDRINUSE:
        return "another daemon answers there; stop it or choose another http.socket";
    case -EEXIST:
        return "there is a file which is no socket; remove it or choose another http.socket";
    case -ENOENT:
        return "its folder is missing; make it or choose another http.socket";
    case -EACCES:
    case -EPERM:
        return "its folder is not ours to write; see its owner and mode, or choose another "
               "http.socket";
    default:
        return strerror(-error);
    }
}

static int open_local(struct doors *doors, char *why)
{
    const char *path = doors->options->socket;
    struct door *door = &doors->local;
    int fd = -1;
    int error = listen_local(path, &fd);
    if (error < 0) {
        (void)snprintf(why, DOOR_TEXT_SIZE, "%s", local_reason(error));
        return error;
    }
    door->made = mem_dup_string(path);
    error = endpoint_start(&door->endpoint, fd, LOCAL_THREADS);
    if (error < 0) {
        (void)snprintf(why, DOOR_TEXT_SIZE, "its thread cannot be started");
        (void)unlink(path);
        free(door->made);
        door->made = NULL;
        close(fd);
        return error;
    }
    pthread_mutex_lock(&doors->lock);
    door->status.is_open = true;
    pthread_mutex_unlock(&doors->lock);
    return 0;
}

/* Once for each reason: a door may stay closed for months. */
static void tell(struct door *door, int error, const char *why)
{
    if (error == door->last_error) {
        return;
    }
    if (error == 0) {
        log_notice("http: %s is open now", door->status.place);
    } else {
        log_error("http: %s is %s: %s. Metering goes on; it is tried again, every minute at last",
                  door->status.place, door->status.is_open ? "open, but" : "closed", why);
    }
    door->last_error = error;
}

static void try_door(struct doors *doors, struct door *door)
{
    char why[DOOR_TEXT_SIZE] = "";
    if (!door->is_wanted || door->is_done) {
        return;
    }
    int error = door->endpoint.is_tcp ? open_tcp(doors, why) : open_local(doors, why);
    door->is_done = error == 0;
    pthread_mutex_lock(&doors->lock);
    memcpy(door->status.why, why, sizeof(why));
    pthread_mutex_unlock(&doors->lock);
    tell(door, error, why);
}

static bool try_all(struct doors *doors)
{
    try_door(doors, &doors->local);
    try_door(doors, &doors->tcp);
    return (doors->local.is_done || !doors->local.is_wanted) &&
           (doors->tcp.is_done || !doors->tcp.is_wanted);
}

/* Returns false when it is over. */
static bool rest(struct doors *doors, int pause_s)
{
    const int64_t until_us = clock_mono_us(clock_real()) + pause_s * 1000000LL;
    const struct timespec deadline = {.tv_sec = until_us / 1000000,
                                      .tv_nsec = until_us % 1000000 * 1000};
    pthread_mutex_lock(&doors->lock);
    int error = 0;
    while (!doors->is_stopping && error == 0) {
        error = pthread_cond_timedwait(&doors->stop, &doors->lock, &deadline);
    }
    bool is_over = doors->is_stopping;
    pthread_mutex_unlock(&doors->lock);
    return !is_over;
}

static void *keep_trying(void *context)
{
    struct doors *doors = context;
    int pause_s = FIRST_PAUSE_S;
    while (rest(doors, pause_s) && !try_all(doors)) {
        pause_s = 2 * pause_s < LONGEST_PAUSE_S ? 2 * pause_s : LONGEST_PAUSE_S;
    }
    return NULL;
}

static void init(struct doors *doors, struct http *http, const struct http_options *options)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&doors->stop, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&doors->lock, NULL);
    doors->options = options;
    doors->tcp = (struct door){.endpoint = {.http = http, .is_tcp = true},
                               .is_wanted = options->enabled,
                               .status.name = "tcp"};
    doors->local = (struct door){.endpoint = {.http = http},
                                 .is_wanted = options->socket[0] != '\0',
                                 .status.name = "socket"};
    (void)snprintf(doors->tcp.status.place, DOOR_TEXT_SIZE, "%s port %lld", options->listen,
                   (long long)options->port);
    (void)snprintf(doors->local.status.place, DOOR_TEXT_SIZE, "%s", options->socket);
}

int doors_open(struct http *http, const struct http_options *options, struct doors **out)
{
    struct doors *doors = mem_alloc(sizeof(*doors));
    init(doors, http, options);
    if (!try_all(doors)) {
        int error = -pthread_create(&doors->thread, NULL, keep_trying, doors);
        if (error < 0) {
            doors_close(doors);
            return error;
        }
        doors->is_trying = true;
        pthread_setname_np(doors->thread, "doors");
    }
    *out = doors;
    return 0;
}

static void door_close(struct door *door)
{
    if (door->made) {
        (void)unlink(door->made);
    }
    free(door->made);
    endpoint_stop(&door->endpoint);
}

void doors_close(struct doors *doors)
{
    if (!doors) {
        return;
    }
    pthread_mutex_lock(&doors->lock);
    doors->is_stopping = true;
    pthread_cond_broadcast(&doors->stop);
    pthread_mutex_unlock(&doors->lock);
    if (doors->is_trying) {
        pthread_join(doors->thread, NULL);
    }
    door_close(&doors->tcp);
    door_close(&doors->local);
    pthread_cond_destroy(&doors->stop);
    pthread_mutex_destroy(&doors->lock);
    free(doors);
}

size_t doors_status(struct doors *doors, struct door_status out[static DOORS_MAX])
{
    const struct door *all[DOORS_MAX] = {&doors->tcp, &doors->local};
    size_t count = 0;
    pthread_mutex_lock(&doors->lock);
    for (size_t i = 0; i < DOORS_MAX; i++) {
        if (all[i]->is_wanted) {
            out[count++] = all[i]->status;
        }
    }
    pthread_mutex_unlock(&doors->lock);
    return count;
}

int doors_port(struct doors *doors)
{
    pthread_mutex_lock(&doors->lock);
    int port = doors->tcp.port;
    pthread_mutex_unlock(&doors->lock);
    return port;
}
