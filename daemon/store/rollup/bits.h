/* SPDX-License-Identifier: Apache-2.0 */
/* bits: columns of integers in few bits, by Golomb-Rice codes (R. F. Rice, JPL publication 79-22, 1979): what is left of a
 * value after its guess is mostly small, and noise cannot be made smaller by looking for repeats. Pure. */
#ifndef LINGTAN_STORE_BITS_H
#define LINGTAN_STORE_BITS_H

#include "store/journal/bytes.h"

/* Writes behind what is in `bytes`. All-zero but for bytes is the beginning. */
struct bit_writer {
    struct bytes *bytes;
    uint64_t waiting; /* the low `count` bits are not written yet */
    unsigned count;   /* < 8 between calls */
};
void bits_put(struct bit_writer *writer, uint64_t value, unsigned width); /* width 0..64 */
void bits_flush(struct bit_writer *writer);                               /* to a whole byte */

/* Reading past the end gives zeros and sets is_bad for good. */
struct bit_reader {
    struct span span;
    uint64_t waiting;
    unsigned count;
};
uint64_t bits_take(struct bit_reader *reader, unsigned width);

/* A column of any values; whichever is shorter of differences to the one before and to a common base. */
void bits_put_column(struct bit_writer *writer, const int64_t *values, size_t count);
void bits_take_column(struct bit_reader *reader, int64_t *values, size_t count);

/* How many bits bits_put_column would take. */
size_t bits_of_column(const int64_t *values, size_t count);

#endif
