/* SPDX-License-Identifier: Apache-2.0 */
/* compare: what two structs of one table say otherwise. What was derived from the options is not looked at: it follows. */
#include "config/compare.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "config/option.h"

/* One walk over a table. */
struct walk {
    config_difference_fn fn; /* NULL: the first difference ends it */
    void *context;
    bool is_different;
};

struct spot {
    const char *path; /* "store", "" at the top */
    bool needs_restart;
};

static void compare_tables(struct walk *walk, const struct option_table *table,
                           const struct spot *spot, const void *one, const void *other);

static bool same_string(const char *one, const char *other)
{
    return strcmp(one != NULL ? one : "", other != NULL ? other : "") == 0;
}

static bool same_strings(const struct option_strings *one, const struct option_strings *other)
{
    bool is_same = one->count == other->count;
    for (size_t i = 0; is_same && i < one->count; i++) {
        is_same = same_string(one->items[i], other->items[i]);
    }
    return is_same;
}

static bool same_float(double one, double other)
{
    return one == other || (isnan(one) && isnan(other));
}

/* Of one value: whatever holds a table is walked instead. */
static bool same_value(const struct option *row, const void *one, const void *other)
{
    switch (row->type) {
    case OPTION_BOOL:
        return *(const bool *)one == *(const bool *)other;
    case OPTION_INT:
        return *(const int64_t *)one == *(const int64_t *)other;
    case OPTION_FLOAT:
        return same_float(*(const double *)one, *(const double *)other);
    case OPTION_ENUM:
        return *(const int *)one == *(const int *)other;
    case OPTION_STRINGS:
        return same_strings(one, other);
    case OPTION_LIST:
        return ((const struct option_list *)one)->count ==
               ((const struct option_list *)other)->count;
    default:
        return same_string(*(char *const *)one, *(char *const *)other);
    }
}

static void tell(struct walk *walk, const struct option *row, const struct spot *spot,
                 const void *one, const void *other)
{
    walk->is_different = true;
    if (walk->fn != NULL) {
        walk->fn(walk->context, &(struct config_difference){.row = row,
                                                            .key = spot->path,
                                                            .needs_restart = spot->needs_restart,
                                                            .old_field = one,
                                                            .new_field = other});
    }
}

static void compare_items(struct walk *walk, const struct option *row, const struct spot *spot,
                          const void *one, const void *other)
{
    const char *ours = ((const struct option_list *)one)->items;
    const char *theirs = ((const struct option_list *)other)->items;
    const size_t count = ((const struct option_list *)one)->count;
    for (size_t i = 0; i < count; i++) {
        char *path = mem_format("%s[%zu]", spot->path, i);
        const struct spot item = {.path = path, .needs_restart = spot->needs_restart};
        compare_tables(walk, row->table, &item, ours + i * row->table->size,
                       theirs + i * row->table->size);
        free(path);
    }
}

/* A group that may be left out is something else than one with all its defaults. */
static bool is_given(const struct option_table *table, const void *group)
{
    return !table->keeps_origin || ((const struct origin *)group)->line > 0;
}

static void compare_group(struct walk *walk, const struct option *row, const struct spot *spot,
                          const void *one, const void *other)
{
    if (is_given(row->table, one) != is_given(row->table, other)) {
        tell(walk, row, spot, one, other);
    } else {
        compare_tables(walk, row->table, spot, one, other);
    }
}

static void compare_row(struct walk *walk, const struct option *row, const struct spot *spot,
                        const void *one, const void *other)
{
    if (row->type == OPTION_GROUP) {
        compare_group(walk, row, spot, one, other);
    } else if (!same_value(row, one, other)) {
        tell(walk, row, spot, one, other);
    } else if (row->type == OPTION_LIST) {
        compare_items(walk, row, spot, one, other);
    }
}

static void compare_tables(struct walk *walk, const struct option_table *table,
                           const struct spot *spot, const void *one, const void *other)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct option *row = &table->rows[i];
        const void *ours = option_field_const(row, one);
        const void *theirs = option_field_const(row, other);
        if (walk->is_different && walk->fn == NULL) {
            return;
        }
        if (row->type == OPTION_INLINE) {
            compare_tables(walk, row->table, spot, ours, theirs);
            continue;
        }
        char *path = walk->fn == NULL ? NULL
                                      : mem_format("%s%s%s", spot->path,
                                                   spot->path[0] != '\0' ? "." : "", row->name);
        const struct spot inner = {.path = path != NULL ? path : "",
                                   .needs_restart = spot->needs_restart || row->needs_restart};
        compare_row(walk, row, &inner, ours, theirs);
        free(path);
    }
}

void config_compare(const struct option_table *table, const void *one, const void *other,
                    config_difference_fn fn, void *context)
{
    struct walk walk = {.fn = fn, .context = context};
    compare_tables(&walk, table, &(struct spot){.path = ""}, one, other);
}

bool config_is_same(const struct option_table *table, const void *one, const void *other)
{
    struct walk walk = {0};
    compare_tables(&walk, table, &(struct spot){.path = ""}, one, other);
    return !walk.is_different;
}
