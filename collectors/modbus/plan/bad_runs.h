/* SPDX-License-Identifier: Apache-2.0 */
/* bad_runs: runs of registers that a device does not give in one request, and the search for them.
 *
 * A refused request is halved between two of its values, poll by poll, until the values that are refused by themselves
 * stand alone. The halves made on the way are sought splits; when the search is over, those that a later finding
 * explains are dropped and the others stay: there both sides are good and only not together, because of a hole or of
 * the length. Pure. */
#ifndef LINGTAN_MODBUS_BAD_RUNS_H
#define LINGTAN_MODBUS_BAD_RUNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lingtan/reading.h>

/* How long a request may fail before what it fails by is searched for, and how soon that is asked again. What a device
 * says of a register that it does not have is believed at the second time; failure and silence may pass. */
struct bad_run_limits {
    uint8_t in_row;
    int64_t lasting_us;   /* since the first of them */
    bool wants_others;    /* only while the device gives other values */
    bool may_be_for_good; /* what it never gave waits as long as can be at once */
    int64_t cap_us;       /* of the pauses */
};

/* quality: exception with its code, timeout (no answer) or bad_reply (fewer registers than were asked for). */
const struct bad_run_limits *bad_run_limits(enum quality quality, uint8_t exception);

struct bad_run {
    uint8_t unit;
    uint8_t function;
    uint8_t quality; /* of its values, see above; never ok */
    uint8_t exception;
    bool is_split;  /* two values that are good by themselves: no request may hold both */
    bool is_sought; /* a split that only the search has made so far */
    bool is_told;   /* somebody keeps it over restarts */
    bool
        is_doubtful; /* found when the device had given nothing yet: it may still have been starting */
    uint16_t first; /* on the wire */
    uint16_t last;
    uint16_t block_first; /* sought: the refused request that it halves */
    uint16_t block_last;
    int64_t
        found_us; /* wall: for people and for the next start, which has no other clock in common */
    int64_t since_us;    /* monotonic; negative when it was known before the machine was up */
    int64_t next_try_us; /* monotonic */
};

/* Oldest first. */
struct bad_runs {
    struct bad_run *items;
    size_t count;
};

void bad_runs_finish(struct bad_runs *bad_runs);
void bad_runs_add(struct bad_runs *bad_runs, const struct bad_run *run);
void bad_runs_remove(struct bad_runs *bad_runs, size_t index);
bool bad_runs_are_sought(const struct bad_runs *bad_runs);

bool bad_runs_are_doubtful(const struct bad_runs *bad_runs);

/* The search is over: keeps the sought splits that are needed, drops the others. */
void bad_runs_settle(struct bad_runs *bad_runs);

#endif
