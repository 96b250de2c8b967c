/* SPDX-License-Identifier: Apache-2.0 */
/* line_internal: the state that the files of the line share.
 *
 * line.c keeps the connection (line_gate.c: its place in the queue of connects), line_exchange.c the one request in
 * flight, line_receive.c the bytes that come, line_poll.c what is due, line_outcome.c what came of it, line_device.c
 * the health of a device, line_refusal.c what it does not give, line_discovery.c the finding of its points,
 * line_command.c the queue, line_setup.c the making. */
#ifndef LINGTAN_MODBUS_LINE_INTERNAL_H
#define LINGTAN_MODBUS_LINE_INTERNAL_H

#include "collectors/modbus/decode.h"
#include "collectors/modbus/line.h"
#include "collectors/modbus/line_stats.h"
#include "collectors/modbus/respite.h"

enum {
    RECEIVE_SIZE = 2 * FRAME_SIZE_MAX, /* a stale reply and the right one in one segment (M4) */
    RESPITE_CAP_US = 60000000, /* nobody is left alone longer than a minute, but a block that */
    BLOCK_RESPITE_CAP_US = 600000000, /* never answers on a device that does */
    LINE_RESPITE_US = 1000000,
    OFFLINE_AFTER = 2, /* failed polls in a row */
};

/* Modbus exception codes. */
enum {
    EXCEPTION_ADDRESS = 2,
    EXCEPTION_VALUE = 3, /* of the length, say some devices */
    EXCEPTION_ACKNOWLEDGE = 5,
    EXCEPTION_BUSY = 6,
    EXCEPTION_NO_PATH = 0x0A,
    EXCEPTION_NO_TARGET = 0x0B,
};

#define REFUSAL_NONE SIZE_MAX

/* What the line has learned of one planned request. */
struct request_state {
    int64_t retry_us;  /* monotonic: its points are not asked for before; 0 = ask */
    int64_t failed_us; /* when it failed last */
    int32_t
        turnaround_us; /* serial: between the request's end and the reply's begin; 0 = not known yet */
    uint8_t fails;     /* in a row */
    uint8_t quality; /* of the last failure */
    uint8_t exception;
    uint8_t refusals;   /* in a row: exceptions that say the registers are not to be had */
    int64_t refused_us; /* the first of them */
};

/* The finding of a device's points; its own file. */
struct discovery;

struct line_device {
    const struct device *device;
    struct plan *plan;
    struct schedule schedules[POLL_CLASS_COUNT];
    struct request_state *requests; /* as the plan has them, and one for trials */
    struct refusals refusals;
    int64_t given_us;          /* monotonic: the last good reply to a planned request */
    int64_t forgiven_us;       /* when doubtful refusals were dropped last; 0 = never */
    uint32_t trial_turn;       /* while it refuses everything */
    bool is_finding;           /* refusals were found that the log has not told yet */
    atomic_bool wants_retry;   /* of all refusals, as soon as can be: set by any thread */
    enum device_health health; /* of the tally, to be read without its lock */
    uint32_t failed_polls;
    bool fell_with_line; /* offline because the line is down, not by itself */
    int64_t retry_us;    /* offline: the next probe */
    bool is_slow;        /* offline, but it answered a probe after that was given up */
    int64_t answered_us; /* monotonic: last good reply */
    struct respite respite;
    struct discovery *discovery; /* NULL = its points stand in its profile */
    struct device_tally tally;   /* guarded by the stats' mutex */
};

