/* SPDX-License-Identifier: Apache-2.0 */
/* sunspec: the registers of a device that lists its SunSpec models, as a profile like any other, so that roles, faults
 * and the control socket know nothing of it. The models are described here once more, from the same documents as the
 * daemon's and not from its tables, so that each proves the other. */
#ifndef LINGTAN_SIM_SUNSPEC_H
#define LINGTAN_SIM_SUNSPEC_H

#include "sim/device/image.h"

/* base: where the list begins. models: their numbers; none = an inverter with two strings. A number that is not described
 * is served as a model that nobody knows. The points are named as the daemon is to name them. Never NULL. */
struct profile *sunspec_create(const struct profile *file, uint16_t base,
                               const struct option_strings *models);

/* Gives the words and scale factors of the list their values. */
void sunspec_fill(struct image *image);

#endif
