/* SPDX-License-Identifier: Apache-2.0 */
/* sink: a way out. Implemented by the files of daemon/sinks/, listed in daemon/sinks/registry.c.
 *
 * daemon/sinks/runner.c gives every sink a thread, feeds it batches strictly in order of position - from its live ring
 * when the next one is there, else from the journal - and moves its cursor; records likewise, from the ledger. A sink only speaks its protocol. All
 * functions of the table but create and destroy run on the sink's own thread; none may block longer than 10 s, nor longer
 * than a second once the daemon stops. */
#ifndef LINGTAN_SINK_H
#define LINGTAN_SINK_H

#include <poll.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lingtan/clock.h>
#include <lingtan/options.h>
#include <lingtan/reading.h>
#include <lingtan/record.h>

struct faults;
struct profiles;
struct site;
struct sink_instance;

struct sink_setup {
    const void *options;             /* the sink's own struct, outlives the instance */
    const struct site *site;         /* stays until the first follow, as the profiles */
    const struct profiles *profiles; /* of the devices in the site */
    const struct clock *clock;
    const char *data_folder;        /* of this daemon: no other one has it; NULL = none */
    const atomic_bool *is_stopping; /* becomes true: nothing is waited for any more; NULL = never */
};

enum sink_state { SINK_DOWN, SINK_CONNECTING, SINK_UP };
extern const char *const sink_state_words[];

struct sink {
    const char *name; /* "mqtt", "influx": also the cursor's name and the section of the config */
    const struct option_table *options; /* first member of the struct: bool enabled */
    /* How long live batches may wait so that they share a wake-up; 0 = not at all. */
    int64_t linger_us;
    /* Optional: what is wrong with options that fit their rows; with_files: also with the files that they name, which
     * the daemon itself waits for. Main thread. */
    void (*check)(const void *options, bool with_files, struct origin origin,
                  struct faults *faults);
    int (*create)(const struct sink_setup *setup, struct sink_instance **out);
    void (*destroy)(struct sink_instance *instance);
    /* Optional: from now on this is the site, with the profiles of its devices; both stay until the next call. A sink that
     * keeps what setup had of them has this. */
    void (*follow)(struct sink_instance *instance, const struct site *site,
                   const struct profiles *profiles);

    /* Everything that is due: connect, read and write sockets, time-outs, keep-alive. After a loss of the connection
     * whatever was sent and not acknowledged is forgotten: the runner goes back to the cursor and sends it again. */
    void (*work)(struct sink_instance *instance);
    /* The sockets to wait for, at most max, and in *wait_us how long at most (-1 = no limit). */
    size_t (*wait_for)(struct sink_instance *instance, struct pollfd *fds, size_t max,
                       int64_t *wait_us);
    enum sink_state (*state)(struct sink_instance *instance, char *reason, size_t size);
    /* Optional: when (monotonic) that was asked which the far end did not answer any more. One that stalls is given up
     * only when patience is over, but it was away since then. Asked for when the state is not up any more. */
    int64_t (*silent_since)(struct sink_instance *instance);
    /* Counts connections made: when it changes, the runner rewinds to the cursor. */
    uint64_t (*session)(struct sink_instance *instance);
    /* May another batch be given now? False while down or while the window is full. */
    bool (*has_room)(struct sink_instance *instance);
    /* Takes what it needs of the batch; a batch it can never send is counted as rejected and acknowledged. */
    void (*send)(struct sink_instance *instance, const struct batch *batch);
    /* The end of a wake-up: nothing more comes now. */
    void (*flush)(struct sink_instance *instance);
    /* Every batch up to this position that was given since the session began is acknowledged by the far end. Goes back
     * when an older batch is given again. */
    uint64_t (*acknowledged)(struct sink_instance *instance);
    /* Optional: batches the far end will never take, since create. */
    uint64_t (*rejected)(struct sink_instance *instance);
    /* Optional: a live batch has come, whether or not the backlog is drained: state and alarms overtake. */
    void (*live)(struct sink_instance *instance, const struct batch *batch);
    /* Optional, all three or none: the sink takes records too (lingtan/record.h), in order, with a cursor of their own beside
     * that of batches. They overtake the backlog of batches, and are given only while
     * has_record_room. body is the record's,
     * wherever it lives; borrowed, as the record is. */
    bool (*has_record_room)(struct sink_instance *instance);
    void (*send_record)(struct sink_instance *instance, const struct record *record,
                        const char *body);
    /* Every record up to this position that was given since the session began is acknowledged, or never will be taken. */
    uint64_t (*acknowledged_records)(struct sink_instance *instance);
    /* Optional: a last word before the end (MQTT: status offline). At most 2 s. */
    void (*goodbye)(struct sink_instance *instance);
};

extern const struct sink *const sinks[]; /* NULL-terminated */

#endif
