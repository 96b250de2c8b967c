/* SPDX-License-Identifier: Apache-2.0 */
/* play: see the header. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "adversary/play.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adversary/log_tap.h"

enum {
    WARM_UP_US = 15 * SECOND,
    SETTLED_US = 90 * SECOND, /* what was learned of slow answers is unlearned */
};

static const int64_t start_wall_us = 1800000000LL * SECOND;

/* Everything that the bench calls back for finds its way from here. */
struct stage {
    struct bench bench;
    struct peer peer;
    struct judge judge;
    const struct script *script;
    int64_t second_us; /* the next one */
};

static struct stage *stage_of(struct bench *bench)
{
    return bench->watcher->context;
}

static void on_post(struct bench *bench, const struct batch *batch)
{
    judge_post(&stage_of(bench)->judge, batch);
}

static void on_done(struct bench *bench, const struct command *command)
{
    judge_done(&stage_of(bench)->judge, command);
}

static void on_opened(struct bench *bench)
{
    peer_opened(&stage_of(bench)->peer);
}

static void on_ask(struct bench *bench, const struct ask *ask)
{
    judge_ask(&stage_of(bench)->judge, ask);
    peer_answer(&stage_of(bench)->peer, ask);
}

static void set_wire(struct bench *bench, const struct script *script)
{
    if (script->wire == WIRE_NO_ID || script->wire == WIRE_CONVERTER) {
        bench->wire.silence_us = 20000;
    }
    bench->settings.ignore_transaction_id = script->wire == WIRE_NO_ID;
    if (script->wire == WIRE_CONVERTER) {
        bench->wire.frame = FRAME_RTU;
        bench->wire.reopen_us = 500000;
    } else if (script->wire == WIRE_SERIAL) {
        bench->wire.frame = FRAME_RTU;
        bench->wire.silence_us = 3646;
        bench->wire.char_ns = 1041667;
        bench->wire.needs_connect = false;
    }
}

static void set_stage(struct stage *stage, const struct script *script,
                      const struct profiles *profiles, const struct bench_watcher *watcher)
{
    struct bench *bench = &stage->bench;
    bench_init_with(bench, profiles, script->uptime_us, start_wall_us);
    stage->script = script;
    bench->watcher = watcher;
    bench->answer = on_ask;
    bench->open_us = script->open_us;
    bench->settings.response_timeout_us = script->timeout_us;
    bench->settings.connect_timeout_us = script->connect_timeout_us;
    bench->settings.connect_delay_us = script->connect_delay_us;
    bench->settings.gap_us = script->gap_us;
    bench->settings.idle_close_us = script->idle_close_us;
    bench->settings.seed = (uint32_t)script->seed | 1U;
    set_wire(bench, script);
    for (size_t i = 0; i < script->device_count; i++) {
        const struct script_device *device = &script->devices[i];
        bench_add(bench, device->profile, (uint8_t)(i + 1), device->fast_ms, device->normal_ms);
    }
    log_tap_reset();
    peer_init(&stage->peer, bench, script);
    judge_init(&stage->judge, bench, &stage->peer);
    stage->second_us = bench->now_us + SECOND;
}

/* To that moment, with everything that happens until then. */
static void run_until(struct stage *stage, int64_t end_us)
{
    struct bench *bench = &stage->bench;
    while (bench->now_us < end_us && stage->judge.fault == FAULT_NONE) {
        int64_t next_us = peer_next_us(&stage->peer);
        next_us = next_us < stage->second_us ? next_us : stage->second_us;
        next_us = next_us < end_us ? next_us : end_us;
        if (next_us > bench->now_us) {
            bench_run(bench, next_us - bench->now_us);
        }
        peer_step(&stage->peer);
        if (bench->now_us >= stage->second_us) {
            judge_second(&stage->judge);
            stage->second_us = bench->now_us + SECOND;
        }
    }
}

/* Share of the line's time that commands to the living take. */
static double command_load(const struct script *script)
{
    double load = 0;
    for (size_t i = 0; i < script->trouble_count; i++) {
        const struct trouble *trouble = &script->troubles[i];
        if (strcmp(trouble_kinds[trouble->kind].name, "commands") != 0) {
            return 1; /* something else happens too */
        }
        bool is_dead =
            trouble->unit > script->device_count ||
            (trouble->unit != 0 && script->devices[trouble->unit - 1].fate != FATE_LIVES);
        double cost_us = script->wire == WIRE_SERIAL ? 130000 : 85000;
        load += is_dead ? 0 : cost_us * (double)trouble->size / (double)trouble->pace_us;
    }
    return script->trouble_count > 0 ? load : 1;
}

