/* SPDX-License-Identifier: Apache-2.0 */
/* judge: see the header. The bounds are in words in docs/TESTING.md. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "adversary/judge.h"

#include <stdio.h>
#include <string.h>

#include "adversary/log_tap.h"

enum {
    MINUTE = 60 * SECOND,
    BLOCK_US = 750 * SECOND, /* a block that never answered on a device that does waits so long */
};

const char *const fault_words[] = {"none",     "false value", "spins",      "dead", "starved",
                                   "lies",     "mute",        "storm",      "log",  "wake-ups",
                                   "requests", "command",     "crowded out"};

void judge_blame(struct judge *judge, enum fault fault, const char *format, ...)
{
    if (judge->fault != FAULT_NONE) {
        return;
    }
    judge->fault = fault;
    int size = snprintf(judge->words, sizeof(judge->words),
                        "at %.3f s: ", (double)(judge->bench->now_us - judge->start_us) / SECOND);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(judge->words + size, sizeof(judge->words) - (size_t)size, format, arguments);
    va_end(arguments);
}

void judge_init(struct judge *judge, struct bench *bench, struct peer *peer)
{
    *judge = (struct judge){
        .bench = bench, .script = peer->script, .peer = peer, .start_us = bench->now_us};
    for (size_t i = 0; i < SCRIPT_UNITS; i++) {
        judge->units[i].posted_us = bench->now_us;
    }
}

void judge_ask(struct judge *judge, const struct ask *ask)
{
    judge->asks++;
    judge->asked_us = ask->at_us;
    if (ask->unit >= SCRIPT_UNITS) {
        return;
    }
    struct judged_unit *unit = &judge->units[ask->unit];
    if (ask->address == COMMAND_ADDRESS) {
        unit->command = *ask;
        return;
    }
    unit->asks[unit->ask_count++ % JUDGE_ASKS] = *ask;
    unit->unheard = judge->peer->replied_us[ask->unit] > unit->asked_us ? 1 : unit->unheard + 1;
    unit->asked_us = ask->at_us;
}

/* Where a point of the bench's profiles stands. */
static unsigned address_of(const struct point *point)
{
    static const uint8_t wide[] = {0, 10, 11, 12, 13, 14, 15, 16, 17, 20, 21, 22, 25, 24, 26};
    switch (point->name[0]) {
    case 'c':
        return 7;
    case 'l':
        return 100;
    case 'd':
        return wide[point->index];
    default:
        return 300;
    }
}

static bool is_text(const struct point *point)
{
    return point->source == POINT_TEXT;
}

static double value_of(const struct ask *ask, const struct point *point)
{
    unsigned address = address_of(point);
    uint32_t word = peer_word(ask, address);
    bool is_pair = address == 22;
    return is_pair ? (double)(word << 16 | peer_word(ask, address + 1)) : (double)word;
}

static bool covers(const struct ask *ask, unsigned address)
{
    return address >= ask->address && address < ask->address + (unsigned)ask->quantity;
}

/* The request of this poll that brought the value: two may ask for the same register, one of them a trial of what was
 * refused. NULL: none did. */
static const struct ask *find_ask(const struct judged_unit *unit, const struct point *point,
                                  double value)
{
    size_t oldest = unit->ask_count > JUDGE_ASKS ? unit->ask_count - JUDGE_ASKS : 0;
    for (size_t i = unit->ask_count; i > oldest; i--) {
        const struct ask *ask = &unit->asks[(i - 1) % JUDGE_ASKS];
        if (covers(ask, address_of(point)) && value_of(ask, point) == value) {
            return ask;
        }
    }
    return NULL;
}

