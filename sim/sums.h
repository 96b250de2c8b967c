/* SPDX-License-Identifier: Apache-2.0 */
/* sums: what follows from the parts by addition: buildings, chargers, pile groups, PV and the two feeders. */
#ifndef LINGTAN_SIM_SUMS_H
#define LINGTAN_SIM_SUMS_H

struct world;

/* Both ends of the segment. */
void sums_plan(struct world *world);

/* Loads minus generation behind a transformer (0 or 1) now, kW, without losses: what its feeder should show. */
double sums_net(const struct world *world, int transformer);

#endif
