/* SPDX-License-Identifier: Apache-2.0 */
/* bench: the scripted wire and the loop that stands in for the pool. */
#include "bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <stdio.h>

#include "base/mem.h"

enum { RUNS_AT_ONCE_MAX = 400 };

static struct bench *bench_of(struct transport *wire)
{
    return (struct bench *)(void *)((char *)wire - offsetof(struct bench, wire));
}

static int wire_prepare(struct transport *wire)
{
    return bench_of(wire)->prepare_error;
}

static int wire_open(struct transport *wire)
{
    struct bench *bench = bench_of(wire);
    if (!wire->is_connecting) {
        bench->opens++;
        bench->opened_at_us = bench->now_us + bench->open_us;
        wire->is_connecting = true;
    }
    if (bench->now_us < bench->opened_at_us) {
        return -EINPROGRESS;
    }
    wire->is_connecting = false;
    if (bench->open_error != 0) {
        return bench->open_error;
    }
    wire->fd = 3;
    wire->generation++;
    if (bench->greet != NULL) {
        bench->greet(bench);
    }
    if (bench->watcher != NULL) {
        bench->watcher->opened(bench);
    }
    return 0;
}

static void wire_close(struct transport *wire)
{
    struct bench *bench = bench_of(wire);
    bench->closes += wire->fd >= 0;
    bench->arrival_count = 0;
    wire->fd = -1;
    wire->is_connecting = false;
}

static unsigned get16(const uint8_t *bytes)
{
    return (unsigned)bytes[0] << 8 | bytes[1];
}

static struct ask read_ask(const struct bench *bench, const uint8_t *bytes, size_t size)
{
    const uint8_t *pdu = bytes + (bench->wire.frame == FRAME_TCP ? 6 : 0);
    const size_t plain = bench->wire.frame == FRAME_TCP ? 12 : 8;
    const bool has_data = pdu[1] == 16;
    assert_int_equal(size, has_data ? plain + 1 + pdu[6] : plain);
    struct ask ask = {
        .at_us = bench->now_us,
        .transaction = (uint16_t)get16(bytes),
        .unit = pdu[0],
        .function = pdu[1],
        .address = (uint16_t)get16(pdu + 2),
        .quantity = (uint16_t)get16(pdu + 4),
        .value = bench->value,
    };
    for (unsigned i = 0; has_data && i < ARRAY_SIZE(ask.written) && i < ask.quantity; i++) {
        ask.written[i] = (uint16_t)get16(pdu + 7 + 2 * i);
    }
    return ask;
}

/* Doubles what is full. */
static void *make_room(void *rows, size_t count, size_t size)
{
    const size_t first = 64;
    bool is_full = count == 0 || (count >= first && (count & (count - 1)) == 0);
    return is_full ? mem_grow(rows, count == 0 ? first : 2 * count, size) : rows;
}

static void keep_ask(struct bench *bench, const struct ask *ask)
{
    assert_true(bench->ask_count < BENCH_ASKS_MAX);
    bench->asks = make_room(bench->asks, bench->ask_count, sizeof(*bench->asks));
    bench->asks[bench->ask_count++] = *ask;
}

static int wire_send(struct transport *wire, const uint8_t *bytes, size_t size)
{
    struct bench *bench = bench_of(wire);
    int error = bench->send_error;
    bench->send_error = 0;
    if (error != 0) {
        return error;
    }
    bench->value = (uint16_t)(bench->value % 40000 + 1);
    struct ask ask = read_ask(bench, bytes, size);
    if (bench->watcher == NULL) {
        keep_ask(bench, &ask);
    }
    (bench->answer != NULL ? bench->answer : bench_answer)(bench, &ask);
    return 0;
}

static void drop_arrival(struct bench *bench)
{
    bench->arrival_count--;
    memmove(&bench->arrivals[0], &bench->arrivals[1],
            bench->arrival_count * sizeof(bench->arrivals[0]));
}

static ssize_t wire_receive(struct transport *wire, uint8_t *bytes, size_t room)
{
    struct bench *bench = bench_of(wire);
    struct arrival *arrival = &bench->arrivals[0];
    if (bench->arrival_count == 0 || arrival->at_us > bench->now_us) {
        return 0;
    }
    if (arrival->is_end) {
        return -ECONNRESET;
    }
    size_t left = arrival->size - arrival->taken;
    size_t size = left < room ? left : room;
    memcpy(bytes, arrival->bytes + arrival->taken, size);
    arrival->taken += size;
    if (arrival->taken == arrival->size) {
        drop_arrival(bench);
    }
    return (ssize_t)size;
}

static const char *wire_explain(struct transport *wire)
{
    (void)wire;
    return NULL;
}

static void wire_destroy(struct transport *wire)
{
    (void)wire;
}

/* The script has one other end. */
static void wire_turn(struct transport *transport)
{
    (void)transport;
}

