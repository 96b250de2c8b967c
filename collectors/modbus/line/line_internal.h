/* SPDX-License-Identifier: Apache-2.0 */
/* line_internal: the state that the files of the line share, from the wire upwards; each file knows those above it in
 * this list only.
 *
 * The wire: line_gate.c the queue of connects, line_connection.c the connection, line_receive.c the bytes that come,
 * line_exchange.c the one request in flight. They know neither devices nor commands and tell what happens by reports.
 * The devices: line_room.c memory for a plan, line_bad_runs.c what a device does not give, line_device.c its health and
 * requests (probe_budget.c: what may be spent on the dead), line_search.c the search for
 * what it does not give, line_discovery.c the finding of its points, line_twins.c devices that are one, line_outcome.c
 * what came of a poll, line_poll.c what is due, line_steps.c what a command that names a device asks, line_command.c the
 * queue of commands.
 * The line: line_setup.c its making, line.c who has its turn, and the reports, line_inherit.c one that takes over from
 * another. */
#ifndef LINGTAN_MODBUS_LINE_INTERNAL_H
#define LINGTAN_MODBUS_LINE_INTERNAL_H

#include "collectors/modbus/frame/trouble.h"
#include "collectors/modbus/line/line.h"
#include "collectors/modbus/line/line_backoff.h"
#include "collectors/modbus/line/line_stats.h"
#include "collectors/modbus/line/probe_budget.h"
#include "collectors/modbus/line/redial.h"
#include "collectors/modbus/line/unit_dates.h"
#include "collectors/modbus/plan/decode.h"
#include "collectors/modbus/plan/given_runs.h"

enum {
    SHADOW_FADES = 8,
    RECEIVE_SIZE = 2 * FRAME_SIZE_MAX, /* a stale reply and the right one in one segment (M4) */
    BACKOFF_CAP_US = 60000000, /* nobody is left alone longer than a minute, but a block that */
    BLOCK_BACKOFF_CAP_US = 600000000, /* never answers on a device that does */
    OFFLINE_AFTER = 2,                /* polls in a row without an answer, */
    BARREN_AFTER = 8,                 /* or without a value */
};

#define BAD_RUN_NONE SIZE_MAX

/* Serial: between the end of a request and the begin of its reply. */
struct turnaround {
    int32_t us;      /* 0 = not known yet */
    uint8_t in_time; /* replies in a row that were whole when they were looked for */
};

/* What the line has learned of one planned request. */
struct request_state {
    int64_t retry_us;  /* monotonic: its points are not asked for before; 0 = ask */
    int64_t failed_us; /* when it failed last */
    struct turnaround turnaround;
    uint8_t fails;   /* in a row */
    uint8_t quality; /* of the last failure */
    uint8_t exception;
    uint8_t misses;    /* in a row: failures of it while the device answered */
    bool was_given;    /* the device has answered it well */
    int64_t missed_us; /* the first of them */
};

/* The finding of a device's points, and of devices that are one; their own files. */
struct discovery;
struct line_twins;

struct line_device {
    const struct device *device;
    struct plan *plan;
    struct schedule schedules[POLL_CLASS_COUNT];
    struct request_state *requests; /* as the plan has them, and one for trials */
    struct bad_runs bad_runs;
    struct given_runs given_runs;
    int64_t given_us;          /* monotonic: the last good reply to a planned request */
    int64_t forgiven_us;       /* when doubtful bad runs were dropped last; 0 = never */
    int64_t hurried_us;        /* when all bad runs were made due last; 0 = never */
    uint32_t trial_turn;       /* while it refuses everything */
    int64_t regained_us;       /* monotonic: when the log told last that a bad run is given again */
    unsigned regained;         /* those since, not told */
    bool is_finding;           /* bad runs were found that the log has not told yet */
    atomic_bool wants_retry;   /* of all bad runs, as soon as can be: set by any thread */
    enum device_health health; /* of the tally, to be read without its lock */
    uint32_t failed_polls;     /* in a row: those that brought no value */
    uint32_t silent_polls;     /* in a row: those that brought no answer */
    bool fell_with_line;       /* offline because the line is down, not by itself */
    bool is_barren;            /* offline, but it answers: polled as usual */
    uint8_t told;              /* of this outage, by the log */
    int64_t tell_us;           /* monotonic: no line of the log on another outage before */
    int64_t tell_pause_us;
    struct trouble trouble; /* why it is not online */
    int64_t retry_us;       /* offline: the next probe */
    bool is_slow;           /* offline, but it answered a probe after that was given up */
    int64_t answered_us;    /* monotonic: last good reply */
    int64_t slowest_us;     /* about the longest that one took lately; 0 = none came yet */
    int64_t posted_us;      /* likewise: last batch */
    struct line_backoff backoff;
    bool has_returned;           /* from an outage: is it the same as before? */
    struct discovery *discovery; /* NULL = its points stand in its profile */
    struct device_tally tally;   /* guarded by the stats' mutex */
};

