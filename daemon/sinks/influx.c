/* SPDX-License-Identifier: Apache-2.0 */
/* influx: collects lines, posts them, and when the server refuses some, halves the lot until the bad ones stand alone.
 *
 * A line that makes the server fail (500) must not hold up all others, and a server that fails by itself must not cost
 * a line. So a failure is only looked into when it comes again and again; and a line alone is set aside only when the
 * server, right before it fails once more, has taken a line that it took before (the witness).
 *
 * One request a call at the most, so that no call blocks longer than one request may take. */
#include "sinks/influx.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sinks/backoff.h"
#include "sinks/influx_client.h"
#include "sinks/influx_lot.h"
#include "sinks/line_protocol.h"
#include "sinks/rejects.h"

enum {
    PROBE_LINES = 100, /* while it is not known to work */
    LOT_BYTES_MIN = 16 * 1024,
    FAILURES_MAX = 3,    /* of the same lines, then they are halved */
    UNWITNESSED_MAX = 4, /* lines that fail one after the other while no line is known to be good */
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
    struct lot lot;
    size_t lot_bytes;       /* at most, as far as the server takes it */
    uint64_t last_position; /* in the lot */
    int64_t first_line_us;  /* monotonic: when the lot began */

    struct text witness; /* a line that was written; empty = none yet */
    int failures;        /* in a row, of lots that reach no further than failed_until */
    uint64_t failed_until;
    int unwitnessed;
    bool is_witness_due; /* the next piece, one line, is accused */
    bool
        is_witness_taken; /* so the server is well: if it fails the accused again, that is to blame */
};

static int create(const struct sink_setup *setup, struct sink_instance **out)
{
    struct sink_instance *self = mem_alloc(sizeof(*self));
    self->options = setup->options;
    self->clock = setup->clock;
    self->state = SINK_DOWN;
    self->lot_bytes = LOT_BYTES_MAX;
    self->client = influx_client_create(self->options);
    rejects_init(&self->rejects, "influx", self->options->rejected_file, self->clock);
    if (self->options->tls_insecure) {
        log_warning("influx: tls_insecure is on: whoever answers at %s is believed",
                    self->options->url);
    }
    *out = self;
    return 0;
}

static void destroy(struct sink_instance *self)
{
    if (!self) {
        return;
    }
    influx_client_destroy(self->client);
    lot_finish(&self->lot);
    text_finish(&self->witness);
    free(self);
}

static int64_t now(const struct sink_instance *self)
{
    return clock_mono_us(self->clock);
}

static void forget_lot(struct sink_instance *self)
{
    lot_clear(&self->lot);
    self->unwitnessed = 0;
    self->is_witness_due = false;
    self->is_witness_taken = false;
}

