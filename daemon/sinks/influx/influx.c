/* SPDX-License-Identifier: Apache-2.0 */
/* influx: collects lines, posts them, and when the server does not take some, finds out whose fault it is.
 *
 * A line that makes the server fail must not hold up all others, and a server that fails by itself must not cost a line.
 * The witness decides: a line that should be good, the newest reading or one that was taken lately. What fails while the
 * server takes the witness is halved, down to one line, and that is set aside when it has failed twice with the witness
 * taken after each. What fails together with the witness says nothing: the server is down.
 *
 * A line that breaks the server, or its connection, is known by coming back: the lots get smaller with each failure, and
 * one that is alone and fails so four times, on connections that began with the witness taken, is set aside.
 *
 * One request a call at the most, so that no call blocks longer than one request may take. */
#include "sinks/influx/influx.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sinks/influx/influx_state.h"
#include "sinks/influx/line_protocol.h"
#include "sinks/influx/line_record.h"
#include "site/site.h"

enum {
    PROBE_LINES = 100, /* while it is not known to work */
    LOT_BYTES_MIN = 16 * 1024,
    STRIKES = 2,              /* failures of a line alone; after another one like it, one will do */
    BREAKS = 4,               /* times that a line alone took the server with it */
    RUN_MIN = 100,            /* lines set aside in a row: those that follow are likely the same */
    FRESH_US = 1000000,       /* so long after it took something the server counts as well */
    KNOWN_GOOD_US = 60000000, /* so long a line that was taken is the better witness */
};

static int create(const struct sink_setup *setup, struct sink_instance **out)
{
    struct sink_instance *self = mem_alloc(sizeof(*self));
    self->options = setup->options;
    self->clock = setup->clock;
    self->site = mem_dup_string(setup->site->id);
    self->state = SINK_DOWN;
    self->lot_bytes = LOT_BYTES_MAX;
    self->lot_lines = (size_t)self->options->batch_points;
    self->client = influx_client_create(self->options, setup->is_stopping);
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
    batch_unref(self->newest);
    text_finish(&self->taken);
    free((char *)self->site);
    free(self);
}

static int64_t now(const struct sink_instance *self)
{
    return clock_mono_us(self->clock);
}

static void write_lines(struct sink_instance *self, const char *lines, size_t length,
                        struct influx_answer *answer)
{
    int64_t asked_us = now(self);
    influx_client_write(self->client, lines, length, answer);
    if (answer->verdict == INFLUX_WRITTEN) {
        self->failing_us = 0;
    } else if (self->failing_us == 0) {
        self->failing_us = asked_us;
    }
}

static void forget_lot(struct sink_instance *self)
{
    lot_clear(&self->lot);
    self->last_record = 0;
    self->has_failed = false;
    self->is_witness_due = false;
    self->is_scout = false;
    self->is_mixed = false;
    self->strikes = 0;
}

static void go_down(struct sink_instance *self, const struct influx_answer *answer)
{
    if (self->state == SINK_UP) {
        self->silent_us = self->failing_us;
    }
    self->state = SINK_DOWN;
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
    self->needs_proof = false;
    self->reason[0] = '\0';
    backoff_reset(&self->backoff);
}

static void acknowledge(struct sink_instance *self)
{
    self->acknowledged = self->last_position;
    if (self->last_record > 0) {
        self->acknowledged_records = self->last_record;
    }
}

/* The server takes nothing now. The lot comes again, from a smaller one on in case it is what the server stumbles over. */
static void give_up_lot(struct sink_instance *self, const struct influx_answer *answer)
{
    const struct lot *lot = &self->lot;
    bool is_breaking = lot->lines == 1 && self->is_proven && answer->verdict == INFLUX_UNREACHABLE;
    self->lot_lines = lot->lines > 1 ? lot->lines / 2 : 1;
    self->needs_proof = true;
    if (is_breaking) {
        /* A record and a batch may have the same position. */
        const uint64_t place = self->last_record > 0 ? ~self->last_record : self->last_position;
        self->breaks = place == self->broken_position ? self->breaks + 1 : 1;
        self->broken_position = place;
    }
    if (is_breaking && self->breaks >= BREAKS) {
        rejects_add(&self->rejects, lot->body.data, lot->body.length, answer->reason);
        acknowledge(self);
    }
    go_down(self, answer);
    const int rounds = is_breaking ? self->breaks : self->rounds;
    for (int i = 1; i < rounds; i++) {
        backoff_fail(&self->backoff, now(self)); /* the witness ends every pause */
    }
}

