/* SPDX-License-Identifier: Apache-2.0 */
/* sink_script: a sink under its runner, a store, a hub, and what is done to them, from a seed. */
#ifndef TESTS_ADVERSARY_SINK_SCRIPT_H
#define TESTS_ADVERSARY_SINK_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { SECOND = 1000000, SINK_TROUBLES_MAX = 6 };

enum sink_trouble_kind {
    TROUBLE_DOWN,          /* the far end is away */
    TROUBLE_SESSIONS,      /* its sessions end now and then */
    TROUBLE_STALLED,       /* it takes and never acknowledges */
    TROUBLE_LATE,          /* it acknowledges late */
    TROUBLE_NARROW,        /* it takes few at once */
    TROUBLE_REJECTS,       /* it will never take some */
    TROUBLE_DISK_HANGS,    /* no commit ends */
    TROUBLE_COMMITS_FAIL,  /* what waits is dropped */
    TROUBLE_UNREADABLE,    /* the journal cannot be read back */
    TROUBLE_FOLDER_AWAY,   /* a restart, and the folder is not mounted */
    TROUBLE_RESTARTS,      /* orderly, now and then */
    TROUBLE_KILLS,         /* now and then */
    TROUBLE_BLOCKED,       /* the sink's thread comes to nothing for seconds */
    TROUBLE_BURSTS,        /* more batches than its queues hold */
    TROUBLE_STORE_REFUSES, /* the store's queue is full */
    TROUBLE_KIND_COUNT
};

struct sink_trouble {
    enum sink_trouble_kind kind;
    int64_t from_us;
    int64_t to_us;
    int64_t pace_us;
    int64_t size;
};

struct sink_script {
    uint64_t seed;
    int64_t uptime_us;
    int64_t length_us;
    int64_t batch_us;  /* between two batches */
    int64_t commit_us; /* between two commits */
    int64_t acknowledge_us;
    int64_t connect_us;
    size_t window;
    uint64_t before; /* batches that an earlier run had committed and the sink has */
    size_t trouble_count;
    struct sink_trouble troubles[SINK_TROUBLES_MAX];
};

void sink_script_make(struct sink_script *script, uint64_t seed);
void sink_script_print(const struct sink_script *script, FILE *out);
bool sink_trouble_has_pace(enum sink_trouble_kind kind);

#endif