static void check_reading(struct judge *judge, const struct judged_unit *unit,
                          const struct point *point, const struct reading *reading)
{
    const struct ask *ask = find_ask(unit, point, reading->value);
    if (ask == NULL) {
        judge_blame(judge, FAULT_VALUE, "%s of unit %u is %g, which no answer of this poll was",
                    point->name, unit->device->unit, reading->value);
        return;
    }
    int64_t now_us = clock_wall_us(&judge->bench->clock.clock);
    int64_t asked_us = now_us - (judge->bench->now_us - ask->at_us);
    if (!judge->peer->is_stepped && (reading->time_us < asked_us || reading->time_us > now_us)) {
        judge_blame(judge, FAULT_VALUE, "%s of unit %u bears a time outside its exchange",
                    point->name, unit->device->unit);
    }
}

void judge_post(struct judge *judge, const struct batch *batch)
{
    struct judged_unit *unit = &judge->units[batch->device->unit];
    unit->device = batch->device;
    unit->posted_us = judge->bench->now_us;
    judge->posts++;
    for (size_t i = 0; i < batch->count; i++) {
        const struct reading *reading = &batch->readings[i];
        const struct point *point = &batch->device->points[reading->point];
        if (reading->quality != QUALITY_OK) {
            continue;
        }
        if (!is_text(point)) {
            check_reading(judge, unit, point, reading);
        }
        unit->ok_us[reading->point] = judge->bench->now_us;
        unit->oks[reading->point]++;
    }
    unit->ask_count = 0;
}

void judge_done(struct judge *judge, const struct command *command)
{
    judge->commands_done++;
    const struct ask *ask = &judge->units[command->unit].command;
    if (command->error == 0 && command->registers[0] != peer_word(ask, COMMAND_ADDRESS)) {
        judge_blame(judge, FAULT_COMMAND, "a command to unit %u brought %u, the device answered %u",
                    command->unit, command->registers[0], peer_word(ask, COMMAND_ADDRESS));
    }
}

/* --- every second --- */

static struct tally tally_now(const struct judge *judge)
{
    return (struct tally){
        .opens = judge->bench->opens,
        .useful = judge->peer->opens_useful,
        .logs = log_tap_count(),
        .runs = judge->bench->runs,
        .asks = judge->asks,
        .posts = judge->posts,
        .arrivals = judge->peer->arrivals,
        .commands = judge->peer->commands_given,
    };
}

static struct tally difference(struct tally now, struct tally before)
{
    return (struct tally){
        .opens = now.opens - before.opens,
        .useful = now.useful - before.useful,
        .logs = now.logs - before.logs,
        .runs = now.runs - before.runs,
        .asks = now.asks - before.asks,
        .posts = now.posts - before.posts,
        .arrivals = now.arrivals - before.arrivals,
        .commands = now.commands - before.commands,
    };
}

/* Requests that a minute may have, each value asked for by itself. */
static double usual_asks(const struct script *script)
{
    double asks = 0;
    for (size_t i = 0; i < script->device_count; i++) {
        const struct script_device *device = &script->devices[i];
        int64_t shortest_ms =
            device->fast_ms < device->normal_ms ? device->fast_ms : device->normal_ms;
        double pieces = strcmp(device->profile, "wide") == 0 ? 14 : 2; /* when it is searched */
        asks += pieces * 60000.0 / (double)shortest_ms;
    }
    return asks;
}

static uint64_t larger(uint64_t one, uint64_t other)
{
    return one > other ? one : other;
}

static uint64_t storm_of(const struct tally *minute)
{
    return minute->opens > minute->useful ? minute->opens - minute->useful : 0;
}

static void keep_worst(struct judge *judge, const struct tally *minute)
{
    struct tally *worst = &judge->worst;
    worst->opens = larger(worst->opens, storm_of(minute));
    worst->logs = larger(worst->logs, minute->logs);
    worst->runs = larger(worst->runs, minute->runs);
    worst->asks = larger(worst->asks, minute->asks);
}

/* A device that comes and goes says so once a minute at the most, the line too, and what is searched for is told. */
static double logs_max(const struct script *script)
{
    return 20 + 4 * (double)script->device_count;
}

