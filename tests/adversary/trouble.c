/* SPDX-License-Identifier: Apache-2.0 */
/* trouble: the kinds, and what each does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "adversary/trouble.h"

#include <errno.h>
#include <string.h>

enum {
    MILLI = 1000,
    MINUTE = 60 * SECOND,
    FOREIGN_WORDS = 40, /* of another master's requests: no plan of ours asks for so many */
};

/* --- the answer --- */

static void be_silent(struct peer *peer, const struct trouble *trouble, const struct ask *ask,
                      struct answer *answer)
{
    (void)peer, (void)trouble, (void)ask;
    answer->is_silent = true;
}

static void refuse(struct peer *peer, const struct trouble *trouble, const struct ask *ask,
                   struct answer *answer)
{
    (void)peer, (void)ask;
    answer->exception = trouble->code;
}

static void end_before(struct peer *peer, const struct trouble *trouble, const struct ask *ask,
                       struct answer *answer)
{
    (void)peer, (void)trouble, (void)ask;
    answer->ends_before = true;
}

static void end_behind(struct peer *peer, const struct trouble *trouble, const struct ask *ask,
                       struct answer *answer)
{
    (void)peer, (void)trouble, (void)ask;
    answer->ends_behind = true;
}

/* Without transaction ids nobody can tell a late reply from the right one for ever: only for as long as the line says
 * that it waits for it. */
static void be_late(struct peer *peer, const struct trouble *trouble, const struct ask *ask,
                    struct answer *answer)
{
    (void)trouble, (void)ask;
    int64_t most_us = 3 * peer->timeout_us;
    if (peer->script->wire != WIRE_TCP) {
        most_us = peer->timeout_us > SECOND ? peer->timeout_us : SECOND;
    }
    answer->delay_us = chance_range(&peer->chance, peer->timeout_us + MILLI, most_us + 20 * MILLI);
}

static void be_slow(struct peer *peer, const struct trouble *trouble, const struct ask *ask,
                    struct answer *answer)
{
    (void)trouble, (void)ask;
    answer->delay_us =
        chance_range(&peer->chance, peer->timeout_us / 2, peer->timeout_us - 5 * MILLI);
}

static void be_doubled(struct peer *peer, const struct trouble *trouble, const struct ask *ask,
                       struct answer *answer)
{
    (void)peer, (void)trouble, (void)ask;
    answer->copies = 2;
}

static void change_unit(struct peer *peer, const struct trouble *trouble, const struct ask *ask,
                        struct answer *answer)
{
    (void)trouble;
    answer->unit = (uint8_t)(ask->unit + chance_range(&peer->chance, 1, 255));
}

static void change_transaction(struct peer *peer, const struct trouble *trouble,
                               const struct ask *ask, struct answer *answer)
{
    (void)trouble;
    answer->transaction = (uint16_t)(ask->transaction + chance_range(&peer->chance, 1, 65000));
}

static void be_short(struct peer *peer, const struct trouble *trouble, const struct ask *ask,
                     struct answer *answer)
{
    (void)trouble;
    answer->short_by = (unsigned)chance_range(&peer->chance, 1, ask->quantity);
}

static void be_broken(struct peer *peer, const struct trouble *trouble, const struct ask *ask,
                      struct answer *answer)
{
    (void)peer, (void)trouble, (void)ask;
    answer->is_broken = true;
}

static void lead_with_junk(struct peer *peer, const struct trouble *trouble, const struct ask *ask,
                           struct answer *answer)
{
    (void)peer, (void)ask;
    answer->junk_before = (unsigned)trouble->size;
}

static void trail_junk(struct peer *peer, const struct trouble *trouble, const struct ask *ask,
                       struct answer *answer)
{
    (void)peer, (void)ask;
    answer->junk_behind = (unsigned)trouble->size;
}

static void cut(struct peer *peer, const struct trouble *trouble, const struct ask *ask,
                struct answer *answer)
{
    (void)trouble, (void)ask;
    answer->cut_to = (unsigned)chance_range(&peer->chance, 1, 10);
}

static void drip(struct peer *peer, const struct trouble *trouble, const struct ask *ask,
                 struct answer *answer)
{
    (void)trouble, (void)ask;
    answer->is_dripped = true;
    answer->delay_us = chance_range(&peer->chance, peer->timeout_us / 8, peer->timeout_us * 3 / 4);
}

static void echo(struct peer *peer, const struct trouble *trouble, const struct ask *ask,
                 struct answer *answer)
{
    (void)peer, (void)trouble, (void)ask;
    answer->is_echoed = true;
}

/* --- the connection --- */

