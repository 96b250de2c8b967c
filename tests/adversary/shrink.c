/* SPDX-License-Identifier: Apache-2.0 */
/* shrink: cuts a script down step by step for as long as the same kind of fault stays. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "adversary/play.h"

typedef bool (*cut_fn)(struct script *script, size_t index);

static bool drop_trouble(struct script *script, size_t index)
{
    if (index >= script->trouble_count || script->trouble_count == 1) {
        return false;
    }
    script->trouble_count--;
    memmove(&script->troubles[index], &script->troubles[index + 1],
            (script->trouble_count - index) * sizeof(struct trouble));
    return true;
}

static bool drop_device(struct script *script, size_t index)
{
    if (index >= script->device_count || script->device_count == 1) {
        return false;
    }
    script->device_count--;
    memmove(&script->devices[index], &script->devices[index + 1],
            (script->device_count - index) * sizeof(struct script_device));
    for (size_t i = 0; i < script->trouble_count; i++) {
        struct trouble *trouble = &script->troubles[i];
        if (trouble->unit == index + 1) {
            return false;
        }
        trouble->unit = (uint8_t)(trouble->unit - (trouble->unit > index + 1));
    }
    return true;
}

/* The whole shorter: to a half, to three quarters. */
static bool shorten(struct script *script, size_t index)
{
    int64_t length_us = index == 0 ? script->length_us / 2 : script->length_us * 3 / 4;
    if (index > 1 || length_us < SECOND) {
        return false;
    }
    length_us -= length_us % SECOND;
    for (size_t i = 0; i < script->trouble_count; i++) {
        struct trouble *trouble = &script->troubles[i];
        trouble->to_us = trouble->to_us < length_us ? trouble->to_us : length_us;
        if (trouble->from_us >= trouble->to_us) {
            return false;
        }
    }
    script->length_us = length_us;
    return true;
}

static bool round_trouble(struct script *script, size_t index)
{
    if (index >= script->trouble_count) {
        return false;
    }
    struct trouble *trouble = &script->troubles[index];
    struct trouble old = *trouble;
    trouble->percent = 100;
    trouble->from_us = 0;
    trouble->to_us = script->length_us;
    return memcmp(&old, trouble, sizeof(old)) != 0;
}

/* One setting to what is usual. */
static bool make_usual(struct script *script, size_t index)
{
    struct script old = *script;
    switch (index) {
    case 0:
        script->uptime_us = 777LL * SECOND;
        break;
    case 1:
        script->connect_delay_us = 0;
        break;
    case 2:
        script->gap_us = 0;
        break;
    case 3:
        script->idle_close_us = 0;
        break;
    case 4:
        script->open_us = 0;
        break;
    default:
        return false;
    }
    return memcmp(&old, script, sizeof(old)) != 0;
}

static bool make_device_usual(struct script *script, size_t index)
{
    if (index >= script->device_count) {
        return false;
    }
    struct script_device usual = {
        .profile = "one", .fast_ms = 1000, .normal_ms = 10000, .delay_us = 3000};
    struct script_device old = script->devices[index];
    script->devices[index] = usual;
    return old.profile != usual.profile || old.fast_ms != usual.fast_ms ||
           old.normal_ms != usual.normal_ms || old.delay_us != usual.delay_us ||
           old.fate != usual.fate;
}

static bool try_cut(struct script *script, const struct profiles *profiles, struct outcome *outcome,
                    cut_fn cut, size_t index)
{
    struct script smaller = *script;
    struct outcome seen;
    if (!cut(&smaller, index)) {
        return false;
    }
    play(&smaller, profiles, &seen);
    if (seen.fault != outcome->fault) {
        return false;
    }
    *script = smaller;
    *outcome = seen;
    return true;
}

void shrink(struct script *script, const struct profiles *profiles, struct outcome *outcome)
{
    static const cut_fn cuts[] = {drop_trouble,  drop_device, shorten,
                                  round_trouble, make_usual,  make_device_usual};
    bool is_changed = true;
    for (unsigned round = 0; round < 20 && is_changed; round++) {
        is_changed = false;
        for (size_t i = 0; i < sizeof(cuts) / sizeof(*cuts); i++) {
            for (size_t at = SCRIPT_DEVICES_MAX; at > 0; at--) {
                is_changed |= try_cut(script, profiles, outcome, cuts[i], at - 1);
            }
        }
    }
    play(script, profiles, outcome); /* its log is the last one */
}
