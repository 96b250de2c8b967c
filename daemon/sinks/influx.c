/* SPDX-License-Identifier: Apache-2.0 */
/* influx: collects lines, posts them, and when the server refuses some, halves the lot until the bad ones stand alone.
 *
 * One request a call at the most, so that no call blocks longer than one request may take. */
#include "sinks/influx.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "sinks/backoff.h"
#include "sinks/influx_client.h"
#include "sinks/line_protocol.h"
#include "sinks/rejects.h"

enum {
    BODY_MAX = 4 * 1024 * 1024, /* no more lines beyond this */
    BODY_KEEP = 256 * 1024,     /* memory kept between posts */
    PROBE_LINES = 100,          /* while it is not known to work */
    PIECES_MAX = 64,            /* halving 4 MiB takes at most two steps a power of two */
};

struct piece {
    size_t start;
    size_t end;
};

struct sink_instance {
    const struct influx_options *options;
    const struct clock *clock;
    struct influx_client *client;
    enum sink_state state;
    char reason[300];
    bool needs_write; /* the server answers but could not write: only a real write proves it well */
    struct backoff backoff;
    struct rejects rejects;
    uint64_t session;
    uint64_t acknowledged;
    struct text body;
    size_t lines;
    uint64_t last_position;          /* in the body */
    int64_t first_line_us;           /* monotonic: when the body began */
    struct piece pieces[PIECES_MAX]; /* of the body, still to be posted, the next one last */
    size_t piece_count;
};

#define OFFSET(member) offsetof(struct influx_options, member)
static const struct option rows[] = {
    {.name = "enabled",
     .type = OPTION_BOOL,
     .offset = OFFSET(enabled),
     .fallback = "false",
     .help = "Whether to write to InfluxDB."},
    {.name = "url",
     .type = OPTION_STRING,
     .offset = OFFSET(url),
     .fallback = "http://127.0.0.1:8086",
     .min = 8,
     .max = 512,
     .help = "Where the v1 HTTP interface of InfluxDB is."},
    {.name = "database",
     .type = OPTION_STRING,
     .offset = OFFSET(database),
     .fallback = "lingtan",
     .min = 1,
     .max = 200,
     .help = "Database to write to; made when it is absent."},
    {.name = "username",
     .type = OPTION_STRING,
     .offset = OFFSET(username),
     .fallback = "",
     .min = 0,
     .max = 256,
     .help = "User name; empty for none."},
    {.name = "password_file",
     .type = OPTION_STRING,
     .offset = OFFSET(password_file),
     .fallback = "",
     .min = 0,
     .max = 4096,
     .help = "File whose first line is the password, read at each connect; a name without a "
             "leading slash is a systemd credential; empty for none."},
    {.name = "batch_points",
     .type = OPTION_INT,
     .offset = OFFSET(batch_points),
     .fallback = "5000",
     .min = 1,
     .max = 50000,
     .help = "Lines in one request at most."},
    {.name = "flush_ms",
     .type = OPTION_INT,
     .offset = OFFSET(flush_ms),
     .fallback = "1000",
     .min = 10,
     .max = 60000,
     .unit = "ms",
     .help = "A line waits for others this long at most."},
    {.name = "rejected_file",
     .type = OPTION_STRING,
     .offset = OFFSET(rejected_file),
     .fallback = "/var/lib/lingtan/influx-rejected.txt",
     .min = 0,
     .max = 4096,
     .help = "Lines that the server refuses are set aside here with its reason, 1 MB at most; "
             "empty for nowhere."},
};
#undef OFFSET

const struct option_table influx_table = {
    .name = "influx",
    .size = sizeof(struct influx_options),
    .rows = rows,
    .count = ARRAY_SIZE(rows),
    .help = "Writes every reading to InfluxDB by the line protocol.",
};

static int create(const struct sink_setup *setup, struct sink_instance **out)
{
    struct sink_instance *self = mem_alloc(sizeof(*self));
    self->options = setup->options;
    self->clock = setup->clock;
    self->state = SINK_DOWN;
    self->client = influx_client_create(self->options);
    rejects_init(&self->rejects, "influx", self->options->rejected_file, self->clock);
    *out = self;
    return 0;
}

static void destroy(struct sink_instance *self)
{
    if (!self) {
        return;
    }
    influx_client_destroy(self->client);
    text_finish(&self->body);
    free(self);
}

static int64_t now(const struct sink_instance *self)
{
    return clock_mono_us(self->clock);
}

static void forget_body(struct sink_instance *self)
{
    if (self->body.capacity > BODY_KEEP) {
        text_finish(&self->body);
    }
    text_clear(&self->body);
    self->lines = 0;
    self->piece_count = 0;
}

static void go_down(struct sink_instance *self, const struct influx_answer *answer)
{
    self->state = SINK_DOWN;
    self->needs_write = answer->verdict == INFLUX_TROUBLED;
    snprintf(self->reason, sizeof(self->reason), "%s", answer->reason);
    forget_body(self);
    if (answer->verdict == INFLUX_REFUSED) {
        backoff_refused(&self->backoff, now(self));
    } else {
        backoff_fail(&self->backoff, now(self));
    }
}

static void go_up(struct sink_instance *self)
{
    self->state = SINK_UP;
    self->needs_write = false;
    self->reason[0] = '\0';
    backoff_reset(&self->backoff);
}

/* One line cannot be halved: then end is returned. */
static size_t find_middle(const struct text *body, struct piece piece)
{
    const char *start = body->data + piece.start;
    size_t length = piece.end - piece.start;
    const char *newline = memchr(start + length / 2, '\n', length - length / 2);
    size_t middle = newline ? (size_t)(newline + 1 - body->data) : piece.end;
    if (middle == piece.end) {
        newline = memrchr(start, '\n', length / 2);
        middle = newline ? (size_t)(newline + 1 - body->data) : piece.end;
    }
    return middle;
}

