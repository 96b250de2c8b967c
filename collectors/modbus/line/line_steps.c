/* SPDX-License-Identifier: Apache-2.0 */
/* line_steps: a command that names a device, request by request. Points are read by the plan's own requests and decoded
 * as polls are. A write reads what its scale needs and what holds, sends its one frame, waits for the device to settle
 * and reads again. Polls have their turns in between, and may change the plan: then it is looked at anew. */
#include "collectors/modbus/line/line_internal.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "collectors/modbus/plan/encode.h"
#include <lingtan/exception.h>

enum {
    ACKNOWLEDGE = 5, /* an exception: taken, and being worked on */
    AGAIN_US = 1000000,
    READ_BACKS_MAX = 3,
};

enum run_phase {
    RUN_SCALE, /* the helpers of a write */
    RUN_READ,  /* points, or what held before the write */
    RUN_WRITE,
    RUN_BACK,
    RUN_OVER,
};

struct command_run {
    struct line_device *device;
    struct plan *plan; /* a reference: as long as it is the device's own, what it says counts */
    enum run_phase phase;
    size_t next; /* helper or request of the phase */
    double factor;
    struct encoded encoded;
    bool is_encoded;
    bool *is_wanted; /* by request of the plan */
    uint16_t *registers;
    struct plan_outcome *outcomes;
    int64_t due_us;
    unsigned read_backs;
};

static bool is_write(const struct command *command)
{
    return command->kind == COMMAND_WRITE_POINT;
}

static int refuse(struct command *command, int error, const char *format, ...) PRINTF_LIKE(3, 4);

static int refuse(struct command *command, int error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(command->why, sizeof(command->why), format, args);
    va_end(args);
    return error;
}

static struct line_device *find_device(const struct line *line, const char *id)
{
    for (size_t i = 0; i < line->device_count; i++) {
        if (strcmp(line->devices[i].device->id, id) == 0) {
            return &line->devices[i];
        }
    }
    return NULL;
}

static int find_write(struct command *command, struct write_target *target)
{
    const char *name = command->points[0].name;
    uint16_t index = 0;
    enum poll_class poll_class;
    *target = write_find(command->run->plan, name);
    if (target->write != NULL) {
        return 0;
    }
    if (plan_find(command->run->plan, name, &index, &poll_class)) {
        return refuse(command, -EPERM,
                      "%s of %s is read only, wants a point whose profile has a group write", name,
                      command->device);
    }
    return refuse(command, -ENOENT, "%s has no %s, wants a point of its profile", command->device,
                  name);
}

/* What shows it: "" = nothing. */
static const char *read_back_name(const struct write_target *target)
{
    const char *name = target->write->read_back;
    if (strcmp(name, "none") == 0) {
        return "";
    }
    return name[0] != '\0' ? name : target->point != NULL ? target->point->name : "";
}

static int want_point(struct command *command, const char *name)
{
    struct command_run *run = command->run;
    uint16_t index = 0;
    enum poll_class poll_class;
    if (!plan_find(run->plan, name, &index, &poll_class)) {
        return refuse(command, -ENOENT, "%s has no %s, wants a point of its profile",
                      command->device, name);
    }
    plan_want(run->plan, index, run->is_wanted);
    return 0;
}

static int want_points(struct command *command)
{
    struct write_target target = {0};
    int error = 0;
    for (size_t i = 0; i < command->point_count && !is_write(command) && error == 0; i++) {
        error = want_point(command, command->points[i].name);
    }
    if (!is_write(command)) {
        return error;
    }
    error = find_write(command, &target);
    if (error < 0) {
        return error;
    }
    const char *shown = command->written.part == WRITE_VALUE ? read_back_name(&target) : "";
    snprintf(command->written.old.name, COMMAND_NAME_SIZE, "%s", shown);
    snprintf(command->written.read_back.name, COMMAND_NAME_SIZE, "%s", shown);
    return shown[0] != '\0' ? want_point(command, shown) : 0;
}

