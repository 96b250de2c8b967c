/* SPDX-License-Identifier: Apache-2.0 */
/* sums: what follows from the parts by addition: buildings, chargers, pile groups, PV and the two feeders. */
#ifndef LINGTAN_SIM_SUMS_H
#define LINGTAN_SIM_SUMS_H

struct world;

/* Both ends of the segment. */
void sums_plan(struct world *world);

#endif