static const struct transport_ops wire_ops = {
    .turn = wire_turn,
    .prepare = wire_prepare,
    .open = wire_open,
    .close = wire_close,
    .send = wire_send,
    .receive = wire_receive,
    .explain = wire_explain,
    .destroy = wire_destroy,
};

static void take_post(void *context, struct batch *take_batch)
{
    struct bench *bench = context;
    if (bench->watcher != NULL) {
        bench->watcher->post(bench, take_batch);
        batch_unref(take_batch);
        return;
    }
    assert_true(bench->post_count < BENCH_POSTS_MAX);
    bench->posts = make_room(bench->posts, bench->post_count, sizeof(*bench->posts));
    bench->posts[bench->post_count++] = (struct post){.at_us = bench->now_us, .batch = take_batch};
}

static void take_note(void *context, const struct bad_register *row, bool is_gone)
{
    struct bench *bench = context;
    if (bench->watcher != NULL) {
        return;
    }
    assert_true(bench->note_count < BENCH_NOTES_MAX);
    bench->notes[bench->note_count++] = (struct note){.row = *row, .is_gone = is_gone};
}

void bench_init(struct bench *bench, int64_t wall_us)
{
    struct profiles *profiles = bench_profiles_create();
    bench_init_with(bench, profiles, 777000000, wall_us);
    bench->own_profiles = profiles;
}

void bench_init_with(struct bench *bench, const struct profiles *profiles, int64_t uptime_us,
                     int64_t wall_us)
{
    *bench = (struct bench){.now_us = uptime_us, .profiles = profiles};
    fake_clock_init(&bench->clock, bench->now_us, wall_us);
    bench->host = (struct collector_host){
        .clock = &bench->clock.clock,
        .post = take_post,
        .note_bad_register = take_note,
        .context = bench,
    };
    bench->gate.limit = 4;
    bench->line_host =
        (struct line_host){.collector = &bench->host, .gate = &bench->gate, .slot_us = 5000};
    bench->wire =
        (struct transport){.ops = &wire_ops, .frame = FRAME_TCP, .fd = -1, .needs_connect = true};
    bench->settings = (struct line_settings){
        .id = "line",
        .endpoint = "bench",
        .response_timeout_us = 200000,
        .connect_timeout_us = 1000000,
        .seed = 4711,
    };
    for (size_t i = 0; i < 256; i++) {
        bench->devices[i].delay_us = 3000;
    }
}

static void make_line(struct bench *bench)
{
    if (bench->line == NULL) {
        bench->line = line_create(&bench->settings, &bench->wire, &bench->line_host);
    }
}

void bench_add(struct bench *bench, const char *profile_id, uint8_t unit, int64_t fast_ms,
               int64_t normal_ms)
{
    make_line(bench);
    char id[16];
    char profile_name[16];
    snprintf(id, sizeof(id), "device-%u", unit);
    snprintf(profile_name, sizeof(profile_name), "%s", profile_id);
    struct site site = {
        .id = "site", .name = "Site", .fast_ms = fast_ms, .normal_ms = normal_ms, .slow_ms = 60000};
    struct line_config line = {.id = "line"};
    struct device_config config = {.id = id,
                                   .name = "D",
                                   .profile = profile_name,
                                   .node = "",
                                   .unit = unit,
                                   .ct_ratio = 1,
                                   .vt_ratio = 1,
                                   .pulse_weight = 1};
    const struct profile *profile = profiles_find(bench->profiles, profile_id);
    assert_non_null(profile);
    struct device *device = site_device(&site, &line, &config, profile);
    int64_t period_ms[POLL_CLASS_COUNT] = {fast_ms, normal_ms, 60000, 0};
    line_add_device(bench->line, device, plan_create(profile, &config, period_ms), period_ms,
                    bench->device_count++);
    device_unref(device);
}

void bench_add_unknown(struct bench *bench, const struct line_unknown *unknown,
                       const int64_t period_ms[POLL_CLASS_COUNT])
{
    make_line(bench);
    line_add_unknown(bench->line, unknown, period_ms, bench->device_count++);
}

void bench_start(struct bench *bench)
{
    make_line(bench);
    line_start(bench->line);
}

struct line *bench_begin_reload(struct bench *bench)
{
    struct line *former = bench->line;
    bench->line = NULL;
    bench->device_count = 0;
    make_line(bench);
    return former;
}

void bench_reload(struct bench *bench, struct line *take_former, const struct line_origin *origins)
{
    const struct line_heritage heritage = {.origins = origins};
    line_retire(take_former, 0);
    line_start(bench->line);
    line_inherit(bench->line, take_former, &heritage);
    line_destroy(take_former);
    line_run(bench->line, false);
}