/* The device being polled: what it owes at this moment becomes one batch. */
struct poll {
    struct line_device *device; /* NULL = none */
    unsigned classes;           /* bit per enum poll_class */
    bool is_probe;              /* one request, to see whether the device is back */
    bool is_forced;             /* a probe that holds others up */
    bool is_answered;
    bool is_failed; /* nothing more is sent: the rest gets the quality below */
    uint8_t quality;
    struct trouble trouble; /* of the request that failed */
    size_t request;         /* the one in flight, within the plan; their count: the trial */
    size_t trial;           /* the bad run that is asked again at the end, or BAD_RUN_NONE */
    bool is_given;          /* and the device has come round */
    bool is_good;           /* a planned request was answered */
    bool is_fruitful;       /* some good reply came */
};

enum line_phase {
    PHASE_CLOSED,
    PHASE_PREPARING,
    PHASE_GATED, /* waits for room among the pool's connects */
    PHASE_OPENING,
    PHASE_READY,
    PHASE_AWAITING, /* a request is in flight */
};

/* The one request in flight. */
struct exchange {
    /* What whoever begins it says. */
    struct frame_request request;
    struct device_tally *tally;    /* of the device that is polled; NULL = it is none */
    struct turnaround *turnaround; /* serial: learned of this request; NULL = of none */
    struct line_device *probed;    /* it is a probe of that one, which is not looked at */
    int64_t patience_us;           /* for the reply */
    bool is_expected;              /* the last time a reply came */
    bool is_doubtful; /* its device failed last time: the likelier cause of a lost connection */
    bool is_once;     /* a write: once it is sent it is never sent again */
    /* What becomes of it. */
    uint16_t transaction;
    bool is_active;         /* there is one: in flight, or to be sent again after a reconnect */
    bool is_resent;         /* its connection had gone unnoticed: once */
    bool saw_foreign;       /* a reply to somebody else came meanwhile, */
    bool saw_stray;         /* or bytes that are no frame */
    struct trouble trouble; /* what was wrong with the first bytes that were no reply */
    bool has_ended_wire;    /* the other end closed instead of a reply */
    bool was_short;         /* serial: the frame was not whole at the expected end */
    bool is_watched; /* serial: nothing came by the expected end, so wait for the first byte */
    int64_t sent_us; /* 0 = not yet, and so are the dates below */
    int64_t request_end_us; /* serial: when its last character is on the wire */
    int64_t look_us;        /* serial: when the frame should be whole */
    int64_t deadline_us;
    int64_t drain_since_us; /* since when the wire has been kept busy by others; 0 = it is not */
};

/* What the wire tells of the one request in flight. */
struct exchange_reports {
    void (*replied)(struct line *line, const struct frame_reply *reply); /* an exception, too */
    void (*failed)(struct line *line, uint8_t quality);
    bool (*heard)(struct line *line,
                  uint16_t transaction); /* a stray reply: is it a sign of life? */
};

/* What the wire tells of the connection. */
struct connection_reports {
    void (*down)(struct line *line); /* what was under way comes to nothing */
    void (*up)(struct line *line, int64_t from_us);
    void (*unsure)(struct line *line); /* open; whether it works is known by an answer alone */
};

/* What belongs together stands together; a line more or less of padding is nothing beside its buffer.
 * NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding) */
struct line {
    const struct line_host *host;
    struct transport *transport;
    struct line_settings settings;
    char *endpoint;
    const struct exchange_reports *exchange_reports;
    const struct connection_reports *connection_reports;
    struct line_device *devices;
    size_t device_count;
    struct line_twins *twins; /* NULL = there are no two devices */

