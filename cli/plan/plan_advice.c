/* SPDX-License-Identifier: Apache-2.0 */
/* plan_advice: the warnings of lingtan plan. */
#include "cli/plan/plan_advice.h"

#include "base/mem.h"
#include "base/text.h"

static void add_warning(json_t *warnings, struct text *take_text)
{
    json_array_append_new(warnings, json_string(take_text->data));
    text_finish(take_text);
}

/* The first usual speed above the line's at which it would not be overloaded; 0 = there is none. */
static int64_t better_baud(const struct budget_line *line)
{
    static const int64_t bauds[] = {9600, 19200, 38400, 57600, 115200};
    if (line->config->transport == LINE_TCP) {
        return 0;
    }
    for (size_t i = 0; i < ARRAY_SIZE(bauds); i++) {
        if (bauds[i] > line->config->baud && budget_load_at(line, bauds[i]) <= budget_load_max) {
            return bauds[i];
        }
    }
    return 0;
}

static void judge_load(json_t *warnings, const struct budget_line *line)
{
    if (!budget_is_overloaded(line)) {
        return;
    }
    struct text text = {0};
    text_add_format(
        &text,
        "line %s has a load of %.0f %%, more than %.0f %%: its polls will be late. Make "
        "its periods %.1f times as long, or move devices to a second line",
        line->config->id, 100 * line->load, 100 * budget_load_max,
        line->load / budget_load_max + 0.05);
    int64_t baud = better_baud(line);
    if (baud > 0) {
        text_add_format(&text, ", or set all its devices to %lld baud (load %.0f %%)",
                        (long long)baud, 100 * budget_load_at(line, baud));
    }
    add_warning(warnings, &text);
}

static void judge_quarter(json_t *warnings, const struct budget_line *line)
{
    if (!budget_misses_quarter(line)) {
        return;
    }
    struct text text = {0};
    text_add_format(&text,
                    "line %s needs %.1f s to read everything once, more than %.0f s: its readings "
                    "of a quarter hour will be late. Move devices to a second line%s; longer "
                    "periods do not help",
                    line->config->id, line->sweep_ms / 1000, BUDGET_QUARTER_MS / 1000.0,
                    line->config->transport == LINE_TCP ? "" : ", or set them to a higher baud");
    add_warning(warnings, &text);
}

/* The option that makes the fastest class of the device slower. */
static const char *fastest_class(const struct budget_device *device)
{
    int fastest = 0;
    while (device->period_ms[fastest] != device->fastest_ms) {
        fastest++;
    }
    return poll_class_words[fastest];
}

static void judge_device(json_t *warnings, const struct budget_line *line,
                         const struct budget_device *device)
{
    if (!budget_is_slow(device)) {
        return;
    }
    struct text text = {0};
    text_add_format(&text,
                    "device %s on line %s needs %.2f s for all its requests, longer than its "
                    "fastest period of %g s. Give it %s_ms = %lld or more",
                    device->config->id, line->config->id, device->sweep_ms / 1000,
                    (double)device->fastest_ms / 1000, fastest_class(device),
                    (long long)budget_period_ms(device->sweep_ms / budget_load_max));
    add_warning(warnings, &text);
}

/* Nothing is planned for a device whose points are found on it. */
static void judge_unknown(json_t *warnings, const struct budget_line *line,
                          const struct budget_device *device)
{
    size_t count = 0;
    (void)plan_requests(device->plan, &count);
    if (count > 0) {
        return;
    }
    struct text text = {0};
    text_add_format(&text,
                    "device %s on line %s lists its points itself (%s): its requests are not "
                    "known before it answers and are left out here",
                    device->config->id, line->config->id, device->config->profile);
    add_warning(warnings, &text);
}

json_t *plan_advice(const struct budget_line *line, const struct budget_device *only)
{
    json_t *warnings = json_array();
    judge_load(warnings, line);
    judge_quarter(warnings, line);
    for (size_t i = 0; i < line->device_count; i++) {
        if (!only || only == &line->devices[i]) {
            judge_device(warnings, line, &line->devices[i]);
            judge_unknown(warnings, line, &line->devices[i]);
        }
    }
    return warnings;
}
