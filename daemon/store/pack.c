/* SPDX-License-Identifier: Apache-2.0 */
/* pack: zlib at its fastest. What it saves is what the forms of values leave: the exponents of noisy floats, the heads of
 * equal devices. */
#include "store/pack.h"

#include <stdlib.h>
#include <zlib.h>

#include "base/mem.h"

static void put_plain(struct bytes *out, const struct bytes *payload)
{
    out->length = 0;
    bytes_put(out, payload->data, payload->length);
}

void pack_put(struct bytes *out, const struct bytes *payload)
{
    uLongf size = compressBound(payload->length);
    Bytef *deflated = mem_alloc(size);
    const int result = compress2(deflated, &size, payload->data, payload->length, Z_BEST_SPEED);
    out->length = 0;
    bytes_put_u8(out, PACKED);
    bytes_put_unsigned(out, payload->length);
    if (result == Z_OK && out->length + size < payload->length) {
        bytes_put(out, deflated, size);
    } else {
        put_plain(out, payload);
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
    uLongf size = (uLongf)whole;
    Bytef *inflated = mem_alloc(size);
    const int result = uncompress(inflated, &size, span.at, span_left(&span));
    if (result == Z_OK && size == whole) {
        bytes_put(payload, inflated, size);
    }
    free(inflated);
    return result == Z_OK && size == whole ? 0 : -EBADMSG;
}
