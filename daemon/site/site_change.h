/* SPDX-License-Identifier: Apache-2.0 */
/* site_change: what of a site is otherwise in a later snapshot of it: for whoever reloads, and for people. Pure.
 *
 * A line is found again by its id, a device by its id on the line of the same id. A device is changed when its own options,
 * its periods or its profile are; a line when its options are or one of its devices is. */
#ifndef LINGTAN_SITE_SITE_CHANGE_H
#define LINGTAN_SITE_SITE_CHANGE_H

#include "site/snapshot.h"

enum change_kind { CHANGE_NONE, CHANGE_OTHER, CHANGE_ADDED, CHANGE_REMOVED };
extern const char *const change_kind_words[]; /* "same", "changed", "added", "removed" */

#define CHANGE_NOWHERE SIZE_MAX

struct device_change {
    enum change_kind kind;
    const struct device_config
        *device; /* of the later site, or of the earlier one when it was removed */
    const struct line_config *line;
    size_t before; /* its place among the devices of the earlier line, or CHANGE_NOWHERE */
    char *why;     /* "ct_ratio 1 -> 40"; NULL = it is the same, added or removed */
};

struct line_change {
    enum change_kind kind;
    const struct line_config
        *line;           /* of the later site, or of the earlier one when it was removed */
    size_t before;       /* its place among the lines of the earlier site, or CHANGE_NOWHERE */
    size_t first_device; /* its devices are so many from here on in those of the change */
    bool is_elsewhere;   /* it leads to another port or address */
    char *why;           /* NULL = as above */
};

struct site_change {
    struct line_change *lines; /* those of the later site in its order, then those removed */
    size_t line_count;
    struct device_change *devices; /* line by line; those removed from a line behind its others */
    size_t device_count;
    bool has_nodes_changed;
    size_t counts_line[CHANGE_REMOVED + 1]; /* by kind */
    size_t counts_device[CHANGE_REMOVED + 1];
};

/* later followed earlier (snapshot_follow). Both outlive the change. */
void site_change_init(struct site_change *change, const struct snapshot *earlier,
                      const struct snapshot *later);
void site_change_finish(struct site_change *change);

/* Whether nothing is otherwise. */
bool site_change_is_none(const struct site_change *change);

#endif
