/* SPDX-License-Identifier: Apache-2.0 */
/* script: the making of one from its seed, and its words. */
#include "adversary/script.h"

#include <string.h>

#include "adversary/chance.h"
#include "adversary/trouble.h"

enum { MILLI = 1000, MINUTE = 60 * SECOND, DAY = 86400 };

static const double most_load =
    0.4; /* of the line, when all is well: the rest is for what goes wrong */

size_t script_requests(const struct script_device *device)
{
    bool is_single = strcmp(device->profile, "one") == 0 || strcmp(device->profile, "wide") == 0;
    return is_single ? 1 : 2;
}

static int64_t exchange_us(const struct script *script, const struct script_device *device)
{
    int64_t wire_us = script->gap_us + device->delay_us;
    if (script->wire == WIRE_SERIAL) {
        wire_us += 60 * MILLI;
    }
    return script->wire == WIRE_TCP ? wire_us : wire_us + 20 * MILLI;
}

double script_load(const struct script *script)
{
    double load = 0;
    for (size_t i = 0; i < script->device_count; i++) {
        const struct script_device *device = &script->devices[i];
        double cost_ms = (double)exchange_us(script, device) / MILLI;
        bool is_fast = strcmp(device->profile, "one") == 0 || strcmp(device->profile, "full") == 0;
        load += is_fast ? cost_ms / (double)device->fast_ms : 0;
        load += strcmp(device->profile, "one") != 0 ? 2 * cost_ms / (double)device->normal_ms : 0;
    }
    return load;
}

static int64_t choose(struct chance *chance, const int64_t *values, size_t count)
{
    return values[chance_bits(chance) % count];
}

#define CHOOSE(chance, ...)                                                                        \
    choose(chance, (const int64_t[]){__VA_ARGS__},                                                 \
           sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t))

static void make_device(struct chance *chance, struct script *script, struct script_device *device)
{
    static const char *const profiles[] = {"one", "one", "two", "full", "wide"};
    *device = (struct script_device){
        .profile = profiles[chance_bits(chance) % 5],
        .fast_ms = CHOOSE(chance, 500, 1000, 1000, 2000, 5000),
        .normal_ms = CHOOSE(chance, 1000, 2000, 5000, 10000, 10000, 60000),
        .delay_us = chance_span(chance, MILLI, 60 * MILLI),
    };
    if (script->device_count > 1 && chance_percent(chance, 10)) {
        bool is_socket = script->wire != WIRE_SERIAL;
        device->fate = (enum device_fate)chance_range(chance, 1, is_socket ? 3 : 1);
    }
}

static void make_devices(struct chance *chance, struct script *script)
{
    script->device_count = (size_t)chance_span(chance, 1, SCRIPT_DEVICES_MAX);
    for (size_t i = 0; i < script->device_count; i++) {
        make_device(chance, script, &script->devices[i]);
    }
    script->devices[chance_bits(chance) % script->device_count].fate = FATE_LIVES;
    while (script_load(script) > most_load) {
        for (size_t i = 0; i < script->device_count; i++) {
            struct script_device *device = &script->devices[i];
            device->fast_ms *= device->fast_ms < 60000 ? 2 : 1;
            device->normal_ms *= device->normal_ms < 60000 ? 2 : 1;
        }
    }
}

static size_t choose_kind(struct chance *chance, enum wire_kind wire)
{
    unsigned total = 0;
    for (size_t i = 0; i < trouble_kind_count; i++) {
        total += (trouble_kinds[i].wires & 1U << wire) != 0 ? trouble_kinds[i].weight : 0;
    }
    unsigned left = (unsigned)(chance_bits(chance) % total);
    size_t i = 0;
    for (;; i++) {
        unsigned weight = (trouble_kinds[i].wires & 1U << wire) != 0 ? trouble_kinds[i].weight : 0;
        if (left < weight) {
            return i;
        }
        left -= weight;
    }
}

static void make_trouble(struct chance *chance, const struct script *script,
                         struct trouble *trouble)
{
    size_t index = choose_kind(chance, script->wire);
    const struct trouble_kind *kind = &trouble_kinds[index];
    *trouble = (struct trouble){
        .kind = (uint8_t)index,
        .percent = (uint8_t)CHOOSE(chance, 100, 100, 100, 90, 50, 10),
        .code = (uint8_t)CHOOSE(chance, 1, 2, 2, 2, 3, 4, 4, 5, 6, 8, 0x0A, 0x0B),
    };
    if (kind->takes_unit && chance_percent(chance, 40)) {
        trouble->unit = (uint8_t)chance_range(chance, 1, (int64_t)script->device_count);
    }
    if (strcmp(kind->name, "commands") == 0 && chance_percent(chance, 40)) {
        trouble->unit = (uint8_t)(script->device_count + 1); /* that nobody has configured */
    }
    if (kind->is_late && script->wire != WIRE_TCP && trouble->unit == 0) {
        trouble->unit = (uint8_t)chance_range(chance, 1, (int64_t)script->device_count);
    }
    trouble->is_block = kind->takes_block && chance_percent(chance, 30);
    trouble->pace_us =
        kind->tick != NULL ? chance_span(chance, kind->pace_first_us, kind->pace_last_us) : 0;
    trouble->size =
        kind->size_last > 0 ? chance_span(chance, kind->size_first, kind->size_last) : 0;
}