static void check_minute(struct judge *judge, const struct tally *minute)
{
    const struct script *script = judge->script;
    uint64_t storm = storm_of(minute);
    uint64_t runs_max = 200 + 6 * (minute->asks + minute->posts) + 3 * minute->arrivals +
                        10 * minute->opens + 3 * minute->commands;
    double asks_max = 60 + 2 * usual_asks(script) + (double)minute->commands;
    if (storm > 60) {
        judge_blame(judge, FAULT_STORM, "%llu connects in a minute that brought nothing",
                    (unsigned long long)storm);
    } else if ((double)minute->logs > logs_max(script)) {
        judge_blame(judge, FAULT_LOG, "%llu lines of log in a minute",
                    (unsigned long long)minute->logs);
    } else if (minute->runs > runs_max) {
        judge_blame(judge, FAULT_WAKE, "%llu wake-ups in a minute, for %llu requests",
                    (unsigned long long)minute->runs, (unsigned long long)minute->asks);
    } else if ((double)minute->asks > asks_max) {
        judge_blame(judge, FAULT_BYTES, "%llu requests in a minute, usual are %.0f",
                    (unsigned long long)minute->asks, usual_asks(script));
    }
    keep_worst(judge, minute);
}

static int64_t period_us(const struct script_device *device)
{
    const char *profile = device->profile;
    bool is_fast = strcmp(profile, "one") == 0 || strcmp(profile, "full") == 0;
    bool is_normal = strcmp(profile, "one") != 0;
    int64_t period_ms = is_fast ? device->fast_ms : device->normal_ms;
    if (is_fast && is_normal && device->normal_ms < period_ms) {
        period_ms = device->normal_ms;
    }
    return period_ms * 1000;
}

/* One request of several: one that is silent by itself is left alone for up to ten minutes. */
static bool is_block(const struct judge *judge, unsigned unit)
{
    return script_requests(&judge->script->devices[unit - 1]) > 1;
}

/* A device that has been silent for so long is not online, and somebody said so. */
static void check_words(struct judge *judge, unsigned unit)
{
    const struct script *script = judge->script;
    const struct script_device *device = &script->devices[unit - 1];
    int64_t heard_us = judge->peer->replied_us[unit];
    heard_us = heard_us > judge->start_us ? heard_us : judge->start_us;
    int64_t patience_us = MINUTE + 3 * period_us(device) + 30LL * SECOND +
                          2 * (int64_t)script->device_count * script->timeout_us;
    int64_t silent_us = judge->bench->now_us - heard_us;
    /* asked in vain, or nobody was asked anything */
    bool is_tried = judge->units[unit].unheard >= 3 || judge->asked_us <= heard_us;
    patience_us += is_block(judge, unit) ? BLOCK_US : 0;
    if (silent_us > patience_us && is_tried) {
        enum device_health health = bench_device_status(judge->bench, (uint8_t)unit).health;
        if (health != DEVICE_OFFLINE) {
            judge_blame(judge, FAULT_LIE, "unit %u has not answered for %lld s and is %s", unit,
                        (long long)(silent_us / SECOND),
                        health == DEVICE_ONLINE ? "online" : "unknown");
        }
    }
    int64_t mute_us = judge->bench->now_us - judge->units[unit].posted_us;
    int64_t probing_us = (int64_t)script->device_count * script->timeout_us * 25 / 2;
    /* The line's pause and the device's, and probes are rare where there is no room for them. */
    if (mute_us > patience_us + probing_us + 600LL * SECOND) {
        judge_blame(judge, FAULT_MUTE, "unit %u has not posted a batch for %lld s", unit,
                    (long long)(mute_us / SECOND));
    }
}

void judge_second(struct judge *judge)
{
    struct tally now = tally_now(judge);
    struct tally *slot = &judge->minute[judge->seconds % JUDGE_MINUTE];
    if (judge->seconds >= JUDGE_MINUTE) {
        struct tally minute = difference(now, *slot);
        check_minute(judge, &minute);
    }
    *slot = now;
    judge->seconds++;
    for (unsigned unit = 1; unit <= judge->script->device_count && judge->seconds % 5 == 0;
         unit++) {
        check_words(judge, unit);
    }
    if (judge->bench->is_spinning) {
        judge_blame(judge, FAULT_SPIN, "the line spins");
    }
}

