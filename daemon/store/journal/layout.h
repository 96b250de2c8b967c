/* SPDX-License-Identifier: Apache-2.0 */
/* layout: a device as a journal file keeps it, so that the file explains itself long after the configuration changed,
 * and what the block codec must know of it. Const once made; one reference to the device. */
#ifndef LINGTAN_STORE_LAYOUT_H
#define LINGTAN_STORE_LAYOUT_H

#include "store/journal/bytes.h"
#include <lingtan/device.h>
#include <lingtan/error.h>

struct layout {
    const struct device *device; /* a reference is held */
    /* A point: how many points before it stands one whose count is a good guess of its own; 0 = none. Written to the
     * file, since the quantities it was worked out from may change between versions. */
    uint8_t back[];
};

struct layout *layout_of_device(const struct device *device);
void layout_destroy(struct layout *layout); /* NULL-safe */

/* Equal bytes mean device_same_layout, and the other way round. */
void layout_encode(const struct layout *layout, struct bytes *out);

/* sibling: a device that may have equal points, to share them; NULL = none. -EBADMSG: the bytes are no layout. -ENOENT:
 * it names a quantity that this version does not know. */
int layout_decode(const void *data, size_t length, const struct device *sibling,
                  struct layout **out) MUST_USE;

#endif