static void set_aside(struct sink_instance *self, struct piece piece, const char *reason)
{
    rejects_add(&self->rejects, self->lot.body.data + piece.start, piece.end - piece.start, reason);
    self->strikes = 0;
}

static void note_written(struct sink_instance *self, struct piece piece)
{
    const char *line = self->lot.body.data + piece.start;
    const char *newline = memchr(line, '\n', piece.end - piece.start);
    text_clear(&self->taken);
    text_add(&self->taken, line, (size_t)(newline + 1 - line));
    self->taken_us = now(self);
    self->strikes = 0;
    self->run = self->is_scout ? self->run : 0;
    self->is_mixed = self->is_scout;
    self->is_scout = false;
    go_up(self);
}

/* It took or judged every line. */
static void end_lot(struct sink_instance *self)
{
    acknowledge(self);
    if (self->last_position >= self->patient_until) {
        self->patient_us = 0;
        self->rounds = 0;
    }
    if (!self->has_failed) {
        size_t most = (size_t)self->options->batch_points;
        self->lot_lines = self->lot_lines < most / 2 ? self->lot_lines * 2 : most;
        self->is_wary = false;
        batch_unref(self->newest);
        self->newest = NULL;
    }
    forget_lot(self);
    go_up(self);
}

/* No witness is needed for a while after it was heard. */
static void suspect(struct sink_instance *self, struct piece piece,
                    const struct influx_answer *answer)
{
    bool is_fresh = now(self) - self->taken_us < FRESH_US && self->run < RUN_MIN &&
                    answer->verdict != INFLUX_FAILED;
    if (is_fresh && lot_halve(&self->lot, piece)) {
        return;
    }
    lot_put_back(&self->lot, piece);
    self->suspicion = *answer;
    self->is_witness_due = true;
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
        suspect(self, piece, answer);
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
        suspect(self, piece, answer);
    }
}

static void on_failure(struct sink_instance *self, struct piece piece,
                       const struct influx_answer *answer)
{
    self->is_wary = true;
    self->has_failed = true;
    switch (answer->verdict) {
    case INFLUX_BAD_LINES:
        on_bad_lines(self, piece, answer);
        break;
    case INFLUX_TOO_LARGE:
        on_too_large(self, piece, answer);
        break;
    case INFLUX_BUSY:
    case INFLUX_UNREACHABLE:
        give_up_lot(self, answer);
        break;
    case INFLUX_WRITTEN:
    case INFLUX_FAILED:
    case INFLUX_REFUSED:
        suspect(self, piece, answer);
        break;
    }
}

static void post_piece(struct sink_instance *self)
{
    struct piece piece = lot_take(&self->lot);
    struct influx_answer answer;
    write_lines(self, self->lot.body.data + piece.start, piece.end - piece.start, &answer);
    if (answer.verdict == INFLUX_WRITTEN) {
        note_written(self, piece);
    } else {
        on_failure(self, piece, &answer);
    }
    if (self->state != SINK_DOWN && self->lot.piece_count == 0) {
        end_lot(self);
    }
}

/* The server does not take the line alone, and takes another. */
static void judge_line(struct sink_instance *self, struct piece piece)
{
    const struct influx_answer *answer = &self->suspicion;
    if (++self->strikes < STRIKES && self->run == 0) {
        lot_put_back(&self->lot, piece);
        return;
    }
    set_aside(self, piece, answer->reason);
    self->run++;
    if (self->is_scout) {
        /* None of so many in a row was good, and neither all of these at once nor the newest of them is. */
        self->is_scout = false;
        set_aside(self, lot_take(&self->lot), answer->reason);
    }
}

/* A server that fails for some lines may get over it. Once lines were set aside for it, those behind them wait no more. */
static bool is_early(struct sink_instance *self)
{
    if (self->suspicion.verdict != INFLUX_FAILED || self->run > 0) {
        return false;
    }
    if (self->patient_us == 0) {
        self->patient_us = now(self);
        self->patient_until = self->last_position;
    }
    bool is_early = now(self) - self->patient_us < self->options->patience_s * 1000000;
    self->rounds = is_early ? self->rounds + 1 : 0;
    return is_early;
}

