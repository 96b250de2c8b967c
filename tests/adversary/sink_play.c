/* SPDX-License-Identifier: Apache-2.0 */
/* sink_play: moves the world through a script, until everything committed is with the far end. */
#include <stdlib.h>
#include <string.h>

#include "adversary/log_tap.h"
#include "adversary/sink_world.h"
#include "base/mem.h"

enum {
    MINUTE = 60 * SECOND,
    LEDGER_US = SECOND,
    ROUNDS_AT_ONCE = 200,
    GIVE_UP_US = 2 * MINUTE,
};

static struct batch *make_batch(struct world *world, uint64_t position)
{
    struct batch *batch = batch_create(world->device, 1, 0);
    batch->position = position;
    batch->seq = world->next_seq++;
    batch->time_us = clock_wall_us(&world->clock.clock);
    batch->count = 1;
    return batch;
}

static uint64_t take_position(struct world *world)
{
    if (world->next_position == 0 && store_is_numbered(world->store)) {
        world->next_position = store_next_position(world->store);
    }
    return world->next_position > 0 ? world->next_position++
                                    : POSITION_UNNUMBERED + world->unnumbered++;
}

void world_give_batches(struct world *world, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        struct batch *batch = make_batch(world, take_position(world));
        int error = store_append(world->store, batch);
        (void)error; /* then the journal will not have it */
        runner_offer(world->runner, batch);
        batch_unref(batch);
        world->events++;
    }
    runner_flush(world->runner);
}

static void start_daemon(struct world *world)
{
    world->starts++;
    world->store = disk_store_create(&world->disk, world->is_folder_away);
    disk_store_refuse(world->store, false);
    world->next_position = 0;
    world->unnumbered = 0;
    const struct sink_setup setup = {.clock = &world->clock.clock};
    int error = runner_create(&far_end_sink, &setup, world->store, &world->runner);
    (void)error;
    world->last_session = 0;
    world->last_position = 0;
    world->sleep = (struct runner_sleep){0};
    world->wake_us = world->now_us; /* its first round */
    world->blocked_until_us = 0;
    world->commit_at_us = world->now_us + world->script->commit_us;
    world->ledger_at_us = world->now_us + LEDGER_US;
}

static void end_daemon(struct world *world, bool is_killed)
{
    if (!is_killed) {
        runner_settle_last(world->runner);
    }
    if (!is_killed && !world->is_hanging) {
        disk_store_commit(world->store, world->is_failing);
        disk_store_write_ledger(world->store);
    }
    runner_destroy(world->runner);
    disk_store_destroy(world->store);
}

void world_restart(struct world *world, bool is_killed)
{
    end_daemon(world, is_killed);
    start_daemon(world);
    world->events += 100; /* whoever starts may go round a few times */
    world_check_cursor(world, store_cursor(world->store, "far"));
}

static void commit(struct world *world)
{
    world->commit_at_us = world->now_us + world->script->commit_us;
    if (world->is_hanging || disk_store_is_away(world->store)) {
        return;
    }
    bool fails = world->is_failing && chance_percent(&world->chance, world->fail_percent);
    disk_store_commit(world->store, fails);
    world->events++;
}

static void write_ledger(struct world *world)
{
    world->ledger_at_us = world->now_us + LEDGER_US;
    if (!world->is_hanging) {
        disk_store_write_ledger(world->store);
        world_check_cursor(world, world->disk.ledger_cursor);
    }
}

static int64_t earlier(int64_t one_us, int64_t other_us)
{
    return one_us < other_us ? one_us : other_us;
}

static int64_t next_event_us(const struct world *world)
{
    int64_t next_us = earlier(world->batch_at_us, world->commit_at_us);
    next_us = earlier(next_us, world->ledger_at_us);
    for (size_t i = 0; i < world->script->trouble_count; i++) {
        next_us = earlier(next_us, world->next_us[i]);
    }
    return next_us;
}

