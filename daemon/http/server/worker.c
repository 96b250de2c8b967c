/* SPDX-License-Identifier: Apache-2.0 */
/* worker: a thread behind a mailbox, with a reader of the journal of its own. */
#include "http/server/worker.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/mem.h"
#include "store/store.h"
#include <lingtan/log.h>

enum {
    JOBS_MAX = 16,
};

struct worker_job {
    worker_fn fn;
    void *context;
};

struct worker {
    struct store *store;
    struct mailbox *jobs; /* full: refused, and the client is told to come back */
    struct journal_reader *reader;
    pthread_t thread;
    int stop_fd;
    atomic_bool is_stopping;
};

/* Opened at the first query, and again after a failure: the journal may appear later. */
static struct journal_reader *reader_get(struct worker *worker)
{
    if (!worker->reader && worker->store) {
        int error = journal_reader_open(worker->store, &worker->reader);
        if (error < 0) {
            log_warning("history: the journal cannot be read now (error %d)", -error);
            worker->reader = NULL;
        }
    }
    return worker->reader;
}

static void run_jobs(struct worker *worker)
{
    void *item = NULL;
    while (mailbox_take(worker->jobs, &item, 1) == 1) {
        struct worker_job *job = item;
        job->fn(worker, worker_is_stopping(worker) ? NULL : reader_get(worker), job->context);
        free(job);
    }
}

static void *work(void *context)
{
    struct worker *worker = context;
    struct pollfd fds[] = {
        {.fd = mailbox_fd(worker->jobs), .events = POLLIN},
        {.fd = worker->stop_fd, .events = POLLIN},
    };
    while (!worker_is_stopping(worker)) {
        if (poll(fds, ARRAY_SIZE(fds), -1) > 0) {
            run_jobs(worker);
        }
    }
    run_jobs(worker);
    if (worker->reader) {
        journal_reader_close(worker->reader);
    }
    return NULL;
}

int worker_start(struct store *store, const char *name, struct worker **out)
{
    struct worker *worker = mem_alloc(sizeof(*worker));
    worker->store = store;
    worker->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (worker->stop_fd < 0) {
        int error = -errno;
        free(worker);
        return error;
    }
    worker->jobs = mailbox_create(name, JOBS_MAX, MAILBOX_REFUSE, free);
    int error = -pthread_create(&worker->thread, NULL, work, worker);
    if (error < 0) {
        mailbox_destroy(worker->jobs);
        close(worker->stop_fd);
        free(worker);
        return error;
    }
    *out = worker;
    return 0;
}

void worker_stop(struct worker *worker)
{
    if (!worker) {
        return;
    }
    atomic_store(&worker->is_stopping, true);
    (void)eventfd_write(worker->stop_fd, 1);
    pthread_join(worker->thread, NULL);
    mailbox_destroy(worker->jobs);
    close(worker->stop_fd);
    free(worker);
}

bool worker_is_stopping(const struct worker *worker)
{
    return atomic_load(&worker->is_stopping);
}

int worker_submit(struct worker *worker, worker_fn fn, void *context)
{
    struct worker_job *job = mem_alloc(sizeof(*job));
    *job = (struct worker_job){.fn = fn, .context = context};
    int error = mailbox_post(worker->jobs, job);
    if (error < 0) {
        free(job);
    }
    return error;
}

struct mailbox_stats worker_stats(struct worker *worker)
{
    return mailbox_stats(worker->jobs);
}
