/* SPDX-License-Identifier: Apache-2.0 */
/* line_inherit: a line that was configured otherwise goes on where the former one was: counts, the state of devices that
 * stay, its pauses when it leads to the same place, and the commands that wait. */
#include "collectors/modbus/line/line_internal.h"

#include <errno.h>
#include <string.h>

void line_retire(struct line *line, int error)
{
    command_end_asked(line, error != 0 ? error : -ERESTART);
    connection_close(line);
    line->exchange.is_active = false;
    if (error != 0) {
        command_end_all(line, error);
    }
}

/* What was being read when the former line ended is read again: its turn came to nothing. */
static void read_again(struct line *line, const struct line *from, size_t place,
                       struct line_device *device)
{
    if (from->poll.device != &from->devices[place]) {
        return;
    }
    for (unsigned i = 0; i < POLL_CLASS_COUNT; i++) {
        if ((from->poll.classes & 1U << i) != 0 && device->schedules[i].period_us > 0) {
            schedule_demand(&device->schedules[i], line->now_us);
        }
    }
}

/* All of it: the place in the former line is left empty. */
static void move_device(struct line *line, struct line *from, size_t place,
                        struct line_device *device)
{
    struct line_device *former = &from->devices[place];
    device_finish(device);
    *device = *former;
    read_again(line, from, place, device);
    *former = (struct line_device){0};
    room_reserve(line, device);
}

/* Only what people count: what it reads is another thing now. */
static void move_counts(struct line_device *device, const struct line_device *former)
{
    const struct device_tally *tally = &former->tally;
    device->tally.polls = tally->polls;
    device->tally.errors = tally->errors;
    device->tally.round_trip_us = tally->round_trip_us;
    device->tally.last_good_us = tally->last_good_us;
    device->tally.last_good_wall_us = tally->last_good_wall_us;
}

static void move_devices(struct line *line, struct line *from, const struct line_heritage *heritage)
{
    for (size_t i = 0; i < line->device_count; i++) {
        struct line_device *device = &line->devices[i];
        const struct line_origin *origin = &heritage->origins[i];
        if (origin->place == LINE_NOWHERE) {
            continue;
        }
        if (origin->is_same) {
            move_device(line, from, origin->place, device);
        } else {
            move_counts(device, &from->devices[origin->place]);
        }
        if (heritage->is_elsewhere) {
            device->retry_us = line->now_us; /* it is looked for there at once */
        }
    }
}

static bool has_target(const struct line *line, const struct command *command)
{
    const bool is_raw = command->kind == COMMAND_READ_RAW;
    for (size_t i = 0; i < line->device_count; i++) {
        const struct device *device = line->devices[i].device;
        if (device != NULL &&
            (is_raw ? device->unit == command->unit : strcmp(device->id, command->device) == 0)) {
            return true;
        }
    }
    return false;
}

/* Before the devices move: those of devices that are no more. */
static void end_commands(const struct line *line, struct line *from)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < from->command_count; i++) {
        struct command *command = from->commands[i];
        if (has_target(from, command) && !has_target(line, command)) {
            command_end(from, command, -ENODEV);
        } else {
            from->commands[kept++] = command;
        }
    }
    from->command_count = kept;
}

/* Behind the devices, whose points may be known only by what they hold. One that names a device begins anew: what it
 * holds is the former line's. */
static void move_command(struct line *line, struct line *from, struct command *command)
{
    if (steps_have_written(command) || !line_reserve(line)) {
        command_end(from, command, -ERESTART);
    } else {
        line_release(from);
        steps_end(command);
        line_command(line, command);
    }
}

static void move_commands(struct line *line, struct line *from)
{
    for (unsigned i = 0; i < from->command_count; i++) {
        move_command(line, from, from->commands[i]);
    }
    from->command_count = 0;
}

/* What it learned of the far end, and how long that is to be left alone. */
static void move_wire(struct line *line, const struct line *from)
{
    line->redial = from->redial;
    line->slowest_us = from->slowest_us;
    line->shadow_us = from->shadow_us;
    line->has_gateway = from->has_gateway;
    line->holds = from->holds;
    line->doubts = from->doubts;
    line->was_ready = from->was_ready;
    line->was_disturbed = from->was_disturbed; /* that we end a connection ourselves says nothing */
    const int64_t closed_us = line->now_us + line->transport->reopen_us;
    line->open_us = from->open_us > closed_us ? from->open_us : closed_us;
    line->is_down = from->is_down;
    line->is_told = from->is_told;
    line->tell_us = from->tell_us;
    line->polls_lost = from->polls_lost;
    line->down_since_us = from->down_since_us;
    line->shown = from->is_down ? LINE_DOWN : line->shown;
}

void line_inherit(struct line *line, struct line *from, const struct line_heritage *heritage)
{
    end_commands(line, from);
    move_devices(line, from, heritage);
    move_commands(line, from);
    line_stats_inherit(&line->stats, &from->stats, from->is_down && !heritage->is_elsewhere);
    line->was_disturbed = true; /* another far end may give what this one refused */
    if (!heritage->is_elsewhere) {
        move_wire(line, from);
    }
}
