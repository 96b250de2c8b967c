/* SPDX-License-Identifier: Apache-2.0 */
/* line_setup: making and unmaking a line, and copying its state for people. */
#include "collectors/modbus/line/line_internal.h"

#include <stdlib.h>

#include "base/mem.h"

enum { DAY_MS = 86400000 };

struct line *line_create(const struct line_settings *settings, struct transport *take_transport,
                         const struct line_host *host)
{
    struct line *line = mem_alloc(sizeof(*line));
    line->host = host;
    line->transport = take_transport;
    line->transport->line = line;
    line->settings = *settings;
    line->endpoint = mem_dup_string(settings->endpoint);
    line->settings.endpoint = line->endpoint;
    line->chance = settings->seed;
    line->timeline.slot_us = host->slot_us;
    redial_init(&line->redial);
    atomic_init(&line->reserved, 0);
    line_stats_init(&line->stats, clock_mono_us(host->collector->clock));
    return line;
}

static void finish_device(struct line_device *device)
{
    device_unref((struct device *)device->device);
    plan_unref(device->plan);
    discovery_destroy(device->discovery);
    free(device->requests);
    refusals_finish(&device->refusals);
}

void line_destroy(struct line *line)
{
    if (line == NULL) {
        return;
    }
    for (size_t i = 0; i < line->device_count; i++) {
        finish_device(&line->devices[i]);
    }
    twins_end(line);
    line->transport->ops->destroy(line->transport);
    line_stats_finish(&line->stats);
    free(line->devices);
    free(line->registers);
    free(line->outcomes);
    free(line->is_read);
    free(line->endpoint);
    free(line);
}

/* One set of answers serves all devices of a line, since one poll runs at a time. */
static void make_room(struct line *line, size_t registers, size_t requests)
{
    if (registers > line->registers_max || line->registers == NULL) {
        line->registers_max = registers;
        line->registers = mem_grow(line->registers, registers + 1, sizeof(*line->registers));
    }
    if (requests > line->requests_max || line->outcomes == NULL) {
        line->requests_max = requests;
        line->outcomes = mem_grow(line->outcomes, requests + 1, sizeof(*line->outcomes));
        line->is_read = mem_grow(line->is_read, requests + 1, sizeof(*line->is_read));
    }
}

void line_make_room(struct line *line, struct line_device *device)
{
    size_t count = 0;
    plan_requests(device->plan, &count);
    make_room(line, plan_answer_size(device->plan), count);
    device->requests = mem_alloc_array(count + 1, sizeof(*device->requests));
}

/* Identity is read once a day, at a time of the device's own. */
static void plan_dates(struct line_device *device, const int64_t period_ms[POLL_CLASS_COUNT],
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
    int64_t first_us = base_us < RESPITE_CAP_US / 2 ? 2 * base_us : RESPITE_CAP_US;
    device->respite = (struct respite){.first_us = first_us, .cap_us = RESPITE_CAP_US};
}

void line_add_device(struct line *line, const struct device *device, struct plan *take_plan,
                     const int64_t period_ms[POLL_CLASS_COUNT], uint32_t index)
{
    line->devices = mem_grow(line->devices, line->device_count + 1, sizeof(*line->devices));
    struct line_device *added = &line->devices[line->device_count++];
    *added = (struct line_device){.device = device_ref(device), .plan = take_plan};
    line_stats_device(&line->stats, &added->tally, device);
    line_make_room(line, added);
    plan_dates(added, period_ms, index);
}

void device_replace(struct line *line, struct line_device *device, const struct device *take_device,
                    struct plan *take_plan, const int64_t period_ms[POLL_CLASS_COUNT],
                    uint32_t index)
{
    refusal_forget(line, device);
    plan_unref(device->plan);
    free(device->requests);
    device->device = take_device;
    device->plan = take_plan;
    line_stats_device(&line->stats, &device->tally, take_device);
    line_make_room(line, device);
    plan_dates(device, period_ms, index);
    for (unsigned i = 0; i < POLL_CLASS_COUNT; i++) {
        if (device->schedules[i].period_us > 0) {
            schedule_demand(&device->schedules[i], line->now_us);
        }
    }
}

void line_retry_refused(struct line *line, size_t index)
{
    atomic_store(&line->devices[index].wants_retry, true);
}

const char *line_id(const struct line *line)
{
    return line->settings.id;
}

size_t line_device_count(const struct line *line)
{
    return line->device_count;
}

/* The line's own belongs to its thread. */
static int64_t offset_now(const struct line *line)
{
    const struct clock *clock = line->host->collector->clock;
    return clock_wall_us(clock) - clock_mono_us(clock);
}

void line_status_copy(struct line *line, int64_t now_us, struct line_status *out)
{
    *out = (struct line_status){
        .id = line->settings.id,
        .endpoint = line->endpoint,
        .device_count = line->device_count,
    };
    line_stats_copy(&line->stats, now_us, offset_now(line), out);
}

void line_device_status(struct line *line, size_t index, int64_t now_us, struct device_status *out)
{
    const struct line_device *device = &line->devices[index];
    *out = (struct device_status){0};
    line_stats_copy_device(&line->stats, &device->tally, now_us, offset_now(line), out);
}
