/* SPDX-License-Identifier: Apache-2.0 */
/* sunspec_walk: the steps: the words at a base, then headers, with the serial number behind the first of them. */
#include "collectors/modbus/sunspec/sunspec_walk.h"

#include <string.h>

#include "base/mem.h"

#include <lingtan/exception.h>

enum {
    MAGIC_HIGH = 0x5375, /* "Su" */
    MAGIC_LOW = 0x6E53,  /* "nS" */
    ADDRESSES = 0x10000,
    SILENCES_MAX = 2,
};

static const uint16_t bases[] = {40000, 0, 50000};

bool sunspec_means_no_register(uint8_t exception)
{
    return exception_kind(exception) == EXCEPTION_IS_ABSENT;
}

static void begin_base(struct sunspec_walk *walk)
{
    walk->chain = (struct sunspec_chain){.base = bases[walk->base_at]};
    walk->step = SUNSPEC_STEP_MAGIC;
}

void sunspec_walk_begin(struct sunspec_walk *walk, const struct sunspec_chain *known)
{
    *walk = (struct sunspec_walk){
        .known = known,
        .base_at = walk->base_at,
        .silent_at = walk->silent_at,
        .silences = walk->silences,
    };
    for (unsigned i = 0; known != NULL && i < ARRAY_SIZE(bases); i++) {
        walk->base_at = bases[i] == known->base ? i : walk->base_at;
    }
    begin_base(walk);
}

static const struct sunspec_place *last_place(const struct sunspec_walk *walk)
{
    return &walk->chain.places[walk->chain.count - 1];
}

struct sunspec_read sunspec_walk_next(const struct sunspec_walk *walk)
{
    switch (walk->step) {
    case SUNSPEC_STEP_SERIAL:
        return (struct sunspec_read){
            .address = (uint16_t)(last_place(walk)->address + SUNSPEC_SERIAL_AT),
            .quantity = SUNSPEC_SERIAL_SIZE,
        };
    case SUNSPEC_STEP_HEADER:
        return (struct sunspec_read){.address = (uint16_t)walk->address, .quantity = 2};
    case SUNSPEC_STEP_MAGIC:
        break;
    }
    return (struct sunspec_read){.address = walk->chain.base, .quantity = 2};
}

/* What was known does not stand any more: everything is looked for, in the usual order. */
static enum sunspec_verdict begin_anew(struct sunspec_walk *walk)
{
    walk->known = NULL;
    walk->base_at = 0;
    walk->bases = 0;
    begin_base(walk);
    return SUNSPEC_GOES_ON;
}

/* The reason that says most is kept: a chain that broke says more than a base without one. */
static enum sunspec_verdict give_up_base(struct sunspec_walk *walk, const char *why, uint32_t at)
{
    if (walk->known != NULL) {
        return begin_anew(walk);
    }
    bool is_of_chain = walk->step != SUNSPEC_STEP_MAGIC;
    if (walk->why == NULL || (is_of_chain && !walk->has_chain_why)) {
        walk->why = why;
        walk->why_at = at;
        walk->has_chain_why = is_of_chain;
    }
    walk->base_at = (walk->base_at + 1) % ARRAY_SIZE(bases);
    walk->bases++;
    if (walk->bases == ARRAY_SIZE(bases)) {
        return SUNSPEC_REFUSED;
    }
    begin_base(walk);
    return SUNSPEC_GOES_ON;
}

static bool holds_something(const struct sunspec_chain *chain)
{
    for (size_t i = 0; i < chain->count; i++) {
        const struct sunspec_model *model = sunspec_model_find(chain->places[i].id);
        if (model != NULL &&
            sunspec_model_holds(model, chain->places[i].length) != SUNSPEC_HOLDS_NOTHING) {
            return true;
        }
    }
    return false;
}

static enum sunspec_verdict end_known(struct sunspec_walk *walk, bool has_end)
{
    if (walk->chain.count == 0 || has_end != walk->known->has_end) {
        return begin_anew(walk);
    }
    walk->chain = *walk->known;
    walk->is_same = true;
    return SUNSPEC_FOUND;
}

