/* SPDX-License-Identifier: Apache-2.0 */
/* sink_play: one script from its beginning until everything committed is with the far end, or not in time. */
#ifndef TESTS_ADVERSARY_SINK_PLAY_H
#define TESTS_ADVERSARY_SINK_PLAY_H

#include "adversary/sink_script.h"

enum sink_fault {
    SINK_FINE,
    SINK_LOST,     /* committed and never acknowledged, though nothing hinders it */
    SINK_SKIPPED,  /* the cursor is beyond something that was not acknowledged */
    SINK_TWICE,    /* given twice in one session */
    SINK_BACK,     /* given although the cursor was beyond it */
    SINK_ORDER,    /* out of order without a jump that explains it */
    SINK_WORDS,    /* status or log say what is not so */
    SINK_RESTLESS, /* too many rounds, or too much log */
    SINK_FAULT_COUNT
};

extern const char *const sink_fault_words[];

struct sink_outcome {
    enum sink_fault fault;
    char words[240];
    int64_t healed_us;
    uint64_t batches;
    uint64_t rounds; /* the most in any minute beyond what came */
    uint64_t logs;   /* the most in any minute */
};

void sink_play(const struct sink_script *script, struct sink_outcome *outcome);
void sink_shrink(struct sink_script *script, struct sink_outcome *outcome);

#endif
