/* SPDX-License-Identifier: Apache-2.0 */
/* line_discovery: devices whose points are found on the device itself.
 *
 * A walk is a part of a poll: it goes before the poll's own requests, read by read like these, and a device that fails
 * on the way has failed its poll. While nothing is known the device has one request of a guess, which is never sent but
 * carries the device's health, its back-off and the quality of its batches. A chain that was found becomes a profile, a
 * plan and a new descriptor; the old descriptors live on, since others look at them. */
#include "collectors/modbus/line/line_internal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "collectors/modbus/sunspec/sunspec_profile.h"
#include <lingtan/exception.h>
#include <lingtan/log.h>

enum {
    READ_HOLDING = 3,
};

static const int64_t doubt_pause_us = 3600000000; /* between walks for a refused register */

/* What a descriptor is made of: copies, since the configuration goes with the next reload. */
struct known {
    struct site site;
    struct line_config line;
    struct device_config device;
    const struct profile *profile; /* borrowed */
};

struct discovery {
    struct known known;
    int64_t period_ms[POLL_CLASS_COUNT];
    uint32_t index;
    struct profile *profile; /* that the plan is made of */
    struct sunspec_walk walk;
    struct sunspec_chain chain;
    bool has_chain;
    bool is_doubted; /* the chain is to be looked after, but not before an hour has passed */
    bool is_flawed;  /* broken off, or with empty models: it may have been found while starting */
    bool is_walking; /* in this poll */
    bool is_told;    /* that there is none */
    int64_t walked_us;
    const struct device **former;
    size_t former_count;
    struct bad_register *refused; /* from earlier runs, until the points are known */
    size_t refused_count;
};

static struct discovery *discovery_of(const struct line *line)
{
    return line->poll.device != NULL ? line->poll.device->discovery : NULL;
}

struct device *discovery_describe(const struct discovery *discovery)
{
    const struct known *known = &discovery->known;
    return site_device(&known->site, &known->line, &known->device, discovery->profile);
}

struct plan *discovery_plan(const struct discovery *discovery)
{
    return plan_create(discovery->profile, &discovery->known.device, discovery->period_ms);
}

static void know(struct known *known, const struct line_unknown *unknown)
{
    *known = (struct known){
        .site = {.id = mem_dup_string(unknown->site->id),
                 .fast_ms = unknown->site->fast_ms,
                 .normal_ms = unknown->site->normal_ms,
                 .slow_ms = unknown->site->slow_ms},
        .line = {.id = mem_dup_string(unknown->line->id)},
        .device = *unknown->device,
        .profile = unknown->profile,
    };
    known->device.origin = (struct origin){0};
    known->device.id = mem_dup_string(unknown->device->id);
    known->device.name = mem_dup_string(unknown->device->name);
    known->device.profile = mem_dup_string(unknown->device->profile);
    known->device.node = mem_dup_string(unknown->device->node);
}

static void forget(struct known *known)
{
    free(known->site.id);
    free(known->line.id);
    free(known->device.id);
    free(known->device.name);
    free(known->device.profile);
    free(known->device.node);
}

struct discovery *discovery_create(const struct line_unknown *unknown,
                                   const int64_t period_ms[POLL_CLASS_COUNT], uint32_t index)
{
    struct discovery *discovery = mem_alloc(sizeof(*discovery));
    know(&discovery->known, unknown);
    discovery->index = index;
    for (unsigned i = 0; i < POLL_CLASS_COUNT; i++) {
        discovery->period_ms[i] = period_ms[i];
    }
    discovery->profile = sunspec_profile_create(unknown->profile, NULL);
    return discovery;
}

void discovery_destroy(struct discovery *discovery)
{
    if (discovery == NULL) {
        return;
    }
    for (size_t i = 0; i < discovery->former_count; i++) {
        device_unref(discovery->former[i]);
    }
    free(discovery->former);
    free(discovery->refused);
    profile_destroy(discovery->profile);
    forget(&discovery->known);
    free(discovery);
}

