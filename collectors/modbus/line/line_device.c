/* SPDX-License-Identifier: Apache-2.0 */
/* line_device: the health of a device and what a line may spend on those that are dead. A device is online when it gives
 * values. One that does not answer twice is offline and left alone for growing pauses; one that answers and gives nothing is
 * offline too, but polled as usual, since that costs no more than a device that is well; probing all the dead of a line costs it a tenth of its time at the most. */
#include "collectors/modbus/line/line_internal.h"

#include <lingtan/log.h>

enum {
    DAY_MS = 86400000,
    TELL_PAUSE_US = 60000000,
    TELL_PAUSE_MAX_US = 600000000,
    SLOWEST_FADES = 64,
    PROBE_SHARE = 10,
    PROBE_SAVED = 2,
    PROBE_THOROUGH = 4, /* one in so many waits the whole response timeout */
    PROBE_MIN_US = 50000,
    FORCED_SHARE = 13, /* of a line of ten: 1 % of its time less a margin, so that p99 stays */
    FORCED_DEVICES_MAX = 10,
    FORCED_PAUSE_MAX_US = 600000000,
};

static int64_t larger(int64_t one, int64_t other)
{
    return one > other ? one : other;
}

bool device_is_probed(const struct line_device *device)
{
    return device->health == DEVICE_OFFLINE && !device->fell_with_line && !device->is_barren;
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

/* Identity is read once a day, at a time of the device's own. */
void device_set_dates(struct line_device *device, const int64_t period_ms[POLL_CLASS_COUNT],
                      uint32_t index)
{
    for (unsigned i = 0; i < POLL_CLASS_COUNT; i++) {
        bool is_empty = plan_point_count(device->plan, (enum poll_class)i) == 0;
        int64_t period_us = 1000 * (i == POLL_ONCE ? DAY_MS : period_ms[i]);
        device->schedules[i].period_us = is_empty ? 0 : period_us;
        device->schedules[i].due_us = SCHEDULE_NEVER;
        const bool is_billed =
            !is_empty && i != POLL_ONCE && plan_has_counter(device->plan, (enum poll_class)i);
        device->schedules[i].quarter_us = is_billed ? schedule_quarter(period_us) : 0;
    }
    int64_t base_us = device_period_us(device);
    for (unsigned i = 0; i < POLL_CLASS_COUNT; i++) {
        struct schedule *schedule = &device->schedules[i];
        if (schedule->period_us > 0) {
            schedule->phase_us = i == POLL_ONCE
                                     ? schedule_spread(index, schedule->period_us)
                                     : schedule_phase(index, base_us, schedule->period_us);
        }
    }
    int64_t first_us = base_us < BACKOFF_CAP_US / 2 ? 2 * base_us : BACKOFF_CAP_US;
    device->backoff = (struct line_backoff){.first_us = first_us, .cap_us = BACKOFF_CAP_US};
}

static void show_health(struct line *line, struct line_device *device)
{
    const struct tally_health shown = {
        .health = device->health,
        .failed_polls = device->failed_polls,
        .retry_us = device->retry_us,
        .trouble = device->trouble,
    };
    line_stats_health(&line->stats, &device->tally, &shown);
}

static struct log_subject subject_of(const struct line *line, const struct line_device *device)
{
    return (struct log_subject){.line = line->settings.id, .device = device->device->id};
}

/* A request was left alone for not being answered: so was the whole device. */
static void forget_pauses(struct line_device *device)
{
    size_t count = 0;
    plan_requests(device->plan, &count);
    for (size_t i = 0; i < count; i++) {
        device->requests[i].retry_us = 0;
    }
}

enum { TOLD_SILENT = 1, TOLD_HEARD = 2 };

/* When its next outage is worth a line of the log: of one that comes and goes each is not. */
static void plan_telling(struct line_device *device, int64_t now_us)
{
    bool is_flapping = device->tell_us != 0 && now_us - device->tell_us < device->tell_pause_us;
    int64_t pause_us = is_flapping ? 2 * device->tell_pause_us : TELL_PAUSE_US;
    device->tell_pause_us = pause_us < TELL_PAUSE_MAX_US ? pause_us : TELL_PAUSE_MAX_US;
    device->tell_us = now_us + device->tell_pause_us;
}

/* Once an outage that it is silent, and once that it says something that is no good. */
static void tell_trouble(const struct line *line, struct line_device *device)
{
    uint8_t told = trouble_is_heard(&device->trouble) ? TOLD_HEARD : TOLD_SILENT;
    if ((device->told & told) != 0 || (device->told == 0 && line->now_us < device->tell_us)) {
        return;
    }
    if (device->told == 0) {
        plan_telling(device, line->now_us);
    }
    device->told |= told;
    char words[TROUBLE_SIZE];
    trouble_say(&device->trouble, words, sizeof(words));
    log_about(
        LOG_LEVEL_WARNING, subject_of(line, device), "%s (unit %u, %u polls in a row); %s; %s",
        words, device->device->unit, device->failed_polls, trouble_advice(&device->trouble),
        device->is_barren ? "it is asked on" : "probed with growing pauses of up to a minute");
}

static void tell_return(const struct line *line, const struct line_device *device)
{
    if (device->told != 0) {
        log_about(LOG_LEVEL_NOTICE, subject_of(line, device), "%s again after %u failed polls",
                  device->told == TOLD_HEARD ? "gives values" : "answers", device->failed_polls);
    }
}

static void demand(struct line *line, struct line_device *device, bool is_all)
{
    for (unsigned i = 0; i < POLL_CLASS_COUNT; i++) {
        if (is_all || i == POLL_ONCE) {
            schedule_demand(&device->schedules[i], line->now_us);
        }
    }
}

/* What is known of a device that was away is old: everything is read again, its identity too. */
static void come_online(struct line *line, struct line_device *device)
{
    if (device_is_probed(device)) {
        line->forced_us = line->now_us; /* what ended together returns together */
    }
    tell_return(line, device);
    demand(line, device, device_is_probed(device));
    if (device->health == DEVICE_OFFLINE) {
        forget_pauses(device);
        bad_runs_hurry(line, device);
    }
    device->health = DEVICE_ONLINE;
    device->fell_with_line = false;
    device->is_barren = false;
    device->told = 0;
    device->has_returned = true;
}

void device_answered(struct line *line, struct line_device *device)
{
    line->poll.is_fruitful = true;
    device->answered_us = line->now_us;
    device->slowest_us = larger(line->now_us - line->exchange.request_end_us,
                                device->slowest_us - device->slowest_us / SLOWEST_FADES);
    device->silent_polls = 0;
    if (device->health == DEVICE_ONLINE && device->failed_polls == 0) {
        return;
    }
    if (device->health != DEVICE_ONLINE) {
        come_online(line, device);
    }
    device->failed_polls = 0;
    device->is_slow = false;
    device->trouble = (struct trouble){0};
    line_backoff_reset(&device->backoff);
    show_health(line, device);
}

/* It lives, but that is all: one that was probed is polled again as usual. */
void device_heard(struct line *line, struct line_device *device, const struct frame_reply *reply)
{
    device->answered_us = line->now_us;
    device->silent_polls = 0;
    device->trouble = trouble_of_reply(&line->exchange.request, reply);
    if (device_is_probed(device)) {
        demand(line, device, true);
        device->has_returned = true;
        device->is_barren = true;
        device->is_slow = false;
        device->retry_us = 0;
        line_backoff_reset(&device->backoff);
    }
}

/* Whether every request failed when it was asked last; of those never asked nothing is known. */
static bool gives_nothing(const struct line_device *device)
{
    size_t count = 0;
    plan_requests(device->plan, &count);
    for (size_t i = 0; i < count; i++) {
        const struct request_state *state = &device->requests[i];
        if (state->was_given && state->misses == 0 && state->fails == 0) {
            return false;
        }
    }
    return true;
}

/* A few such polls are the search for one register that it does not have. */
void device_barren(struct line *line, struct line_device *device)
{
    device->failed_polls++;
    bool is_over = bad_runs_is_of_all(device) || device->failed_polls >= BARREN_AFTER;
    if (is_over && gives_nothing(device)) {
        device->health = DEVICE_OFFLINE;
        device->is_barren = true;
        device->fell_with_line = false;
        device->retry_us = 0;
        tell_trouble(line, device);
    }
    show_health(line, device);
}

/* Nobody answers on a connection that was accepted. */
static bool is_unserved(const struct line *line)
{
    size_t failed = 0;
    for (size_t i = 0; i < line->device_count; i++) {
        failed += line->devices[i].failed_polls > 0;
    }
    return failed == line->device_count && line->transport->needs_connect;
}

void device_put_off(struct line *line, struct line_device *device)
{
    device->retry_us = line->now_us + line_backoff_next(&device->backoff, &line->chance);
}

void device_failed(struct line *line, struct line_device *device)
{
    device->failed_polls++;
    device->silent_polls++;
    device->is_slow = false;
    device->trouble = line->poll.trouble;
    if (device->trouble.kind == TROUBLE_NONE) {
        device->trouble.kind = is_unserved(line) ? TROUBLE_UNSERVED : TROUBLE_SILENT;
    }
    if (device->silent_polls >= OFFLINE_AFTER) {
        device->health = DEVICE_OFFLINE;
        device->fell_with_line = false;
        device->is_barren = false;
        device_put_off(line, device);
        tell_trouble(line, device);
    }
    show_health(line, device);
}

void device_fell(struct line *line, struct line_device *device)
{
    device->failed_polls++;
    if (device->failed_polls >= OFFLINE_AFTER && device->health != DEVICE_OFFLINE) {
        device->health = DEVICE_OFFLINE;
        device->fell_with_line = true;
        device->trouble = (struct trouble){.kind = TROUBLE_LINE};
        device->retry_us = 0;
    }
    show_health(line, device);
}

bool device_is_trusted(const struct line *line, uint8_t unit)
{
    for (size_t i = 0; i < line->device_count; i++) {
        const struct line_device *device = &line->devices[i];
        if (device->device->unit == unit && device->health == DEVICE_ONLINE &&
            device->failed_polls == 0) {
            return true;
        }
    }
    return false;
}

void device_spoke(struct line *line, uint8_t unit)
{
    for (size_t i = 0; i < line->device_count; i++) {
        struct line_device *device = &line->devices[i];
        if (device->device->unit == unit && device_is_probed(device)) {
            device->retry_us = line->now_us;
        }
    }
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

/* How long a probe waits for its reply. It gives up when any device of this line, and this one as it was before, would long
 * have answered, so that the dead hold up the living as little as can be. Where transaction ids tell, a reply that comes later is a sign of life and
 * the next probe waits the whole timeout; elsewhere one in four does. A gateway that is busy with its dead devices is
 * waited for: always when it reports them, else for as long as the last one took. */
int64_t probe_patience_us(const struct line *line, const struct line_device *device)
{
    int64_t full_us = line->settings.response_timeout_us;
    int64_t short_us = larger(4 * line->slowest_us, PROBE_MIN_US);
    short_us = larger(short_us, 2 * device->slowest_us);
    short_us = larger(short_us, line->shadow_us + line->shadow_us / SHADOW_FADES);
    bool is_thorough =
        line_is_guarded(line) ? device->is_slow : device->failed_polls % PROBE_THOROUGH == 0;
    is_thorough = is_thorough || line->slowest_us == 0 || line->has_gateway;
    return is_thorough || short_us > full_us ? full_us : short_us;
}

int64_t probe_cost_us(const struct line *line, const struct line_device *device)
{
    return probe_budget_cost_us(probe_patience_us(line, device));
}

void probe_begin(struct line *line)
{
    line->probe_budget = (struct probe_budget){
        .timeout_us = line->settings.response_timeout_us,
        .share = PROBE_SHARE,
        .saved = PROBE_SAVED,
    };
    probe_budget_begin(&line->probe_budget, line->now_us);
}

struct request_state *device_request(const struct line *line)
{
    const struct poll *poll = &line->poll;
    return poll->device != NULL ? &poll->device->requests[poll->request] : NULL;
}

/* The wire knows no devices, so it is told what it has to know. */
void device_ask(struct line *line, const struct frame_request *request)
{
    struct line_device *device = line->poll.device;
    struct request_state *state = device_request(line);
    exchange_begin(line,
                   &(struct exchange){
                       .request = *request,
                       .tally = &device->tally,
                       .turnaround = &state->turnaround,
                       .probed = line->poll.is_probe ? device : NULL,
                       .patience_us = line->poll.is_probe ? probe_patience_us(line, device)
                                                          : line->settings.response_timeout_us,
                       .is_expected = state->fails == 0,
                       .is_doubtful = device->failed_polls > 0,
                   });
}
