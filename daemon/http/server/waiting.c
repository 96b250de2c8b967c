/* SPDX-License-Identifier: Apache-2.0 */
/* waiting: requests that wait for the main thread, for the worker or for a line.
 *
 * The server may stop while another thread still holds a request. So the room is counted: requests keep it, and whoever
 * comes back finds under its lock whether anyone still waits. Only then is MHD touched. */
#include "http/server/waiting.h"

#include <microhttpd.h>
#include <pthread.h>
#include <time.h>

#include "base/loop.h"
#include "base/mem.h"
#include "http/server/server.h"

static const char stopping[] = "ask again when it has restarted";

static void unlink_request(struct waiting_room *room, struct request *request)
{
    if (request->previous) {
        request->previous->next = request->next;
    } else {
        room->suspended = request->next;
    }
    if (request->next) {
        request->next->previous = request->previous;
    }
    request->next = NULL;
    request->previous = NULL;
}

void waiting_room_close(struct waiting_room *room)
{
    pthread_mutex_lock(&room->lock);
    room->is_closed = true;
    while (room->suspended) {
        struct request *request = room->suspended;
        unlink_request(room, request);
        request->wait = WAIT_GIVEN_UP;
        request_refuse(request, ERROR_STOPPING, stopping, "the daemon is stopping");
        MHD_resume_connection(request->connection);
    }
    pthread_cond_broadcast(&room->changed);
    pthread_mutex_unlock(&room->lock);
}

static void run_on_main(void *context)
{
    struct request *request = context;
    struct waiting_room *room = waiting_room_ref(request->room);
    pthread_mutex_lock(&room->lock);
    bool is_wanted = request->hop == HOP_POSTED;
    if (is_wanted) {
        request->hop = HOP_RUNNING;
    }
    pthread_mutex_unlock(&room->lock);
    if (is_wanted) {
        request->main_fn(request);
        pthread_mutex_lock(&room->lock);
        request->hop = HOP_DONE;
        pthread_cond_broadcast(&room->changed);
        pthread_mutex_unlock(&room->lock);
    }
    request_unref(request);
    waiting_room_unref(room);
}

static struct timespec deadline_of(int64_t wait_ms)
{
    int64_t mono_us = clock_mono_us(clock_real()) + wait_ms * 1000;
    return (struct timespec){.tv_sec = mono_us / 1000000, .tv_nsec = mono_us % 1000000 * 1000};
}

/* Returns whether it ran; one that runs already is waited for, since it writes to the answer. */
static bool wait_for_main(struct request *request)
{
    struct waiting_room *room = request->room;
    struct timespec deadline = deadline_of(REQUEST_MAIN_DEADLINE_MS);
    int late = 0;
    pthread_mutex_lock(&room->lock);
    while (request->hop == HOP_POSTED || request->hop == HOP_RUNNING) {
        if (request->hop == HOP_POSTED && (room->is_closed || late)) {
            request->hop = HOP_GIVEN_UP;
        } else if (late) {
            pthread_cond_wait(&room->changed, &room->lock);
        } else {
            late = pthread_cond_timedwait(&room->changed, &room->lock, &deadline);
        }
    }
    bool has_run = request->hop == HOP_DONE;
    pthread_mutex_unlock(&room->lock);
    return has_run;
}

bool request_on_main(struct request *request, request_fn fn)
{
    request->main_fn = fn;
    request->hop = HOP_POSTED;
    int error = loop_post(request->http->view.loop, run_on_main, request_ref(request));
    if (error < 0) {
        request_unref(request);
        if (error == -ENOSPC) {
            request_refuse(request, ERROR_TOO_MANY_REQUESTS, "ask again later",
                           "too many requests wait for the main thread");
        } else {
            request_refuse(request, ERROR_STOPPING, stopping, "the daemon is stopping");
        }
        return false;
    }
    if (!wait_for_main(request)) {
        request_refuse(
            request, ERROR_MAIN_THREAD, "ask again later; look at the journal of lingtand",
            "the main thread did not answer within %d s", REQUEST_MAIN_DEADLINE_MS / 1000);
        return false;
    }
    return true;
}

void request_expect(struct request *request)
{
    request->wait = WAIT_EXPECTED;
    request_ref(request);
}

void request_forget(struct request *request)
{
    request->wait = WAIT_NONE;
    request_unref(request);
}

void request_suspend(struct request *request)
{
    struct waiting_room *room = request->room;
    pthread_mutex_lock(&room->lock);
    if (request->wait == WAIT_EXPECTED && room->is_closed) {
        request->wait = WAIT_GIVEN_UP;
        request_refuse(request, ERROR_STOPPING, stopping, "the daemon is stopping");
    } else if (request->wait == WAIT_EXPECTED) {
        request->wait = WAIT_SUSPENDED;
        request->next = room->suspended;
        if (request->next) {
            request->next->previous = request;
        }
        room->suspended = request;
        request->was_suspended = true;
        MHD_suspend_connection(request->connection);
    }
    pthread_mutex_unlock(&room->lock);
}

void request_finish(struct request *take_request, struct answer *take_answer)
{
    struct request *request = take_request;
    struct waiting_room *room = waiting_room_ref(request->room);
    pthread_mutex_lock(&room->lock);
    enum request_wait before = request->wait;
    if (before == WAIT_EXPECTED || before == WAIT_SUSPENDED) {
        answer_finish(&request->answer);
        request->answer = *take_answer;
        *take_answer = (struct answer){0};
        request->wait = WAIT_DONE;
    }
    if (before == WAIT_SUSPENDED) {
        unlink_request(room, request);
        MHD_resume_connection(request->connection);
    }
    pthread_mutex_unlock(&room->lock);
    answer_finish(take_answer);
    request_unref(request);
    waiting_room_unref(room);
}

bool request_on_worker(struct request *request, enum worker_queue queue, worker_fn fn,
                       void *context)
{
    request_expect(request);
    if (worker_submit(request->http->workers[queue], fn, context) == 0) {
        request_suspend(request);
        return true;
    }
    request_forget(request);
    request_refuse(request, ERROR_TOO_MANY_QUERIES, "ask again later",
                   "too many queries wait already");
    return false;
}