void bench_finish(struct bench *bench)
{
    line_stop(bench->line);
    line_destroy(bench->line);
    for (size_t i = 0; i < bench->post_count; i++) {
        batch_unref(bench->posts[i].batch);
    }
    for (size_t i = 0; i < bench->done_count; i++) {
        free(bench->done[i]);
    }
    profiles_destroy(bench->own_profiles);
    free(bench->posts);
    free(bench->asks);
}

static int64_t earlier(int64_t one_us, int64_t other_us)
{
    return one_us < other_us ? one_us : other_us;
}

/* When the descriptor gets ready for what the line waits for. */
static int64_t ready_us(const struct bench *bench)
{
    struct line_wait wait = line_wait(bench->line);
    if (wait.for_writing) {
        return bench->opened_at_us;
    }
    bool waits = wait.for_reading && wait.fd >= 0 && bench->arrival_count > 0;
    return waits ? bench->arrivals[0].at_us : INT64_MAX;
}

void bench_run(struct bench *bench, int64_t duration_us)
{
    int64_t end_us = bench->now_us + duration_us;
    unsigned runs = 0;
    for (;;) {
        int64_t ready = ready_us(bench);
        int64_t next = earlier(ready, line_next_us(bench->line));
        if (next > end_us) {
            break;
        }
        if (next > bench->now_us) {
            fake_clock_advance(&bench->clock, next - bench->now_us);
            bench->now_us = next;
            runs = 0;
        }
        if (++runs > RUNS_AT_ONCE_MAX) {
            bench->is_spinning = true;
            if (bench->watcher == NULL) {
                fail_msg("the line spins");
            }
            break;
        }
        line_run(bench->line, ready <= bench->now_us);
        bench->runs++;
    }
    fake_clock_advance(&bench->clock, end_us - bench->now_us);
    bench->now_us = end_us;
}

void bench_step_wall(struct bench *bench, int64_t delta_us)
{
    fake_clock_step_wall(&bench->clock, delta_us);
    line_run(bench->line, false);
}

void bench_stall(struct bench *bench, int64_t duration_us)
{
    fake_clock_advance(&bench->clock, duration_us);
    bench->now_us += duration_us;
}

static uint8_t *put16(uint8_t *at, unsigned value)
{
    *at++ = (uint8_t)(value >> 8);
    *at++ = (uint8_t)value;
    return at;
}

static size_t seal(const struct bench *bench, const struct ask *ask, uint8_t *out, uint8_t *end)
{
    if (bench->wire.frame == FRAME_TCP) {
        put16(put16(put16(out, ask->transaction), 0), (unsigned)(end - out - 6));
        return (size_t)(end - out);
    }
    unsigned crc = frame_crc(out, (size_t)(end - out));
    *end++ = (uint8_t)crc;
    *end++ = (uint8_t)(crc >> 8);
    return (size_t)(end - out);
}

static uint8_t *begin_reply(const struct bench *bench, const struct ask *ask, uint8_t *out)
{
    uint8_t *at = bench->wire.frame == FRAME_TCP ? out + 6 : out;
    *at++ = ask->unit;
    return at;
}

size_t bench_reply_words(const struct bench *bench, const struct ask *ask, const uint16_t *words,
                         uint8_t *out)
{
    uint8_t *at = begin_reply(bench, ask, out);
    *at++ = ask->function;
    *at++ = (uint8_t)(2 * ask->quantity);
    for (unsigned i = 0; i < ask->quantity; i++) {
        at = put16(at, words[i]);
    }
    return seal(bench, ask, out, at);
}

size_t bench_reply(const struct bench *bench, const struct ask *ask, uint16_t value, uint8_t *out)
{
    uint16_t words[FRAME_READ_REGISTERS_MAX];
    for (unsigned i = 0; i < FRAME_READ_REGISTERS_MAX; i++) {
        words[i] = value;
    }
    return bench_reply_words(bench, ask, words, out);
}

size_t bench_confirm(const struct bench *bench, const struct ask *ask, uint8_t *out)
{
    uint8_t *at = begin_reply(bench, ask, out);
    *at++ = ask->function;
    return seal(bench, ask, out, put16(put16(at, ask->address), ask->quantity));
}

size_t bench_exception(const struct bench *bench, const struct ask *ask, uint8_t exception,
                       uint8_t *out)
{
    uint8_t *at = begin_reply(bench, ask, out);
    *at++ = ask->function | 0x80;
    *at++ = exception;
    return seal(bench, ask, out, at);
}

static struct arrival *add_arrival(struct bench *bench, int64_t delay_us)
{
    assert_true(bench->arrival_count < BENCH_ARRIVALS_MAX);
    size_t place = bench->arrival_count++;
    int64_t at_us = bench->now_us + delay_us;
    while (place > 0 && bench->arrivals[place - 1].at_us > at_us) {
        bench->arrivals[place] = bench->arrivals[place - 1];
        place--;
    }
    bench->arrivals[place] = (struct arrival){.at_us = at_us};
    return &bench->arrivals[place];
}