/* The server is well, and yet it did not take the piece on top. */
static void judge(struct sink_instance *self)
{
    if (is_early(self)) {
        give_up_lot(self, &self->suspicion);
        return;
    }
    struct piece piece = lot_take(&self->lot);
    bool is_run = self->run >= RUN_MIN && !self->is_mixed;
    self->is_mixed = false;
    if (is_run && lot_split_last(&self->lot, piece)) {
        self->is_scout = true;
    } else if (!lot_halve(&self->lot, piece)) {
        judge_line(self, piece);
    }
    if (self->lot.piece_count == 0) {
        end_lot(self);
    }
}

/* The line that should be good: true when there is one; at the worst another one of the lot. It was sent before or will
 * be again: same series, time and values, so it changes nothing. */
static bool find_witness(struct sink_instance *self, struct text *line)
{
    bool is_known_good = now(self) - self->taken_us < KNOWN_GOOD_US;
    bool is_taken_better = is_known_good || self->is_taken_first || !self->newest;
    if (self->taken.length > 0 && is_taken_better) {
        self->is_taken_first = false; /* should it fail, the other one is next */
        text_add(line, self->taken.data, self->taken.length);
    } else if (self->newest) {
        self->is_taken_first = true;
        line_protocol_add(line, self->newest);
    }
    if (line->length == 0 && self->lot.lines > 1) {
        const char *body = self->lot.body.data;
        const size_t length = self->lot.body.length;
        const char *newline = memrchr(body, '\n', length - 1);
        text_add(line, newline + 1, (size_t)(body + length - (newline + 1)));
    }
    return line->length > 0;
}

static bool is_witness_taken(struct sink_instance *self, const struct text *line,
                             struct influx_answer *answer)
{
    write_lines(self, line->data, line->length, answer);
    bool is_taken = answer->verdict == INFLUX_WRITTEN;
    if (is_taken) {
        text_clear(&self->taken);
        text_add(&self->taken, line->data, line->length);
    }
    self->taken_us = is_taken ? now(self) : 0;
    return is_taken;
}

static void call_witness(struct sink_instance *self)
{
    struct text line = {0};
    struct influx_answer answer;
    self->is_witness_due = false;
    if (find_witness(self, &line) && is_witness_taken(self, &line, &answer)) {
        judge(self);
    } else {
        give_up_lot(self, &self->suspicion);
    }
    text_finish(&line);
}

/* After a failed write the witness goes first, so that a server in trouble gets one line to refuse and not a lot. */
static bool is_well(struct sink_instance *self, struct influx_answer *answer)
{
    struct text line = {0};
    bool is_fine = false;
    if (!self->needs_proof) {
        write_lines(self, "", 0, answer);
        is_fine = answer->verdict == INFLUX_WRITTEN;
    } else if (find_witness(self, &line)) {
        self->is_proven = is_witness_taken(self, &line, answer);
        is_fine = self->is_proven;
    } else {
        is_fine = true; /* it is about to show */
    }
    text_finish(&line);
    return is_fine;
}

static void connect_again(struct sink_instance *self)
{
    self->session++;
    self->acknowledged = 0;
    self->last_position = 0;
    self->acknowledged_records = 0;
    self->state = SINK_CONNECTING;
    self->lot_bytes = LOT_BYTES_MAX;
    self->is_proven = false;
    struct influx_answer answer;
    if (influx_client_open(self->client, &answer) < 0 || !is_well(self, &answer)) {
        go_down(self, &answer);
    } else if (!self->needs_proof || self->is_proven) {
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

static int64_t silent_since(struct sink_instance *self)
{
    return self->silent_us;
}

static uint64_t session(struct sink_instance *self)
{
    return self->session;
}

static size_t most_lines(const struct sink_instance *self)
{
    size_t most = self->lot_lines;
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

static void send_record(struct sink_instance *self, const struct record *record, const char *body)
{
    if (record->position <= self->acknowledged_records) {
        self->acknowledged_records = record->position - 1;
    }
    line_record_add(&self->lot.body, self->site, record, body);
    if (self->lot.lines++ == 0) {
        self->first_line_us = now(self);
    }
    self->last_record = record->position;
}

static uint64_t acknowledged_records(struct sink_instance *self)
{
    return self->acknowledged_records;
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

static void live(struct sink_instance *self, const struct batch *batch)
{
    if (self->state != SINK_UP || self->is_wary) {
        batch_unref(self->newest);
        self->newest = batch_ref(batch);
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
    .silent_since = silent_since,
    .session = session,
    .has_room = has_room,
    .send = send_batch,
    .flush = flush,
    .acknowledged = acknowledged,
    .rejected = rejected,
    .live = live,
    .has_record_room = has_room,
    .send_record = send_record,
    .acknowledged_records = acknowledged_records,
};
