/* SPDX-License-Identifier: Apache-2.0 */
/* command: making commands, and the box for finished ones. */
#include <lingtan/command.h>

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include <lingtan/mailbox.h>

const char *const write_fate_words[] = {"not_sent", "taken", "refused", "unknown", NULL};

static bool put_name(char *out, const char *name)
{
    size_t length = strlen(name);
    if (length == 0 || length >= COMMAND_NAME_SIZE) {
        return false;
    }
    memcpy(out, name, length + 1);
    return true;
}

static bool put_point(struct command *command, const char *name)
{
    struct command_point *point = &command->points[command->point_count++];
    *point = (struct command_point){.quality = QUALITY_LATE, .value = NAN};
    return put_name(point->name, name);
}

static struct command *make(enum command_kind kind, const char *device)
{
    struct command *command = mem_alloc(sizeof(*command));
    *command = (struct command){.kind = kind};
    if (!put_name(command->device, device)) {
        free(command);
        return NULL;
    }
    return command;
}

struct command *command_read_points(const char *device, const char *const *names, size_t count)
{
    struct command *command =
        count >= 1 && count <= COMMAND_POINTS_MAX ? make(COMMAND_READ_POINTS, device) : NULL;
    for (size_t i = 0; command != NULL && i < count; i++) {
        if (!put_point(command, names[i])) {
            free(command);
            return NULL;
        }
    }
    return command;
}

struct command *command_write(const char *device, const char *point, enum write_part part,
                              unsigned number, double value)
{
    struct command *command = make(COMMAND_WRITE_POINT, device);
    if (command == NULL || !put_point(command, point)) {
        free(command);
        return NULL;
    }
    const struct command_point nothing = {.quality = QUALITY_LATE, .value = NAN};
    command->written = (struct command_written){
        .part = part,
        .number = number,
        .value = value,
        .sent = NAN,
        .old = nothing,
        .read_back = nothing,
    };
    return command;
}

struct command_box {
    struct mailbox *mailbox; /* never full: it has room for all that are outstanding */
    size_t outstanding;
    size_t most;
};

static void come_back(struct command *take_command)
{
    struct command_box *box = take_command->context;
    if (mailbox_post(box->mailbox, take_command) != 0) {
        abort(); /* it had a place */
    }
}

struct command_box *command_box_create(size_t outstanding)
{
    struct command_box *box = mem_alloc(sizeof(*box));
    *box = (struct command_box){
        .mailbox = mailbox_create("commands-done", outstanding, MAILBOX_REFUSE, free),
        .most = outstanding,
    };
    return box;
}

void command_box_destroy(struct command_box *box)
{
    if (box != NULL) {
        mailbox_destroy(box->mailbox);
        free(box);
    }
}

int command_box_expect(struct command_box *box, struct command *command)
{
    if (box->outstanding == box->most) {
        return -ENOSPC;
    }
    box->outstanding++;
    command->done = come_back;
    command->context = box;
    return 0;
}

void command_box_forget(struct command_box *box)
{
    box->outstanding--;
}

size_t command_box_take(struct command_box *box, struct command **commands, size_t max)
{
    size_t taken = 0;
    void *item = NULL;
    while (taken < max && mailbox_take(box->mailbox, &item, 1) == 1) {
        commands[taken++] = item;
    }
    box->outstanding -= taken;
    return taken;
}

int command_box_fd(const struct command_box *box)
{
    return mailbox_fd(box->mailbox);
}

size_t command_box_outstanding(const struct command_box *box)
{
    return box->outstanding;
}