static void forget_answers(struct command_run *run)
{
    size_t count = 0;
    plan_requests(run->plan, &count);
    for (size_t i = 0; i <= count; i++) {
        run->outcomes[i] = (struct plan_outcome){.quality = QUALITY_LATE};
    }
    run->outcomes[count].quality = QUALITY_EXCEPTION; /* the plan knows which */
}

/* Holds on to the plan that the device has now. */
static int take_plan(struct command *command)
{
    struct command_run *run = command->run;
    size_t count = 0;
    plan_unref(run->plan);
    run->plan = plan_ref(run->device->plan);
    plan_requests(run->plan, &count);
    free(run->is_wanted);
    free(run->registers);
    free(run->outcomes);
    run->is_wanted = mem_alloc_array(count + 1, sizeof(*run->is_wanted));
    run->registers = mem_alloc_array(plan_answer_size(run->plan) + 1, sizeof(*run->registers));
    run->outcomes = mem_alloc_array(count + 1, sizeof(*run->outcomes));
    memset(run->is_wanted, 0, (count + 1) * sizeof(*run->is_wanted));
    forget_answers(run);
    run->next = 0;
    return want_points(command);
}

void steps_end(struct command *command)
{
    struct command_run *run = command->run;
    if (run != NULL) {
        plan_unref(run->plan);
        free(run->is_wanted);
        free(run->registers);
        free(run->outcomes);
        free(run);
        command->run = NULL;
    }
}

int steps_begin(struct line *line, struct command *command)
{
    struct line_device *device = find_device(line, command->device);
    if (device == NULL) {
        return refuse(command, -ENOENT, "%s is no device of this line", command->device);
    }
    command->unit = device->device->unit;
    command->run = mem_alloc(sizeof(*command->run));
    *command->run = (struct command_run){.device = device, .factor = 1};
    command->run->phase = is_write(command) ? RUN_SCALE : RUN_READ;
    return take_plan(command);
}

static double value_of(const struct command_run *run, struct command_point *point)
{
    uint16_t index = 0;
    enum poll_class poll_class;
    if (!plan_find(run->plan, point->name, &index, &poll_class)) {
        return (double)NAN;
    }
    struct batch *batch = decode_batch(run->plan, 1U << poll_class, run->device->device,
                                       run->registers, run->outcomes);
    for (size_t i = 0; i < batch->count; i++) {
        if (batch->readings[i].point == index) {
            point->quality = batch->readings[i].quality;
            point->exception = batch->readings[i].exception;
            point->value = batch->readings[i].value;
        }
    }
    batch_unref(batch);
    return point->value;
}

static void decode_points(struct command *command)
{
    for (size_t i = 0; i < command->point_count; i++) {
        (void)value_of(command->run, &command->points[i]);
    }
}

static void over(struct command *command, int error)
{
    command->run->phase = RUN_OVER;
    command->error = error;
}

static bool has_read_back(const struct command *command)
{
    return command->written.read_back.name[0] != '\0';
}

static int64_t settle_us(const struct command *command)
{
    if (command->written.part != WRITE_VALUE || command->run->plan != command->run->device->plan) {
        return 0;
    }
    struct write_target target = write_find(command->run->plan, command->points[0].name);
    return target.write != NULL ? 1000 * target.write->settle_ms : 0;
}

/* The frame is gone. What it did is told by the device's answer, or by what it shows afterwards. */
static void written(struct line *line, struct command *command, enum write_fate fate, int error)
{
    struct command_run *run = command->run;
    command->written.fate = fate;
    command->error = error;
    run->phase = fate != WRITE_REFUSED && has_read_back(command) ? RUN_BACK : RUN_OVER;
    run->next = 0;
    run->due_us = line->now_us + settle_us(command);
    forget_answers(run);
}