/* The device being polled: what it owes at this moment becomes one batch. */
struct go {
    struct line_device *device; /* NULL = none */
    unsigned classes;           /* bit per enum poll_class */
    bool is_probe;              /* one request, to see whether the device is back */
    bool is_forced;             /* a probe that holds others up */
    bool is_answered;
    bool is_failed; /* nothing more is sent: the rest gets the quality below */
    uint8_t quality;
    size_t request; /* the one in flight, within the plan; their count: the trial */
    size_t trial;   /* the refusal that is asked again at the end, or REFUSAL_NONE */
    bool is_given;  /* and the device has come round */
    bool is_good;   /* a planned request was answered */
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
    struct frame_request request;
    struct command *command; /* whose it is; NULL = the go's */
    uint16_t transaction;
    bool is_active;  /* there is one: in flight, or to be sent again after a reconnect */
    bool is_resent;  /* its connection had gone unnoticed: once */
    bool saw_stray;  /* a reply to somebody else came meanwhile */
    bool was_short;  /* serial: the frame was not whole at the expected end */
    bool is_watched; /* serial: nothing came by the expected end, so wait for the first byte */
    int64_t sent_us;
    int64_t request_end_us; /* serial: when its last character is on the wire */
    int64_t look_us;        /* serial: when the frame should be whole */
    int64_t deadline_us;
    int64_t drain_since_us; /* since when the wire has been kept busy by others; 0 = it is not */
};

struct line {
    const struct line_host *host;
    struct transport *transport;
    struct line_settings settings;
    char *endpoint;
    struct line_device *devices;
    size_t device_count;

    int64_t now_us; /* of this run */
    int64_t wall_us;
    struct timeline timeline;
    uint32_t chance;

    enum line_phase phase;
    bool is_admitted; /* through the gate: counts among the connects in flight */
    struct line *gate_next;
    enum line_state shown;
    bool is_down;         /* said so; until an answer or a timeout shows that the wire works */
    bool was_ready;       /* at least once */
    bool wants_open;      /* open at open_us, whether or not something is due */
    int64_t open_us;      /* not before */
    int64_t phase_end_us; /* preparing and opening: the deadline */
    struct respite respite;
    uint64_t polls_lost; /* since it went down */
    int64_t down_since_us;
    uint64_t replies_here; /* on this connection */

    int64_t not_before_us; /* gap, connect delay, late window */
    int64_t used_us;       /* last end of an exchange */
    int held_unit;         /* its late reply could pass for the next one; -1 = none */
    int64_t held_until_us;
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
    int64_t forced_us;       /* not before: a probe for which there is no room between the polls */
    bool has_gateway;        /* that reports its dead devices by exceptions 0x0A and 0x0B */
    int64_t probe_credit_us; /* of time for probing the dead */
    int64_t credit_at_us;

    struct go go;
    struct exchange exchange;
    uint16_t *registers; /* answers of the go */
    struct plan_outcome *outcomes;
    bool *is_read; /* which of its requests are settled */
    size_t registers_max;
    size_t requests_max;

    struct command *commands[LINE_COMMANDS_MAX]; /* oldest first */
    unsigned command_count;
    atomic_uint reserved;

    struct line_stats stats;
    int64_t stray_us;     /* without transaction ids: when bytes came last that nobody asked for */
    size_t since_request; /* bytes that came since the last request went out */
    size_t received;
    uint8_t bytes[RECEIVE_SIZE];
};

/* line.c */
void line_fail(struct line *line, int error, const char *words); /* down: back off, say so once */
void line_reconnect(struct line *line, int64_t wait_us); /* a fresh connection, nobody's fault */
void line_confirm(struct line *line);                    /* the wire works */
bool line_is_guarded(
    const struct line *line); /* transaction ids tell late replies from right ones */

/* line_gate.c */
bool gate_enter(struct gate *gate, struct line *line); /* false: queued */
void gate_leave(struct gate *gate, struct line *line);

/* line_exchange.c: afterwards the request is in flight, or waits for not_before_us or a new connection, or has failed. */
void exchange_begin(struct line *line, const struct frame_request *request,
                    struct command *take_command);
void exchange_send(struct line *line);
void exchange_look(struct line *line, bool is_ready);
void exchange_fail(struct line *line, uint8_t quality);
void exchange_refuse(struct line *line); /* fails by bytes that are no reply */
int64_t exchange_next_us(const struct line *line);

/* line_receive.c */
enum receive_end { RECEIVE_NOTHING, RECEIVE_SOME, RECEIVE_LOST };
enum receive_end receive_fill(struct line *line, int *error);
enum frame_verdict receive_match(struct line *line, struct frame_reply *reply, size_t *consumed);
void receive_drop(struct line *line, size_t size);
bool receive_drop_foreign(struct line *line,
                          size_t size);         /* true: it was the late reply to a probe */