static void lose(struct peer *peer, const struct trouble *trouble)
{
    if (chance_percent(&peer->chance, trouble->percent)) {
        peer_hang_up(peer, 0);
    }
}

static void refuse_connects(struct peer *peer, const struct trouble *trouble)
{
    static const int errors[] = {-ECONNREFUSED, -EHOSTUNREACH, -ENOENT, -EBUSY};
    peer->bench->open_error = errors[chance_bits(&peer->chance) % 4];
    lose(peer, trouble);
}

static void allow_connects(struct peer *peer, const struct trouble *trouble)
{
    (void)trouble;
    peer->bench->open_error = 0;
    peer->bench->prepare_error = 0;
    peer->bench->open_us = peer->script->open_us;
}

static void hold_connects(struct peer *peer, const struct trouble *trouble)
{
    peer->bench->open_us = 100LL * 86400 * SECOND;
    lose(peer, trouble);
}

static void forget_name(struct peer *peer, const struct trouble *trouble)
{
    peer->bench->prepare_error = chance_percent(&peer->chance, 50) ? -EINPROGRESS : -ENXIO;
    lose(peer, trouble);
}

static void end_at_once(struct peer *peer, const struct trouble *trouble)
{
    (void)trouble;
    peer_hang_up(peer, chance_range(&peer->chance, 0, 5 * MILLI));
}

static void speak_first(struct peer *peer, const struct trouble *trouble)
{
    peer_junk(peer, chance_range(&peer->chance, 0, 20 * MILLI), (size_t)trouble->size);
}

static void greet(struct peer *peer, const struct trouble *trouble)
{
    static const char banner[] = "Welcome to converter 3, firmware 1.4\r\nlogin: ";
    (void)trouble;
    peer_bytes(peer, chance_range(&peer->chance, 0, 20 * MILLI), (const uint8_t *)banner,
               sizeof(banner) - 1);
}

static void fail_send(struct peer *peer, const struct trouble *trouble)
{
    static const int errors[] = {-EPIPE, -ECONNRESET, -EIO, -EHOSTUNREACH};
    (void)trouble;
    peer->bench->send_error = errors[chance_bits(&peer->chance) % 4];
}

static void send_again(struct peer *peer, const struct trouble *trouble)
{
    (void)trouble;
    peer->bench->send_error = 0;
}

/* The pool's other lines have all the connects that may be in flight. */
static void fill_gate(struct peer *peer, const struct trouble *trouble)
{
    peer->bench->gate.in_flight += peer->bench->gate.limit;
    lose(peer, trouble);
}

static void free_gate(struct peer *peer, const struct trouble *trouble)
{
    (void)trouble;
    struct gate *gate = &peer->bench->gate;
    gate->in_flight -= gate->limit;
    if (gate_admit(gate) != NULL) {
        line_run(peer->bench->line, false);
    }
}

/* --- bytes that nobody asked for --- */

static void make_noise(struct peer *peer, const struct trouble *trouble)
{
    if (peer_is_connected(peer)) {
        peer_junk(peer, 0, (size_t)chance_range(&peer->chance, 1, trouble->size));
    }
}

static void burst(struct peer *peer, const struct trouble *trouble)
{
    for (unsigned i = 0; i < 5 && peer_is_connected(peer); i++) {
        int64_t delay_us = chance_range(&peer->chance, 0, 50 * MILLI);
        peer_junk(peer, delay_us, (size_t)chance_range(&peer->chance, 1, trouble->size));
    }
}

static void put_second_request(struct peer *peer, const struct frame_request *request)
{
    uint8_t bytes[FRAME_SIZE_MAX];
    size_t size = 0;
    assert_int_equal(frame_encode(peer->bench->wire.frame, request,
                                  (uint16_t)chance_bits(&peer->chance), bytes, &size),
                     0);
    peer_bytes(peer, 0, bytes, size);
}

/* Request and reply of another master. Without transaction ids its replies would be ours if it asked for as many
 * registers of the same unit: it asks for others, at addresses that are no length of a reply of ours. */
static void talk_between(struct peer *peer, const struct trouble *trouble)
{
    (void)trouble;
    if (!peer_is_connected(peer)) {
        return;
    }
    struct frame_request request = {.unit = (uint8_t)chance_range(&peer->chance, 1, 12),
                                    .function = 3,
                                    .address = (uint16_t)chance_range(&peer->chance, 20000, 40000),
                                    .quantity = FOREIGN_WORDS};
    put_second_request(peer, &request);
    const struct ask ask = {.unit = request.unit,
                            .function = 3,
                            .transaction = 0xEEEE,
                            .address = request.address,
                            .quantity = FOREIGN_WORDS,
                            .value = 54321};
    uint16_t words[FOREIGN_WORDS] = {1, 2, 3};
    uint8_t bytes[FRAME_SIZE_MAX];
    size_t size = bench_reply_words(peer->bench, &ask, words, bytes);
    peer_bytes(peer, chance_range(&peer->chance, MILLI, 50 * MILLI), bytes, size);
}

