/* SPDX-License-Identifier: Apache-2.0 */
/* collector: how values come in. Implemented by the folders of collectors/, listed in collectors/registry.c.
 *
 * A collector owns its I/O threads. It posts batches through the host from those threads and must never block on the
 * host. All functions of the table are called on the main thread. */
#ifndef LINGTAN_COLLECTOR_H
#define LINGTAN_COLLECTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lingtan/bad_register.h>
#include <lingtan/clock.h>
#include <lingtan/command.h>
#include <lingtan/reading.h>

struct site;        /* site/site.h */
struct site_change; /* site/site_change.h */
struct profiles;    /* lingtan/profile.h */

struct collector_host {
    const struct clock *clock;
    /* Takes the batch. Any thread, never blocks. It may lie there until flush. */
    void (*post)(void *context, struct batch *take_batch);
    /* What this thread has posted is to be dealt with now: once a wake-up of it, since waking another thread costs more
     * than a batch. */
    void (*flush)(void *context);
    /* A device refuses these registers, or gives them again (is_gone). Any thread, never blocks; may be NULL. */
    void (*note_bad_register)(void *context, const struct bad_register *row, bool is_gone);
    void *context;
};

struct collector_setup {
    const struct collector_host *host;
    const struct site *site; /* for the call, as the profiles: a profile in use is held */
    const struct profiles *profiles;
    int64_t io_threads;                       /* 1..16 */
    int64_t slot_us;                          /* send slot, 0 = as wide as suits the site */
    const struct bad_register *bad_registers; /* known from earlier runs; for create alone */
    size_t bad_register_count;
};

enum line_state { LINE_IDLE, LINE_CONNECTING, LINE_UP, LINE_DOWN };
extern const char *const line_state_words[];

/* Errors by class, since the start. */
struct error_counts {
    uint64_t timeouts;
    uint64_t exceptions;
    uint64_t bad_replies; /* framing, CRC, wrong unit, function or count */
    uint64_t foreign;     /* well-formed replies to nobody: late, doubled, wrong transaction id */
    uint64_t connects;    /* failed connects and opens; closed before a reply came */
    uint64_t closes;  /* connections that ended otherwise, apart from idle ones that we closed */
    uint64_t skipped; /* polls left out because the line was late */
};

/* A copy for people and metrics. Strings are borrowed until the next apply. */
struct line_status {
    const char *id;
    const char *endpoint; /* "10.1.2.3:502", "/dev/ttyS0 9600 8N1" */
    enum line_state state;
    char last_error[96];       /* why it is down, "" when it is not */
    int64_t last_good_wall_us; /* 0 = never */
    double load;               /* 0..1: share of the last minute that the line was busy */
    int64_t round_trip_p50_us; /* of the last minute, 0 = none */
    int64_t round_trip_p99_us;
    int64_t poll_jitter_p99_us; /* how late polls began, of the last minute; 0 = none */
    uint64_t requests;
    uint64_t replies;
    struct error_counts errors;
    size_t device_count;
};

/* What "up" means wherever lines are counted: connected, or without a connection because none is needed now. A server may
 * close what is idle between two polls. */
bool line_is_well(const struct line_status *line);

enum device_health { DEVICE_UNKNOWN, DEVICE_ONLINE, DEVICE_OFFLINE };

struct device_status {
    const struct device *device; /* borrowed until the next apply */
    enum device_health health;
    char last_error[96];   /* why it is not online, "" when it is */
    uint32_t failed_polls; /* in a row: those that brought no good value */
    int64_t last_good_wall_us;
    int64_t next_try_in_us; /* while offline: until the next probe */
    int64_t round_trip_us;  /* of the last good reply */
    uint64_t polls;
    uint32_t bad_registers; /* runs of registers that it refuses and that are not asked */
    struct error_counts errors;
};

struct collector_instance;
struct collector_change; /* lines and devices of a later site, made but not running */

struct collector {
    const char *name;
    int (*create)(const struct collector_setup *setup, struct collector_instance **out);
    int (*start)(struct collector_instance *instance);
    void (*stop)(
        struct collector_instance *instance); /* joins threads; commands come back -ECANCELED */
    void (*destroy)(struct collector_instance *instance);
    /* Takes the command on 0. -ENOENT: no such line or device. -ENOSPC: its queue is full. -EINVAL: a raw one that is not a read which
     * Modbus allows. -ESHUTDOWN: not started or stopped. */
    int (*command)(struct collector_instance *instance, struct command *take_command);
    /* Fills up to max rows and returns how many there are. */
    size_t (*lines)(struct collector_instance *instance, struct line_status *out, size_t max);
    size_t (*devices)(struct collector_instance *instance, struct device_status *out, size_t max);
    /* Asks all bad registers of the device again with its next polls. -ENOENT: no such device. */
    int (*retry_bad_registers)(struct collector_instance *instance, const char *device);
    /* Makes what is new in a later site, whose lines and profiles setup has, beside what runs, which is not touched. On any
     * thread, while none but this reload changes the instance. */
    int (*prepare)(struct collector_instance *instance, const struct collector_setup *setup,
                   const struct site_change *change, struct collector_change **out);
    /* Puts it in the place of what runs; within milliseconds. What is unchanged goes on, untouched. Commands of what goes
     * come back -ENODEV, one in flight on a line that is changed -ERESTART. */
    void (*apply)(struct collector_instance *instance, struct collector_change *change);
    /* Frees what is in use no more, or, when it was not applied, what would have been. Any thread; NULL-safe. */
    void (*finish)(struct collector_change *take_change);
};

extern const struct collector *const collectors[]; /* NULL-terminated, in collectors/registry.c */

#endif
