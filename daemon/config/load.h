/* SPDX-License-Identifier: Apache-2.0 */
/* load: the parts of the loader. Inside daemon/config only; with source.h the only place that knows libconfig. */
#ifndef LINGTAN_CONFIG_LOAD_H
#define LINGTAN_CONFIG_LOAD_H

#include <libconfig.h>

#include "config/option.h"
#include "config/source.h"

struct loader {
    const struct source *source;
    struct config_memory *memory;
    struct faults *faults;
};

/* Where in the file's tree we are; frames live on the stack. */
struct place {
    const struct place *parent;
    const char *name; /* of a setting, or NULL for an item of a list */
    const char *id;   /* of an item that has one */
    size_t index;     /* of an item */
};

struct origin load_origin(const struct loader *loader, const config_setting_t *setting);

/* Adds a fault about the place. Takes what. */
void load_fault(const struct loader *loader, struct origin origin, const struct place *place,
                char *take_what);

/* "<what>, wants <what the row wants>". */
void load_want_fault(const struct loader *loader, const config_setting_t *setting,
                     const struct place *place, const struct option *row, const char *what);

/* "is a string, wants ...". */
void load_type_fault(const struct loader *loader, const config_setting_t *setting,
                     const struct place *place, const struct option *row);

/* Adds the fault of an integer that libconfig would have cut (see source.h); false when the setting is none. */
bool load_is_cut(const struct loader *loader, const config_setting_t *setting,
                 const struct place *place, const struct option *row);

bool load_is_list(const config_setting_t *setting); /* a list or an array */

/* Reads a setting into the member of a row, or adds a fault. Not for groups and lists. */
void load_value(const struct loader *loader, const config_setting_t *setting,
                const struct place *place, const struct option *row, void *field);

#endif
