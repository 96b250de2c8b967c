/* SPDX-License-Identifier: Apache-2.0 */
/* guess: signatures first, since they end the matter; then the mains, then how much of the map the unit answers. */
#include "cli/field/guess.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "collectors/modbus/frame/raw.h"
#include "collectors/modbus/plan/plan.h"

enum {
    FAILURES_MAX = 3, /* in a row */
    WEIGHT_IDENTIFIED = 1000,
    WEIGHT_FREQUENCY = 20,
    WEIGHT_VOLTAGE = 10,
    WEIGHT_LEAST = 30, /* a frequency and a voltage, or three voltages */
    WEIGHT_MAP = 9,    /* of a map that is answered as a whole */
};

/* What was asked already. */
struct memory {
    struct block block;
    int error;
};

struct inquiry {
    const struct profiles *profiles;
    uint8_t unit;
    guess_read_fn read;
    void *context;
    struct memory *memories;
    size_t memory_count;
    unsigned failures;
    int ended; /* the error that no further read can mend; 0 = go on */
    struct guess_list *out;
};

static bool is_asked(const struct block *one, const struct block *other)
{
    return one->function == other->function && one->address == other->address &&
           one->quantity == other->quantity;
}

static void note_error(struct inquiry *inquiry, int error)
{
    bool is_failure = error == -ETIMEDOUT || error == -EBADMSG || error == -ECONNRESET;
    bool is_fatal = error != 0 && error != -EREMOTEIO && error != -ENODATA && !is_failure;
    inquiry->failures = is_failure ? inquiry->failures + 1 : 0;
    if (is_fatal || inquiry->failures >= FAILURES_MAX) {
        inquiry->ended = is_fatal ? error : -ETIMEDOUT;
        inquiry->out->was_cut = true;
    }
}

/* NULL: not readable. Borrowed until the next one. */
static const uint16_t *ask(struct inquiry *inquiry, uint8_t function, uint16_t address,
                           uint16_t registers)
{
    struct block block = {
        .unit = inquiry->unit, .function = function, .address = address, .quantity = registers};
    for (size_t i = 0; i < inquiry->memory_count; i++) {
        const struct memory *memory = &inquiry->memories[i];
        if (is_asked(&memory->block, &block)) {
            return memory->error == 0 ? memory->block.registers : NULL;
        }
    }
    if (inquiry->ended != 0) {
        return NULL;
    }
    int error = inquiry->read(inquiry->context, &block);
    inquiry->out->requests++;
    inquiry->out->refusals += error == -EREMOTEIO || error == -ENODATA ? 1 : 0;
    note_error(inquiry, error);
    size_t count = inquiry->memory_count++;
    inquiry->memories = mem_grow(inquiry->memories, count + 1, sizeof(*inquiry->memories));
    inquiry->memories[count] = (struct memory){block, error};
    return error == 0 ? inquiry->memories[count].block.registers : NULL;
}

static void add_evidence(struct guess *guess, const char *format, ...) PRINTF_LIKE(2, 3);
static void add_evidence(struct guess *guess, const char *format, ...)
{
    size_t length = strlen(guess->evidence);
    size_t room = sizeof(guess->evidence) - length;
    va_list args;
    if (length > 0 && room > 2) {
        length += (size_t)snprintf(guess->evidence + length, room, ", ");
        room -= 2;
    }
    va_start(args, format);
    (void)vsnprintf(guess->evidence + length, room, format, args);
    va_end(args);
}

static bool text_holds(const char *wanted, const char *text)
{
    size_t length = strlen(wanted);
    bool is_head = wanted[length - 1] == '*';
    return is_head ? strncmp(wanted, text, length - 1) == 0 : strcmp(wanted, text) == 0;
}

static struct raw_layout layout_of(const struct profile_signature *signature)
{
    return (struct raw_layout){
        .type = signature->type,
        .word_order = signature->word_order,
        .count = signature->registers,
    };
}

bool guess_signature_holds(const struct profile_signature *signature, const uint16_t *registers)
{
    const struct raw_layout layout = layout_of(signature);
    int64_t number = 0;
    char text[3 * COMMAND_REGISTERS_MAX + 1] = "";
    bool is_text = signature->type == REGISTER_STRING;
    if (is_text) {
        (void)raw_text(&layout, registers, text);
    } else if (raw_count(&layout, registers, &number) != QUALITY_OK) {
        return false;
    }
    for (size_t i = 0; i < signature->equals.count; i++) {
        const char *wanted = signature->equals.items[i];
        if (is_text ? text_holds(wanted, text) : strtoll(wanted, NULL, 0) == number) {
            return true;
        }
    }
    return !is_text && (double)number >= signature->min && (double)number <= signature->max;
}