/* Bytes that others put into a reply make another reply of it, on a wire without sums at once. */
static bool is_unfair(const struct script *script)
{
    bool splits = false;
    bool inserts = false;
    unsigned late = 0;
    for (size_t i = 0; i < script->trouble_count; i++) {
        splits |= trouble_kinds[script->troubles[i].kind].splits;
        inserts |= trouble_kinds[script->troubles[i].kind].inserts;
        late += trouble_kinds[script->troubles[i].kind].is_late;
    }
    /* Without transaction ids a late reply is known by the time that it may take: broken by what others say meanwhile,
     * be it late replies of other units, it comes when it is not awaited any more. */
    bool is_late_unsure = late > 1 || (late > 0 && inserts);
    return (splits && (inserts || late > 0)) || (script->wire != WIRE_TCP && is_late_unsure);
}

/* One after the other for the whole time: a track. Two tracks are two at once. */
static void make_track(struct chance *chance, struct script *script)
{
    size_t count = (size_t)CHOOSE(chance, 1, 1, 2, 3);
    int64_t at_us = 0;
    for (size_t i = 0; i < count; i++) {
        struct trouble *trouble = &script->troubles[script->trouble_count++];
        do {
            make_trouble(chance, script, trouble);
        } while (is_unfair(script));
        trouble->from_us = at_us;
        at_us =
            i + 1 == count ? script->length_us : chance_range(chance, at_us + 1, script->length_us);
        trouble->to_us = at_us;
        int64_t most_us = trouble_kinds[trouble->kind].most_us;
        if (most_us > 0 && at_us > trouble->from_us + most_us) {
            trouble->to_us = trouble->from_us + most_us;
        }
        if (at_us >= script->length_us) {
            break;
        }
    }
}

void script_make(struct script *script, uint64_t seed)
{
    struct chance chance = {seed};
    *script = (struct script){.seed = seed};
    script->wire = (enum wire_kind)(chance_bits(&chance) % 4);
    script->uptime_us = CHOOSE(&chance, 0, 1, 40, 777, 86400, 90LL * DAY, 2000LL * DAY) * SECOND +
                        chance_range(&chance, 0, SECOND);
    script->timeout_us = CHOOSE(&chance, 100, 200, 500, 1000) * MILLI;
    script->connect_timeout_us = CHOOSE(&chance, 500, 1000, 3000) * MILLI;
    script->connect_delay_us = CHOOSE(&chance, 0, 0, 50, 500, 1000) * MILLI;
    script->gap_us = CHOOSE(&chance, 0, 0, 0, 10, 50) * MILLI;
    script->idle_close_us = CHOOSE(&chance, 0, 0, 0, 5, 30) * SECOND;
    script->open_us = CHOOSE(&chance, 0, 1, 30) * MILLI;
    script->length_us = chance_span(&chance, 10, 600) * SECOND;
    if (script->wire == WIRE_SERIAL) {
        script->connect_delay_us = 0;
    }
    make_devices(&chance, script);
    make_track(&chance, script);
    if (chance_percent(&chance, 60)) {
        make_track(&chance, script);
    }
}

static void print_device(const struct script *script, size_t index, FILE *out)
{
    static const char *const fates[] = {"", ", silent for ever", ", reported dead for ever",
                                        ", hangs up for ever"};
    const struct script_device *device = &script->devices[index];
    fprintf(out, "  unit %zu: \"%s\" at %lld / %lld ms, answers after %lld us%s\n", index + 1,
            device->profile, (long long)device->fast_ms, (long long)device->normal_ms,
            (long long)device->delay_us, fates[device->fate]);
}

static void print_trouble(const struct trouble *trouble, FILE *out)
{
    const struct trouble_kind *kind = &trouble_kinds[trouble->kind];
    fprintf(out, "  %9.3f to %9.3f s: %s", (double)trouble->from_us / SECOND,
            (double)trouble->to_us / SECOND, kind->name);
    if (strcmp(kind->name, "exceptions") == 0) {
        fprintf(out, " %u", trouble->code);
    }
    if (trouble->unit != 0) {
        fprintf(out, ", unit %u", trouble->unit);
    }
    fprintf(out, "%s", trouble->is_block ? ", its first block" : "");
    if (trouble->pace_us > 0) {
        fprintf(out, ", every %lld ms or so", (long long)trouble->pace_us / MILLI);
    }
    if (kind->size_last > 0) {
        fprintf(out, ", size %lld", (long long)trouble->size);
    }
    fprintf(out, "%s", trouble->percent < 100 ? "" : "\n");
    if (trouble->percent < 100) {
        fprintf(out, ", %u %%\n", trouble->percent);
    }
}

void script_print(const struct script *script, FILE *out)
{
    static const char *const wires[] = {"Modbus TCP", "Modbus TCP without transaction ids",
                                        "RTU over TCP", "RTU at 9600 baud"};
    fprintf(
        out,
        "  %s, uptime %lld s, timeout %lld ms, connects %lld ms in %lld, delay %lld ms, gap %lld"
        " ms, idle close %lld s\n",
        wires[script->wire], (long long)(script->uptime_us / SECOND),
        (long long)script->timeout_us / MILLI, (long long)script->open_us / MILLI,
        (long long)script->connect_timeout_us / MILLI, (long long)script->connect_delay_us / MILLI,
        (long long)script->gap_us / MILLI, (long long)script->idle_close_us / SECOND);
    for (size_t i = 0; i < script->device_count; i++) {
        print_device(script, i, out);
    }
    for (size_t i = 0; i < script->trouble_count; i++) {
        print_trouble(&script->troubles[i], out);
    }
}