static void go_down(struct sink_instance *self, const struct influx_answer *answer)
{
    self->state = SINK_DOWN;
    self->needs_write = answer->verdict == INFLUX_TROUBLED || answer->verdict == INFLUX_FAILED;
    snprintf(self->reason, sizeof(self->reason), "%s", answer->reason);
    forget_lot(self);
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

static void set_aside(struct sink_instance *self, struct piece piece, const char *reason)
{
    rejects_add(&self->rejects, self->lot.body.data + piece.start, piece.end - piece.start, reason);
    self->is_witness_taken = false;
}

static void note_written(struct sink_instance *self, struct piece piece)
{
    const char *line = self->lot.body.data + piece.start;
    const char *newline = memchr(line, '\n', piece.end - piece.start);
    text_clear(&self->witness);
    text_add(&self->witness, line, (size_t)(newline + 1 - line));
    self->unwitnessed = 0;
    self->is_witness_taken = false;
    go_up(self);
}

/* One line that the server does not take, without a word that it is the line's fault. */
static void accuse(struct sink_instance *self, struct piece piece,
                   const struct influx_answer *answer)
{
    if (self->is_witness_taken) {
        set_aside(self, piece, answer->reason);
    } else if (self->witness.length > 0) {
        lot_put_back(&self->lot, piece);
        self->is_witness_due = true;
    } else if (++self->unwitnessed < UNWITNESSED_MAX && self->lot.piece_count > 0) {
        lot_put_behind(&self->lot, piece); /* another line may turn out good first */
    } else {
        go_down(self, answer);
        self->needs_write = true;
    }
}

static void on_bad_lines(struct sink_instance *self, struct piece piece,
                         const struct influx_answer *answer)
{
    bool are_all_bad = answer->dropped && answer->dropped >= lot_count_lines(&self->lot, piece);
    if (are_all_bad) {
        set_aside(self, piece, answer->reason);
    } else if (lot_halve(&self->lot, piece)) {
        return;
    } else if (answer->blames_lines) {
        set_aside(self, piece, answer->reason);
    } else {
        accuse(self, piece, answer);
    }
}

static void on_too_large(struct sink_instance *self, struct piece piece,
                         const struct influx_answer *answer)
{
    size_t half = (piece.end - piece.start) / 2;
    if (half < self->lot_bytes) {
        self->lot_bytes = half > LOT_BYTES_MIN ? half : LOT_BYTES_MIN;
    }
    if (!lot_halve(&self->lot, piece)) {
        set_aside(self, piece, answer->reason);
    }
}

static void on_failed(struct sink_instance *self, struct piece piece,
                      const struct influx_answer *answer)
{
    if (self->failures < FAILURES_MAX) {
        self->failures++;
        self->failed_until =
            self->last_position > self->failed_until ? self->last_position : self->failed_until;
        go_down(self, answer);
    } else if (!lot_halve(&self->lot, piece)) {
        accuse(self, piece, answer);
    }
}

/* It took or judged every line. */
static void end_lot(struct sink_instance *self)
{
    self->acknowledged = self->last_position;
    if (self->last_position >= self->failed_until) {
        self->failures = 0;
    }
    forget_lot(self);
    go_up(self);
}

static void post_piece(struct sink_instance *self)
{
    struct piece piece = lot_take(&self->lot);
    struct influx_answer answer;
    influx_client_write(self->client, self->lot.body.data + piece.start, piece.end - piece.start,
                        &answer);
    switch (answer.verdict) {
    case INFLUX_WRITTEN:
        note_written(self, piece);
        break;
    case INFLUX_BAD_LINES:
        on_bad_lines(self, piece, &answer);
        break;
    case INFLUX_TOO_LARGE:
        on_too_large(self, piece, &answer);
        break;
    case INFLUX_FAILED:
        on_failed(self, piece, &answer);
        break;
    case INFLUX_UNREACHABLE:
    case INFLUX_TROUBLED:
    case INFLUX_REFUSED:
        go_down(self, &answer);
        break;
    }
    if (self->state != SINK_DOWN && self->lot.piece_count == 0) {
        end_lot(self);
    }
}

/* Same series, time and values as before: it changes nothing. */
static void call_witness(struct sink_instance *self)
{
    struct influx_answer answer;
    self->is_witness_due = false;
    influx_client_write(self->client, self->witness.data, self->witness.length, &answer);
    if (answer.verdict == INFLUX_WRITTEN) {
        self->is_witness_taken = true;
        return;
    }
    if (answer.verdict == INFLUX_BAD_LINES) {
        text_clear(&self->witness); /* beyond the retention by now */
    }
    go_down(self, &answer);
}

/* After a failed write the witness goes first, so that a server in trouble gets one line to refuse and not a lot. */
static bool is_well(struct sink_instance *self, struct influx_answer *answer)
{
    bool has_witness = self->needs_write && self->witness.length > 0;
    if (self->needs_write && !has_witness) {
        return true; /* it is about to show */
    }
    influx_client_write(self->client, has_witness ? self->witness.data : "",
                        has_witness ? self->witness.length : 0, answer);
    if (has_witness && answer->verdict == INFLUX_BAD_LINES) {
        text_clear(&self->witness);
        return true;
    }
    return answer->verdict == INFLUX_WRITTEN;
}

static void connect_again(struct sink_instance *self)
{
    self->session++;
    self->acknowledged = 0;
    self->state = SINK_CONNECTING;
    self->lot_bytes = LOT_BYTES_MAX;
    struct influx_answer answer;
    if (influx_client_open(self->client, &answer) < 0 || !is_well(self, &answer)) {
        go_down(self, &answer);
    } else if (!self->needs_write || (self->witness.length > 0 && self->failures == 0)) {
        go_up(self);
    }
}

static void work(struct sink_instance *self)
{
    if (self->state == SINK_DOWN) {
        if (now(self) >= self->backoff.until_us) {
            connect_again(self);
        }
    } else if (self->is_witness_due) {
        call_witness(self);
    } else if (self->lot.piece_count > 0) {
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
    } else if (self->lot.piece_count > 0) {
        *wait_us = 0;
    } else if (self->lot.lines > 0) {
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
    return self->state != SINK_DOWN && self->lot.piece_count == 0 &&
           self->lot.lines < most_lines(self) && self->lot.body.length < self->lot_bytes;
}

static void send_batch(struct sink_instance *self, const struct batch *batch)
{
    size_t before = self->lot.body.length;
    if (batch->position <= self->acknowledged) {
        self->acknowledged = batch->position - 1; /* given again */
    }
    line_protocol_add(&self->lot.body, batch);
    if (self->lot.body.length == before) {
        if (self->lot.lines == 0) {
            self->acknowledged = batch->position; /* nothing to say, and nothing before it waits */
        }
    } else if (self->lot.lines++ == 0) {
        self->first_line_us = now(self);
    }
    self->last_position = batch->position;
}

static void flush(struct sink_instance *self)
{
    if (self->state == SINK_DOWN || self->lot.piece_count > 0 || self->lot.lines == 0) {
        return;
    }
    bool is_full = self->lot.lines >= most_lines(self) || self->lot.body.length >= self->lot_bytes;
    if (is_full || now(self) >= flush_at(self)) {
        lot_begin(&self->lot);
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
    .check = influx_check,
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
