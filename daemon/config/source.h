/* SPDX-License-Identifier: Apache-2.0 */
/* source: a configuration file and what it includes, as one text that libconfig can be trusted with. Inside
 * daemon/config only.
 *
 * libconfig 1.5 recurses as deep as the file nests, cuts integers to 32 bits, stops at a key given twice, and opens
 * included files itself. So the file is read and scanned here first: includes are spliced in, depth and sizes are
 * bounded, and what libconfig would hide is marked, so that the loader can name it with its full key. */
#ifndef LINGTAN_CONFIG_SOURCE_H
#define LINGTAN_CONFIG_SOURCE_H

#include <stddef.h>

#include "base/text.h"
#include "config/config.h"

enum {
    SOURCE_BYTES_MAX = 16 << 20, /* a file with all that it includes */
    SOURCE_DEPTH_MAX = 32,
    SOURCE_INCLUDE_DEPTH_MAX = 10,
    SOURCE_INCLUDES_MAX = 1000,
    SOURCE_MEMBERS_MAX = 256, /* settings of one group */
    SOURCE_ITEMS_MAX = 20000, /* of one list */
    SOURCE_SETTINGS_MAX = 500000,
    /* The first byte of a string that stands for an integer libconfig would cut; the number follows. Files cannot hold
     * these bytes themselves. */
    SOURCE_MARK_WANTS_L = 1,
    SOURCE_MARK_TOO_LARGE = 2,
    /* The second time a group has `key`, it is called "*2*key". */
    SOURCE_MARK_TWICE = '*',
};

struct source_segment {
    int first; /* line of the spliced text */
    struct origin origin;
};

/* All-zero is empty. */
struct source {
    struct text text;
    int line; /* of the text, being written */
    struct source_segment *segments;
    size_t count;
};

/* -EINVAL when a fault was added that makes parsing pointless. File names live in memory. */
int source_read(struct source *source, const char *path, struct config_memory *memory,
                struct faults *faults) MUST_USE;
void source_finish(struct source *source);

/* From here on the text comes from this place. */
void source_mark(struct source *source, struct origin origin);

/* Where a line of the text comes from. */
struct origin source_origin(const struct source *source, int line);

/* What stands on a line of the text, for messages: *length bytes, blanks trimmed. */
const char *source_line(const struct source *source, int line, size_t *length);

#endif
