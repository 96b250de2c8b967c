/* SPDX-License-Identifier: Apache-2.0 */
/* served: what went out, for tests that compare it with what arrived: a JSON line for each reply to a read. At the
 * limit the file is renamed to FILE.1, taking the place of an older one, and begun anew. One thread. */
#ifndef LINGTAN_SIM_SERVED_H
#define LINGTAN_SIM_SERVED_H

#include <stdio.h>

#include "sim/server/serve.h"

/* All-zero logs nothing. */
struct served {
    FILE *file;
    char *path;
    int64_t size;
    int64_t limit;
};

int served_open(struct served *served, const char *path, int64_t limit) MUST_USE;
void served_close(struct served *served);
void served_add(struct served *served, const struct reply *reply, int64_t wall_us, int64_t sim_us);

#endif
