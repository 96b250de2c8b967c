/* SPDX-License-Identifier: Apache-2.0 */
/* gzip: one zlib stream, used again and again. */
#include "net/gzip.h"

#include <stdlib.h>

#include <zlib.h>

#include "base/mem.h"

enum {
    LEVEL = 1,
    GZIP_WINDOW_BITS = 15 + 16, /* 32 KiB, with gzip's header */
    MEMORY_LEVEL = 8,
    CHUNK = 16384,
};

struct gzip {
    z_stream stream;
};

static voidpf allocate(voidpf context, uInt count, uInt size)
{
    (void)context;
    return mem_alloc((size_t)count * size);
}

static void release(voidpf context, voidpf memory)
{
    (void)context;
    free(memory);
}

struct gzip *gzip_create(void)
{
    struct gzip *gzip = mem_alloc(sizeof(*gzip));
    gzip->stream.zalloc = allocate;
    gzip->stream.zfree = release;
    int result = deflateInit2(&gzip->stream, LEVEL, Z_DEFLATED, GZIP_WINDOW_BITS, MEMORY_LEVEL,
                              Z_DEFAULT_STRATEGY);
    (void)result; /* it fails for want of memory alone, which does not return here */
    return gzip;
}

void gzip_destroy(struct gzip *gzip)
{
    if (!gzip) {
        return;
    }
    deflateEnd(&gzip->stream);
    free(gzip);
}

void gzip_pack(struct gzip *gzip, const char *bytes, size_t length, struct text *out)
{
    z_stream *stream = &gzip->stream;
    unsigned char chunk[CHUNK];
    text_clear(out);
    deflateReset(stream);
    stream->next_in = (z_const Bytef *)bytes;
    stream->avail_in = (uInt)length;
    int result = Z_OK;
    while (result == Z_OK) {
        stream->next_out = chunk;
        stream->avail_out = sizeof(chunk);
        result = deflate(stream, Z_FINISH);
        text_add(out, (const char *)chunk, sizeof(chunk) - stream->avail_out);
    }
}