/* Once a day, with the identity, the chain is looked after as well. */
static bool is_wanted(const struct line *line, const struct discovery *discovery)
{
    const struct poll *poll = &line->poll;
    if (!discovery->has_chain) {
        return poll->is_probe || !line->is_read[0];
    }
    bool is_daily = (poll->classes & 1U << POLL_ONCE) != 0;
    bool is_old = line->now_us - discovery->walked_us > doubt_pause_us;
    bool is_due = poll->device->has_returned || (is_old && (is_daily || discovery->is_doubted));
    return !poll->is_probe && is_due;
}

void discovery_begin(struct line *line)
{
    struct discovery *discovery = discovery_of(line);
    if (discovery == NULL) {
        return;
    }
    discovery->is_walking = is_wanted(line, discovery);
    if (discovery->is_walking) {
        sunspec_walk_begin(&discovery->walk, discovery->has_chain ? &discovery->chain : NULL);
    }
}

bool discovery_wants(const struct line *line)
{
    const struct poll *poll = &line->poll;
    const struct discovery *discovery = discovery_of(line);
    bool is_over = poll->is_failed || (poll->is_probe && poll->is_answered);
    return discovery != NULL && discovery->is_walking && !is_over;
}

void discovery_step(struct line *line)
{
    const struct line_device *device = line->poll.device;
    struct sunspec_read read = sunspec_walk_next(&device->discovery->walk);
    struct frame_request request = {
        .unit = (uint8_t)device->device->unit,
        .function = READ_HOLDING,
        .address = read.address,
        .quantity = read.quantity,
    };
    device_ask(line, &request);
}

static struct log_subject subject_of(const struct line *line, const struct line_device *device)
{
    return (struct log_subject){.line = line->settings.id, .device = device->device->id};
}

static size_t add_models(struct text *text, const struct sunspec_chain *chain)
{
    struct sunspec_role roles[SUNSPEC_MODELS_MAX];
    size_t empty = 0;
    sunspec_roles(chain, roles);
    for (size_t i = 0; i < chain->count; i++) {
        bool is_empty = roles[i].use == SUNSPEC_USE_EMPTY;
        text_add_format(text, "%s%u%s", i > 0 ? ", " : "", chain->places[i].id,
                        is_empty ? " (too short to hold a point)" : "");
        empty += is_empty ? 1 : 0;
    }
    return empty;
}

/* Returns whether the list is as it should be. */
static bool tell_found(const struct line *line, const struct line_device *device)
{
    const struct sunspec_chain *chain = &device->discovery->chain;
    struct text text = {0};
    text_add_string(&text, "lists SunSpec models ");
    size_t empty = add_models(&text, chain);
    text_add_format(&text, " from register %u on: %u points", chain->base,
                    device->device->point_count);
    if (chain->flaw != NULL) {
        text_add_format(
            &text, "; the list breaks off at register %" PRIu32 ": %s; what may follow is not read",
            chain->end, chain->flaw);
    }
    bool is_good = empty == 0 && chain->flaw == NULL;
    log_about(is_good ? LOG_LEVEL_NOTICE : LOG_LEVEL_WARNING, subject_of(line, device), "%s",
              text.data);
    text_finish(&text);
    return is_good;
}

/* Other points from now on, read at once. */
static void replace(struct line *line, struct line_device *device)
{
    const struct discovery *discovery = device->discovery;
    bad_runs_forget(line, device);
    given_runs_finish(&device->given_runs);
    plan_unref(device->plan);
    free(device->requests);
    device->device = discovery_describe(discovery);
    device->plan = discovery_plan(discovery);
    line_stats_device(&line->stats, &device->tally, device->device);
    room_make(line, device);
    device_set_dates(device, discovery->period_ms, discovery->index);
    for (unsigned i = 0; i < POLL_CLASS_COUNT; i++) {
        if (device->schedules[i].period_us > 0) {
            schedule_demand(&device->schedules[i], line->now_us);
        }
    }
}

/* The poll ends here: what it was about to read is no more. */
static void take_chain(struct line *line, struct line_device *device)
{
    struct discovery *discovery = device->discovery;
    struct profile *old = discovery->profile;
    discovery->former =
        mem_grow(discovery->former, discovery->former_count + 1, sizeof(*discovery->former));
    discovery->former[discovery->former_count++] = device->device;
    discovery->profile = sunspec_profile_create(discovery->known.profile, &discovery->chain);
    replace(line, device);
    profile_destroy(old);
    line->poll.device = NULL;
    discovery->is_flawed = !tell_found(line, device);
    search_know(line, device, discovery->refused, discovery->refused_count);
    discovery->refused_count = 0;
}