/* All that is wanted has been read. */
static void read_all(struct line *line, struct command *command)
{
    struct command_run *run = command->run;
    if (run->phase == RUN_READ && is_write(command)) {
        (void)value_of(run, &command->written.old);
        run->phase = RUN_WRITE;
    } else if (run->phase == RUN_READ) {
        decode_points(command);
        over(command, 0);
    } else {
        struct command_point *shown = &command->written.read_back;
        (void)value_of(run, shown);
        bool is_silent = shown->quality == QUALITY_TIMEOUT || shown->quality == QUALITY_BAD_REPLY;
        run->phase = is_silent && ++run->read_backs < READ_BACKS_MAX ? RUN_BACK : RUN_OVER;
        run->due_us = line->now_us + AGAIN_US;
        run->next = 0;
        if (run->phase == RUN_BACK) {
            forget_answers(run);
        }
    }
}

/* The next planned request that is wanted; NULL: none is left. */
static const struct plan_request *wanted(struct command_run *run)
{
    size_t count = 0;
    const struct plan_request *requests = plan_requests(run->plan, &count);
    while (run->next < count && !run->is_wanted[run->next]) {
        run->next++;
    }
    return run->next < count ? &requests[run->next] : NULL;
}

static int encode(struct command *command)
{
    struct command_run *run = command->run;
    struct write_target target = {0};
    const struct command_written *asked = &command->written;
    int error = find_write(command, &target);
    if (error < 0) {
        return error;
    }
    switch (asked->part) {
    case WRITE_VALUE:
        return write_encode(&target, run->factor, asked->value, &run->encoded, command->why);
    case WRITE_HEARTBEAT:
        error = write_encode_heartbeat(target.write, &run->encoded);
        break;
    default:
        error = write_encode_switch(target.write, asked->number, asked->part == WRITE_SWITCH,
                                    &run->encoded);
    }
    return error < 0 ? refuse(command, error, "%s of %s has no such switch or heartbeat",
                              command->points[0].name, command->device)
                     : 0;
}

/* The helper that is to be read; what cannot be written for its value alone is refused before anything is sent. */
static bool scale_request(struct command *command, struct frame_request *request)
{
    struct command_run *run = command->run;
    struct write_target target = {0};
    const struct profile_helper *helper = NULL;
    if (find_write(command, &target) == 0 && command->written.part == WRITE_VALUE) {
        helper = write_helper(&target, run->next);
    }
    if (helper == NULL) {
        int error = encode(command);
        if (error < 0) {
            over(command, error);
        } else {
            command->written.sent = run->encoded.value;
            run->phase = RUN_READ;
            run->next = 0;
        }
        return false;
    }
    *request = (struct frame_request){
        .unit = (uint8_t)command->unit,
        .function = (uint8_t)helper->function,
        .address = helper->address0,
        .quantity = helper->registers,
    };
    return true;
}

static uint8_t write_unit(const struct command *command)
{
    const struct profile_point *point =
        write_find(command->run->plan, command->points[0].name).point;
    return point != NULL && point->unit_override >= 0 ? (uint8_t)point->unit_override
                                                      : (uint8_t)command->unit;
}

/* Fills in the request of this step; false: the step needs none and the next one has come. */
static bool step(struct line *line, struct command *command, struct frame_request *request)
{
    struct command_run *run = command->run;
    const struct plan_request *planned = NULL;
    switch (run->phase) {
    case RUN_SCALE:
        return scale_request(command, request);
    case RUN_WRITE:
        *request = write_request(&run->encoded, write_unit(command));
        return true;
    case RUN_OVER:
        return false;
    default:
        planned = wanted(run);
        if (planned == NULL) {
            read_all(line, command);
            return false;
        }
        *request = planned->request;
        return true;
    }
}

/* The plan was made anew: a write that is not gone yet begins again, one that is gone only looks for what it did. */
static void renew(struct command *command)
{
    struct command_run *run = command->run;
    int error = take_plan(command);
    if (run->phase == RUN_BACK) {
        run->phase = error < 0 ? RUN_OVER : RUN_BACK;
        return;
    }
    run->factor = 1;
    run->phase = is_write(command) ? RUN_SCALE : RUN_READ;
    if (error < 0) {
        over(command, error);
    }
}

