/* SPDX-License-Identifier: Apache-2.0 */
/* budget: times of requests and loads of lines.
 *
 * A serial request of n registers takes T(n) = (8 + 5 + 2n) c + 2 g + t: 8 characters there, 5 + 2n back, a silence
 * before the device may answer and one before the next request, and the device's own turnaround. */
#include "collectors/modbus/plan/budget.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"

enum {
    FAST_BAUD = 19200, /* above it the silence is fixed (serial line guide V1.02, 2.5.1.1) */
    REQUEST_BYTES = 8,
    QUARTER_HOUR_MS = 900000,
};

static const double fast_silence_ms = 1.75;
static const double converter_silence_ms = 20; /* as the collector keeps it */
const double budget_load_max = 0.8;

static const struct profile *profile_of(const struct device_config *device,
                                        const struct profiles *profiles)
{
    return profiles_find(profiles, device->profile);
}

static double gap_ms(const struct line_config *line, const struct profiles *profiles)
{
    if (line->gap_ms >= 0) {
        return (double)line->gap_ms;
    }
    const struct device_config *devices = line->devices.items;
    int64_t largest_ms = 0;
    for (size_t i = 0; i < line->devices.count; i++) {
        const struct profile *profile = profile_of(&devices[i], profiles);
        if (profile && profile->link.gap_ms > largest_ms) {
            largest_ms = profile->link.gap_ms;
        }
    }
    return (double)largest_ms;
}

/* Start bit, eight data bits, parity and stop bits; and the silence that goes with the speed. */
static void set_speed(struct budget_wire *wire, const struct line_config *line, int64_t baud)
{
    int64_t bits = 1 + 8 + (line->parity != PARITY_NONE) + line->stop_bits;
    wire->character_ms = 1000.0 * (double)bits / (double)baud;
    wire->silence_ms = baud > FAST_BAUD ? fast_silence_ms : 3.5 * wire->character_ms;
}

struct budget_wire budget_wire(const struct line_config *line, const struct profiles *profiles,
                               const struct budget_guess *guess)
{
    struct budget_wire wire = {.gap_ms = gap_ms(line, profiles)};
    if (line->transport != LINE_TCP) {
        set_speed(&wire, line, line->baud);
        wire.wait_ms += guess->turnaround_ms;
    }
    if (line->transport != LINE_RTU) {
        wire.wait_ms += guess->round_trip_ms;
    }
    if (line->transport == LINE_RTU_OVER_TCP) {
        wire.gap_ms = fmax(wire.gap_ms, converter_silence_ms);
    }
    return wire;
}

double budget_request_ms(const struct budget_wire *wire, const struct frame_request *request)
{
    size_t bytes = REQUEST_BYTES + frame_reply_size(FRAME_RTU, request);
    return (double)bytes * wire->character_ms + wire->silence_ms +
           fmax(wire->silence_ms, wire->gap_ms) + wire->wait_ms;
}

static double class_ms(const struct budget_device *device, enum poll_class poll_class,
                       const struct budget_wire *wire)
{
    size_t count = 0;
    const struct plan_request *requests = plan_requests(device->plan, &count);
    double sum_ms = 0;
    for (size_t i = 0; i < count; i++) {
        if (requests[i].poll_class == poll_class) {
            sum_ms += budget_request_ms(wire, &requests[i].request);
        }
    }
    return sum_ms;
}

static int64_t common_divisor(int64_t one, int64_t other)
{
    while (other != 0) {
        int64_t rest = one % other;
        one = other;
        other = rest;
    }
    return one;
}

double budget_reads_per_ms(const struct budget_device *device, enum poll_class poll_class)
{
    int64_t period_ms = device->period_ms[poll_class];
    double reads = 1 / (double)period_ms;
    bool is_billed = poll_class != POLL_ONCE && plan_has_counter(device->plan, poll_class);
    if (is_billed && QUARTER_HOUR_MS % period_ms != 0) {
        double both_ms = (double)period_ms / (double)common_divisor(period_ms, QUARTER_HOUR_MS) *
                         QUARTER_HOUR_MS;
        reads += 1.0 / QUARTER_HOUR_MS - 1 / both_ms;
    }
    return reads;
}

