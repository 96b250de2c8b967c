/* SPDX-License-Identifier: Apache-2.0 */
/* mqtt_limit: which messages are larger than the broker takes, where it does not say so.
 *
 * A broker of MQTT 3.1.1 closes the connection on a message that it finds too large, and would do so for ever. So when
 * connections are lost soon after they were made, a message larger than any that was ever acknowledged is a suspect: it
 * is sent alone, on a connection that has been calm for a while. If the connection is lost right then, three times
 * after calms of different length (which a broker that crashes by itself does not keep to), its size is too large from
 * then on, until the next start. Plain data, one thread. */
#ifndef LINGTAN_SINKS_MQTT_LIMIT_H
#define LINGTAN_SINKS_MQTT_LIMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All-zero is the beginning. Times are monotonic. */
struct mqtt_limit {
    size_t proven;      /* the largest size that was acknowledged */
    size_t refused;     /* the smallest size known to be too large, 0 = none */
    int lost_soon;      /* connections in a row */
    bool is_brought_on; /* the search, by the last loss */
    int strikes;        /* losses right after a suspect alone */
    size_t suspect;     /* the smallest of those */
    size_t alone;       /* on its way alone, 0 = none */
    int64_t alone_since_us;
    int64_t up_since_us;
};

enum mqtt_limit_verdict {
    MQTT_LIMIT_SEND,
    MQTT_LIMIT_ALONE,  /* with QoS 1, and nothing else until it is acknowledged */
    MQTT_LIMIT_WAIT,   /* nothing may be sent before it either; ask again at mqtt_limit_calm_us */
    MQTT_LIMIT_REFUSE, /* never */
};

void mqtt_limit_up(struct mqtt_limit *limit, int64_t now_us);

/* True when the loss was the last proof: refused has just been set. */
bool mqtt_limit_lost(struct mqtt_limit *limit, int64_t now_us);

/* size: topic and payload. in_flight: messages that wait for their acknowledgement. */
enum mqtt_limit_verdict mqtt_limit_judge(const struct mqtt_limit *limit, size_t size,
                                         size_t in_flight, int64_t now_us);
void mqtt_limit_alone(struct mqtt_limit *limit, size_t size, int64_t now_us); /* it was sent */
void mqtt_limit_accepted(struct mqtt_limit *limit, size_t size);
void mqtt_limit_refused(struct mqtt_limit *limit, size_t size); /* the broker said so */

/* When the connection will have been calm for long enough. */
int64_t mqtt_limit_calm_us(const struct mqtt_limit *limit);

/* Are suspects being looked for? */
bool mqtt_limit_is_careful(const struct mqtt_limit *limit, int64_t now_us);

/* Did the last loss begin the search or bring it on? Only then should the next connection come soon: losses that have
 * nothing to do with sizes go on for ever. */
bool mqtt_limit_is_brought_on(const struct mqtt_limit *limit);

#endif
