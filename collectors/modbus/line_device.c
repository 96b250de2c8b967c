/* SPDX-License-Identifier: Apache-2.0 */
/* line_device: the health of a device and what a line may spend on those that are dead. A device that fails twice is
 * offline and left alone for growing pauses; probing all the dead of a line costs it a tenth of its time at the most. */
#include "collectors/modbus/line_internal.h"

#include <lingtan/log.h>

enum {
    PROBE_SHARE = 10,
    PROBE_THOROUGH = 4, /* one in so many waits the whole response timeout */
    PROBE_MIN_US = 50000,
    FORCED_SHARE = 13, /* of a line of ten: 1 % of its time less a margin, so that p99 stays */
    FORCED_DEVICES_MAX = 10,
    FORCED_PAUSE_MAX_US = 600000000,
    SHADOW_FADES = 8,
};

bool device_is_probed(const struct line_device *device)
{
    return device->health == DEVICE_OFFLINE && !device->fell_with_line;
}

int64_t device_due_us(const struct line_device *device)
{
    int64_t earliest_us = SCHEDULE_NEVER;
    for (unsigned i = 0; i < POLL_CLASS_COUNT; i++) {
        if (device->schedules[i].due_us < earliest_us) {
            earliest_us = device->schedules[i].due_us;
        }
    }
    return earliest_us;
}

int64_t device_period_us(const struct line_device *device)
{
    int64_t shortest_us = INT64_MAX;
    for (unsigned i = 0; i < POLL_CLASS_COUNT; i++) {
        int64_t period_us = device->schedules[i].period_us;
        if (period_us > 0 && period_us < shortest_us) {
            shortest_us = period_us;
        }
    }
    return shortest_us;
}

static void show_health(struct line *line, struct line_device *device)
{
    line_stats_health(&line->stats, &device->tally, device->health, device->failed_polls,
                      device->retry_us);
}

static struct log_subject subject_of(const struct line *line, const struct line_device *device)
{
    return (struct log_subject){.line = line->settings.id, .device = device->device->id};
}

/* What is known of a device that was away is old: everything is read again, its identity too. */
static void come_online(struct line *line, struct line_device *device)
{
    bool was_away = device_is_probed(device);
    if (was_away) {
        log_about(LOG_LEVEL_NOTICE, subject_of(line, device), "answers again after %u failed polls",
                  device->failed_polls);
    }
    for (unsigned i = 0; i < POLL_CLASS_COUNT; i++) {
        if (was_away || i == POLL_ONCE) {
            schedule_demand(&device->schedules[i], line->now_us);
        }
    }
    device->health = DEVICE_ONLINE;
    device->fell_with_line = false;
    discovery_returned(device);
}

void device_answered(struct line *line, struct line_device *device)
{
    device->answered_us = line->now_us;
    if (device->health == DEVICE_ONLINE && device->failed_polls == 0) {
        return;
    }
    if (device->health != DEVICE_ONLINE) {
        come_online(line, device);
    }
    device->failed_polls = 0;
    device->is_slow = false;
    respite_reset(&device->respite);
    show_health(line, device);
}

void device_failed(struct line *line, struct line_device *device)
{
    device->failed_polls++;
    device->is_slow = false;
    if (device->failed_polls >= OFFLINE_AFTER) {
        if (!device_is_probed(device)) {
            log_about(LOG_LEVEL_WARNING, subject_of(line, device),
                      "does not answer (unit %u, %u polls in a row); check its power, wiring and "
                      "unit id; probed with growing pauses of up to a minute",
                      device->device->unit, device->failed_polls);
        }
        device->health = DEVICE_OFFLINE;
        device->fell_with_line = false;
        device->retry_us = line->now_us + respite_next(&device->respite, &line->chance);
    }
    show_health(line, device);
}

