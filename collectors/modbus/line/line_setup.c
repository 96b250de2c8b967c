/* SPDX-License-Identifier: Apache-2.0 */
/* line_setup: making and unmaking a line, and copying its state for people. */
#include "collectors/modbus/line/line_internal.h"

#include <stdlib.h>

#include "base/mem.h"

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

void device_finish(struct line_device *device)
{
    device_unref((struct device *)device->device);
    plan_unref(device->plan);
    discovery_destroy(device->discovery);
    free(device->requests);
    bad_runs_finish(&device->bad_runs);
    given_runs_finish(&device->given_runs);
}

void line_destroy(struct line *line)
{
    if (line == NULL) {
        return;
    }
    for (size_t i = 0; i < line->device_count; i++) {
        device_finish(&line->devices[i]);
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

void line_add_device(struct line *line, const struct device *device, struct plan *take_plan,
                     const int64_t period_ms[POLL_CLASS_COUNT], uint32_t index)
{
    line->devices = mem_grow(line->devices, line->device_count + 1, sizeof(*line->devices));
    struct line_device *added = &line->devices[line->device_count++];
    *added = (struct line_device){.device = device_ref(device), .plan = take_plan};
    line_stats_device(&line->stats, &added->tally, device);
    room_make(line, added);
    device_set_dates(added, period_ms, index);
}

void line_add_unknown(struct line *line, const struct line_unknown *unknown,
                      const int64_t period_ms[POLL_CLASS_COUNT], uint32_t index)
{
    struct discovery *discovery = discovery_create(unknown, period_ms, index);
    struct device *device = discovery_describe(discovery);
    line_add_device(line, device, discovery_plan(discovery), period_ms, index);
    line->devices[line->device_count - 1].discovery = discovery;
    device_unref(device);
}

void line_know_refused(struct line *line, size_t index, const struct bad_register *rows,
                       size_t count)
{
    struct line_device *device = &line->devices[index];
    if (!discovery_keep_refused(device, rows, count)) {
        search_know(line, device, rows, count);
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
