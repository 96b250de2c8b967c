/* SPDX-License-Identifier: Apache-2.0 */
/* sink_script: the making of one from its seed, and its words. */
#include "adversary/sink_script.h"

#include "adversary/chance.h"

enum { MILLI = 1000 };

static int64_t choose(struct chance *chance, const int64_t *values, size_t count)
{
    return values[chance_bits(chance) % count];
}

#define CHOOSE(chance, ...)                                                                        \
    choose(chance, (const int64_t[]){__VA_ARGS__},                                                 \
           sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t))

bool sink_trouble_has_pace(enum sink_trouble_kind kind)
{
    return kind == TROUBLE_SESSIONS || kind == TROUBLE_RESTARTS || kind == TROUBLE_KILLS ||
           kind == TROUBLE_BLOCKED || kind == TROUBLE_BURSTS;
}

static int64_t choose_size(struct chance *chance, enum sink_trouble_kind kind)
{
    switch (kind) {
    case TROUBLE_LATE:
        return chance_span(chance, 100 * MILLI, 20LL * SECOND);
    case TROUBLE_NARROW:
        return chance_range(chance, 1, 3);
    case TROUBLE_REJECTS:
        return chance_range(chance, 1, 100);
    case TROUBLE_BLOCKED:
        return chance_span(chance, 100 * MILLI, 10LL * SECOND);
    case TROUBLE_BURSTS:
        return chance_span(chance, 10, 6000);
    case TROUBLE_COMMITS_FAIL:
        return CHOOSE(chance, 100, 100, 50);
    default:
        return 0;
    }
}

static void make_trouble(struct chance *chance, struct sink_trouble *trouble)
{
    trouble->kind = (enum sink_trouble_kind)chance_range(chance, 0, TROUBLE_KIND_COUNT - 1);
    trouble->size = choose_size(chance, trouble->kind);
    trouble->pace_us = 0;
    if (sink_trouble_has_pace(trouble->kind)) {
        trouble->pace_us = chance_span(chance, SECOND, 60LL * SECOND);
    }
}

/* One after the other; the last may end before the others do, so that there are moments of peace. */
static void make_track(struct chance *chance, struct sink_script *script)
{
    size_t count = (size_t)CHOOSE(chance, 1, 1, 2, 3);
    int64_t at_us = chance_percent(chance, 50) ? 0 : chance_range(chance, 0, script->length_us / 2);
    for (size_t i = 0; i < count && at_us < script->length_us; i++) {
        struct sink_trouble *trouble = &script->troubles[script->trouble_count++];
        make_trouble(chance, trouble);
        trouble->from_us = at_us;
        at_us = chance_range(chance, at_us + 1, script->length_us);
        trouble->to_us = at_us;
    }
}

void sink_script_make(struct sink_script *script, uint64_t seed)
{
    struct chance chance = {seed};
    *script = (struct sink_script){.seed = seed};
    script->uptime_us = CHOOSE(&chance, 1, 40, 777, 86400, 86400 * 90) * SECOND;
    script->length_us = chance_span(&chance, 10, 600) * SECOND;
    script->batch_us = CHOOSE(&chance, 10, 50, 100, 200, 1000) * MILLI;
    script->commit_us = CHOOSE(&chance, 50, 500, 500, 1000) * MILLI;
    script->acknowledge_us = CHOOSE(&chance, 0, 1, 20, 100) * MILLI;
    script->connect_us = CHOOSE(&chance, 0, 20, 1000) * MILLI;
    script->window = (size_t)CHOOSE(&chance, 1, 20, 100, 500);
    /* one that could never catch up proves nothing */
    while (3 * script->acknowledge_us > (int64_t)script->window * script->batch_us) {
        script->window = script->window * 2 < 500 ? script->window * 2 : 500;
    }
    script->before = (uint64_t)CHOOSE(&chance, 0, 0, 100, 5000);
    make_track(&chance, script);
    if (chance_percent(&chance, 70)) {
        make_track(&chance, script);
    }
}

void sink_script_print(const struct sink_script *script, FILE *out)
{
    static const char *const names[] = {"the far end is away",
                                        "its sessions end",
                                        "it never acknowledges",
                                        "it acknowledges late",
                                        "it takes few at once",
                                        "it rejects some",
                                        "the disk hangs",
                                        "commits fail",
                                        "the journal is unreadable",
                                        "a restart without folder",
                                        "restarts",
                                        "kills",
                                        "the sink blocks",
                                        "bursts",
                                        "the store refuses"};
    fprintf(
        out,
        "  uptime %lld s, a batch each %lld ms, commits each %lld ms, acknowledged after %lld ms,"
        " connects in %lld ms, window %zu, %llu batches before\n",
        (long long)(script->uptime_us / SECOND), (long long)script->batch_us / MILLI,
        (long long)script->commit_us / MILLI, (long long)script->acknowledge_us / MILLI,
        (long long)script->connect_us / MILLI, script->window, (unsigned long long)script->before);
    for (size_t i = 0; i < script->trouble_count; i++) {
        const struct sink_trouble *trouble = &script->troubles[i];
        fprintf(out, "  %9.3f to %9.3f s: %s", (double)trouble->from_us / SECOND,
                (double)trouble->to_us / SECOND, names[trouble->kind]);
        if (trouble->pace_us > 0) {
            fprintf(out, ", every %lld ms or so", (long long)trouble->pace_us / MILLI);
        }
        if (trouble->size > 0) {
            fprintf(out, ", size %lld", (long long)trouble->size);
        }
        fprintf(out, "\n");
    }
}
