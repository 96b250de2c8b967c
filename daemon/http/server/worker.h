/* SPDX-License-Identifier: Apache-2.0 */
/* worker: a thread for queries that take their time, so that two of them never take MHD's pool away from everybody else.
 * There is one for quick queries and one for long ones: what takes seconds never stands before what takes milliseconds. */
#ifndef LINGTAN_HTTP_WORKER_H
#define LINGTAN_HTTP_WORKER_H

#include <stdbool.h>

#include <lingtan/error.h>
#include <lingtan/mailbox.h>

struct store;
struct journal_reader;
struct worker;

enum worker_queue { WORKER_QUICK, WORKER_LONG, WORKER_COUNT };

/* Run on the worker's thread. reader is NULL when there is no journal to read; worker_is_stopping tells a long job to
 * end early. */
typedef void (*worker_fn)(struct worker *worker, struct journal_reader *reader, void *context);

/* The name is borrowed for life. */
int worker_start(struct store *store, const char *name, struct worker **out) MUST_USE;
/* Waits for the job that runs; every waiting job is still run, with worker_is_stopping true. NULL-safe. */
void worker_stop(struct worker *worker);
bool worker_is_stopping(const struct worker *worker);

/* -ENOSPC when 16 jobs wait: the context stays the caller's. */
int worker_submit(struct worker *worker, worker_fn fn, void *context) MUST_USE;
struct mailbox_stats worker_stats(struct worker *worker);

#endif