/* --- after the trouble --- */

static bool lives(const struct judge *judge, unsigned unit)
{
    return judge->script->devices[unit - 1].fate == FATE_LIVES;
}

/* Something that the unit is asked is refused at some time. */
static bool refuses(const struct judge *judge, unsigned unit)
{
    for (size_t i = 0; i < judge->script->trouble_count; i++) {
        const struct trouble *trouble = &judge->script->troubles[i];
        bool is_hit = trouble->unit == 0 || trouble->unit == unit;
        if (is_hit && trouble_kinds[trouble->kind].refuses) {
            return true;
        }
    }
    return false;
}

/* What was refused is asked again after pauses that grow as long as the refusal lasts. */
static int64_t refusal_us(const struct judge *judge, unsigned unit)
{
    return refuses(judge, unit) ? 2 * MINUTE + judge->script->length_us * 3 / 2 : 0;
}

/* It has never given this value, but others. */
static bool is_new(const struct judge *judge, unsigned unit, unsigned point)
{
    const struct judged_unit *judged = &judge->units[unit];
    if (judged->ok_us[point] != 0) {
        return false;
    }
    for (unsigned i = 0; i < judged->device->point_count; i++) {
        if (judged->ok_us[i] != 0) {
            return true;
        }
    }
    return false;
}

/* Nothing of it was ever read, and without transaction ids only one probe in four waits for as long as it may take. */
static bool is_stranger(const struct judge *judge, unsigned unit)
{
    const struct judged_unit *judged = &judge->units[unit];
    for (unsigned i = 0; i < judged->device->point_count; i++) {
        if (judged->ok_us[i] != 0) {
            return false;
        }
    }
    return judge->script->wire != WIRE_TCP;
}

/* What was silent by itself is asked again as what was refused is, and as long as it is not taken for that once a minute. */
static int64_t block_us(const struct judge *judge, bool was_given)
{
    int64_t given_us = 75LL * SECOND + judge->script->length_us;
    return was_given && given_us < BLOCK_US ? given_us : BLOCK_US;
}

/* Then it may wait for a day when it was refused. */
static bool is_excused(const struct judge *judge, unsigned unit, unsigned point)
{
    return refuses(judge, unit) && is_new(judge, unit, point);
}

static int64_t dead_of(const struct script *script)
{
    int64_t dead = 0;
    for (size_t i = 0; i < script->device_count; i++) {
        dead += script->devices[i].fate != FATE_LIVES;
    }
    return dead;
}

static int64_t point_limit_us(const struct judge *judge, unsigned unit, int64_t point_period_us)
{
    const struct script *script = judge->script;
    int64_t probe_us = script->timeout_us * 25 / 2; /* a tenth of the time, and a quarter more */
    int64_t limit_us = MINUTE + probe_us * (1 + dead_of(script)) + script->connect_timeout_us +
                       script->connect_delay_us + 5LL * SECOND + point_period_us * 3 / 2 +
                       2 * (int64_t)script->device_count * script->timeout_us;
    limit_us +=
        30LL * SECOND; /* what was said meanwhile is drained first; pauses of line and device */
    /* Where there are dead units and no room between the polls, probes are rare. */
    limit_us += dead_of(script) > 0 ? 4 * MINUTE : 0;
    limit_us +=
        script->device_count > 1 ? 16 * (int64_t)script->device_count * script->timeout_us : 0;
    return limit_us + refusal_us(judge, unit);
}

