/* SPDX-License-Identifier: Apache-2.0 */
/* pack: a block's payload as it stands in the file: deflated where that makes it smaller. Its first byte tells: PACKED,
 * or the version of a payload that stands as it is. */
#ifndef LINGTAN_STORE_PACK_H
#define LINGTAN_STORE_PACK_H

#include "store/journal/bytes.h"
#include <lingtan/error.h>

enum {
    PACKED = 0x80,             /* no block version */
    PACK_LENGTH_MAX = 4 << 20, /* of a payload: four times the largest block */
};

/* Replaces out. */
void pack_put(struct bytes *out, const struct bytes *payload);

/* Replaces payload. -EBADMSG: damaged. */
int pack_take(struct bytes *payload, const void *data, size_t length) MUST_USE;

#endif