static void show_signature(struct guess *guess, const struct profile_signature *signature,
                           const uint16_t *registers)
{
    const struct raw_layout layout = layout_of(signature);
    int64_t number = 0;
    char text[3 * COMMAND_REGISTERS_MAX + 1] = "";
    if (signature->type == REGISTER_STRING) {
        (void)raw_text(&layout, registers, text);
        add_evidence(guess, "register %lld is \"%.40s\"", (long long)signature->address, text);
    } else {
        (void)raw_count(&layout, registers, &number);
        add_evidence(guess, "register %lld is %lld", (long long)signature->address,
                     (long long)number);
    }
}

/* Keeps the best, best first. */
static void keep(struct guess_list *list, const struct guess *guess)
{
    size_t place = list->count;
    while (place > 0 && list->guesses[place - 1].weight < guess->weight) {
        place--;
    }
    if (place == GUESSES_MAX) {
        return;
    }
    if (list->count < GUESSES_MAX) {
        list->count++;
    }
    memmove(&list->guesses[place + 1], &list->guesses[place],
            (list->count - 1 - place) * sizeof(*guess));
    list->guesses[place] = *guess;
}

static void try_signatures(struct inquiry *inquiry, const struct profile *profile)
{
    const struct profile_signature *signatures = profile->identify.items;
    struct guess guess = {GUESS_IDENTIFIED, profile->id, profile, WEIGHT_IDENTIFIED, ""};
    for (size_t i = 0; i < profile->identify.count; i++) {
        const uint16_t *registers = ask(inquiry, (uint8_t)signatures[i].function,
                                        signatures[i].address0, signatures[i].registers);
        if (!registers || !guess_signature_holds(&signatures[i], registers)) {
            return;
        }
        show_signature(&guess, &signatures[i], registers);
    }
    if (profile->identify.count > 0) {
        keep(inquiry->out, &guess);
    }
}

/* The mark "SunS" before the models of a SunSpec device, at the places that a signature cannot name besides its own. */
static void try_sunspec(struct inquiry *inquiry)
{
    static const uint16_t bases[] = {0, 50000};
    for (size_t i = 0; inquiry->out->count == 0 && i < ARRAY_SIZE(bases); i++) {
        const uint16_t *registers = ask(inquiry, 3, bases[i], 2);
        if (registers && registers[0] == 0x5375 && registers[1] == 0x6E53) {
            struct guess guess = {.level = GUESS_IDENTIFIED,
                                  .id = "sunspec",
                                  .profile = profiles_find(inquiry->profiles, "sunspec"),
                                  .weight = WEIGHT_IDENTIFIED};
            add_evidence(&guess, "\"SunS\" at %u", bases[i]);
            keep(inquiry->out, &guess);
        }
    }
}

/* NaN: not readable, or not of a kind that can be judged without the site's ratios. */
static double value_of(struct inquiry *inquiry, const struct profile_point *point)
{
    const struct raw_layout layout = {
        .type = point->type,
        .word_order = point->word_order,
        .byte_order = point->byte_order,
        .count = point->registers,
    };
    int64_t count = 0;
    bool is_judged = point->unit_override < 0 && point->scale_from[0] == '\0' &&
                     point->scale_by.count == 0 && point->function >= 3;
    const uint16_t *registers =
        is_judged ? ask(inquiry, (uint8_t)point->function, point->address0, point->registers)
                  : NULL;
    if (!registers) {
        return (double)NAN;
    }
    double raw = raw_float(&layout, registers);
    if (point->type != REGISTER_F32 && point->type != REGISTER_F64) {
        if (raw_count(&layout, registers, &count) != QUALITY_OK) {
            return (double)NAN;
        }
        raw = (double)count;
    }
    return raw * point->unit_scale + point->offset * (point->unit_scale / point->scale);
}

static const struct profile_point *find_point(const struct profile *profile, const char *name)
{
    const struct profile_point *points = profile->points.items;
    for (size_t i = 0; i < profile->points.count; i++) {
        if (strcmp(points[i].name, name) == 0) {
            return &points[i];
        }
    }
    return NULL;
}

