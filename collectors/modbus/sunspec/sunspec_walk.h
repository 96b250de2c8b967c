/* SPDX-License-Identifier: Apache-2.0 */
/* sunspec_walk: from a device of which nothing is known to the chain of its SunSpec models, a small read at a time. Pure:
 * it says what to read next and is given what came of it, whoever does the reading.
 *
 * The words "SunS" stand at 40000, 0 or 50000; behind them come models, each with its id and its length, until the id
 * 0xFFFF. Nothing that a device answers makes a walk longer than SUNSPEC_READS_MAX reads. Where a list breaks, what stands
 * before the break is kept; a list of which nothing can be read is refused. */
#ifndef LINGTAN_MODBUS_SUNSPEC_WALK_H
#define LINGTAN_MODBUS_SUNSPEC_WALK_H

#include "collectors/modbus/sunspec/sunspec_models.h"

enum {
    SUNSPEC_MODELS_MAX = 100,
    SUNSPEC_READS_MAX = 128, /* of one walk over all bases */
    SUNSPEC_READ_MAX = SUNSPEC_SERIAL_SIZE,
};

struct sunspec_place {
    uint16_t id;
    uint16_t length;
    uint16_t address; /* of the id */
};

struct sunspec_chain {
    uint16_t base;
    uint32_t
        end; /* where the chain ended: the end marker, or where the device knows no register any more */
    bool has_end;     /* there is an end marker */
    const char *flaw; /* why it ends where it should not; static, NULL = it does not */
    uint16_t serial[SUNSPEC_SERIAL_SIZE]; /* of the first common model; zero when it has none */
    size_t count;
    struct sunspec_place places[SUNSPEC_MODELS_MAX];
};

enum sunspec_step { SUNSPEC_STEP_MAGIC, SUNSPEC_STEP_HEADER, SUNSPEC_STEP_SERIAL };

enum sunspec_verdict {
    SUNSPEC_GOES_ON, /* read what sunspec_walk_next says */
    SUNSPEC_FOUND,   /* walk.chain, whole or as far as it is good */
    SUNSPEC_REFUSED, /* no SunSpec device, or a broken one: walk.why */
};

struct sunspec_walk {
    const struct sunspec_chain *known; /* while it is only looked whether this one still stands */
    struct sunspec_chain chain;
    enum sunspec_step step;
    unsigned base_at;   /* index of the base being tried */
    unsigned bases;     /* tried since the walk began */
    unsigned reads;     /* likewise */
    uint32_t address;   /* of the next header */
    bool is_same;       /* found: the known chain, as it was */
    const char *why;    /* why a chain was refused; static, NULL = not */
    uint32_t why_at;    /* at which register */
    bool has_chain_why; /* why speaks of a chain that began */
    uint32_t silent_at; /* the read within a chain that got no answer */
    unsigned silences;  /* how many walks in a row ended there */
};

/* Begins at the base where the walk stopped last, 40000 at first. known: the chain to be looked after; its first model,
 * serial number and end are compared and, when one is unlike, the walk begins anew from the first base. NULL: none. It is
 * borrowed until the walk ends. */
void sunspec_walk_begin(struct sunspec_walk *walk, const struct sunspec_chain *known);

struct sunspec_read {
    uint16_t address;
    uint16_t quantity; /* SUNSPEC_READ_MAX at most; by function 3 */
};
struct sunspec_read sunspec_walk_next(const struct sunspec_walk *walk);

/* Whether an exception says that there is no such register; what the others say will pass, or is the gateway's word. */
bool sunspec_means_no_register(uint8_t exception);

/* The registers of that read came, or an exception that means that there are none. */
enum sunspec_verdict sunspec_walk_take(struct sunspec_walk *walk, const uint16_t *registers);
enum sunspec_verdict sunspec_walk_refuse(struct sunspec_walk *walk);

/* Nothing came: the walk is over; the next one begins at another base when this one was silent from its beginning. What
 * is silent within a chain twice is a register that the device lacks, and is not asked again. */
void sunspec_walk_abandon(struct sunspec_walk *walk);

/* Whether both list the same models at the same places. */
bool sunspec_chain_same(const struct sunspec_chain *one, const struct sunspec_chain *other);

#endif
