/* SPDX-License-Identifier: Apache-2.0 */
/* feed_rig: a feed on a store that does as it is told. */
#ifndef LINGTAN_TEST_FEED_RIG_H
#define LINGTAN_TEST_FEED_RIG_H

#include "store/feed/feed.h"
#include "support/support.h"

enum { SECOND = 1000000 };

struct feed_rig {
    struct device *device;
    struct store *store;
    struct fake_clock clock;
    struct feed feed;
};

int feed_rig_set_up(void **state);
int feed_rig_tear_down(void **state);

/* Positions offered live; positions that the store has written. */
void feed_rig_live(struct feed_rig *rig, uint64_t from, uint64_t to);
void feed_rig_keep(struct feed_rig *rig, uint64_t from, uint64_t to);

/* Takes all there is: it must be exactly from..to (nothing when from > to). */
void feed_rig_expect(struct feed_rig *rig, uint64_t from, uint64_t to);

#endif