static void look_at_points(const struct judge *judge, unsigned unit, int64_t end_us, char *words,
                           size_t size, int64_t *limit_us)
{
    const struct judged_unit *judged = &judge->units[unit];
    for (unsigned i = 0; judged->device != NULL && i < judged->device->point_count; i++) {
        const struct point *point = &judged->device->points[i];
        if (judged->ok_us[i] >= end_us || is_text(point) || is_excused(judge, unit, i)) {
            continue;
        }
        int64_t until_us = end_us + point_limit_us(judge, unit, point->period_ms * 1000);
        until_us += is_block(judge, unit) ? block_us(judge, judged->ok_us[i] != 0) : 0;
        until_us += is_stranger(judge, unit) ? 4 * MINUTE : 0;
        if (until_us < *limit_us || *words == '\0') {
            *limit_us = until_us;
            snprintf(words, size, "%s of unit %u is not read", point->name, unit);
        }
    }
}

static void look_at_health(const struct judge *judge, unsigned unit, int64_t end_us, char *words,
                           size_t size, int64_t *limit_us)
{
    struct device_status status = bench_device_status(judge->bench, (uint8_t)unit);
    if (*words == '\0' && (status.health != DEVICE_ONLINE || status.failed_polls > 0)) {
        *limit_us = end_us + point_limit_us(judge, unit, 60LL * SECOND);
        snprintf(words, size, "unit %u is %s with %u failed polls", unit,
                 status.health == DEVICE_ONLINE ? "online" : "not online", status.failed_polls);
    }
}

const char *judge_missing(struct judge *judge, int64_t end_us, int64_t *limit_us)
{
    static char words[120];
    words[0] = '\0';
    *limit_us = INT64_MAX;
    for (unsigned unit = 1; unit <= judge->script->device_count; unit++) {
        if (!lives(judge, unit)) {
            continue;
        }
        if (judge->units[unit].device == NULL) {
            *limit_us =
                end_us + point_limit_us(judge, unit, period_us(&judge->script->devices[unit - 1]));
            snprintf(words, sizeof(words), "nothing was ever heard of unit %u", unit);
            continue;
        }
        look_at_points(judge, unit, end_us, words, sizeof(words), limit_us);
        look_at_health(judge, unit, end_us, words, sizeof(words), limit_us);
    }
    struct line_status line = bench_line_status(judge->bench);
    if (words[0] == '\0' && dead_of(judge->script) == 0 &&
        (line.state == LINE_DOWN || line.last_error[0] != '\0')) {
        *limit_us = end_us + point_limit_us(judge, 1, 0);
        snprintf(words, sizeof(words), "the line is not up, \"%s\"", line.last_error);
    }
    return words[0] != '\0' ? words : NULL;
}

void judge_count(struct judge *judge, bool all)
{
    for (unsigned unit = 1; unit <= judge->script->device_count; unit++) {
        struct judged_unit *judged = &judge->units[unit];
        memset(judged->oks, 0, sizeof(judged->oks));
        for (unsigned i = 0; i < JUDGE_POINTS; i++) {
            judged->is_counted[i] = all || (judged->ok_us[i] != 0 && !is_excused(judge, unit, i));
        }
    }
}

void judge_counted(struct judge *judge, int64_t since_us, unsigned percent, enum fault fault)
{
    int64_t time_us = judge->bench->now_us - since_us;
    for (unsigned unit = 1; unit <= judge->script->device_count; unit++) {
        const struct judged_unit *judged = &judge->units[unit];
        if (!lives(judge, unit) || judged->device == NULL) {
            continue;
        }
        for (unsigned i = 0; i < judged->device->point_count; i++) {
            const struct point *point = &judged->device->points[i];
            int64_t wanted = time_us / (point->period_ms * 1000) * (int64_t)percent / 100 - 1;
            if (!is_text(point) && judged->is_counted[i] && judged->oks[i] < wanted) {
                judge_blame(judge, fault,
                            "%s of unit %u was read %u times in %lld s, period %lld ms",
                            point->name, unit, judged->oks[i], (long long)(time_us / SECOND),
                            (long long)point->period_ms);
            }
        }
    }
}
