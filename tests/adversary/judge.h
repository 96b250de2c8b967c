/* SPDX-License-Identifier: Apache-2.0 */
/* judge: what must be true of a line at every moment, and what must be true again after the trouble. The first fault
 * stands. */
#ifndef TESTS_ADVERSARY_JUDGE_H
#define TESTS_ADVERSARY_JUDGE_H

#include "adversary/trouble.h"

enum fault {
    FAULT_NONE,
    FAULT_VALUE,   /* a reading that the device did not give to that request */
    FAULT_SPIN,    /* the line never comes to rest */
    FAULT_DEAD,    /* not read again in time */
    FAULT_STARVED, /* read again, but not at its period */
    FAULT_LIE,     /* a state that is not so */
    FAULT_MUTE,    /* no batch of a device for too long */
    FAULT_STORM,   /* too many connects */
    FAULT_LOG,     /* too many lines of log */
    FAULT_WAKE,    /* too many wake-ups */
    FAULT_BYTES,   /* too many requests */
    FAULT_COMMAND, /* lost, doubled or answered falsely */
    FAULT_CROWDED, /* commands took the time of the polls */
    FAULT_COUNT
};

extern const char *const fault_words[];

enum { JUDGE_ASKS = 32, JUDGE_POINTS = 16, JUDGE_MINUTE = 60 };

struct judged_unit {
    struct ask asks[JUDGE_ASKS]; /* since the last batch */
    size_t ask_count;
    struct ask command; /* the last one's request */
    const struct device *device;
    int64_t posted_us;
    int64_t asked_us;
    unsigned unheard; /* asks in a row without any answer */
    int64_t ok_us[JUDGE_POINTS];
    uint32_t oks[JUDGE_POINTS];
    bool is_counted[JUDGE_POINTS]; /* it had been read at least once when the count began */
};

/* What only grows. */
struct tally {
    uint64_t opens;
    uint64_t useful;
    uint64_t logs;
    uint64_t runs;
    uint64_t asks;
    uint64_t posts;
    uint64_t arrivals;
    uint64_t commands;
};

struct judge {
    struct bench *bench;
    const struct script *script;
    struct peer *peer;
    int64_t start_us;
    enum fault fault;
    char words[240];
    struct judged_unit units[SCRIPT_UNITS];
    uint64_t posts;
    uint64_t asks;
    int64_t asked_us; /* anybody */
    uint64_t commands_done;
    struct tally minute[JUDGE_MINUTE]; /* by second, in a circle */
    unsigned seconds;
    struct tally worst; /* in any minute */
};

void judge_init(struct judge *judge, struct bench *bench, struct peer *peer);
void judge_ask(struct judge *judge, const struct ask *ask);
void judge_post(struct judge *judge, const struct batch *batch);
void judge_done(struct judge *judge, const struct command *command);
void judge_second(struct judge *judge);

/* After the trouble. NULL: all that lives is read and shown so; else what is missing, in words that last till the next
 * call. limit_us: until when what is missing may be so. */
const char *judge_missing(struct judge *judge, int64_t end_us, int64_t *limit_us);

/* Polls at their period since the counts began: at least this share of them, in percent; of values that had been read
 * before, or all. */
void judge_count(struct judge *judge, bool all);
void judge_counted(struct judge *judge, int64_t since_us, unsigned percent, enum fault fault);

void judge_blame(struct judge *judge, enum fault fault, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