bool steps_request(struct line *line, struct command *command, struct frame_request *request,
                   bool *is_once)
{
    struct command_run *run = command->run;
    if (run->plan != run->device->plan && run->phase != RUN_OVER) {
        renew(command);
    }
    while (run->phase != RUN_OVER && run->due_us <= line->now_us) {
        if (step(line, command, request)) {
            *is_once = run->phase == RUN_WRITE;
            return true;
        }
    }
    return false;
}

bool steps_are_over(const struct command *command)
{
    return command->run->phase == RUN_OVER;
}

int64_t steps_due_us(const struct command *command)
{
    return command->run != NULL ? command->run->due_us : 0;
}

void steps_put_off(struct command *command, int64_t until_us)
{
    command->run->due_us = until_us;
}

bool steps_have_written(const struct command *command)
{
    return command->run != NULL && command->written.fate != WRITE_NOT_SENT;
}

/* The answer to a planned request, or what came instead of one. */
static void settle_planned(struct line *line, struct command_run *run, uint8_t quality,
                           uint8_t exception)
{
    run->outcomes[run->next++] =
        (struct plan_outcome){.quality = quality, .exception = exception, .time_us = line->wall_us};
}

static void take_planned(struct line *line, struct command_run *run,
                         const struct frame_reply *reply)
{
    size_t count = 0;
    const struct plan_request *planned = &plan_requests(run->plan, &count)[run->next];
    if (reply->exception != 0) {
        settle_planned(line, run, QUALITY_EXCEPTION, reply->exception);
    } else if (reply->is_short) {
        settle_planned(line, run, QUALITY_BAD_REPLY, 0);
    } else {
        frame_registers(&planned->request, reply, run->registers + planned->answer_offset,
                        planned->answer_registers);
        settle_planned(line, run, QUALITY_OK, 0);
    }
}

static void take_scale(struct line *line, struct command *command, const struct frame_reply *reply)
{
    struct command_run *run = command->run;
    struct write_target target = {0};
    uint16_t registers[WRITE_REGISTERS_COUNT_MAX] = {0};
    if (reply->exception != 0 || reply->is_short) {
        command->exception = reply->exception;
        over(command, refuse(command, reply->exception != 0 ? -EREMOTEIO : -ENODATA,
                             "%s does not give the register of its scale", command->device));
        return;
    }
    frame_registers(&line->exchange.request, reply, registers, WRITE_REGISTERS_COUNT_MAX);
    if (run->plan == run->device->plan && find_write(command, &target) == 0) {
        run->factor = write_factor(&target, run->next++, registers, run->factor);
    }
}

static void take_written(struct line *line, struct command *command,
                         const struct frame_reply *reply)
{
    command->round_trip_us = line->now_us - line->exchange.sent_us;
    command->exception = reply->exception;
    if (reply->exception == 0 || reply->exception == ACKNOWLEDGE) {
        written(line, command, WRITE_TAKEN, 0);
    } else if (exception_kind(reply->exception) == EXCEPTION_IS_GATEWAY) {
        written(line, command, WRITE_UNKNOWN, -EREMOTEIO); /* it may have come through */
    } else {
        written(line, command, WRITE_REFUSED, -EREMOTEIO);
    }
}

void steps_replied(struct line *line, struct command *command, const struct frame_reply *reply)
{
    struct command_run *run = command->run;
    if (run->phase == RUN_SCALE) {
        take_scale(line, command, reply);
    } else if (run->phase == RUN_WRITE) {
        take_written(line, command, reply);
    } else if (run->plan == run->device->plan) {
        take_planned(line, run, reply);
    }
}

void steps_failed(struct line *line, struct command *command, uint8_t quality, int error)
{
    struct command_run *run = command->run;
    if (run->phase == RUN_WRITE && exchange_was_sent(line)) {
        written(line, command, WRITE_UNKNOWN, error);
    } else if (run->phase == RUN_BACK) {
        settle_planned(line, run, quality, 0);
    } else {
        over(command, error);
    }
}