void bench_arrive(struct bench *bench, int64_t delay_us, const uint8_t *bytes, size_t size)
{
    struct arrival *arrival = add_arrival(bench, delay_us);
    assert_true(size <= sizeof(arrival->bytes));
    memcpy(arrival->bytes, bytes, size);
    arrival->size = size;
}

void bench_hang_up(struct bench *bench, int64_t delay_us)
{
    add_arrival(bench, delay_us)->is_end = true;
}

static bool is_refused(const struct bench_device *device, const struct ask *ask)
{
    return device->refused_last > 0 && ask->address <= device->refused_last &&
           ask->address + ask->quantity > device->refused_first;
}

static uint8_t exception_of(const struct bench_device *device, const struct ask *ask)
{
    if (device->exception == 0 && is_refused(device, ask)) {
        return device->refused_code != 0 ? device->refused_code : 2;
    }
    bool is_long = device->quantity_max > 0 && ask->quantity > device->quantity_max;
    return device->exception == 0 && is_long ? 3 : device->exception;
}

void bench_answer(struct bench *bench, const struct ask *ask)
{
    const struct bench_device *device = &bench->devices[ask->unit];
    uint8_t bytes[FRAME_SIZE_MAX];
    bool is_struck = is_refused(device, ask);
    if (device->is_silent || (is_struck && device->refuses_silently)) {
        return;
    }
    if (is_struck && device->refuses_short) {
        struct ask part = *ask;
        part.quantity =
            ask->address < device->refused_first ? device->refused_first - ask->address : 0;
        bench_arrive(bench, device->delay_us, bytes, bench_reply(bench, &part, ask->value, bytes));
        return;
    }
    uint8_t exception = exception_of(device, ask);
    size_t size = exception != 0 ? bench_exception(bench, ask, exception, bytes)
                                 : bench_reply(bench, ask, ask->value, bytes);
    bench_arrive(bench, device->delay_us, bytes, size);
}

static void command_done(struct command *take_command)
{
    struct bench *bench = take_command->context;
    if (bench->watcher != NULL) {
        bench->watcher->done(bench, take_command);
        free(take_command);
        return;
    }
    assert_true(bench->done_count < BENCH_DONE_MAX);
    bench->done[bench->done_count++] = take_command;
}

bool bench_give(struct bench *bench, struct command *take_command, int64_t expires_in_us)
{
    if (!line_reserve(bench->line)) {
        return false;
    }
    take_command->done = command_done;
    take_command->context = bench;
    take_command->expires_mono_us = bench->now_us + expires_in_us;
    line_command(bench->line, take_command);
    return true;
}

struct command *bench_command(struct bench *bench, uint8_t unit, int64_t expires_in_us)
{
    if (!line_reserve(bench->line)) {
        return NULL;
    }
    struct command *command = mem_alloc(sizeof(*command));
    *command = (struct command){
        .done = command_done,
        .context = bench,
        .line = "line",
        .unit = unit,
        .function = 3,
        .address = 9000,
        .quantity = 1,
        .expires_mono_us = bench->now_us + expires_in_us,
    };
    line_command(bench->line, command);
    return command;
}

static bool is_of(const struct post *post, uint8_t unit)
{
    return post->batch->device->unit == unit;
}

size_t bench_count(const struct bench *bench, uint8_t unit, enum quality quality, size_t first)
{
    size_t count = 0;
    for (size_t i = first; i < bench->post_count; i++) {
        count +=
            is_of(&bench->posts[i], unit) && bench->posts[i].batch->readings[0].quality == quality;
    }
    return count;
}

size_t bench_asks(const struct bench *bench, uint8_t unit, size_t first)
{
    size_t count = 0;
    for (size_t i = first; i < bench->ask_count; i++) {
        count += bench->asks[i].unit == unit;
    }
    return count;
}

const struct reading *bench_last(const struct bench *bench, uint8_t unit)
{
    for (size_t i = bench->post_count; i > 0; i--) {
        if (is_of(&bench->posts[i - 1], unit)) {
            return &bench->posts[i - 1].batch->readings[0];
        }
    }
    fail_msg("no batch of unit %u", unit);
    return NULL;
}

struct line_status bench_line_status(struct bench *bench)
{
    struct line_status status;
    line_status_copy(bench->line, bench->now_us, &status);
    return status;
}

struct device_status bench_device_status(struct bench *bench, uint8_t unit)
{
    struct device_status status = {0};
    for (size_t i = 0; i < line_device_count(bench->line); i++) {
        line_device_status(bench->line, i, bench->now_us, &status);
        if (status.device->unit == unit) {
            return status;
        }
    }
    fail_msg("no unit %u", unit);
    return status;
}
