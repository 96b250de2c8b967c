/* SPDX-License-Identifier: Apache-2.0 */
/* influx_lot: lines that go out together, and the pieces of them that are still to be posted. */
#ifndef LINGTAN_SINKS_INFLUX_LOT_H
#define LINGTAN_SINKS_INFLUX_LOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

enum {
    LOT_BYTES_MAX = 4 * 1024 * 1024, /* no more lines beyond this */
    LOT_PIECES_MAX = 64,             /* halving 4 MiB takes at most two steps a power of two */
};

/* Whole lines: [start, end) of the body. */
struct piece {
    size_t start;
    size_t end;
};

/* All-zero is an empty lot. */
struct lot {
    struct text body;
    size_t lines;
    struct piece pieces[LOT_PIECES_MAX]; /* the next one last */
    size_t piece_count;
};

void lot_finish(struct lot *lot);
void lot_clear(struct lot *lot); /* keeps some memory */

/* The whole body becomes the one piece. */
void lot_begin(struct lot *lot);

struct piece lot_take(struct lot *lot);                 /* only when piece_count > 0 */
void lot_put_back(struct lot *lot, struct piece piece); /* just taken: comes next again */

/* Both halves of a piece just taken come next. False, and nothing is done, when it is one line. */
bool lot_halve(struct lot *lot, struct piece piece);

/* The last line of a piece just taken comes next, then the others. False likewise. */
bool lot_split_last(struct lot *lot, struct piece piece);

size_t lot_count_lines(const struct lot *lot, struct piece piece);

#endif
