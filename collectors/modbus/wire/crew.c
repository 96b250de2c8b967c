/* SPDX-License-Identifier: Apache-2.0 */
/* crew: detached helper threads and a queue, kept alive together by references. */
#include "collectors/modbus/wire/crew.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "base/mem.h"
#include <lingtan/clock.h>

enum {
    END_WAIT_NS = 500000000,
    STACK_SIZE =
        256 * 1024, /* getaddrinfo and its modules want some; the default of 8 MB is not needed */
};

struct queued {
    struct queued *next;
    struct errand *errand;
};

struct crew {
    pthread_mutex_t mutex; /* guards all below */
    pthread_cond_t idle;   /* the last thread has ended */
    struct queued *first;
    struct queued **last;
    unsigned threads;
    unsigned threads_max;
    unsigned references; /* the owner's and one a thread */
    bool is_ending;
};

void errand_unref(struct errand *errand)
{
    if (errand != NULL && atomic_fetch_sub(&errand->references, 1) == 1) {
        errand->destroy(errand);
    }
}

static struct errand *take_first(struct crew *crew)
{
    struct queued *queued = crew->first;
    if (queued == NULL) {
        return NULL;
    }
    struct errand *errand = queued->errand;
    crew->first = queued->next;
    if (crew->first == NULL) {
        crew->last = &crew->first;
    }
    free(queued);
    return errand;
}

/* Lets go of the crew, whose mutex is held. */
static void leave(struct crew *crew)
{
    bool is_last = --crew->references == 0;
    pthread_mutex_unlock(&crew->mutex);
    if (is_last) {
        pthread_cond_destroy(&crew->idle);
        pthread_mutex_destroy(&crew->mutex);
        free(crew);
    }
}

/* Homes are large enough for an errand of every line; the mutex is held so that none is destroyed meanwhile. */
static bool bring_home(struct crew *crew, struct errand *errand)
{
    return !crew->is_ending && mailbox_post(errand->home, errand) == 0;
}

static void *help(void *argument)
{
    struct crew *crew = argument;
    pthread_mutex_lock(&crew->mutex);
    struct errand *errand = take_first(crew);
    while (errand != NULL) {
        pthread_mutex_unlock(&crew->mutex);
        errand->run(errand);
        pthread_mutex_lock(&crew->mutex);
        if (!bring_home(crew, errand)) {
            errand_unref(errand);
        }
        errand = take_first(crew);
    }
    if (--crew->threads == 0) {
        pthread_cond_broadcast(&crew->idle);
    }
    leave(crew);
    return NULL;
}

/* Signals belong to the main thread. */
static int start_thread(struct crew *crew)
{
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, STACK_SIZE);
    sigset_t all;
    sigset_t old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    pthread_t thread;
    int error = pthread_create(&thread, &attributes, help, crew);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    pthread_attr_destroy(&attributes);
    return -error;
}

struct crew *crew_create(unsigned threads_max)
{
    struct crew *crew = mem_alloc(sizeof(*crew));
    pthread_mutex_init(&crew->mutex, NULL);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&crew->idle, &attributes);
    pthread_condattr_destroy(&attributes);
    crew->last = &crew->first;
    crew->threads_max = threads_max;
    crew->references = 1;
    return crew;
}

static struct timespec end_of_wait(void)
{
    int64_t end_ns = clock_mono_us(clock_real()) * 1000 + END_WAIT_NS;
    return (struct timespec){.tv_sec = end_ns / 1000000000, .tv_nsec = end_ns % 1000000000};
}

void crew_destroy(struct crew *crew)
{
    if (crew == NULL) {
        return;
    }
    struct timespec end = end_of_wait();
    pthread_mutex_lock(&crew->mutex);
    crew->is_ending = true;
    for (struct errand *errand = take_first(crew); errand != NULL; errand = take_first(crew)) {
        errand_unref(errand);
    }
    int error = 0;
    while (crew->threads > 0 && error == 0) {
        error = pthread_cond_timedwait(&crew->idle, &crew->mutex, &end);
    }
    leave(crew);
}

int crew_post(struct crew *crew, struct errand *errand)
{
    struct queued *queued = mem_alloc(sizeof(*queued));
    queued->errand = errand;
    int error = 0;
    pthread_mutex_lock(&crew->mutex);
    if (crew->threads < crew->threads_max) {
        crew->threads++;
        crew->references++;
        error = start_thread(crew);
        if (error != 0) {
            crew->threads--;
            crew->references--;
        }
    }
    if (crew->threads > 0) {
        atomic_fetch_add(&errand->references, 1);
        *crew->last = queued;
        crew->last = &queued->next;
        error = 0;
    }
    pthread_mutex_unlock(&crew->mutex);
    if (error != 0) {
        free(queued);
    }
    return error;
}
