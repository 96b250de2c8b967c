/* SPDX-License-Identifier: Apache-2.0 */
/* bytes: numbers to bytes and back, for what goes into a journal row. Writing grows a buffer; reading walks a span and
 * remembers the first fault, so that a decoder checks once at the end of each record. Little-endian whatever the machine.
 * One thread per object. */
#ifndef LINGTAN_STORE_BYTES_H
#define LINGTAN_STORE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All-zero is empty. */
struct bytes {
    uint8_t *data;
    size_t length;
    size_t capacity;
};

void bytes_finish(struct bytes *bytes); /* frees, back to all-zero */
void bytes_put(struct bytes *bytes, const void *data, size_t length);
void bytes_put_u8(struct bytes *bytes, uint8_t value);
void bytes_put_unsigned(struct bytes *bytes, uint64_t value); /* 7 bits a byte, low first */
void bytes_put_signed(struct bytes *bytes, int64_t value);    /* zig-zag: small either way */
void bytes_put_float(struct bytes *bytes, float value);
void bytes_put_double(struct bytes *bytes, double value);
void bytes_put_string(struct bytes *bytes, const char *string); /* NULL is written as "" */

/* Reading past the end gives 0 and sets is_bad for good. */
struct span {
    const uint8_t *at;
    const uint8_t *end;
    bool is_bad;
};

struct span span_of(const void *data, size_t length);
size_t span_left(const struct span *span);
const uint8_t *span_take(struct span *span, size_t length); /* NULL when there are not as many */
uint8_t span_u8(struct span *span);
uint64_t span_unsigned(struct span *span);
int64_t span_signed(struct span *span);
float span_float(struct span *span);
double span_double(struct span *span);
char *span_dup_string(struct span *span); /* never NULL */

/* A checksum that any flipped or displaced byte changes. Not against an adversary. */
uint64_t bytes_checksum(const void *data, size_t length);

#endif
