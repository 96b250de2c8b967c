/* SPDX-License-Identifier: Apache-2.0 */
/* mqtt_window: the messages that wait for their acknowledgement, in the order sent, and what follows for batches.
 * One thread. */
#ifndef LINGTAN_SINKS_MQTT_WINDOW_H
#define LINGTAN_SINKS_MQTT_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mqtt_window_slot {
    int message_id;
    bool is_acknowledged;
    uint64_t position; /* of the batch; 0 = the message is no batch */
};

struct mqtt_window {
    struct mqtt_window_slot *slots;
    size_t capacity;
    size_t first;
    size_t count;
    uint64_t acknowledged; /* every batch up to this position that was added is acknowledged */
};

void mqtt_window_init(struct mqtt_window *window, size_t capacity);
void mqtt_window_finish(struct mqtt_window *window);
void mqtt_window_reset(struct mqtt_window *window); /* a new session: nothing waits */

/* There must be room: count < capacity. */
void mqtt_window_add(struct mqtt_window *window, int message_id, uint64_t position);

/* A batch that needs no acknowledgement of the broker any more. */
void mqtt_window_add_settled(struct mqtt_window *window, uint64_t position);

/* Unknown numbers are ignored. */
void mqtt_window_acknowledge(struct mqtt_window *window, int message_id);

#endif
