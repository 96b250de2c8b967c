/* SPDX-License-Identifier: Apache-2.0 */
/* sunspec_profile: a chain of models as the profile that a file would have held, so that plan, decoding and description
 * know nothing of SunSpec. Pure.
 *
 * Which points: those of the tables that lie within the length that the device gives its model. A map may hold more than
 * one measuring device - two inverters, an inverter and its meter. They are counted in the order of the chain; the points
 * of the first have the plain names, those of the second end in _2, and so on. Strings and ports are counted through. */
#ifndef LINGTAN_MODBUS_SUNSPEC_PROFILE_H
#define LINGTAN_MODBUS_SUNSPEC_PROFILE_H

#include "collectors/modbus/sunspec/sunspec_walk.h"

enum sunspec_use {
    SUNSPEC_USE_READ,
    SUNSPEC_USE_DUPLICATE, /* another model of the device tells the same better */
    SUNSPEC_USE_SKIPPED,   /* known, but nothing of it is read */
    SUNSPEC_USE_EMPTY,     /* the device gives it a length that holds nothing of what is read */
    SUNSPEC_USE_UNKNOWN,
    SUNSPEC_USE_COUNT
};
extern const char *const sunspec_use_words[];

struct sunspec_role {
    const struct sunspec_model *model; /* NULL when unknown */
    enum sunspec_use use;
    unsigned device; /* which measuring device of the map it belongs to, from 1 */
};

/* What becomes of each model of the chain. */
void sunspec_roles(const struct sunspec_chain *chain,
                   struct sunspec_role roles[SUNSPEC_MODELS_MAX]);

/* file: the profile that says "discovery": its id, name and link are taken over. chain NULL: nothing is known yet; the
 * profile then holds the points that every device has, the common model's, where they usually stand. */
struct profile *sunspec_profile_create(const struct profile *file,
                                       const struct sunspec_chain *chain);

#endif