static bool has_dead(const struct script *script)
{
    for (size_t i = 0; i < script->device_count; i++) {
        if (script->devices[i].fate != FATE_LIVES) {
            return true;
        }
    }
    return false;
}

static void be_disturbed(struct stage *stage)
{
    const struct script *script = stage->script;
    int64_t start_us = stage->bench.now_us;
    run_until(stage, start_us + WARM_UP_US);
    int64_t counted_us = stage->bench.now_us;
    judge_count(&stage->judge, true);
    run_until(stage, start_us + script->length_us);
    if (script->length_us > 2LL * WARM_UP_US && command_load(script) < 0.3) {
        judge_counted(&stage->judge, counted_us, has_dead(script) ? 85 : 95, FAULT_CROWDED);
    }
    peer_step(&stage->peer);
    stage->peer.is_over = true;
}

static int64_t heal(struct stage *stage)
{
    struct bench *bench = &stage->bench;
    int64_t end_us = bench->now_us;
    int64_t limit_us = 0;
    const char *missing = judge_missing(&stage->judge, end_us, &limit_us);
    while (missing != NULL && stage->judge.fault == FAULT_NONE) {
        run_until(stage, bench->now_us + SECOND);
        missing = judge_missing(&stage->judge, end_us, &limit_us);
        if (missing != NULL && bench->now_us > limit_us) {
            judge_blame(&stage->judge, FAULT_DEAD, "%lld s after the end of the trouble %s",
                        (long long)((bench->now_us - end_us) / SECOND), missing);
        }
    }
    int64_t healed_us = bench->now_us - end_us;
    run_until(stage, end_us + SETTLED_US);
    return healed_us;
}

static int64_t longest_period_us(const struct script *script)
{
    int64_t longest_ms = 3000;
    for (size_t i = 0; i < script->device_count; i++) {
        const struct script_device *device = &script->devices[i];
        longest_ms = device->fast_ms > longest_ms ? device->fast_ms : longest_ms;
        longest_ms = device->normal_ms > longest_ms ? device->normal_ms : longest_ms;
    }
    return longest_ms * 1000;
}

static unsigned share_due(const struct script *script)
{
    return has_dead(script) ? 75 : 100;
}

static void be_well(struct stage *stage)
{
    struct bench *bench = &stage->bench;
    int64_t since_us = bench->now_us;
    judge_count(&stage->judge, false);
    run_until(stage, bench->now_us + 3 * longest_period_us(stage->script));
    judge_counted(&stage->judge, since_us, share_due(stage->script), FAULT_STARVED);
    int64_t limit_us = 0;
    const char *missing = judge_missing(&stage->judge, since_us, &limit_us);
    if (missing != NULL) {
        judge_blame(&stage->judge, FAULT_STARVED, "all was well for a while, and now %s", missing);
    }
}

void play(const struct script *script, const struct profiles *profiles, struct outcome *outcome)
{
    struct stage *stage = calloc(1, sizeof(*stage));
    const struct bench_watcher watcher = {
        .post = on_post, .done = on_done, .opened = on_opened, .context = stage};
    assert_non_null(stage);
    set_stage(stage, script, profiles, &watcher);
    bench_start(&stage->bench);
    be_disturbed(stage);
    int64_t healed_us = heal(stage);
    if (stage->judge.fault == FAULT_NONE) {
        be_well(stage);
    }
    bench_finish(&stage->bench);
    if (stage->judge.commands_done != stage->peer.commands_given) {
        judge_blame(&stage->judge, FAULT_COMMAND, "%llu commands given, %llu came back",
                    (unsigned long long)stage->peer.commands_given,
                    (unsigned long long)stage->judge.commands_done);
    }
    *outcome = (struct outcome){
        .fault = stage->judge.fault, .healed_us = healed_us, .worst = stage->judge.worst};
    snprintf(outcome->words, sizeof(outcome->words), "%s", stage->judge.words);
    free(stage);
}