static double device_load(const struct budget_device *device, const struct budget_wire *wire)
{
    double load = 0;
    for (int i = 0; i < POLL_CLASS_COUNT; i++) {
        if (device->period_ms[i] > 0) {
            load += class_ms(device, (enum poll_class)i, wire) *
                    budget_reads_per_ms(device, (enum poll_class)i);
        }
    }
    return load;
}

static void device_init(struct budget_device *device, const struct site *site,
                        const struct device_config *config, const struct profile *profile,
                        const struct budget_wire *wire)
{
    int64_t period_ms[POLL_CLASS_COUNT];
    for (int i = 0; i < POLL_CLASS_COUNT; i++) {
        period_ms[i] = site_period_ms(site, config, (enum poll_class)i);
    }
    *device = (struct budget_device){
        .config = config,
        .plan = plan_create(profile, config, period_ms),
    };
    for (int i = 0; i < POLL_CLASS_COUNT; i++) {
        enum poll_class poll_class = (enum poll_class)i;
        if (plan_point_count(device->plan, poll_class) == 0) {
            continue;
        }
        device->period_ms[i] = period_ms[i];
        if (poll_class != POLL_ONCE) {
            device->sweep_ms += class_ms(device, poll_class, wire);
            bool is_fastest = device->fastest_ms == 0 || period_ms[i] < device->fastest_ms;
            device->fastest_ms = is_fastest ? period_ms[i] : device->fastest_ms;
        }
    }
    device->load = device_load(device, wire);
}

void budget_line_init(struct budget_line *line, const struct site *site,
                      const struct line_config *config, const struct profiles *profiles,
                      const struct budget_guess *guess)
{
    const struct device_config *devices = config->devices.items;
    *line = (struct budget_line){
        .config = config,
        .wire = budget_wire(config, profiles, guess),
        .devices = mem_alloc_array(config->devices.count + 1, sizeof(*line->devices)),
    };
    for (size_t i = 0; i < config->devices.count; i++) {
        const struct profile *profile = profile_of(&devices[i], profiles);
        if (!profile) {
            continue;
        }
        struct budget_device *device = &line->devices[line->device_count++];
        device_init(device, site, &devices[i], profile, &line->wire);
        line->sweep_ms += device->sweep_ms;
        line->load += device->load;
    }
}

void budget_line_finish(struct budget_line *line)
{
    if (!line) {
        return;
    }
    for (size_t i = 0; i < line->device_count; i++) {
        plan_unref(line->devices[i].plan);
    }
    free(line->devices);
    *line = (struct budget_line){0};
}

bool budget_is_overloaded(const struct budget_line *line)
{
    return line->load > budget_load_max;
}

bool budget_misses_quarter(const struct budget_line *line)
{
    return line->sweep_ms > BUDGET_QUARTER_MS;
}

bool budget_is_slow(const struct budget_device *device)
{
    return device->fastest_ms > 0 && device->sweep_ms > (double)device->fastest_ms;
}

int64_t budget_period_ms(double least_ms)
{
    int64_t period_ms = least_ms > 1 ? (int64_t)ceil(least_ms) : 1;
    if (period_ms > QUARTER_HOUR_MS) {
        return (period_ms + QUARTER_HOUR_MS - 1) / QUARTER_HOUR_MS * QUARTER_HOUR_MS;
    }
    while (QUARTER_HOUR_MS % period_ms != 0) {
        period_ms++;
    }
    return period_ms;
}

double budget_load_at(const struct budget_line *line, int64_t baud)
{
    if (line->config->transport == LINE_TCP) {
        return line->load;
    }
    struct budget_wire wire = line->wire;
    set_speed(&wire, line->config, baud);
    double load = 0;
    for (size_t i = 0; i < line->device_count; i++) {
        load += device_load(&line->devices[i], &wire);
    }
    return load;
}
