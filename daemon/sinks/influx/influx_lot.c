/* SPDX-License-Identifier: Apache-2.0 */
/* influx_lot: a stack of pieces. */
#include "sinks/influx/influx_lot.h"

#include <assert.h>
#include <string.h>

enum { BYTES_KEPT = 256 * 1024 };

void lot_finish(struct lot *lot)
{
    text_finish(&lot->body);
    *lot = (struct lot){0};
}

void lot_clear(struct lot *lot)
{
    if (lot->body.capacity > BYTES_KEPT) {
        text_finish(&lot->body);
    }
    text_clear(&lot->body);
    lot->lines = 0;
    lot->piece_count = 0;
}

void lot_begin(struct lot *lot)
{
    lot->pieces[0] = (struct piece){.end = lot->body.length};
    lot->piece_count = 1;
}

struct piece lot_take(struct lot *lot)
{
    return lot->pieces[--lot->piece_count];
}

void lot_put_back(struct lot *lot, struct piece piece)
{
    assert(lot->piece_count < LOT_PIECES_MAX);
    lot->pieces[lot->piece_count++] = piece;
}

/* One line cannot be halved: then end is returned. */
static size_t find_middle(const struct text *body, struct piece piece)
{
    const char *start = body->data + piece.start;
    size_t length = piece.end - piece.start;
    const char *newline = memrchr(start, '\n', length / 2);
    if (!newline) {
        newline = memchr(start, '\n', length);
    }
    return piece.start + (size_t)(newline + 1 - start);
}

bool lot_halve(struct lot *lot, struct piece piece)
{
    size_t middle = find_middle(&lot->body, piece);
    if (middle == piece.end) {
        return false;
    }
    lot_put_back(lot, (struct piece){.start = middle, .end = piece.end});
    lot_put_back(lot, (struct piece){.start = piece.start, .end = middle});
    return true;
}

bool lot_split_last(struct lot *lot, struct piece piece)
{
    const char *start = lot->body.data + piece.start;
    const char *newline = memrchr(start, '\n', piece.end - piece.start - 1);
    if (!newline) {
        return false;
    }
    size_t last = (size_t)(newline + 1 - lot->body.data);
    lot_put_back(lot, (struct piece){.start = piece.start, .end = last});
    lot_put_back(lot, (struct piece){.start = last, .end = piece.end});
    return true;
}

size_t lot_count_lines(const struct lot *lot, struct piece piece)
{
    size_t count = 0;
    for (size_t i = piece.start; i < piece.end; i++) {
        count += lot->body.data[i] == '\n';
    }
    return count;
}
