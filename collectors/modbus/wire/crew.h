/* SPDX-License-Identifier: Apache-2.0 */
/* crew: helper threads for what may block - name servers, opening ports - so that the pool never does. Threads start
 * when there is work and end when there is none. A blocked system call cannot be interrupted: crew_destroy leaves such
 * a thread behind, and what it holds is freed when the call returns. */
#ifndef LINGTAN_MODBUS_CREW_H
#define LINGTAN_MODBUS_CREW_H

#include <stdatomic.h>
#include <stdbool.h>

#include <lingtan/error.h>
#include <lingtan/mailbox.h>

struct line;

/* Something to be done by a helper, the first member of what it is about. Shared by its owner and the crew, each with a
 * reference; whoever lets go last frees it. */
struct errand {
    atomic_uint references;
    void (*run)(struct errand *errand); /* on a helper thread */
    void (*destroy)(
        struct errand *errand); /* frees it and whatever result nobody took; any thread */
    struct mailbox *home;       /* where it goes when done: of the line's pool */
    struct line *line;          /* touched by the pool's thread alone, like is_done */
    bool is_done;
};

void errand_unref(struct errand *errand); /* NULL-safe */

struct crew;

struct crew *crew_create(unsigned threads_max);

/* No thread touches a home mailbox afterwards. Waits for running errands, but not longer than half a second. */
void crew_destroy(struct crew *crew);

/* Takes a second reference for the way there and back. -EAGAIN: no thread could be started. Any thread. */
int crew_post(struct crew *crew, struct errand *errand) MUST_USE;

#endif
