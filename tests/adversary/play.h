/* SPDX-License-Identifier: Apache-2.0 */
/* play: one script from its beginning until all is well again, or not in time. */
#ifndef TESTS_ADVERSARY_PLAY_H
#define TESTS_ADVERSARY_PLAY_H

#include "adversary/judge.h"

struct outcome {
    enum fault fault;
    char words[240];
    int64_t healed_us; /* after the trouble */
    struct tally worst;
};

void play(const struct script *script, const struct profiles *profiles, struct outcome *outcome);

/* A smaller script with the same kind of fault. */
void shrink(struct script *script, const struct profiles *profiles, struct outcome *outcome);

#endif