static void flood(struct peer *peer, const struct trouble *trouble)
{
    (void)trouble;
    for (unsigned i = 0; i < 4 && peer_is_connected(peer); i++) {
        peer_junk(peer, i * MILLI, 600);
    }
}

/* --- our own side --- */

static void step_wall(struct peer *peer, const struct trouble *trouble)
{
    (void)trouble;
    static const int64_t steps_s[] = {
        -3600, 3600, -1, 1, -86400, 86400 * 365 * 9LL, 30, -40, -86400 * 365 * 9LL};
    int64_t step_s = steps_s[chance_bits(&peer->chance) % (sizeof(steps_s) / sizeof(*steps_s))];
    int64_t wall_us = clock_wall_us(&peer->bench->clock.clock);
    if (wall_us + step_s * SECOND > 100000000LL * SECOND) {
        peer->is_stepped = true;
        bench_step_wall(peer->bench, step_s * SECOND);
    }
}

static void command(struct peer *peer, const struct trouble *trouble)
{
    static const int64_t patience_us[] = {100 * MILLI, 2 * SECOND, 10 * SECOND, 60LL * SECOND};
    uint8_t unit = trouble->unit;
    if (unit == 0) { /* all, and one that nobody has configured */
        unit = (uint8_t)chance_range(&peer->chance, 1, (int64_t)peer->script->device_count + 1);
    }
    for (int64_t i = 0; i < trouble->size; i++) {
        if (bench_command(peer->bench, unit, patience_us[chance_bits(&peer->chance) % 4]) != NULL) {
            peer->commands_given++;
        }
    }
    line_run(peer->bench->line, false);
}

static void retry_refused(struct peer *peer, const struct trouble *trouble)
{
    (void)trouble;
    int64_t last = (int64_t)line_device_count(peer->bench->line) - 1;
    line_retry_refused(peer->bench->line, (size_t)chance_range(&peer->chance, 0, last));
}

/* The machine sleeps, or does other things. */
static void stall(struct peer *peer, const struct trouble *trouble)
{
    bench_stall(peer->bench, chance_span(&peer->chance, MILLI, trouble->size));
}

