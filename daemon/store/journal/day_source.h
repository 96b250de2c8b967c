/* SPDX-License-Identifier: Apache-2.0 */
/* day_source: one journal file opened for reading, with the layouts it has needed so far. Every call is a transaction of
 * its own that fetches one block at the most, so no reader keeps the writer from reusing the WAL. One thread. */
#ifndef LINGTAN_STORE_DAY_SOURCE_H
#define LINGTAN_STORE_DAY_SOURCE_H

#include "store/journal/block.h"

struct day_source;

int day_source_open(const char *path, struct day_source **out) MUST_USE;
void day_source_close(struct day_source *source); /* NULL-safe */

/* A block's row. The payload's memory is kept from call to call. All-zero is empty. */
struct day_block {
    uint64_t first_position;
    uint64_t last_position;
    int64_t first_us;
    int64_t last_us;
    struct batch_clock clock; /* of its batches; all-zero in a file of version 1 */
    struct bytes payload;
};

/* The block that holds `from`, else the next one. 1: found; 0: none; -EBADMSG: found, but its checksum is wrong. */
int day_source_next(struct day_source *source, uint64_t from, struct day_block *block) MUST_USE;

/* The first block after the one in `block`, by first_us, last_us and position, that overlaps [from_us, to_us). Results
 * as above. Begin with day_block_start. */
int day_source_next_time(struct day_source *source, int64_t from_us, int64_t to_us,
                         struct day_block *block) MUST_USE;
void day_block_start(struct day_block *block);

/* The layout of an id, owned by the source. -ENOENT, -EBADMSG: it can't be understood. */
int day_source_layout(struct day_source *source, uint64_t id, const struct layout **out) MUST_USE;

/* The ids of all layouts of a device; the caller frees *ids. */
int day_source_device(struct day_source *source, const char *device, uint64_t **ids,
                      size_t *count) MUST_USE;

#endif