static enum sunspec_verdict end_chain(struct sunspec_walk *walk, bool has_end)
{
    struct sunspec_chain *chain = &walk->chain;
    if (walk->known != NULL) {
        return end_known(walk, has_end);
    }
    if (chain->count == 0) {
        const char *why = chain->flaw != NULL ? chain->flaw : "the list holds no model";
        return give_up_base(walk, why, walk->address);
    }
    if (!holds_something(chain)) {
        return give_up_base(walk, "no model of the list holds anything that is read",
                            chain->places[0].address);
    }
    chain->end = walk->address;
    chain->has_end = has_end;
    return SUNSPEC_FOUND;
}

/* Where the list breaks, what stands before the break is kept. */
static enum sunspec_verdict cut_chain(struct sunspec_walk *walk, const char *flaw)
{
    walk->chain.flaw = flaw;
    return end_chain(walk, false);
}

/* Behind the model that was read last. Of a known chain only the first model and the end are looked at: nothing between
 * them can change its length without moving the end. */
static enum sunspec_verdict go_on(struct sunspec_walk *walk)
{
    const struct sunspec_place *last = last_place(walk);
    uint32_t next = (uint32_t)last->address + SUNSPEC_HEADER + last->length;
    walk->address = walk->known != NULL ? walk->known->end : next;
    walk->step = SUNSPEC_STEP_HEADER;
    bool has_room = walk->address + SUNSPEC_HEADER <= ADDRESSES;
    return has_room ? SUNSPEC_GOES_ON : end_chain(walk, false);
}

static bool has_serial(const struct sunspec_place *place)
{
    return place->id == SUNSPEC_COMMON &&
           place->length + SUNSPEC_HEADER >= SUNSPEC_SERIAL_AT + SUNSPEC_SERIAL_SIZE &&
           (uint32_t)place->address + SUNSPEC_SERIAL_AT + SUNSPEC_SERIAL_SIZE <= ADDRESSES;
}

static bool same_place(const struct sunspec_place *one, const struct sunspec_place *other)
{
    return one->id == other->id && one->length == other->length && one->address == other->address;
}

static enum sunspec_verdict take_model(struct sunspec_walk *walk, uint16_t id, uint16_t length)
{
    struct sunspec_chain *chain = &walk->chain;
    if (chain->count == SUNSPEC_MODELS_MAX) {
        return cut_chain(walk, "there are more than 100 models");
    }
    if (walk->address + SUNSPEC_HEADER + length > ADDRESSES) {
        return cut_chain(walk, "a model reaches past register 65535");
    }
    struct sunspec_place *place = &chain->places[chain->count++];
    *place = (struct sunspec_place){.id = id, .length = length, .address = (uint16_t)walk->address};
    if (walk->known != NULL && !same_place(place, &walk->known->places[0])) {
        return begin_anew(walk);
    }
    if (chain->count == 1 && has_serial(place)) {
        walk->step = SUNSPEC_STEP_SERIAL;
        return SUNSPEC_GOES_ON;
    }
    return go_on(walk);
}

/* Zeros behind the last model are what a device without an end marker has there. */
static enum sunspec_verdict take_header(struct sunspec_walk *walk, const uint16_t *registers)
{
    bool is_end = registers[0] == SUNSPEC_END;
    if (is_end || (registers[0] == 0 && registers[1] == 0)) {
        return end_chain(walk, is_end);
    }
    if (registers[0] == 0) {
        return cut_chain(walk, "there is a model of number 0");
    }
    if (walk->known != NULL && walk->chain.count > 0) {
        return begin_anew(walk); /* more models follow where the chain ended */
    }
    return take_model(walk, registers[0], registers[1]);
}

static enum sunspec_verdict take_serial(struct sunspec_walk *walk, const uint16_t *registers)
{
    memcpy(walk->chain.serial, registers, sizeof(walk->chain.serial));
    bool is_other = walk->known != NULL && memcmp(walk->known->serial, walk->chain.serial,
                                                  sizeof(walk->chain.serial)) != 0;
    return is_other ? begin_anew(walk) : go_on(walk);
}