    int64_t now_us; /* of this run */
    int64_t wall_us;
    struct timeline timeline;
    uint32_t chance;

    enum line_phase phase;
    bool is_admitted; /* through the gate: counts among the connects in flight */
    struct line *gate_next;
    enum line_state shown;
    bool is_down;          /* until an answer or a timeout shows that the wire works */
    bool is_told;          /* the log knows that it is down */
    int64_t tell_us;       /* not before, of a line that comes and goes */
    bool is_obstructed;    /* down because its wire is never silent */
    int64_t busy_since_us; /* since when silence is waited for in vain; 0 = there was some */
    bool was_ready;        /* at least once */
    bool wants_open;       /* open at open_us, whether or not something is due */
    int64_t open_us;       /* not before */
    int64_t phase_end_us;  /* preparing and opening: the deadline */
    struct redial redial;
    uint64_t polls_lost; /* since it went down */
    int64_t down_since_us;
    bool has_asked;        /* on this connection */
    uint64_t replies_here; /* likewise */
    bool was_disturbed;    /* it follows one that failed: idle and lost while idle are none */

    int64_t not_before_us; /* gap, connect delay, late window */
    int64_t used_us;       /* last end of an exchange */
    struct unit_dates
        holds; /* without transaction ids: late replies could pass for the next ones */
    unsigned timeouts_in_row;
    unsigned hangups; /* units in a row whose requests ended their connections */
    uint8_t hung_unit;
    uint16_t transaction;
    struct line_device
        *probed; /* by this transaction: its reply is a sign of life even when it is late */
    uint16_t probe_transaction;
    int64_t slowest_us;    /* about the longest that a good reply took lately; 0 = none came yet */
    int64_t probe_sent_us; /* the last exchange was a probe that got no reply; 0 = it was not */
    int64_t
        shadow_us; /* for how long a far end that serves one after the other was busy with a dead
                          device, as the request behind the probe felt it */
    int64_t forced_us; /* not before: a probe for which there is no room between the polls */
    bool has_gateway;  /* that reports its dead devices by exceptions 0x0A and 0x0B */
    struct probe_budget probe_budget; /* of time for probing the dead */

    struct poll poll;
    struct exchange exchange;
    uint16_t *registers; /* answers of the poll */
    struct plan_outcome *outcomes;
    bool *is_read; /* which of its requests are settled */
    size_t registers_max;
    size_t requests_max;

    struct command *commands[LINE_COMMANDS_MAX]; /* oldest first */
    unsigned command_count;
    struct command *asked;              /* whose request is in flight; NULL = the poll's */
    bool is_polls_turn;                 /* a command has just had its own */
    struct probe_budget command_budget; /* of time for commands to what may not answer */
    struct unit_dates doubts;           /* units that left one without an answer, */
    struct unit_dates hangers;          /* or at one of which the connection ended */
    atomic_uint reserved;

    struct line_stats stats;
    int64_t stray_us;     /* without transaction ids: when bytes came last that nobody asked for */
    size_t since_request; /* bytes that came since the last request went out */
    size_t received;
    uint8_t bytes[RECEIVE_SIZE];
};

/* Until when the late reply to an earlier request could pass for one of that unit: of any, where replies do not tell their
 * unit. Asked for each device and poll. */
static inline int64_t line_holds_until_us(const struct line *line, unsigned unit, int64_t time_us)
{
    return line->settings.ignore_unit_id
               ? line->holds.last_us
               : unit_dates_until_us(&line->holds, (uint8_t)unit, time_us);
}

/* Transaction ids tell late replies from right ones. */
static inline bool line_is_guarded(const struct line *line)
{
    return line->transport->frame == FRAME_TCP && !line->settings.ignore_transaction_id;
}

/* line_gate.c */
bool gate_enter(struct gate *gate, struct line *line); /* false: queued */
void gate_leave(struct gate *gate, struct line *line);

/* line_connection.c */
void connection_begin(struct line *line); /* to be opened */
void connection_step(struct line *line);  /* on the way to it */
void connection_close(struct line *line);
void connection_rest(struct line *line); /* closes an idle one, until something is due */
void connection_show(struct line *line); /* its state, to people */
/* The other ways in which a connection ends. Each passes the back-off and is counted. */
void connection_fail(struct line *line, int error,
                     const char *words);            /* down: back off, say so once */