static void happen(struct world *world)
{
    for (size_t i = 0; i < world->script->trouble_count; i++) {
        if (world->next_us[i] <= world->now_us) {
            world_step_trouble(world, i);
        }
    }
    if (world->batch_at_us <= world->now_us) {
        world->batch_at_us = world->now_us + world->script->batch_us;
        world_give_batches(world, 1);
    }
    if (world->commit_at_us <= world->now_us) {
        commit(world);
    }
    if (world->ledger_at_us <= world->now_us) {
        write_ledger(world);
    }
}

static void go_to_sleep(struct world *world)
{
    runner_plan_sleep(world->runner, &world->sleep);
    int64_t wait_us = world->sleep.wait_us;
    world->wake_us = wait_us < 0 ? INT64_MAX : world->now_us + wait_us;
}

/* When the runner's thread would go on, as things stand now. */
static int64_t wake_at_us(struct world *world)
{
    bool is_ready = poll(world->sleep.fds, (nfds_t)world->sleep.count, 0) > 0;
    int64_t at_us = is_ready ? world->now_us : world->wake_us;
    return at_us > world->blocked_until_us ? at_us : world->blocked_until_us;
}

static void go_round(struct world *world)
{
    runner_wake_up(world->runner, &world->sleep);
    runner_round(world->runner);
    world->rounds++;
    world_check_cursor(world, runner_status(world->runner).cursor);
    world_check_words(world);
    go_to_sleep(world);
}

static void run_until(struct world *world, int64_t end_us)
{
    unsigned at_once = 0;
    int64_t begin_us = world->now_us;
    uint64_t sends = world->far_end.sends;
    while (world->outcome->fault == SINK_FINE) {
        int64_t wake_us = wake_at_us(world);
        int64_t next_us = earlier(earlier(wake_us, next_event_us(world)), end_us);
        if (next_us > world->now_us) {
            fake_clock_advance(&world->clock, next_us - world->now_us);
            world->now_us = next_us;
        }
        if (world->now_us > begin_us || world->far_end.sends > sends) {
            begin_us = world->now_us;
            sends = world->far_end.sends;
            at_once = 0;
        } else if (++at_once > ROUNDS_AT_ONCE) {
            world_blame(world, SINK_RESTLESS, "the runner spins");
        }
        world_check_minute(world);
        if (wake_us <= world->now_us) {
            go_round(world);
        }
        if (next_event_us(world) <= world->now_us) {
            happen(world);
        }
        if (world->now_us >= end_us) {
            break;
        }
    }
}

static bool is_all_sent(struct world *world)
{
    while (world->unsettled < world->disk.count &&
           far_end_has(&world->far_end, world->disk.journal[world->unsettled]->seq)) {
        world->unsettled++;
    }
    uint64_t cursor = store_cursor(world->store, "far");
    /* what was committed last may still be on its way */
    uint64_t flying = world->script->window + 2 + (uint64_t)(2 * SECOND / world->script->batch_us);
    return world->unsettled + flying >= world->disk.count &&
           cursor + flying >= store_durable(world->store);
}

/* What is sent from now on. That is all behind the cursor, not only what the far end never had: a cursor that a hanging
 * disk kept out of the ledger is lost with a restart, and what was sent behind it is sent once more. (Seed 1010013: some
 * 1 420 by the far end's account, 4 500 by the cursor's.) */
static size_t backlog(const struct world *world)
{
    const uint64_t cursor = store_cursor(world->store, "far");
    size_t settled = world->disk.count;
    while (settled > 0 && world->disk.journal[settled - 1]->position > cursor) {
        settled--;
    }
    return world->disk.count - (settled < world->unsettled ? settled : world->unsettled);
}

/* Three times as fast as batches come: what waits is sent in half the time that it took to come. */
static int64_t patience_us(const struct world *world)
{
    const struct sink_script *script = world->script;
    return GIVE_UP_US +
           (int64_t)backlog(world) * script->acknowledge_us / (int64_t)script->window * 2;
}

