/* SPDX-License-Identifier: Apache-2.0 */
/* line_command: the line's bounded queue of commands. Every command given comes back exactly once. */
#include "collectors/modbus/line/line_internal.h"

#include <errno.h>
#include <string.h>

#include <lingtan/exception.h>

enum {
    COMMAND_SHARE = 20,
    COMMAND_SAVED = 1,
    HANGS_UP_US = 60000000, /* a unit at which a connection ended is known for that */
};

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

/* The place is free before the maker hears of it, so that it may come with the next one at once. */
void command_return(struct line *line, struct command *take_command, int error)
{
    line_release(line);
    steps_end(take_command);
    take_command->error = error;
    take_command->done(take_command);
}

static bool names_device(const struct command *command)
{
    return command->kind != COMMAND_READ_RAW;
}

void line_command(struct line *line, struct command *take_command)
{
    int error = names_device(take_command) ? steps_begin(line, take_command) : 0;
    if (error < 0) {
        command_return(line, take_command, error);
        return;
    }
    line->commands[line->command_count++] = take_command;
}

/* Whatever ends it now, a write that is gone has its own fate. */
void command_end(struct line *line, struct command *take_command, int error)
{
    bool is_told = names_device(take_command) && steps_have_written(take_command);
    command_return(line, take_command, is_told ? take_command->error : error);
}

static struct command *take_at(struct line *line, unsigned index)
{
    struct command *command = line->commands[index];
    line->command_count--;
    memmove(&line->commands[index], &line->commands[index + 1],
            (line->command_count - index) * sizeof(struct command *));
    return command;
}

void command_begin(struct line *line)
{
    line->command_budget = (struct probe_budget){
        .timeout_us = line->settings.response_timeout_us,
        .share = COMMAND_SHARE,
        .saved = COMMAND_SAVED,
    };
    probe_budget_begin(&line->command_budget, line->now_us);
}

/* Not before: a late reply of its unit could pass for its own. */
static int64_t held_until_us(const struct line *line, const struct command *command)
{
    int64_t held_us = line_holds_until_us(line, command->unit, line->now_us);
    int64_t due_us = steps_due_us(command);
    return due_us > held_us ? due_us : held_us;
}

int64_t command_due_us(const struct line *line)
{
    int64_t earliest_us = INT64_MAX;
    for (unsigned i = 0; i < line->command_count; i++) {
        int64_t held_us = held_until_us(line, line->commands[i]);
        int64_t due_us = held_us > line->now_us ? held_us : line->now_us;
        earliest_us = due_us < earliest_us ? due_us : earliest_us;
    }
    return earliest_us;
}

static bool hangs_up(const struct line *line, uint8_t unit)
{
    return unit_dates_until_us(&line->hangers, unit, line->now_us) > line->now_us;
}

static bool is_doubted(const struct line *line, uint8_t unit)
{
    return unit_dates_until_us(&line->doubts, unit, line->now_us) > line->now_us;
}

/* How long until it may go out: at once when it holds up nobody, not even by a lost connection, and else when there is credit. A unit that answers its
 * polls needs none, but must not overdraw it by much. */
static int64_t wait_us(struct line *line, const struct command *command)
{
    uint8_t unit = (uint8_t)command->unit;
    int64_t timeout_us = line->settings.response_timeout_us;
    int64_t cost_us = probe_budget_cost_us(timeout_us);
    /* Whether a write was done is worth a look before the doubt that it left is over. */
    bool is_doubtful = is_doubted(line, unit) && !steps_have_written(command);
    bool is_trusted = device_is_trusted(line, unit) && !is_doubtful;
    int64_t needed_us = is_trusted ? -timeout_us / 2 : cost_us;
    int64_t allowed_us = probe_budget_allowed_us(&line->command_budget, needed_us, line->now_us);
    int64_t room_us = hangs_up(line, unit) && cost_us < REDIAL_EVERY_US ? REDIAL_EVERY_US : cost_us;
    bool is_free = allowed_us <= line->now_us || poll_has_room(line, room_us);
    return is_free ? 0 : allowed_us - line->now_us;
}

struct command *command_next(struct line *line)
{
    for (unsigned i = 0; i < line->command_count;) {
        struct command *command = line->commands[i];
        bool is_held = held_until_us(line, command) > line->now_us;
        int64_t retry_in_us = is_held ? 0 : wait_us(line, command);
        if (retry_in_us > 0 && steps_have_written(command)) {
            steps_put_off(command, line->now_us + retry_in_us); /* it only looks, and can wait */
            i++;
        } else if (retry_in_us > 0) {
            command->retry_in_us = retry_in_us;
            command_return(line, take_at(line, i), -EAGAIN);
        } else if (is_held) {
            i++;
        } else {
            return take_at(line, i);
        }
    }
    return NULL;
}

/* It goes on before those that came after it. */
static void queue_first(struct line *line, struct command *command)
{
    memmove(&line->commands[1], &line->commands[0], line->command_count * sizeof(struct command *));
    line->commands[0] = command;
    line->command_count++;
}

/* After a step. */
static void go_on(struct line *line, struct command *command)
{
    if (steps_are_over(command)) {
        command_return(line, command, command->error);
    } else {
        queue_first(line, command);
    }
}