static size_t count_lines(const struct text *body, struct piece piece)
{
    size_t count = 0;
    for (size_t i = piece.start; i < piece.end; i++) {
        count += body->data[i] == '\n';
    }
    return count;
}

static void push(struct sink_instance *self, size_t start, size_t end)
{
    self->pieces[self->piece_count++] = (struct piece){.start = start, .end = end};
}

static void divide(struct sink_instance *self, struct piece piece,
                   const struct influx_answer *answer)
{
    size_t middle = find_middle(&self->body, piece);
    bool are_all_bad = answer->dropped && answer->dropped >= count_lines(&self->body, piece);
    bool is_full = self->piece_count + 2 > PIECES_MAX;
    if (middle == piece.end || are_all_bad || is_full) {
        rejects_add(&self->rejects, self->body.data + piece.start, piece.end - piece.start,
                    answer->reason);
        return;
    }
    push(self, middle, piece.end);
    push(self, piece.start, middle);
}

static void post_piece(struct sink_instance *self)
{
    struct piece piece = self->pieces[--self->piece_count];
    struct influx_answer answer;
    influx_client_write(self->client, self->body.data + piece.start, piece.end - piece.start,
                        &answer);
    switch (answer.verdict) {
    case INFLUX_WRITTEN:
        go_up(self);
        break;
    case INFLUX_BAD_LINES:
    case INFLUX_TOO_LARGE:
        divide(self, piece, &answer);
        break;
    case INFLUX_UNREACHABLE:
    case INFLUX_TROUBLED:
    case INFLUX_REFUSED:
        go_down(self, &answer);
        return;
    }
    if (self->piece_count == 0) {
        self->acknowledged = self->last_position;
        forget_body(self);
        go_up(self); /* it took or judged every line */
    }
}

static void connect_again(struct sink_instance *self)
{
    self->session++;
    self->acknowledged = 0;
    self->state = SINK_CONNECTING;
    struct influx_answer answer;
    if (influx_client_open(self->client, &answer) < 0) {
        go_down(self, &answer);
        return;
    }
    if (self->needs_write) {
        return;
    }
    influx_client_write(self->client, "", 0, &answer);
    if (answer.verdict == INFLUX_WRITTEN) {
        go_up(self);
    } else {
        go_down(self, &answer);
    }
}

static void work(struct sink_instance *self)
{
    if (self->state == SINK_DOWN) {
        if (now(self) >= self->backoff.until_us) {
            connect_again(self);
        }
    } else if (self->piece_count > 0) {
        post_piece(self);
    }
}

static int64_t flush_at(const struct sink_instance *self)
{
    return self->first_line_us + self->options->flush_ms * 1000;
}

static size_t wait_for(struct sink_instance *self, struct pollfd *fds, size_t max, int64_t *wait_us)
{
    (void)fds;
    (void)max;
    *wait_us = -1;
    if (self->state == SINK_DOWN) {
        *wait_us = self->backoff.until_us - now(self);
    } else if (self->piece_count > 0) {
        *wait_us = 0;
    } else if (self->lines > 0) {
        *wait_us = flush_at(self) - now(self);
    } else {
        return 0;
    }
    if (*wait_us < 0) {
        *wait_us = 0;
    }
    return 0;
}

static enum sink_state state_of(struct sink_instance *self, char *reason, size_t size)
{
    snprintf(reason, size, "%s", self->reason);
    return self->state;
}

static uint64_t session(struct sink_instance *self)
{
    return self->session;
}

static size_t most_lines(const struct sink_instance *self)
{
    size_t most = (size_t)self->options->batch_points;
    return self->state == SINK_UP || most < PROBE_LINES ? most : PROBE_LINES;
}

static bool has_room(struct sink_instance *self)
{
    return self->state != SINK_DOWN && self->piece_count == 0 && self->lines < most_lines(self) &&
           self->body.length < BODY_MAX;
}

static void send_batch(struct sink_instance *self, const struct batch *batch)
{
    size_t before = self->body.length;
    if (batch->position <= self->acknowledged) {
        self->acknowledged = batch->position - 1; /* given again */
    }
    line_protocol_add(&self->body, batch);
    if (self->body.length == before) {
        if (self->lines == 0) {
            self->acknowledged = batch->position; /* nothing to say, and nothing before it waits */
        }
    } else if (self->lines++ == 0) {
        self->first_line_us = now(self);
    }
    self->last_position = batch->position;
}

static void flush(struct sink_instance *self)
{
    if (self->state == SINK_DOWN || self->piece_count > 0 || self->lines == 0) {
        return;
    }
    bool is_full = self->lines >= most_lines(self) || self->body.length >= BODY_MAX;
    if (is_full || now(self) >= flush_at(self)) {
        push(self, 0, self->body.length);
        post_piece(self);
    }
}

static uint64_t acknowledged(struct sink_instance *self)
{
    return self->acknowledged;
}

static uint64_t rejected(struct sink_instance *self)
{
    return self->rejects.count;
}

const struct sink influx_sink = {
    .name = "influx",
    .options = &influx_table,
    .linger_us = 100000,
    .create = create,
    .destroy = destroy,
    .work = work,
    .wait_for = wait_for,
    .state = state_of,
    .session = session,
    .has_room = has_room,
    .send = send_batch,
    .flush = flush,
    .acknowledged = acknowledged,
    .rejected = rejected,
};
