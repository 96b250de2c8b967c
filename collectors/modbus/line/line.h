/* SPDX-License-Identifier: Apache-2.0 */
/* line: one Modbus link with its devices as a state machine: what is due, one request in flight, what became of it.
 *
 * It has no thread, no timer and no socket of its own: whoever drives it calls line_run when its time has come or its
 * descriptor is ready, and asks afterwards what it waits for. The pool does so with epoll and the machine's clock, the
 * scenarios with a script and a clock that stands still. One thread at a time, apart from line_reserve,
 * line_release, line_status_copy and line_device_status. */
#ifndef LINGTAN_MODBUS_LINE_H
#define LINGTAN_MODBUS_LINE_H

#include "collectors/modbus/line/schedule.h"
#include "collectors/modbus/plan/plan.h"
#include "collectors/modbus/wire/transport.h"
#include <lingtan/collector.h>

enum {
    LINE_COMMANDS_MAX = 16,
};

struct line;

/* How many connects of a pool may be in flight, and who waits for room, first come first served. */
struct gate {
    unsigned in_flight;
    unsigned limit;
    struct line *first;
    struct line *last;
};

/* The line at the head of the queue when there is room for it, now admitted: to be run at once. NULL: none. */
struct line *gate_admit(struct gate *gate);

/* What the lines of a pool share; outlives them. */
struct line_host {
    const struct collector_host *collector;
    struct gate *gate;
    int64_t slot_us;
};

struct line_settings {
    const char *id;       /* borrowed */
    const char *endpoint; /* copied */
    int64_t response_timeout_us;
    int64_t connect_timeout_us;
    int64_t connect_delay_us;
    int64_t gap_us;
    int64_t idle_close_us; /* 0 = never */
    bool ignore_transaction_id;
    bool ignore_unit_id; /* replies of unit 0 or 255 are those of the unit that was asked */
    uint32_t seed;       /* of its random numbers, not 0 */
};

struct line *line_create(const struct line_settings *settings, struct transport *take_transport,
                         const struct line_host *host);

/* After line_stop. NULL-safe. */
void line_destroy(struct line *line);

/* index: the device's number in the site, which spreads the polls. Before line_start. The line takes a reference of the
 * device and the plan itself. */
void line_add_device(struct line *line, const struct device *device, struct plan *take_plan,
                     const int64_t period_ms[POLL_CLASS_COUNT], uint32_t index);

/* A device whose points are found on the device itself, by the discovery of its profile. The profile is borrowed for the
 * life of the line. Until something is found its descriptor holds what every such device has. */
struct line_unknown {
    const struct site *site;
    const struct line_config *line;
    const struct device_config *device;
    const struct profile *profile;
};
void line_add_unknown(struct line *line, const struct line_unknown *unknown,
                      const int64_t period_ms[POLL_CLASS_COUNT], uint32_t index);

/* What devices are known to refuse, for the index-th added: rows of others are passed over. Before line_start. */
void line_know_refused(struct line *line, size_t index, const struct bad_register *rows,
                       size_t count);
void line_start(struct line *line);

/* Does everything that is due; is_ready: the descriptor is, or a helper has come home. */
void line_run(struct line *line, bool is_ready);

/* Monotonic: when line_run is to be called next at the latest; INT64_MAX = only when something comes. */
int64_t line_next_us(struct line *line);

struct line_wait {
    int fd;              /* -1 = nothing to wait for */
    unsigned generation; /* changes with every new descriptor */
    bool for_reading;
    bool for_writing;
};
struct line_wait line_wait(const struct line *line);

/* Closes, and gives back all commands with -ECANCELED. It is not run again. */
void line_stop(struct line *line);

/* Where a device of a later line was in the former one. */
#define LINE_NOWHERE SIZE_MAX
struct line_origin {
    size_t place; /* among its devices; LINE_NOWHERE = it was not there */
    bool
        is_same; /* what is read of it, and how: its whole state goes on. Otherwise only its counts do */
};

struct line_heritage {
    const struct line_origin *origins; /* one a device of the later line */
    bool is_elsewhere;                 /* it leads to another far end: nothing is known of that */
};

/* The end of a line that another one takes over from: the command in flight comes back with -ERESTART, those that wait are
 * kept for line_inherit. With an error it is the end of the line: all of them come back with that. */
void line_retire(struct line *line, int error);

/* After line_retire of the former line and line_start of its heir, on the thread of both: the heir goes on where it was.
 * Commands that wait for a unit that the heir does not have come back with -ENODEV. The former is only good for
 * line_destroy then. */
void line_inherit(struct line *line, struct line *from, const struct line_heritage *heritage);

/* Room for a command: true takes one of LINE_COMMANDS_MAX places, which line_command fills. Any thread. */
bool line_reserve(struct line *line);
void line_release(struct line *line); /* the place is not needed after all */
void line_command(struct line *line, struct command *take_command);

const char *line_id(const struct line *line);
size_t line_device_count(const struct line *line);
unsigned line_twin_count(const struct line *line); /* devices told to be another; its thread */

/* Asks what the device refuses again with its next polls. Any thread. */
void line_retry_refused(struct line *line, size_t index);

/* Any thread. */
void line_status_copy(struct line *line, int64_t now_us, struct line_status *out);
void line_device_status(struct line *line, size_t index, int64_t now_us, struct device_status *out);

#endif