static void heal(struct world *world)
{
    int64_t end_us = world->now_us;
    bool is_drained = is_all_sent(world);
    int64_t limit_us = patience_us(world);
    while (!is_drained && world->outcome->fault == SINK_FINE) {
        run_until(world, world->now_us + SECOND);
        is_drained = is_all_sent(world);
        if (!is_drained && world->now_us - end_us > limit_us) {
            const struct batch *batch = world->disk.journal[world->unsettled];
            world_blame(
                world, SINK_LOST,
                "%lld s after the end of the trouble position %llu is not sent, the cursor is %llu",
                (long long)((world->now_us - end_us) / SECOND), (unsigned long long)batch->position,
                (unsigned long long)store_cursor(world->store, "far"));
        }
    }
    world->outcome->healed_us = world->now_us - end_us;
}

/* No more batches: then everything is with the far end, and the words say so. */
static void come_to_rest(struct world *world)
{
    run_until(world, world->now_us + 2 * world->script->batch_us + world->script->commit_us);
    world->batch_at_us = INT64_MAX;
    run_until(world, world->now_us + 30LL * SECOND);
    struct runner_status status = runner_status(world->runner);
    (void)is_all_sent(world);
    if (world->unsettled < world->disk.count) {
        world_blame(world, SINK_LOST, "at rest, and position %llu is not sent",
                    (unsigned long long)world->disk.journal[world->unsettled]->position);
    } else if (status.backlog != 0 || status.cursor != store_durable(world->store)) {
        world_blame(world, SINK_WORDS, "at rest, and the cursor is %llu of %llu, backlog %llu",
                    (unsigned long long)status.cursor,
                    (unsigned long long)store_durable(world->store),
                    (unsigned long long)status.backlog);
    } else if (world->disk.ledger_cursor != status.cursor) {
        world_blame(world, SINK_LOST, "at rest, and the ledger's cursor is %llu of %llu",
                    (unsigned long long)world->disk.ledger_cursor,
                    (unsigned long long)status.cursor);
    }
}

static void begin_world(struct world *world)
{
    const struct sink_script *script = world->script;
    world->now_us = script->uptime_us;
    world->start_us = world->now_us;
    world->chance = (struct chance){script->seed ^ 0x51};
    fake_clock_init(&world->clock, world->now_us, 1800000000LL * SECOND);
    world->device = device_create(&(struct device){
        .id = "m1", .name = "Meter", .site = "hq", .node = "", .line = "l1", .profile = "test"});
    world->next_seq = 1;
    world->far_end = (struct far_end){.clock = &world->clock.clock,
                                      .window = script->window,
                                      .acknowledge_us = script->acknowledge_us,
                                      .connect_us = script->connect_us,
                                      .chance = script->seed,
                                      .judge = world_judge_send,
                                      .context = world};
    far_end_use(&world->far_end);
    world->batch_at_us = world->now_us + 1;
    world->minute_us = world->now_us + MINUTE;
    for (size_t i = 0; i < script->trouble_count; i++) {
        world->next_us[i] = world->start_us + script->troubles[i].from_us;
    }
    log_tap_reset();
    start_daemon(world);
}

void sink_play(const struct sink_script *script, struct sink_outcome *outcome)
{
    struct world *world = mem_alloc(sizeof(*world));
    *outcome = (struct sink_outcome){0};
    world->script = script;
    world->outcome = outcome;
    begin_world(world);
    world_give_batches(world, script->before);
    run_until(world, world->start_us + script->length_us);
    heal(world);
    come_to_rest(world);
    outcome->batches = world->next_seq;
    end_daemon(world, true);
    disk_finish(&world->disk);
    far_end_finish(&world->far_end);
    device_unref(world->device);
    free(world);
}
