/* SPDX-License-Identifier: Apache-2.0 */
/* mqtt_state: what the retained state of every device should say, and when it must be said again.
 *
 * All poll classes of a device are merged into one message. It is due when a value moved by more than its dead band or
 * a quality changed, at most once a second per device, and otherwise every period. Qualities are those of now
 * (reading_quality_now), as the API shows them. One thread. */
#ifndef LINGTAN_SINKS_MQTT_STATE_H
#define LINGTAN_SINKS_MQTT_STATE_H

#include <stdbool.h>

#include "base/text.h"
#include <lingtan/reading.h>

struct mqtt_state;
struct site;

struct mqtt_state *mqtt_state_create(int64_t period_us);
void mqtt_state_destroy(struct mqtt_state *state);

/* A live batch has come. */
void mqtt_state_note(struct mqtt_state *state, const struct batch *batch, int64_t now_us);

/* Everything is due again: the broker may have forgotten. */
void mqtt_state_renew(struct mqtt_state *state, int64_t now_us);

/* Devices that the site does not have any more: their last message is an empty one, which clears what the broker keeps, and
 * their points are announced as gone. One that comes back is a new one. Derived devices stand in no line and stay. */
void mqtt_state_keep(struct mqtt_state *state, const struct site *site, int64_t now_us);

/* When the next message is due (monotonic), -1 = never. */
int64_t mqtt_state_due_us(const struct mqtt_state *state);

/* The device whose message has been due for longest, borrowed until the next call; its message is appended and counts
 * as sent. NULL when none is due. */
const struct device *mqtt_state_take(struct mqtt_state *state, int64_t now_us,
                                     struct text *payload);

/* One thing to tell a listener that must know of every point before it sees values; borrowed until the next call. */
struct mqtt_announcement {
    const struct device *device;
    const struct point *point;
    bool is_gone; /* the device had this point in its former layout */
};

/* Each device is announced once, and again when its layout changes. */
bool mqtt_state_has_announcement(const struct mqtt_state *state);
bool mqtt_state_next_announcement(struct mqtt_state *state, struct mqtt_announcement *out);
void mqtt_state_announce_all(struct mqtt_state *state); /* again */

#endif