void connection_lose(struct line *line, int error); /* the other end's doing */
void connection_reconnect(struct line *line);       /* ours: a fresh one is wanted */
void connection_obstruct(struct line *line,
                         const char *words); /* down, but open: others are on its wire */
void connection_confirm(struct line *line);  /* the wire works */

/* line_receive.c */
enum receive_end { RECEIVE_NOTHING, RECEIVE_SOME, RECEIVE_LOST };
enum receive_end receive_fill(struct line *line, int *error);
enum frame_verdict receive_match(struct line *line, struct frame_reply *reply, size_t *consumed);
void receive_drop(struct line *line, size_t size);
bool receive_pass(struct line *line, enum frame_verdict verdict,
                  size_t size);                 /* drops what is for nobody; false: it is not */
void receive_note(struct line *line);           /* that there are bytes which are no reply */
bool receive_is_flood(const struct line *line); /* more since the last request than it can want */
bool receive_keep_step(struct line *line); /* with transaction ids, after an exchange: drops what is
                                              foreign; false: what follows is no frame */
bool receive_greeting(struct line *line);  /* before the first request of a connection: drops what
                                              has come; false: the connection is no more */
void receive_strays(struct line *line);    /* while no request is in flight */
enum receive_silence { RECEIVE_SILENT, RECEIVE_BUSY, RECEIVE_OBSTRUCTED /* for too long */ };
enum receive_silence receive_until_silent(struct line *line);

/* line_exchange.c: afterwards the request is in flight, or waits for not_before_us or a new connection, or has failed. */
void exchange_begin(struct line *line, const struct exchange *exchange);
void exchange_send(struct line *line);
void exchange_look(struct line *line, bool is_ready);
void exchange_fail(struct line *line, uint8_t quality);
bool exchange_was_sent(const struct line *line); /* at least once */
int64_t exchange_next_us(const struct line *line);

/* line_poll.c */
bool poll_choose(struct line *line);                          /* false: nothing now */
void poll_step(struct line *line);                            /* the next request of the poll */
bool poll_has_room(const struct line *line, int64_t cost_us); /* from now to the next */
void poll_settle(struct line *line); /* ends the poll when it needs no more requests */
int64_t poll_next_us(struct line *line);
void poll_line_down(struct line *line);
void poll_line_up(struct line *line, int64_t from_us);
void poll_demand(struct line *line); /* something at once, whether or not it is due */
void poll_realign(struct line *line);

/* line_outcome.c */
void outcome_begin(struct line *line);
void outcome_post(struct line *line);
void outcome_post_all(struct line *line, struct line_device *device, unsigned classes,
                      enum quality quality);
void outcome_reply(struct line *line, const struct frame_reply *reply);
void outcome_failed(struct line *line, uint8_t quality);

/* line_device.c */
struct request_state *device_request(const struct line *line); /* of the poll's request in flight */
void device_ask(struct line *line, const struct frame_request *request); /* the polled one */
void device_set_dates(struct line_device *device, const int64_t period_ms[POLL_CLASS_COUNT],
                      uint32_t index); /* of its classes, by its plan */
bool device_is_probed(const struct line_device *device);
int64_t device_due_us(const struct line_device *device);
int64_t device_period_us(const struct line_device *device);          /* the shortest */
void device_answered(struct line *line, struct line_device *device); /* well */
void device_heard(struct line *line, struct line_device *device,
                  const struct frame_reply *reply);                /* not well */
void device_barren(struct line *line, struct line_device *device); /* a poll of nothing else */
void device_failed(struct line *line, struct line_device *device);
void device_fell(struct line *line, struct line_device *device);    /* with the line */
void device_put_off(struct line *line, struct line_device *device); /* its next probe */
bool device_is_trusted(const struct line *line, uint8_t unit);      /* one that answers its polls */
void device_spoke(struct line *line, uint8_t unit); /* it answered something that is no poll */
void probe_begin(struct line *line);
bool probe_hears(struct line *line,
                 uint16_t transaction);                   /* a stray reply: is it a sign of life? */
void probe_space_out(struct line *line, int64_t cost_us); /* after one that held others up */
int64_t probe_patience_us(const struct line *line, const struct line_device *device);
int64_t probe_cost_us(const struct line *line, const struct line_device *device);

/* line_bad_runs.c */
size_t bad_runs_choose(struct line *line,
                       struct line_device *device);                  /* to be tried in this poll */
