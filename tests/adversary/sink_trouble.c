/* SPDX-License-Identifier: Apache-2.0 */
/* sink_trouble: what each kind of trouble does. */
#include "adversary/sink_world.h"

static void begin(struct world *world, const struct sink_trouble *trouble)
{
    switch (trouble->kind) {
    case TROUBLE_DOWN:
        world->far_end.is_down = true;
        break;
    case TROUBLE_STALLED:
        world->far_end.is_stalled = true;
        break;
    case TROUBLE_LATE:
        world->far_end.acknowledge_us = trouble->size;
        break;
    case TROUBLE_NARROW:
        world->far_end.window = (size_t)trouble->size;
        break;
    case TROUBLE_REJECTS:
        world->far_end.reject_percent = (unsigned)trouble->size;
        break;
    case TROUBLE_DISK_HANGS:
        world->is_hanging = true;
        break;
    case TROUBLE_COMMITS_FAIL:
        world->is_failing = true;
        world->fail_percent = (unsigned)trouble->size;
        break;
    case TROUBLE_UNREADABLE:
        world->disk.is_unreadable = true;
        break;
    case TROUBLE_FOLDER_AWAY:
        world->is_folder_away = true;
        world_restart(world, false);
        break;
    case TROUBLE_STORE_REFUSES:
        disk_store_refuse(world->store, true);
        break;
    default:
        break;
    }
}

static void end(struct world *world, const struct sink_trouble *trouble)
{
    switch (trouble->kind) {
    case TROUBLE_DOWN:
        world->far_end.is_down = false;
        world->far_end.up_us = world->now_us + world->script->connect_us;
        break;
    case TROUBLE_STALLED:
        world->far_end.is_stalled = false;
        break;
    case TROUBLE_LATE:
        world->far_end.acknowledge_us = world->script->acknowledge_us;
        break;
    case TROUBLE_NARROW:
        world->far_end.window = world->script->window;
        break;
    case TROUBLE_REJECTS:
        world->far_end.reject_percent = 0;
        break;
    case TROUBLE_DISK_HANGS:
        world->is_hanging = false;
        break;
    case TROUBLE_COMMITS_FAIL:
        world->is_failing = false;
        break;
    case TROUBLE_UNREADABLE:
        world->disk.is_unreadable = false;
        break;
    case TROUBLE_FOLDER_AWAY:
        world->is_folder_away = false;
        disk_store_find(world->store);
        break;
    case TROUBLE_STORE_REFUSES:
        disk_store_refuse(world->store, false);
        break;
    default:
        break;
    }
}

static void tick(struct world *world, const struct sink_trouble *trouble)
{
    switch (trouble->kind) {
    case TROUBLE_SESSIONS:
        if (world->far_end.is_up) {
            far_end_lose_session(&world->far_end);
        }
        break;
    case TROUBLE_RESTARTS:
        world_restart(world, false);
        break;
    case TROUBLE_KILLS:
        world_restart(world, true);
        break;
    case TROUBLE_BLOCKED:
        world->blocked_until_us = world->now_us + chance_range(&world->chance, 0, trouble->size);
        break;
    case TROUBLE_BURSTS:
        world_give_batches(world, (uint64_t)trouble->size);
        break;
    default:
        break;
    }
}

void world_step_trouble(struct world *world, size_t index)
{
    const struct sink_trouble *trouble = &world->script->troubles[index];
    int64_t end_us = world->start_us + trouble->to_us;
    if (world->now_us >= end_us) {
        end(world, trouble);
        world->next_us[index] = INT64_MAX;
    } else {
        if (world->is_begun[index]) {
            tick(world, trouble);
        } else {
            world->is_begun[index] = true;
            begin(world, trouble);
        }
        int64_t pace_us = chance_range(&world->chance, 1, 2 * trouble->pace_us + 1);
        int64_t next_us = trouble->pace_us > 0 ? world->now_us + pace_us : end_us;
        world->next_us[index] = next_us < end_us ? next_us : end_us;
    }
    world->events += 2;
}