void device_fell(struct line *line, struct line_device *device)
{
    device->failed_polls++;
    if (device->failed_polls >= OFFLINE_AFTER && device->health != DEVICE_OFFLINE) {
        device->health = DEVICE_OFFLINE;
        device->fell_with_line = true;
        device->retry_us = 0;
    }
    show_health(line, device);
}

bool probe_hears(struct line *line, uint16_t transaction)
{
    struct line_device *device = line->probed;
    if (device == NULL || transaction != line->probe_transaction || !device_is_probed(device)) {
        return false;
    }
    device->is_slow = true;
    device->retry_us = line->now_us;
    line->probed = NULL;
    return true;
}

bool probe_casts_shadow(struct line *line, int64_t took_us)
{
    int64_t sent_us = line->probe_sent_us;
    line->probe_sent_us = 0;
    if (sent_us == 0) {
        return false;
    }
    bool is_long = took_us > 2 * line->slowest_us;
    int64_t busy_us = line->now_us - sent_us;
    int64_t most_us = line->settings.response_timeout_us;
    line->shadow_us -= line->shadow_us / SHADOW_FADES;
    if (is_long) {
        line->shadow_us = busy_us < most_us ? busy_us : most_us;
    }
    return is_long;
}

void probe_space_out(struct line *line, int64_t cost_us)
{
    int64_t dead = 0;
    for (size_t i = 0; i < line->device_count; i++) {
        dead += device_is_probed(&line->devices[i]) ? 1 : 0;
    }
    int64_t most_us = FORCED_PAUSE_MAX_US / (dead > 0 ? dead : 1);
    size_t devices = line->device_count;
    devices = devices < FORCED_DEVICES_MAX ? devices : FORCED_DEVICES_MAX;
    int64_t pause_us = cost_us * FORCED_SHARE * (int64_t)devices;
    line->forced_us = line->now_us + (pause_us < most_us ? pause_us : most_us);
}

static int64_t larger(int64_t one, int64_t other)
{
    return one > other ? one : other;
}

/* How long a probe waits for its reply. It gives up when any device of this line would long have answered, so that the
 * dead hold up the living as little as can be. Where transaction ids tell, a reply that comes later is a sign of life and
 * the next probe waits the whole timeout; elsewhere one in four does. A gateway that is busy with its dead devices is
 * waited for: always when it reports them, else for as long as the last one took. */
int64_t probe_patience_us(const struct line *line, const struct line_device *device)
{
    int64_t full_us = line->settings.response_timeout_us;
    int64_t short_us = larger(4 * line->slowest_us, PROBE_MIN_US);
    short_us = larger(short_us, line->shadow_us + line->shadow_us / SHADOW_FADES);
    bool is_thorough =
        line_is_guarded(line) ? device->is_slow : device->failed_polls % PROBE_THOROUGH == 0;
    is_thorough = is_thorough || line->slowest_us == 0 || line->has_gateway;
    return is_thorough || short_us > full_us ? full_us : short_us;
}

int64_t probe_cost_us(const struct line *line, const struct line_device *device)
{
    int64_t patience_us =
        device != NULL ? probe_patience_us(line, device) : line->settings.response_timeout_us;
    return patience_us + patience_us / 4;
}

static void earn_credit(struct line *line)
{
    int64_t most_us = 2 * probe_cost_us(line, NULL);
    line->probe_credit_us += (line->now_us - line->credit_at_us) / PROBE_SHARE;
    line->credit_at_us = line->now_us - (line->now_us - line->credit_at_us) % PROBE_SHARE;
    if (line->probe_credit_us > most_us) {
        line->probe_credit_us = most_us;
    }
}

int64_t probe_allowed_us(struct line *line, const struct line_device *device)
{
    earn_credit(line);
    int64_t lacking_us = probe_cost_us(line, device) - line->probe_credit_us;
    return lacking_us <= 0 ? line->now_us : line->now_us + lacking_us * PROBE_SHARE;
}

void probe_charge(struct line *line, int64_t cost_us)
{
    earn_credit(line);
    line->probe_credit_us -= cost_us;
}
