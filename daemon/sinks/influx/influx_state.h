/* SPDX-License-Identifier: Apache-2.0 */
/* influx_state: what the sink knows: of the server, of the lot that is to be taken, and whose fault a failure may be. */
#ifndef LINGTAN_SINKS_INFLUX_STATE_H
#define LINGTAN_SINKS_INFLUX_STATE_H

#include "sinks/backoff.h"
#include "sinks/influx/influx_client.h"
#include "sinks/influx/influx_lot.h"
#include "sinks/rejects.h"
#include <lingtan/sink.h>

struct sink_instance {
    const struct influx_options *options;
    const struct clock *clock;
    const char *site;
    struct influx_client *client;
    struct backoff backoff;
    struct rejects rejects;
    int64_t failing_us; /* monotonic: the first request that failed since a good one, 0 = none */
    int64_t silent_us;  /* the one that the last outage began with */
    uint64_t session;
    uint64_t acknowledged;
    struct lot lot;
    size_t lot_bytes;       /* at most, as far as the server takes it */
    size_t lot_lines;       /* likewise */
    uint64_t last_position; /* in the lot */
    uint64_t last_record;   /* likewise, 0 = there is none in it */
    uint64_t acknowledged_records;
    int64_t first_line_us; /* monotonic: when the lot began */
    enum sink_state state;
    char reason[300];

    const struct batch *newest;     /* of the live ones, kept while wary or down */
    struct text taken;              /* the first line of what was taken last; empty = none yet */
    int64_t taken_us;               /* monotonic: when the server took something */
    struct influx_answer suspicion; /* how the piece on top failed */
    size_t run;                     /* lines set aside in a row by the witness */
    int64_t patient_us; /* monotonic: since when it fails up to patient_until, 0 = it does not */
    uint64_t patient_until;
    uint64_t broken_position; /* of the line alone that the server broke at last */
    int breaks;
    int rounds;          /* of patience */
    int strikes;         /* of the line that is alone on top */
    bool needs_proof;    /* a write failed: only a real write proves the server well */
    bool is_proven;      /* the session began with one */
    bool is_wary;        /* something failed, and no whole lot has been taken since */
    bool has_failed;     /* something of this lot */
    bool is_taken_first; /* of the two witnesses, when none is better */
    bool is_witness_due; /* the piece on top has failed */
    bool is_scout;       /* the line on top is the newest of the piece below it */
    bool is_mixed;       /* the piece on top, whose newest line was good */
};

#endif