static void found(struct line *line, struct line_device *device)
{
    struct discovery *discovery = device->discovery;
    bool is_alike =
        discovery->has_chain && sunspec_chain_same(&discovery->walk.chain, &discovery->chain);
    discovery->chain = discovery->walk.chain;
    discovery->has_chain = true;
    device->has_returned = false;
    discovery->is_told = false;
    discovery->walked_us = line->now_us;
    if (!is_alike) {
        take_chain(line, device);
    }
    discovery->is_doubted = discovery->is_flawed;
}

static void tell_refused(const struct line *line, const struct line_device *device)
{
    const struct sunspec_walk *walk = &device->discovery->walk;
    log_about(LOG_LEVEL_WARNING, subject_of(line, device),
              "%s (unit %u): %s (register %" PRIu32 "); %s; tried again with growing pauses",
              walk->has_chain_why ? "its list of SunSpec models cannot be used"
                                  : "lists no SunSpec models",
              device->device->unit, walk->why, walk->why_at,
              walk->has_chain_why
                  ? "newer firmware may mend it, a profile of its own reads the device without it"
                  : "check its unit id and that SunSpec is switched on");
}

/* A device that has lost its chain keeps the points that it had: most of them may still be there. */
static void refused(struct line *line, struct line_device *device, uint8_t *missing)
{
    struct discovery *discovery = device->discovery;
    const struct sunspec_walk *walk = &discovery->walk;
    device->has_returned = false;
    discovery->is_doubted = false;
    discovery->walked_us = line->now_us;
    if (!discovery->is_told) {
        tell_refused(line, device);
        discovery->is_told = true;
    }
    if (!discovery->has_chain) {
        *missing = walk->has_chain_why ? QUALITY_BAD_REPLY : QUALITY_NOT_IMPLEMENTED;
    }
}

static enum sunspec_verdict walk_on(struct line *line, struct sunspec_walk *walk,
                                    const struct frame_reply *reply)
{
    uint16_t registers[SUNSPEC_READ_MAX] = {0};
    if (!frame_is_good(reply)) {
        return sunspec_walk_refuse(walk);
    }
    frame_registers(&line->exchange.request, reply, registers, SUNSPEC_READ_MAX);
    return sunspec_walk_take(walk, registers);
}

bool discovery_reply(struct line *line, const struct frame_reply *reply, uint8_t *missing)
{
    struct line_device *device = line->poll.device;
    struct discovery *discovery = discovery_of(line);
    if (discovery == NULL || !discovery->is_walking) {
        return false;
    }
    if (reply->exception != 0 && !sunspec_means_no_register(reply->exception)) {
        discovery_failed(line);
        return false;
    }
    line->poll.is_answered = true;
    if (frame_is_good(reply)) {
        device_answered(line, device);
    } else {
        device_heard(line, device, reply);
    }
    enum sunspec_verdict verdict = walk_on(line, &discovery->walk, reply);
    discovery->is_walking = verdict == SUNSPEC_GOES_ON;
    if (verdict == SUNSPEC_FOUND) {
        found(line, device);
    } else if (verdict == SUNSPEC_REFUSED) {
        refused(line, device, missing);
    }
    return true;
}

void discovery_failed(struct line *line)
{
    struct discovery *discovery = discovery_of(line);
    if (discovery != NULL && discovery->is_walking) {
        discovery->is_walking = false;
        sunspec_walk_abandon(&discovery->walk);
    }
}

void discovery_doubt(struct line *line, uint8_t exception)
{
    struct discovery *discovery = discovery_of(line);
    if (discovery != NULL && exception == EXCEPTION_ADDRESS) {
        discovery->is_doubted = true;
    }
}

bool discovery_keep_refused(struct line_device *device, const struct bad_register *rows,
                            size_t count)
{
    struct discovery *discovery = device->discovery;
    if (discovery == NULL || discovery->has_chain) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (strcmp(rows[i].device, device->device->id) == 0) {
            discovery->refused = mem_grow(discovery->refused, discovery->refused_count + 1,
                                          sizeof(*discovery->refused));
            discovery->refused[discovery->refused_count++] = rows[i];
        }
    }
    return true;
}