static enum sunspec_verdict miss_magic(struct sunspec_walk *walk)
{
    return give_up_base(walk, "the words \"SunS\" stand at none of 40000, 0 and 50000",
                        walk->chain.base);
}

static enum sunspec_verdict take_magic(struct sunspec_walk *walk, const uint16_t *registers)
{
    if (registers[0] != MAGIC_HIGH || registers[1] != MAGIC_LOW) {
        return miss_magic(walk);
    }
    walk->step = SUNSPEC_STEP_HEADER;
    walk->address = (uint32_t)walk->chain.base + 2;
    return SUNSPEC_GOES_ON;
}

static enum sunspec_verdict refuse_step(struct sunspec_walk *walk)
{
    static const uint16_t no_serial[SUNSPEC_SERIAL_SIZE];
    switch (walk->step) {
    case SUNSPEC_STEP_MAGIC:
        return miss_magic(walk);
    case SUNSPEC_STEP_SERIAL:
        return take_serial(walk, no_serial);
    case SUNSPEC_STEP_HEADER:
        break;
    }
    return end_chain(walk, false);
}

/* A known chain that ended without a marker was looked after before: one silence tells nothing new. */
static bool is_deaf(const struct sunspec_walk *walk)
{
    bool is_usual = walk->known != NULL && !walk->known->has_end;
    return walk->step != SUNSPEC_STEP_MAGIC && sunspec_walk_next(walk).address == walk->silent_at &&
           walk->silences >= (is_usual ? 1 : SILENCES_MAX);
}

static enum sunspec_verdict pass_silence(struct sunspec_walk *walk)
{
    bool is_header = walk->step == SUNSPEC_STEP_HEADER;
    return is_header ? cut_chain(walk, "the device does not answer there") : refuse_step(walk);
}

static enum sunspec_verdict run_out(struct sunspec_walk *walk)
{
    bool is_begun = walk->chain.count > 0;
    enum sunspec_verdict verdict =
        is_begun ? cut_chain(walk, "the walk takes too many reads") : SUNSPEC_GOES_ON;
    if (verdict == SUNSPEC_FOUND) {
        return verdict;
    }
    if (walk->why == NULL) {
        walk->why = "the walk takes too many reads";
        walk->why_at = walk->address;
    }
    return SUNSPEC_REFUSED;
}

static enum sunspec_verdict spend(struct sunspec_walk *walk, enum sunspec_verdict verdict)
{
    walk->reads++;
    while (verdict == SUNSPEC_GOES_ON && is_deaf(walk)) {
        verdict = pass_silence(walk);
    }
    if (verdict == SUNSPEC_GOES_ON && walk->reads == SUNSPEC_READS_MAX) {
        verdict = run_out(walk);
    }
    walk->silences = verdict == SUNSPEC_FOUND ? 0 : walk->silences;
    return verdict;
}

enum sunspec_verdict sunspec_walk_take(struct sunspec_walk *walk, const uint16_t *registers)
{
    switch (walk->step) {
    case SUNSPEC_STEP_MAGIC:
        return spend(walk, take_magic(walk, registers));
    case SUNSPEC_STEP_SERIAL:
        return spend(walk, take_serial(walk, registers));
    case SUNSPEC_STEP_HEADER:
        break;
    }
    return spend(walk, take_header(walk, registers));
}

enum sunspec_verdict sunspec_walk_refuse(struct sunspec_walk *walk)
{
    return spend(walk, refuse_step(walk));
}

void sunspec_walk_abandon(struct sunspec_walk *walk)
{
    uint32_t at = sunspec_walk_next(walk).address;
    if (walk->step != SUNSPEC_STEP_MAGIC) {
        walk->silences = at == walk->silent_at ? walk->silences + 1 : 1;
        walk->silent_at = at;
    } else if (walk->known == NULL) {
        walk->base_at = (walk->base_at + 1) % ARRAY_SIZE(bases);
    }
}

bool sunspec_chain_same(const struct sunspec_chain *one, const struct sunspec_chain *other)
{
    bool is_same = one->base == other->base && one->count == other->count;
    for (size_t i = 0; is_same && i < one->count; i++) {
        is_same = same_place(&one->places[i], &other->places[i]);
    }
    return is_same;
}
