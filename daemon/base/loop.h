/* SPDX-License-Identifier: Apache-2.0 */
/* loop: the main thread's event loop (sd-event lives only in this folder). Everything here belongs to the thread that
 * created the loop, except loop_post and loop_call. Timers follow the clock given, so a fake clock drives them. */
#ifndef LINGTAN_BASE_LOOP_H
#define LINGTAN_BASE_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include <lingtan/clock.h>
#include <lingtan/error.h>
#include <lingtan/mailbox.h>

struct loop;
struct loop_source; /* an fd, timer, mailbox or signal being watched */

typedef void (*loop_fn)(void *context);
typedef void (*loop_fd_fn)(void *context, uint32_t epoll_events);
typedef void (*loop_items_fn)(void *context, void **items, size_t count); /* takes the items */

int loop_create(const struct clock *clock, struct loop **out) MUST_USE;
void loop_destroy(struct loop *loop);

const struct clock *loop_clock(const struct loop *loop);

int loop_add_fd(struct loop *loop, int fd, uint32_t epoll_events, loop_fd_fn fn, void *context,
                struct loop_source **out) MUST_USE;

/* Up to 256 items a call; comes back before the loop sleeps when more wait. */
int loop_add_mailbox(struct loop *loop, struct mailbox *mailbox, loop_items_fn fn, void *context,
                     struct loop_source **out) MUST_USE;

/* The signal must be blocked in every thread (block before the first thread starts). */
int loop_add_signal(struct loop *loop, int signal, loop_fn fn, void *context,
                    struct loop_source **out) MUST_USE;

/* A timer that is off until loop_timer_at; it fires once per loop_timer_at. */
int loop_add_timer(struct loop *loop, loop_fn fn, void *context, struct loop_source **out) MUST_USE;
void loop_timer_at(struct loop_source *timer, int64_t mono_us);
void loop_timer_off(struct loop_source *timer);

void loop_remove(struct loop_source *source); /* NULL-safe */

/* Runs fn(context) on the loop's thread soon. Any thread. -ESHUTDOWN after loop_quit, -ENOSPC when 1024 wait. What was
 * taken is run before loop_run returns, also after loop_quit; only loop_destroy drops what a loop never came to run. */
int loop_post(struct loop *loop, loop_fn fn, void *context) MUST_USE;

/* The same and waits until it has run; -ESHUTDOWN, not having run it, when the loop ends before. On the loop's own thread
 * it would wait for ever: -EDEADLK. */
int loop_call(struct loop *loop, loop_fn fn, void *context) MUST_USE;

/* Runs until loop_quit and returns its code, or a negative errno. */
int loop_run(struct loop *loop) MUST_USE;

/* Runs what is due now and returns without sleeping: for tests on a fake clock. */
int loop_run_once(struct loop *loop) MUST_USE;

void loop_quit(struct loop *loop, int code);

#endif
