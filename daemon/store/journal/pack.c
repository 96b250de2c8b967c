/* SPDX-License-Identifier: Apache-2.0 */
/* pack: zlib at its fastest. What it saves is what the forms of values leave: the exponents of noisy floats, the heads of
 * equal devices. */
#include "store/journal/pack.h"

#include <stdlib.h>
#include <zlib.h>

#include "base/mem.h"

enum {
    WINDOW_BITS = -12, /* 4 KiB, without zlib's frame: the row has a checksum */
    MEMORY_LEVEL = 5,  /* with that window 32 KiB while it packs */
};

/* How many bytes it takes; 0: not fewer than room. */
static size_t deflate_into(uint8_t *out, size_t room, const struct bytes *payload)
{
    z_stream stream = {.next_in = payload->data,
                       .avail_in = (uInt)payload->length,
                       .next_out = out,
                       .avail_out = (uInt)room};
    if (deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, WINDOW_BITS, MEMORY_LEVEL,
                     Z_DEFAULT_STRATEGY) != Z_OK) {
        return 0;
    }
    const int result = deflate(&stream, Z_FINISH);
    deflateEnd(&stream);
    return result == Z_STREAM_END ? (size_t)stream.total_out : 0;
}

static bool inflate_into(uint8_t *out, size_t length, const struct span *packed)
{
    z_stream stream = {.next_in = (z_const Bytef *)packed->at,
                       .avail_in = (uInt)span_left(packed),
                       .next_out = out,
                       .avail_out = (uInt)length};
    if (inflateInit2(&stream, WINDOW_BITS) != Z_OK) {
        return false;
    }
    const int result = inflate(&stream, Z_FINISH);
    inflateEnd(&stream);
    return result == Z_STREAM_END && stream.total_out == length && stream.avail_in == 0;
}

void pack_put(struct bytes *out, const struct bytes *payload)
{
    out->length = 0;
    bytes_put_u8(out, PACKED);
    bytes_put_unsigned(out, payload->length);
    uint8_t *deflated = mem_alloc(payload->length);
    const size_t room = payload->length > out->length ? payload->length - out->length : 0;
    const size_t size = deflate_into(deflated, room, payload);
    if (size > 0) {
        bytes_put(out, deflated, size);
    } else {
        out->length = 0;
        bytes_put(out, payload->data, payload->length);
    }
    free(deflated);
}

int pack_take(struct bytes *payload, const void *data, size_t length)
{
    struct span span = span_of(data, length);
    payload->length = 0;
    if (length == 0 || *span.at != PACKED) {
        bytes_put(payload, data, length);
        return 0;
    }
    (void)span_u8(&span);
    const uint64_t whole = span_unsigned(&span);
    if (span.is_bad || whole == 0 || whole > PACK_LENGTH_MAX) {
        return -EBADMSG;
    }
    uint8_t *inflated = mem_alloc((size_t)whole);
    const bool is_good = inflate_into(inflated, (size_t)whole, &span);
    if (is_good) {
        bytes_put(payload, inflated, (size_t)whole);
    }
    free(inflated);
    return is_good ? 0 : -EBADMSG;
}
