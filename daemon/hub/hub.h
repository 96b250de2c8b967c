/* SPDX-License-Identifier: Apache-2.0 */
/* hub: the one place all readings and commands pass; owns live state. Main thread, apart from hub_post.
 *
 * A batch comes in by hub_post from an I/O thread, gets its position and sequence number, becomes const, updates the
 * live state, goes to the store and to every subscriber, in that order of stamping and with no waiting. */
#ifndef LINGTAN_HUB_HUB_H
#define LINGTAN_HUB_HUB_H

#include "base/loop.h"
#include "store/store.h"
#include <lingtan/reading.h>

struct hub;

/* store may be NULL (tests): positions and numbers then start at 1. */
int hub_create(struct loop *loop, struct store *store, struct hub **out) MUST_USE;
void hub_destroy(struct hub *hub);

/* Tells the hub of a device before its first batch, so that it is listed from the start. */
void hub_add_device(struct hub *hub, const struct device *device);

/* From now on these are the devices, in this order, and no others: what is known of those that stay goes on, those that go
 * are forgotten. A sequence number that one of them was given is not given again, should it come back. After hub_drain,
 * when the collectors post nothing of those that go any more. */
void hub_keep_devices(struct hub *hub, const struct device *const *devices, size_t count);

/* Takes the batch. Any thread, never blocks: when the intake is full the oldest waiting batch is dropped and counted.
 * The main thread is not woken for it before hub_flush. */
void hub_post(struct hub *hub, struct batch *take_batch);
void hub_flush(struct hub *hub);

/* Takes in what still waits: once, after the collectors have stopped. */
void hub_drain(struct hub *hub);

/* Whether the wall clock is trusted, from now on: stamped on every batch at intake. Trusted until told otherwise. */
void hub_trust_clock(struct hub *hub, bool is_trusted);
bool hub_trusts_clock(const struct hub *hub);

/* Who is told of batches, on the main thread. */
struct hub_subscriber {
    /* Called with every batch after intake; must not block and takes its own reference when it keeps the batch. */
    void (*batch)(void *context, const struct batch *batch);
    void (*flush)(void *context); /* no more come in this wake-up; NULL = not needed */
    void *context;
};

/* At most 16. Returns a handle for hub_unsubscribe. */
int hub_subscribe(struct hub *hub, const struct hub_subscriber *subscriber) MUST_USE;
void hub_unsubscribe(struct hub *hub, int handle);

/* The live state of a device. */
struct live_device {
    const struct device *device;
    uint64_t seq;
    int64_t time_us;          /* wall, of the newest batch; 0 = none yet */
    bool is_clock_untrusted;  /* when that batch was read */
    struct reading *readings; /* one per point of the device; time_us 0 = never read */
    int64_t *read_mono_us;    /* when each was read */
    const char **texts;       /* one per point; NULL unless a text was read */
};

size_t hub_device_count(const struct hub *hub);
const struct live_device *hub_device_at(const struct hub *hub,
                                        size_t index); /* in the order of configuration */
const struct live_device *hub_find_device(const struct hub *hub, const char *id);

/* The quality as of now: reading_quality_now. */
enum quality hub_quality(const struct hub *hub, const struct live_device *live, size_t point);

struct hub_status {
    uint64_t batches;
    uint64_t readings;
    uint64_t by_quality[QUALITY_COUNT];
    uint64_t not_journaled;
    struct mailbox_stats intake;
};
struct hub_status hub_status(const struct hub *hub);

#endif