/* Adds a value within the range to the evidence. */
static bool weigh(struct inquiry *inquiry, struct guess *guess, const char *name, double lowest,
                  double highest, int weight)
{
    const struct profile_point *point = find_point(guess->profile, name);
    double value = point ? value_of(inquiry, point) : (double)NAN;
    if (!(value >= lowest && value <= highest)) {
        return false;
    }
    guess->weight += weight;
    add_evidence(guess, "%s %.5g %s", name, value, point->row->unit);
    return true;
}

static void weigh_voltages(struct inquiry *inquiry, struct guess *guess)
{
    static const char *const phases[] = {"voltage_a", "voltage_b", "voltage_c"};
    static const char *const lines[] = {"voltage_ab", "voltage_bc", "voltage_ca"};
    size_t found = 0;
    for (size_t i = 0; i < ARRAY_SIZE(phases); i++) {
        found += weigh(inquiry, guess, phases[i], 180, 260, WEIGHT_VOLTAGE) ? 1 : 0;
    }
    for (size_t i = 0; found == 0 && i < ARRAY_SIZE(lines); i++) {
        (void)weigh(inquiry, guess, lines[i], 310, 450, WEIGHT_VOLTAGE);
    }
}

/* How much of the map the unit answers tells models apart that begin alike. */
static void weigh_map(struct inquiry *inquiry, struct guess *guess)
{
    static const int64_t no_periods[POLL_CLASS_COUNT] = {0};
    const struct device_config device = {
        .unit = inquiry->unit, .ct_ratio = 1, .vt_ratio = 1, .pulse_weight = 1};
    struct plan *plan = plan_create(guess->profile, &device, no_periods);
    size_t answered = 0;
    size_t total = 0;
    size_t count = 0;
    const struct plan_request *requests = plan_requests(plan, &count);
    for (size_t i = 0; i < count; i++) {
        const struct frame_request *request = &requests[i].request;
        if (request->unit == inquiry->unit) {
            total++;
            answered +=
                ask(inquiry, request->function, request->address, request->quantity) ? 1 : 0;
        }
    }
    plan_unref(plan);
    guess->weight += total > 0 ? (int)(WEIGHT_MAP * answered / total) : 0;
    guess->weight -= answered < total ? WEIGHT_VOLTAGE : 0;
    add_evidence(guess, "answers %zu of %zu requests of the map", answered, total);
}

static void try_mains(struct inquiry *inquiry, const struct profile *profile)
{
    struct guess guess = {GUESS_PLAUSIBLE, profile->id, profile, 0, ""};
    bool has_frequency = find_point(profile, "frequency") != NULL;
    if (has_frequency && !weigh(inquiry, &guess, "frequency", 49, 51, WEIGHT_FREQUENCY)) {
        return;
    }
    weigh_voltages(inquiry, &guess);
    if (guess.weight >= WEIGHT_LEAST) {
        weigh_map(inquiry, &guess);
        keep(inquiry->out, &guess);
    }
}

static bool says_something(const struct block *block)
{
    for (size_t i = 0; i < block->quantity; i++) {
        if (block->registers[i] != 0) {
            return true;
        }
    }
    return false;
}

static void keep_sample(const struct inquiry *inquiry)
{
    struct block *sample = &inquiry->out->sample;
    for (size_t i = 0; i < inquiry->memory_count; i++) {
        const struct block *block = &inquiry->memories[i].block;
        bool is_given = inquiry->memories[i].error == 0 && block->function >= 3;
        bool is_better = says_something(block) == says_something(sample)
                             ? block->quantity > sample->quantity
                             : says_something(block);
        if (is_given && is_better) {
            *sample = *block;
        }
    }
}

int guess_model(const struct profiles *profiles, uint8_t unit, guess_read_fn read, void *context,
                struct guess_list *out)
{
    struct inquiry inquiry = {
        .profiles = profiles, .unit = unit, .read = read, .context = context, .out = out};
    *out = (struct guess_list){0};
    for (size_t i = 0; i < profiles_count(profiles); i++) {
        try_signatures(&inquiry, profiles_at(profiles, i));
    }
    try_sunspec(&inquiry);
    bool is_identified = out->count > 0;
    for (size_t i = 0; !is_identified && i < profiles_count(profiles); i++) {
        try_mains(&inquiry, profiles_at(profiles, i));
    }
    keep_sample(&inquiry);
    free(inquiry.memories);
    return inquiry.ended == -ETIMEDOUT ? 0 : inquiry.ended;
}
