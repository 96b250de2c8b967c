/* SPDX-License-Identifier: Apache-2.0 */
/* mqtt_window: the messages that wait for their acknowledgement, in the order sent, and what follows for batches.
 * One thread. */
#ifndef LINGTAN_SINKS_MQTT_WINDOW_H
#define LINGTAN_SINKS_MQTT_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lingtan/device.h>

struct mqtt_window_slot {
    int message_id;
    bool is_acknowledged;
    uint64_t position;           /* of the batch; 0 = the message is no batch */
    uint64_t record;             /* position of the record; 0 = the message is none */
    size_t size;                 /* of topic and payload */
    int64_t sent_us;             /* monotonic */
    const struct device *device; /* whom it is about, NULL = nobody */
};

struct mqtt_window {
    struct mqtt_window_slot *slots;
    size_t capacity;
    size_t first;
    size_t count;
    size_t extra_count;            /* those that are no batch */
    uint64_t acknowledged_records; /* likewise, of records */
    uint64_t acknowledged; /* every batch up to this position that was added is acknowledged */
};

void mqtt_window_init(struct mqtt_window *window, size_t capacity);
void mqtt_window_finish(struct mqtt_window *window);
void mqtt_window_reset(struct mqtt_window *window); /* a new session: nothing waits */

/* There must be room: count < capacity. The window takes a reference to the device. */
void mqtt_window_add(struct mqtt_window *window, const struct mqtt_window_slot *slot);

/* A batch that needs no acknowledgement of the broker any more. */
void mqtt_window_add_settled(struct mqtt_window *window, uint64_t position);

void mqtt_window_add_settled_record(struct mqtt_window *window, uint64_t position);

/* The one that waits under this number, NULL when unknown; until the next call. */
const struct mqtt_window_slot *mqtt_window_find(const struct mqtt_window *window, int message_id);

const struct mqtt_window_slot *mqtt_window_first(const struct mqtt_window *window); /* or NULL */

/* Unknown numbers are ignored. */
void mqtt_window_acknowledge(struct mqtt_window *window, int message_id);

#endif
