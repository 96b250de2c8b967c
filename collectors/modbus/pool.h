/* SPDX-License-Identifier: Apache-2.0 */
/* pool: an I/O thread that drives its lines by one epoll and one heap of timers, an entry a line. Nothing in it blocks.
 * All functions are called on the main thread, apart from pool_command. */
#ifndef LINGTAN_MODBUS_POOL_H
#define LINGTAN_MODBUS_POOL_H

#include "collectors/modbus/line/line.h"

struct pool;

int pool_create(const struct collector_host *host, int64_t slot_us, struct pool **out) MUST_USE;

/* After pool_stop or without pool_start; the lines go with it. NULL-safe. */
void pool_destroy(struct pool *pool);

const struct line_host *pool_line_host(const struct pool *pool);
struct mailbox *pool_home(const struct pool *pool);
void pool_add(struct pool *pool, struct line *take_line); /* before pool_start */

size_t pool_line_count(const struct pool *pool);

/* One line in the place of another. */
struct pool_swap {
    struct line *from;                    /* NULL = there was none */
    struct line *line;                    /* NULL = none follows */
    const struct line_heritage *heritage; /* of both */
};

/* Ends and begins lines while the others run on: returns when the pool's thread has done it, which it does between two
 * wake-ups, so within milliseconds. The lines that ended are the caller's to destroy. Before pool_start or after
 * pool_stop nothing is begun or ended. */
void pool_swap(struct pool *pool, const struct pool_swap *swaps, size_t count);

int pool_start(struct pool *pool) MUST_USE;

/* Joins the thread, which first gives back all commands with -ECANCELED. */
void pool_stop(struct pool *pool);

/* Gives a command to one of its lines. -ENOSPC: no room, the caller keeps it. While the pool runs. */
int pool_command(struct pool *pool, struct line *line, struct command *take_command) MUST_USE;

#endif
