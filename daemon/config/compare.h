/* SPDX-License-Identifier: Apache-2.0 */
/* compare: what two structs of one option table say otherwise. Pure; any thread. */
#ifndef LINGTAN_CONFIG_COMPARE_H
#define LINGTAN_CONFIG_COMPARE_H

#include <stdbool.h>

#include <lingtan/options.h>

struct config_difference {
    const struct option *row;
    const char *key;       /* "store.commit_ms", "points[3].scale"; for the call */
    bool needs_restart;    /* the row or one above it says so */
    const void *old_field; /* the members of the two structs */
    const void *new_field;
};

typedef void (*config_difference_fn)(void *context, const struct config_difference *difference);

/* Tells every option whose values differ. Lists of other lengths are one difference; where things stand in their files is
 * none, and neither is what was derived from them. */
void config_compare(const struct option_table *table, const void *one, const void *other,
                    config_difference_fn fn, void *context);

bool config_is_same(const struct option_table *table, const void *one, const void *other);

#endif
