/* SPDX-License-Identifier: Apache-2.0 */
/* read_post: POST /api/v1/read. A raw read goes out on the line's own queue, before its next poll; MHD's thread is free
 * meanwhile. */
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/mem.h"
#include "http/routes/routes.h"
#include "http/server/server.h"
#include "http/server/writer.h"
#include <lingtan/command.h>
#include <lingtan/exception.h>

enum {
    EXPIRES_MS = 10000, /* in the line's queue; a busy serial line may take that long */
    BITS_MAX = 2000,
};

struct field {
    const char *name;
    int64_t min;
    int64_t max;
    int64_t fallback; /* -1 = must be given */
};

enum { FIELD_UNIT, FIELD_FUNCTION, FIELD_ADDRESS, FIELD_QUANTITY, FIELD_COUNT };

static const struct field fields[FIELD_COUNT] = {
    [FIELD_UNIT] = {"unit", 0, 255, -1},
    [FIELD_FUNCTION] = {"function", 1, 4, 3},
    [FIELD_ADDRESS] = {"address", 0, 65535, -1},
    [FIELD_QUANTITY] = {"quantity", 1, BITS_MAX, 1},
};

static const char shape[] =
    "{\"line\": id, \"unit\": 0..255, \"function\": 1..4 (3), \"address\": "
    "0..65535 as on the wire, \"quantity\": 1..125 registers or 1..2000 bits "
    "(1)}";

static int parse_field(struct request *request, const json_t *root, const struct field *field,
                       int64_t *out)
{
    const json_t *value = json_object_get(root, field->name);
    if (!value && field->fallback >= 0) {
        *out = field->fallback;
        return 0;
    }
    *out = json_integer_value(value);
    if (!json_is_integer(value) || *out < field->min || *out > field->max) {
        request_refuse(request, ERROR_BAD_BODY, shape,
                       "%s must be a whole number from %lld to %lld", field->name,
                       (long long)field->min, (long long)field->max);
        return -EINVAL;
    }
    return 0;
}

static bool key_is_known(const char *key)
{
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        if (strcmp(fields[i].name, key) == 0) {
            return true;
        }
    }
    return strcmp(key, "line") == 0;
}

static int check_keys(struct request *request, json_t *root)
{
    const char *key = NULL;
    json_t *value = NULL;
    char shown[64];
    if (!json_is_object(root)) {
        request_refuse(request, ERROR_BAD_BODY, shape, "the body must be one JSON object");
        return -EINVAL;
    }
    json_object_foreach(root, key, value)
    {
        if (!key_is_known(key)) {
            request_refuse(request, ERROR_BAD_BODY, shape, "unknown key %s",
                           printable(key, shown, sizeof(shown)));
            return -EINVAL;
        }
    }
    return 0;
}

static int check_extent(struct request *request, const struct command *command)
{
    if (command->function > 2 && command->quantity > COMMAND_REGISTERS_MAX) {
        request_refuse(request, ERROR_BAD_BODY, shape, "at most 125 registers are read at once");
        return -EINVAL;
    }
    if (command->address + command->quantity > 65536) {
        request_refuse(request, ERROR_BAD_BODY, shape, "the block ends behind address 65535");
        return -EINVAL;
    }
    return 0;
}

static int parse_command(struct request *request, json_t *root, struct command *command)
{
    int64_t values[FIELD_COUNT];
    const char *line = json_string_value(json_object_get(root, "line"));
    if (check_keys(request, root) < 0) {
        return -EINVAL;
    }
    if (!line || line[0] == '\0' || strlen(line) >= sizeof(command->line)) {
        request_refuse(request, ERROR_BAD_BODY, shape,
                       "line must be the id of a line in /api/v1/lines");
        return -EINVAL;
    }
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        if (parse_field(request, root, &fields[i], &values[i]) < 0) {
            return -EINVAL;
        }
    }
    memcpy(command->line, line, strlen(line) + 1);
    command->unit = (uint16_t)values[FIELD_UNIT];
    command->function = (uint8_t)values[FIELD_FUNCTION];
    command->address = (uint16_t)values[FIELD_ADDRESS];
    command->quantity = (uint16_t)values[FIELD_QUANTITY];
    return check_extent(request, command);
}

static void write_registers(struct answer *answer, const struct command *command)
{
    bool is_bits = command->function <= 2;
    size_t count = is_bits ? (command->quantity + 15U) / 16U : command->quantity;
    struct writer writer = {.text = &answer->body};
    answer->status = 200;
    answer->content_type = "application/json";
    writer_open(&writer, '{');
    writer_field_string(&writer, "line", command->line);
    writer_field_int(&writer, "unit", command->unit);
    writer_field_int(&writer, "function", command->function);
    writer_field_int(&writer, "address", command->address);
    writer_field_int(&writer, "quantity", command->quantity);
    writer_field_open(&writer, "registers", '[');
    for (size_t i = 0; i < count; i++) {
        writer_int(&writer, command->registers[i]);
    }
    writer_close(&writer, ']');
    writer_field_int(&writer, "round_trip_us", command->round_trip_us);
    writer_close(&writer, '}');
}

/* The code stands apart too: who looks for devices must tell a gateway's 10 and 11 from a device's own. */
static void write_exception(struct answer *answer, const struct command *command)
{
    struct writer writer =
        answer_refuse_start(answer, ERROR_EXCEPTION, exception_advice(command->exception),
                            "unit %u on line %s refused: exception %u, %s", command->unit,
                            command->line, command->exception, exception_words(command->exception));
    writer_field_int(&writer, "exception", command->exception);
    answer_refuse_end(&writer);
}

