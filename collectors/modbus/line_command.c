/* SPDX-License-Identifier: Apache-2.0 */
/* line_command: the line's bounded queue of commands. Every command given comes back exactly once. */
#include "collectors/modbus/line_internal.h"

#include <string.h>

bool line_reserve(struct line *line)
{
    unsigned taken = atomic_load(&line->reserved);
    while (taken < LINE_COMMANDS_MAX) {
        if (atomic_compare_exchange_weak(&line->reserved, &taken, taken + 1)) {
            return true;
        }
    }
    return false;
}

void line_release(struct line *line)
{
    atomic_fetch_sub(&line->reserved, 1);
}

void line_command(struct line *line, struct command *take_command)
{
    line->commands[line->command_count++] = take_command;
}

/* The place is free before the maker hears of it, so that it may come with the next one at once. */
void command_finish(struct line *line, struct command *take_command, int error)
{
    line_release(line);
    take_command->error = error;
    take_command->done(take_command);
}

static struct command *take_at(struct line *line, unsigned index)
{
    struct command *command = line->commands[index];
    line->command_count--;
    memmove(&line->commands[index], &line->commands[index + 1],
            (line->command_count - index) * sizeof(struct command *));
    return command;
}

struct command *command_next(struct line *line)
{
    return line->command_count > 0 ? take_at(line, 0) : NULL;
}

void command_fail_all(struct line *line, int error)
{
    while (line->command_count > 0) {
        command_finish(line, take_at(line, 0), error);
    }
}

void command_expire(struct line *line)
{
    for (unsigned i = 0; i < line->command_count;) {
        if (line->commands[i]->expires_mono_us <= line->now_us) {
            command_finish(line, take_at(line, i), -ETIMEDOUT);
        } else {
            i++;
        }
    }
}

int64_t command_expiry_us(const struct line *line)
{
    int64_t earliest_us = INT64_MAX;
    for (unsigned i = 0; i < line->command_count; i++) {
        if (line->commands[i]->expires_mono_us < earliest_us) {
            earliest_us = line->commands[i]->expires_mono_us;
        }
    }
    return earliest_us;
}