bool receive_is_flood(const struct line *line); /* more since the last request than it can want */
bool receive_keep_step(struct line *line); /* with transaction ids, after an exchange: drops what is
                                              foreign; false: what follows is no frame */
void receive_strays(struct line *line);    /* while no request is in flight */
bool receive_until_silent(struct line *line);

/* line_poll.c */
bool poll_choose(struct line *line); /* false: nothing now */
void poll_step(struct line *line);   /* the next request of the go */
void poll_settle(struct line *line); /* ends the go when it needs no more requests */
int64_t poll_next_us(struct line *line);
void poll_line_down(struct line *line);
void poll_line_up(struct line *line, int64_t from_us);
void poll_realign(struct line *line);

/* line_outcome.c */
struct request_state *outcome_state(const struct line *line); /* of the go's request in flight */
void outcome_begin(struct line *line);
void outcome_post(struct line *line);
void outcome_post_all(struct line *line, const struct line_device *device, unsigned classes,
                      enum quality quality);
bool outcome_is_gateway_failure(uint8_t exception); /* the gateway speaks, its device is dead */
void outcome_reply(struct line *line, const struct frame_reply *reply);
void outcome_failed(struct line *line, uint8_t quality);
void outcome_missing(struct line *line,
                     uint8_t quality); /* the device answers, but has not what the go is for */

/* line_device.c */
bool device_is_probed(const struct line_device *device);
int64_t device_due_us(const struct line_device *device);
int64_t device_period_us(const struct line_device *device); /* the shortest */
void device_answered(struct line *line, struct line_device *device);
void device_failed(struct line *line, struct line_device *device);
void device_fell(struct line *line, struct line_device *device); /* with the line */
bool probe_hears(struct line *line,
                 uint16_t transaction); /* a stray reply: is it a sign of life? */
bool probe_casts_shadow(struct line *line, int64_t took_us); /* on a request that took so long */
void probe_space_out(struct line *line, int64_t cost_us);    /* after one that held others up */
int64_t probe_patience_us(const struct line *line, const struct line_device *device);
int64_t probe_cost_us(const struct line *line,
                      const struct line_device *device);                       /* NULL: at most */
int64_t probe_allowed_us(struct line *line, const struct line_device *device); /* affordable then */
void probe_charge(struct line *line, int64_t cost_us);

/* line_refusal.c */
void refusal_count(struct request_state *state, uint8_t exception, int64_t now_us);
size_t refusal_choose(struct line *line, struct line_device *device); /* to be tried in this go */
void refusal_forget(struct line *line, struct line_device *device);   /* all of them */
void refusal_tried(struct line *line, bool is_given);
void refusal_judge(struct line *line, const struct go *go); /* after it */

/* line_setup.c */
void line_make_room(struct line *line, struct line_device *device); /* for its plan */
/* Other points from now on, read at once; takes the reference and the plan. */
void device_replace(struct line *line, struct line_device *device, const struct device *take_device,
                    struct plan *take_plan, const int64_t period_ms[POLL_CLASS_COUNT],
                    uint32_t index);

/* line_discovery.c: all of it is nothing for a device without discovery. */
void discovery_begin(struct line *line); /* a go: does it begin with a walk? */
bool discovery_wants(const struct line *line);
void discovery_step(struct line *line); /* the next read of the walk */
bool discovery_reply(struct line *line,
                     const struct frame_reply *reply);      /* false: it was not for the walk */
void discovery_failed(struct line *line);                   /* no reply */
void discovery_returned(struct line_device *device);        /* online again: is it the same? */
void discovery_doubt(struct line *line, uint8_t exception); /* a planned request was refused */
bool discovery_keep_refused(struct line_device *device, const struct bad_register *rows,
                            size_t count); /* false: its points are known */
void discovery_destroy(struct discovery *discovery);

/* line_command.c */
struct command *command_next(struct line *line); /* takes the oldest; NULL = none */
void command_finish(struct line *line, struct command *take_command, int error);
void command_fail_all(struct line *line, int error);
void command_expire(struct line *line);
int64_t command_expiry_us(const struct line *line);

#endif
