/* SPDX-License-Identifier: Apache-2.0 */
/* sink_judge: what must be true of a sink, its runner and the store at every moment. */
#include <stdarg.h>
#include <stdio.h>

#include "adversary/log_tap.h"
#include "adversary/sink_world.h"

enum {
    MINUTE = 60 * SECOND,
    ROUNDS_IDLE = 700, /* in a minute in which nothing comes: a net of a second, saves, peeks */
    LOGS_MAX = 40,     /* in a minute, */
    LOGS_START = 3,    /* and for each start in it */
};

const char *const sink_fault_words[] = {"fine",  "lost",         "skipped", "twice",
                                        "again", "out of order", "words",   "restless"};

void world_blame(struct world *world, enum sink_fault fault, const char *format, ...)
{
    struct sink_outcome *outcome = world->outcome;
    if (outcome->fault != SINK_FINE) {
        return;
    }
    outcome->fault = fault;
    int size = snprintf(outcome->words, sizeof(outcome->words),
                        "at %.3f s: ", (double)(world->now_us - world->start_us) / SECOND);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(outcome->words + size, sizeof(outcome->words) - (size_t)size, format, arguments);
    va_end(arguments);
}

void world_judge_send(void *context, const struct batch *batch, bool is_again)
{
    struct world *world = context;
    uint64_t position = batch->position;
    world->events++;
    if (is_again) {
        world_blame(world, SINK_TWICE, "position %llu is given twice in one session",
                    (unsigned long long)position);
    }
    if (position <= store_cursor(world->store, "far") && position < POSITION_UNNUMBERED) {
        world_blame(world, SINK_BACK, "position %llu is given, the cursor is %llu",
                    (unsigned long long)position,
                    (unsigned long long)store_cursor(world->store, "far"));
    }
    bool is_new_session = world->far_end.session != world->last_session;
    bool is_owed = world->runner->feed.resume != 0;
    if (!is_new_session && !is_owed && position < world->last_position &&
        world->last_position < POSITION_UNNUMBERED) {
        world_blame(world, SINK_ORDER, "position %llu is given behind %llu",
                    (unsigned long long)position, (unsigned long long)world->last_position);
    }
    world->last_session = world->far_end.session;
    world->last_position = is_owed ? 0 : position;
}

/* Nothing that was committed lies behind the cursor without having been acknowledged. */
void world_check_cursor(struct world *world, uint64_t cursor)
{
    while (world->checked < world->disk.count &&
           world->disk.journal[world->checked]->position <= cursor) {
        const struct batch *batch = world->disk.journal[world->checked];
        if (!far_end_has(&world->far_end, batch->seq)) {
            world_blame(world, SINK_SKIPPED,
                        "the cursor is %llu, position %llu was never acknowledged",
                        (unsigned long long)cursor, (unsigned long long)batch->position);
            return;
        }
        world->checked++;
    }
    if (!disk_store_is_away(world->store) && cursor > store_durable(world->store)) {
        world_blame(world, SINK_SKIPPED, "the cursor is %llu, durable is %llu",
                    (unsigned long long)cursor, (unsigned long long)store_durable(world->store));
    }
}

void world_check_words(struct world *world)
{
    struct runner_status status = runner_status(world->runner);
    bool is_up = world->far_end.is_up;
    if ((status.state == SINK_UP) != is_up || (status.reason[0] == '\0') != is_up) {
        world_blame(world, SINK_WORDS, "the far end is %s, the status %s, \"%s\"",
                    is_up ? "up" : "away", sink_state_words[status.state], status.reason);
    }
    if (!disk_store_is_away(world->store)) {
        uint64_t newest = world->next_position > 0 ? world->next_position - 1 : 0;
        newest = newest > store_durable(world->store) ? newest : store_durable(world->store);
        uint64_t owed = newest > status.cursor ? newest - status.cursor : 0;
        if (status.backlog != owed) {
            world_blame(world, SINK_WORDS, "a backlog of %llu, %llu are owed",
                        (unsigned long long)status.backlog, (unsigned long long)owed);
        }
    }
}

void world_check_minute(struct world *world)
{
    if (world->now_us < world->minute_us) {
        return;
    }
    uint64_t logs = log_tap_count() - world->logs_before;
    uint64_t beyond = world->rounds > 4 * world->events ? world->rounds - 4 * world->events : 0;
    struct sink_outcome *outcome = world->outcome;
    outcome->rounds = beyond > outcome->rounds ? beyond : outcome->rounds;
    outcome->logs = logs > outcome->logs ? logs : outcome->logs;
    if (beyond > ROUNDS_IDLE) {
        world_blame(world, SINK_RESTLESS, "%llu rounds in a minute, %llu things happened",
                    (unsigned long long)world->rounds, (unsigned long long)world->events);
    }
    if (logs > LOGS_MAX + LOGS_START * world->starts) {
        world_blame(world, SINK_RESTLESS, "%llu lines of log in a minute",
                    (unsigned long long)logs);
    }
    world->minute_us = world->now_us + MINUTE;
    world->rounds = 0;
    world->starts = 0;
    world->events = 0;
    world->logs_before = log_tap_count();
}
