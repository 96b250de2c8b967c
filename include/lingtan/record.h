/* SPDX-License-Identifier: Apache-2.0 */
/* record: what is to be known and is no reading - an alarm's change, an event, an audit entry, a closed interval with its
 * revision. Implemented by daemon/model; kept and given out by daemon/store (store/records.h).
 *
 * A record has a position of its own, 1 up over all kinds, never used twice; gaps are allowed. It is told to whoever asks
 * only once it is committed, and in order. Immutable once made and shared by reference.
 *
 * To add a kind: a name below and its row in daemon/model/record.c. Where its body lives elsewhere its keeper registers
 * with store_provide_bodies. */
#ifndef LINGTAN_RECORD_H
#define LINGTAN_RECORD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <lingtan/error.h>

enum record_kind {
    RECORD_ALARM,    /* subject: the alarm's id; body: state raised, acknowledged, cleared */
    RECORD_EVENT,    /* something that happened or is to happen */
    RECORD_AUDIT,    /* who did what, when, why */
    RECORD_INTERVAL, /* of energy, closed, with its revision; its body lives in the interval store */
    RECORD_KIND_COUNT
};

struct record_kind_row {
    const char *word;  /* in the ledger, in topics and measurements; never changed */
    const char *topic; /* of MQTT, below the site; the subject follows */
    bool is_state;     /* the newest of a subject is how it stands: retained */
    bool is_kept;      /* never shed; else gone once all sinks and the stream have passed it */
};
extern const struct record_kind_row record_kinds[RECORD_KIND_COUNT];

int record_kind_parse(const char *word, enum record_kind *out) MUST_USE; /* -EINVAL */

enum {
    RECORD_SUBJECT_MAX = 127, /* bytes */
    RECORD_BODY_MAX = 65536,
};

/* What its maker says; borrowed. */
struct record_draft {
    enum record_kind kind;
    const char *subject;   /* [a-z0-9_-]: in topics, tags and URLs */
    int64_t time_us;       /* wall: when it happened */
    const char *body;      /* one JSON object; NULL: its keeper gives it, and */
    const char *reference; /* is what the keeper finds it by; NULL when body is set */
};

/* 0, or -EINVAL: a subject that cannot stand in a topic, not exactly one of body and reference, a body that is no object.
 * -E2BIG: too long. */
int record_check(const struct record_draft *draft) MUST_USE;

struct record {
    atomic_uint references;
    enum record_kind kind;
    uint64_t position;
    int64_t time_us;
    const char *subject;
    const char *body;      /* NULL when it lives elsewhere */
    const char *reference; /* NULL when it does not */
};

/* A copy of the draft; one reference. */
struct record *record_create(const struct record_draft *draft, uint64_t position);
const struct record *record_ref(const struct record *record);
void record_unref(const struct record *record); /* NULL-safe, any thread */

#endif