/* weight 0: never chosen by chance. */
const struct trouble_kind trouble_kinds[] = {
    {.name = "silence",
     .wires = ON_ALL,
     .weight = 4,
     .takes_unit = true,
     .takes_block = true,
     .answer = be_silent},
    {.name = "connects refused",
     .wires = ON_ALL,
     .weight = 3,
     .begin = refuse_connects,
     .end = allow_connects},
    {.name = "connects never finish",
     .wires = ON_SOCKET,
     .weight = 2,
     .begin = hold_connects,
     .end = allow_connects},
    {.name = "name unknown",
     .wires = ON_SOCKET,
     .weight = 1,
     .begin = forget_name,
     .end = allow_connects},
    {.name = "accepts and closes",
     .wires = ON_SOCKET,
     .weight = 3,
     .begin = lose,
     .open = end_at_once},
    {.name = "closes at each request",
     .wires = ON_SOCKET,
     .weight = 3,
     .takes_unit = true,
     .takes_block = true,
     .answer = end_before},
    {.name = "closes behind each reply",
     .wires = ON_SOCKET,
     .weight = 2,
     .takes_unit = true,
     .answer = end_behind},
    {.name = "closes now and then",
     .wires = ON_ALL,
     .weight = 2,
     .pace_first_us = 100 * MILLI,
     .pace_last_us = 20 * SECOND,
     .tick = lose},
    {.name = "noise",
     .inserts = true,
     .wires = ON_ALL,
     .weight = 4,
     .pace_first_us = 3 * MILLI,
     .pace_last_us = 500 * MILLI,
     .size_first = 1,
     .size_last = 60,
     .tick = make_noise},
    {.name = "noise in bursts",
     .inserts = true,
     .wires = ON_ALL,
     .weight = 2,
     .pace_first_us = SECOND,
     .pace_last_us = 10 * SECOND,
     .size_first = 1,
     .size_last = 200,
     .tick = burst},
    {.name = "a second master",
     .inserts = true,
     .wires = ON_ALL,
     .weight = 3,
     .pace_first_us = 20 * MILLI,
     .pace_last_us = 2 * SECOND,
     .tick = talk_between},
    {.name = "flood",
     .inserts = true,
     .wires = ON_ALL,
     .weight = 1,
     .pace_first_us = 5 * MILLI,
     .pace_last_us = 200 * MILLI,
     .tick = flood},
    {.name = "bytes right after accepting",
     .inserts = true,
     .wires = ON_SOCKET,
     .weight = 3,
     .size_first = 1,
     .size_last = 60,
     .begin = lose,
     .open = speak_first},
    {.name = "a banner",
     .inserts = true,
     .wires = ON_SOCKET,
     .weight = 1,
     .begin = lose,
     .open = greet},
    {.name = "late replies",
     .is_late = true,
     .wires = ON_ALL,
     .weight = 3,
     .takes_unit = true,
     .answer = be_late},
    {.name = "slow replies", .wires = ON_ALL, .weight = 2, .takes_unit = true, .answer = be_slow},
    {.name = "dripping replies",
     .splits = true,
     .wires = ON_ALL,
     .weight = 1,
     .takes_unit = true,
     .answer = drip},
    {.name = "doubled replies",
     .inserts = true,
     .wires = ON_ALL,
     .weight = 1,
     .takes_unit = true,
     .answer = be_doubled},
    {.name = "replies of another unit",
     .wires = ON_ALL,
     .weight = 1,
     .takes_unit = true,
     .answer = change_unit},
    {.name = "replies of another transaction",
     .wires = ON_TCP,
     .weight = 1,
     .takes_unit = true,
     .answer = change_transaction},
    {.name = "exceptions",
     .refuses = true,
     .wires = ON_ALL,
     .weight = 3,
     .takes_unit = true,
     .takes_block = true,
     .answer = refuse},
    {.name = "short replies",
     .refuses = true,
     .splits = true,
     .wires = ON_ALL,
     .weight = 2,
     .takes_unit = true,
     .takes_block = true,
     .answer = be_short},
    {.name = "half replies",
     .splits = true,
     .wires = ON_ALL,
     .weight = 2,
     .takes_unit = true,
     .answer = cut},
    {.name = "broken replies",
     .wires = ON_ALL,
     .weight = 2,
     .takes_unit = true,
     .takes_block = true,
     .answer = be_broken},
    {.name = "junk before replies",
     .inserts = true,
     .wires = ON_ALL,
     .weight = 2,
     .takes_unit = true,
     .size_first = 1,
     .size_last = 20,
     .answer = lead_with_junk},
    {.name = "junk behind replies",
     .inserts = true,
     .wires = ON_ALL,
     .weight = 2,
     .takes_unit = true,
     .size_first = 1,
     .size_last = 20,
     .answer = trail_junk},
    {.name = "echoes of requests",
     .inserts = true,
     .wires = ON_ALL,
     .weight = 1,
     .takes_unit = true,
     .answer = echo},
    {.name = "failing sends",
     .wires = ON_ALL,
     .weight = 2,
     .pace_first_us = 50 * MILLI,
     .pace_last_us = 5 * SECOND,
     .tick = fail_send,
     .end = send_again},
    {.name = "no room for connects",
     .most_us = 20 * SECOND,
     .wires = ON_SOCKET,
     .weight = 1,
     .begin = fill_gate,
     .end = free_gate},
    {.name = "steps of the wall clock",
     .wires = ON_ALL,
     .weight = 2,
     .pace_first_us = SECOND,
     .pace_last_us = MINUTE,
     .tick = step_wall},
    {.name = "commands",
     .wires = ON_ALL,
     .weight = 2,
     .takes_unit = true,
     .pace_first_us = 50 * MILLI,
     .pace_last_us = 5 * SECOND,
     .size_first = 1,
     .size_last = 8,
     .tick = command},
    {.name = "retries of what is refused",
     .wires = ON_ALL,
     .weight = 1,
     .pace_first_us = 200 * MILLI,
     .pace_last_us = 10 * SECOND,
     .tick = retry_refused},
    {.name = "stalls of the machine",
     .wires = ON_ALL,
     .weight = 2,
     .pace_first_us = SECOND,
     .pace_last_us = 30 * SECOND,
     .size_first = 10 * MILLI,
     .size_last = 30 * SECOND,
     .tick = stall},
};

const size_t trouble_kind_count = sizeof(trouble_kinds) / sizeof(*trouble_kinds);

const struct trouble_kind *trouble_find(const char *name)
{
    for (size_t i = 0; i < trouble_kind_count; i++) {
        if (strcmp(trouble_kinds[i].name, name) == 0) {
            return &trouble_kinds[i];
        }
    }
    return NULL;
}
