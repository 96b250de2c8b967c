/* SPDX-License-Identifier: Apache-2.0 */
/* bench: a real line on a wire that a test scripts and a clock that stands still. Time jumps from event to event, so
 * an hour of polling takes milliseconds and every run is the same. */
#ifndef TESTS_SCENARIO_BENCH_H
#define TESTS_SCENARIO_BENCH_H

#include "collectors/modbus/line/line.h"

enum {
    BENCH_POSTS_MAX = 60000,
    BENCH_ASKS_MAX = 60000,
    BENCH_ARRIVALS_MAX = 64,
    BENCH_DONE_MAX = 8192,
    BENCH_NOTES_MAX = 256,
};

/* A request as the wire saw it. */
struct ask {
    int64_t at_us;
    uint16_t transaction;
    uint8_t unit;
    uint8_t function;
    uint16_t address;
    uint16_t quantity;   /* of function 5 and 6 what is written */
    uint16_t written[4]; /* 16: the first registers */
    uint16_t
        value; /* that a good reply carries in all its registers: unlike that of any other request */
};

/* Bytes, or the end of the connection, on their way to the line. */
struct arrival {
    int64_t at_us;
    size_t size;
    size_t taken;
    bool is_end;
    uint8_t bytes[700];
};

struct post {
    int64_t at_us;
    const struct batch *batch;
};

struct bench_device {
    bool is_silent;
    uint8_t exception;
    int64_t delay_us;
    uint16_t refused_first; /* a request that touches one of these registers gets an exception */
    uint16_t refused_last;  /* 0 = none */
    uint8_t refused_code;   /* which one; 0 = 2 */
    bool refuses_silently;  /* it gets no answer instead, */
    bool refuses_short;     /* or the registers before them alone */
    uint16_t quantity_max;  /* a longer one exception 3; 0 = no limit */
};

/* What the line has said of a bad register. */
struct note {
    struct bad_register row;
    bool is_gone;
};

struct bench;
typedef void (*bench_answer_fn)(struct bench *bench, const struct ask *ask);

/* For whoever runs a line for hours, thousands of times: posts, notes and commands go here and are kept nowhere, nor are
 * the asks, and a line that spins is said rather than failed. */
struct bench_watcher {
    void (*post)(struct bench *bench, const struct batch *batch); /* borrowed */
    void (*done)(struct bench *bench, const struct command *command);
    void (*opened)(struct bench *bench); /* the line has just been connected */
    void *context;
};

struct bench {
    struct fake_clock clock;
    int64_t now_us; /* of the clock */
    struct collector_host host;
    struct gate gate;
    struct line_host line_host;
    struct line_settings settings; /* to be changed before bench_start */
    struct transport wire;         /* likewise: frame, char_ns, silence_us, reopen_us */
    struct line *line;
    const struct profiles *profiles;
    struct profiles *own_profiles;
    uint32_t device_count;

    struct bench_device devices[256]; /* by unit */
    bench_answer_fn answer;           /* what happens to a request; NULL = bench_answer */
    void (*greet)(
        struct bench *bench); /* what the other end does when it accepts; NULL = nothing */
    const struct bench_watcher *watcher; /* NULL = everything is kept below */
    bool is_spinning;
    int prepare_error; /* of the next opens, before they begin; 0 = it works */
    int open_error;    /* of the next opens, 0 = they work */
    int64_t open_us;   /* how long opening takes */
    int64_t opened_at_us;
    int send_error; /* of the next send, once */
    unsigned opens;
    unsigned closes;
    uint16_t value;
    size_t runs; /* of the line, as a pool would wake up for it */

    struct arrival arrivals[BENCH_ARRIVALS_MAX];
    size_t arrival_count;
    struct post *posts;
    size_t post_count;
    struct ask *asks;
    size_t ask_count;
    struct note notes[BENCH_NOTES_MAX];
    size_t note_count;
    struct command *done[BENCH_DONE_MAX];
    size_t done_count;
};

/* Wall time is wall_us, monotonic time starts elsewhere. A Modbus TCP wire, timeout 200 ms, profiles below. */
void bench_init(struct bench *bench, int64_t wall_us);
void bench_finish(struct bench *bench);

/* The same on profiles that outlive the bench, on a machine that has been up for so long. */
struct profiles *bench_profiles_create(void);
void bench_init_with(struct bench *bench, const struct profiles *profiles, int64_t uptime_us,
                     int64_t wall_us);

/* The profile "set" has charge_current_limit at 40, u16 by 0.1 A, in the normal class, written where it is read with
 * function 16, 6..32 A, 0 pauses, shown after 2 s, with a switch at 41 and a heartbeat at 42; power_limit at 50 whose
 * scale is 10 to the power of register 51; the setpoint charge_power_limit at 60, and co2 at 7.
 * The profile "one" has a u16 point in the fast class; "two" has two blocks in the normal class; "full" one request in
 * each class; "counted" a counter in the normal class. "wide" has one block in the normal class: u16 at 10 to 17, 20, 21, 24 and 26, a u32 at 22 that is read
 * together with a u16 at 25; nothing stands at 18 and 19. */
void bench_add(struct bench *bench, const char *profile, uint8_t unit, int64_t fast_ms,
               int64_t normal_ms);
/* A device whose points are found; unknown and what it points to outlive the bench. */
void bench_add_unknown(struct bench *bench, const struct line_unknown *unknown,
                       const int64_t period_ms[POLL_CLASS_COUNT]);
void bench_start(struct bench *bench); /* makes nothing happen yet */

/* A reload: what bench_add adds from now on stands on a later line, which bench_reload puts in the place of the one that
 * runs. */
struct line *bench_begin_reload(struct bench *bench); /* returns the one that runs */
void bench_reload(struct bench *bench, struct line *take_former, const struct line_origin *origins);
void bench_run(struct bench *bench, int64_t duration_us);
void bench_step_wall(struct bench *bench, int64_t delta_us);
void bench_stall(struct bench *bench, int64_t duration_us); /* time in which nothing runs */

/* The usual answer by bench->devices. */
void bench_answer(struct bench *bench, const struct ask *ask);

/* Pieces for answers of a test's own. The reply is appended to out; returns its size. */
size_t bench_reply(const struct bench *bench, const struct ask *ask, uint16_t value, uint8_t *out);
size_t bench_reply_words(const struct bench *bench, const struct ask *ask, const uint16_t *words,
                         uint8_t *out); /* as many as were asked for */
size_t bench_exception(const struct bench *bench, const struct ask *ask, uint8_t exception,
                       uint8_t *out);
void bench_arrive(struct bench *bench, int64_t delay_us, const uint8_t *bytes, size_t size);
void bench_hang_up(struct bench *bench, int64_t delay_us);

/* The reply that confirms a write. */
size_t bench_confirm(const struct bench *bench, const struct ask *ask, uint8_t *out);

/* Gives a command of the test's own to the line; false: its queue is full, and it is still the caller's. */
bool bench_give(struct bench *bench, struct command *take_command, int64_t expires_in_us);

/* A raw read of one register, 0 = accepted; what comes back is in done. */
struct command *bench_command(struct bench *bench, uint8_t unit, int64_t expires_in_us);

/* Posts of a device with that quality, counted from the first-th post on. */
size_t bench_count(const struct bench *bench, uint8_t unit, enum quality quality, size_t first);
size_t bench_asks(const struct bench *bench, uint8_t unit, size_t first);
const struct reading *bench_last(const struct bench *bench, uint8_t unit);
struct line_status bench_line_status(struct bench *bench);
struct device_status bench_device_status(struct bench *bench, uint8_t unit);

#endif