static struct frame_request raw_request(const struct command *command)
{
    return (struct frame_request){
        .unit = (uint8_t)command->unit,
        .function = command->function,
        .address = command->address,
        .quantity = command->quantity,
    };
}

void command_send(struct line *line, struct command *take_command)
{
    bool is_once = false;
    struct frame_request request = raw_request(take_command);
    if (names_device(take_command) && !steps_request(line, take_command, &request, &is_once)) {
        go_on(line, take_command);
        return;
    }
    line->asked = take_command;
    exchange_begin(line, &(struct exchange){
                             .request = request,
                             .patience_us = line->settings.response_timeout_us,
                             .is_once = is_once,
                             .is_doubtful = hangs_up(line, (uint8_t)take_command->unit),
                         });
}

static void finish_asked(struct line *line, int error)
{
    struct command *command = line->asked;
    line->asked = NULL;
    command_return(line, command, error);
}

/* As long as it takes to earn that again its unit is not trusted, even if it answers its polls: the block that was asked
 * for may be one on which it is silent. */
static void charge_until(struct line *line, uint8_t unit, int64_t until_us)
{
    int64_t cost_us =
        probe_budget_charge(&line->command_budget, line->exchange.sent_us, until_us, line->now_us);
    if (cost_us > 0) {
        int64_t whole_us = probe_budget_cost_us(line->settings.response_timeout_us);
        unit_dates_set(&line->doubts, unit, line->now_us + whole_us * COMMAND_SHARE, line->now_us);
    }
}

/* What a command that came to nothing held up. is_silent: at least the whole timeout; where the connection ended
 * instead, until the line may have another. */
static void charge(struct line *line, bool is_silent)
{
    const struct exchange *exchange = &line->exchange;
    int64_t least_us = is_silent ? exchange->sent_us + line->settings.response_timeout_us : 0;
    if (exchange->has_ended_wire) {
        least_us = exchange->sent_us + REDIAL_EVERY_US;
        unit_dates_set(&line->hangers, exchange->request.unit, line->now_us + HANGS_UP_US,
                       line->now_us);
    }
    int64_t until_us = line->not_before_us > least_us ? line->not_before_us : least_us;
    charge_until(line, exchange->request.unit, until_us);
}

void command_failed(struct line *line, uint8_t quality)
{
    struct command *command = line->asked;
    int error = quality == QUALITY_TIMEOUT ? -ETIMEDOUT : -EBADMSG;
    error = line->phase == PHASE_CLOSED ? -ENOTCONN : error;
    charge(line, quality == QUALITY_TIMEOUT);
    if (names_device(command)) {
        line->asked = NULL;
        steps_failed(line, command, quality, error);
        go_on(line, command);
    } else {
        finish_asked(line, error);
    }
}

static void take_answer(struct line *line, const struct frame_reply *reply)
{
    if (exception_kind(reply->exception) == EXCEPTION_IS_GATEWAY) {
        charge(line, false);
    } else {
        device_spoke(line, line->exchange.request.unit);
    }
}

static void step_replied(struct line *line, const struct frame_reply *reply)
{
    struct command *command = line->asked;
    line->asked = NULL;
    steps_replied(line, command, reply);
    take_answer(line, reply);
    if (steps_have_written(command) && exception_kind(reply->exception) != EXCEPTION_IS_GATEWAY) {
        unit_dates_clear(&line->doubts, (uint8_t)command->unit); /* it answers after all */
    }
    go_on(line, command);
}

void command_replied(struct line *line, const struct frame_reply *reply)
{
    struct command *command = line->asked;
    if (names_device(command)) {
        step_replied(line, reply);
        return;
    }
    command->round_trip_us = line->now_us - line->exchange.sent_us;
    command->exception = reply->exception;
    int error = reply->exception != 0 ? -EREMOTEIO : 0;
    if (reply->is_short) {
        error = -ENODATA;
        command->given = frame_given(&line->exchange.request, reply);
    }
    if (error == 0) {
        frame_registers(&line->exchange.request, reply, command->registers, COMMAND_REGISTERS_MAX);
    }
    take_answer(line, reply);
    finish_asked(line, error);
}

void command_end_asked(struct line *line, int error)
{
    struct command *asked = line->asked;
    line->asked = NULL;
    if (asked != NULL && names_device(asked)) {
        steps_failed(line, asked, QUALITY_TIMEOUT, error);
    }
    if (asked != NULL) {
        command_end(line, asked, error);
    }
}

void command_end_all(struct line *line, int error)
{
    command_end_asked(line, error);
    while (line->command_count > 0) {
        command_end(line, take_at(line, 0), error);
    }
}

void command_fail_all(struct line *line, int error)
{
    for (unsigned i = 0; i < line->command_count;) {
        if (steps_have_written(line->commands[i])) {
            i++; /* it waits for the line to see what it did, as long as it may */
        } else {
            command_return(line, take_at(line, i), error);
        }
    }
}

void command_expire(struct line *line)
{
    for (unsigned i = 0; i < line->command_count;) {
        if (line->commands[i]->expires_mono_us <= line->now_us) {
            command_end(line, take_at(line, i), -ETIMEDOUT);
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