/* The time stands apart too, for who waits for it. */
static void write_refusal(struct answer *answer, const struct command *command)
{
    int64_t seconds = (command->retry_in_us + 999999) / 1000000;
    char *allowed = mem_format("ask again in %lld s", (long long)seconds);
    struct writer writer = answer_refuse_start(
        answer, ERROR_UNIT_PUT_OFF, allowed,
        "unit %u on line %s was not asked: it is not known to answer, and waiting in vain again "
        "would hold up the polls of the other units",
        command->unit, command->line);
    writer_field_int(&writer, "retry_in_s", seconds);
    answer_refuse_end(&writer);
    free(allowed);
}

/* How many came stands apart too: who looks for registers asks for fewer then. */
static void write_short(struct answer *answer, const struct command *command)
{
    struct writer writer = answer_refuse_start(
        answer, ERROR_SHORT_REPLY, "fewer: the device may know no more, or give no more at once",
        "unit %u on line %s gave %u of %u %s", command->unit, command->line, command->given,
        command->quantity, command->function <= 2 ? "bits" : "registers");
    writer_field_int(&writer, "given", command->given);
    answer_refuse_end(&writer);
}

static void write_failure(struct answer *answer, const struct command *command)
{
    static const char again[] = "ask again; see /api/v1/lines for the state of the line";
    switch (command->error) {
    case -ETIMEDOUT:
        answer_refuse(answer, ERROR_NO_REPLY, "a unit that is on this line and answers",
                      "unit %u on line %s did not answer", command->unit, command->line);
        break;
    case -EREMOTEIO:
        write_exception(answer, command);
        break;
    case -EAGAIN:
        write_refusal(answer, command);
        break;
    case -ENODATA:
        write_short(answer, command);
        break;
    case -EBADMSG:
        answer_refuse(answer, ERROR_BAD_REPLY, again,
                      "unit %u on line %s answered something that is no reply", command->unit,
                      command->line);
        break;
    case -ENOTCONN:
        answer_refuse(answer, ERROR_LINE_DOWN, again, "the line %s is not connected",
                      command->line);
        break;
    case -ENODEV:
        answer_refuse(answer, ERROR_DEVICE_GONE, "a line and a unit that are in the site file",
                      "unit %u on line %s was removed by a reload while the read waited",
                      command->unit, command->line);
        break;
    case -ERESTART:
        answer_refuse(answer, ERROR_LINE_CHANGED, again,
                      "the line %s was changed by a reload during the read", command->line);
        break;
    case -ECANCELED:
        answer_refuse(answer, ERROR_STOPPING, again, "the line %s is stopping", command->line);
        break;
    default:
        answer_refuse(answer, ERROR_READ_NOT_DONE, again, "the read on line %s was not done: %s",
                      command->line, strerror(-command->error));
        break;
    }
}

/* On the line's thread. */
static void on_done(struct command *take_command)
{
    struct answer answer = {0};
    if (take_command->error == 0) {
        write_registers(&answer, take_command);
    } else {
        write_failure(&answer, take_command);
    }
    request_finish(take_command->context, &answer);
    free(take_command);
}

static void refuse_command(struct request *request, const char *line, int error)
{
    char shown[64];
    struct answer answer = {0};
    (void)printable(line, shown, sizeof(shown));
    if (error == -ENOENT) {
        answer_refuse(&answer, ERROR_UNKNOWN_LINE, "the id of a line in /api/v1/lines",
                      "there is no line %s", shown);
    } else if (error == -ENOSPC) {
        answer_refuse(&answer, ERROR_LINE_BUSY, "ask again later",
                      "line %s takes no command now: its queue is full", shown);
    } else {
        answer_refuse(&answer, error == -ESHUTDOWN ? ERROR_STOPPING : ERROR_READ_NOT_DONE,
                      "ask again later", "line %s takes no command now: %s", shown,
                      strerror(-error));
    }
    request_finish(request, &answer);
}

/* On the main thread. */
static void give_command(struct request *request)
{
    const struct http_view *view = &request->http->view;
    struct command *command = request->work;
    char line[sizeof(command->line)];
    request->work = NULL;
    memcpy(line, command->line, sizeof(line));
    command->expires_mono_us = clock_mono_us(loop_clock(view->loop)) + EXPIRES_MS * 1000LL;
    int error = view->command(view->context, command);
    if (error < 0) {
        free(command);
        refuse_command(request, line, error);
    }
}

void read_post(struct request *request)
{
    json_error_t fault;
    json_t *root = json_loadb(request->body.data ? request->body.data : "", request->body.length,
                              JSON_REJECT_DUPLICATES, &fault);
    if (!root) {
        char shown[JSON_ERROR_TEXT_LENGTH];
        request_refuse(request, ERROR_BAD_BODY, shape, "the body is no JSON: %s",
                       printable(fault.text, shown, sizeof(shown)));
        return;
    }
    struct command *command = mem_alloc(sizeof(*command));
    *command = (struct command){.done = on_done, .context = request};
    int error = parse_command(request, root, command);
    json_decref(root);
    if (error < 0) {
        free(command);
        return;
    }
    request->work = command;
    request->work_free = free;
    request_expect(request);
    if (request_on_main(request, give_command)) {
        request_suspend(request);
    } else {
        request_forget(request);
    }
}