void bad_runs_forget(struct line *line, struct line_device *device); /* all of them */
void bad_runs_hurry(struct line *line, struct line_device *device);  /* it, or its line, is back */
void bad_runs_hurry_all(struct line *line);
bool bad_runs_is_of_all(const struct line_device *device); /* nothing of its profile is left */
bool bad_runs_is_silent(const struct line *line);
void bad_runs_tried(struct line *line, bool is_given);
int64_t bad_run_pause_us(struct line *line, const struct bad_run *run, int64_t refused_us);
void bad_runs_tell(struct line *line, const struct line_device *device, const struct bad_run *run,
                   bool is_gone); /* to whoever keeps the rows */
void bad_runs_show_count(struct line *line, struct line_device *device);

/* line_search.c */
void search_count(struct line *line, struct request_state *state, uint8_t quality,
                  uint8_t exception);                          /* one more failure of a request */
void search_judge(struct line *line, const struct poll *poll); /* after it */
void search_know(struct line *line, struct line_device *device, const struct bad_register *rows,
                 size_t count); /* from earlier runs; those of other devices are passed over */

/* line_room.c */
void room_make(struct line *line, struct line_device *device); /* for its plan */
/* For the answers alone: the device has its own state already. */
void room_reserve(struct line *line, const struct line_device *device);

/* line_discovery.c: all of it is nothing for a device without discovery. */
void discovery_begin(struct line *line); /* a poll: does it begin with a walk? */
bool discovery_wants(const struct line *line);
void discovery_step(struct line *line); /* the next read of the walk */
/* False: it was not for the walk. missing: a quality when there are no points to be read. */
bool discovery_reply(struct line *line, const struct frame_reply *reply, uint8_t *missing);
void discovery_failed(struct line *line);                   /* no reply */
void discovery_doubt(struct line *line, uint8_t exception); /* a planned request was refused */
bool discovery_keep_refused(struct line_device *device, const struct bad_register *rows,
                            size_t count); /* false: its points are known */
struct discovery *discovery_create(const struct line_unknown *unknown,
                                   const int64_t period_ms[POLL_CLASS_COUNT], uint32_t index);
void discovery_destroy(struct discovery *discovery);
/* A new reference and a new plan, of what is known. */
struct device *discovery_describe(const struct discovery *discovery);
struct plan *discovery_plan(const struct discovery *discovery);

/* line_twins.c */
void twins_begin(struct line *line);
void twins_end(struct line *line);
void twins_note(struct line *line, const struct line_device *device, unsigned classes,
                const struct batch *batch); /* of a poll, before it is given away */

/* line_steps.c */
int steps_begin(struct line *line, struct command *command); /* else an error, and why */
void steps_end(struct command *command);
/* The next request; false: nothing is to be asked now, since it settles or is over. is_once: a write. */
bool steps_request(struct line *line, struct command *command, struct frame_request *request,
                   bool *is_once);
void steps_replied(struct line *line, struct command *command, const struct frame_reply *reply);
void steps_failed(struct line *line, struct command *command, uint8_t quality, int error);
bool steps_are_over(const struct command *command);
bool steps_have_written(const struct command *command);
int64_t steps_due_us(const struct command *command); /* of one that settles; else 0 */
void steps_put_off(struct command *command, int64_t until_us);

/* line_setup.c */
void device_finish(struct line_device *device); /* all-zero is nothing */

/* line_command.c */
void command_begin(struct line *line);
/* Gives it back: its place is free before the maker hears of it, so that it may come with the next one at once. */
void command_return(struct line *line, struct command *take_command, int error);
int64_t command_due_us(const struct line *line); /* when one can go out; INT64_MAX = none waits */
struct command *command_next(struct line *line); /* takes the oldest that can; NULL = none */
void command_send(struct line *line, struct command *take_command);
void command_replied(struct line *line, const struct frame_reply *reply);
void command_failed(struct line *line, uint8_t quality);
void command_end_asked(struct line *line, int error); /* the one on the wire, if there is one */
void command_end_all(struct line *line, int error);
/* Of a write that is gone its own fate is told instead of the error. */
void command_end(struct line *line, struct command *take_command, int error);
void command_fail_all(struct line *line, int error);
void command_expire(struct line *line);
int64_t command_expiry_us(const struct line *line);

#endif
