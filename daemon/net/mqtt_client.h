/* SPDX-License-Identifier: Apache-2.0 */
/* mqtt_client: MQTT 3.1.1 on the caller's own poll loop (libmosquitto lives only in this folder).
 *
 * One thread; nothing here blocks: names are resolved on a helper thread and sockets connect in the background. A
 * connection that is lost takes everything unacknowledged with it; the caller sends it again after the next open.
 * Sessions are always clean ones. */
#ifndef LINGTAN_NET_MQTT_CLIENT_H
#define LINGTAN_NET_MQTT_CLIENT_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lingtan/clock.h>
#include <lingtan/error.h>

struct mqtt_message {
    const char *topic;
    const char *payload;
    size_t length;
    int qos; /* 0 or 1 */
    bool is_retained;
};

/* The message with this number has been acknowledged: QoS 1 by the broker, QoS 0 by being written. Comes from within
 * mqtt_client_work or, for QoS 0, mqtt_client_publish; must not call the client. */
typedef void (*mqtt_acked_fn)(void *context, int message_id);

/* Everything is borrowed for the life of the client. */
struct mqtt_client_options {
    const struct clock *clock;
    const char *host; /* a name or a numeric address */
    uint16_t port;
    const char *client_id;
    int keepalive_s; /* at least 5 */
    int64_t
        connect_timeout_ms; /* for each of: the name, every address up to the broker's yes; 0 = 10 s */
    const struct mqtt_message *will; /* NULL = none */
    mqtt_acked_fn on_acked;
    void *context;
};

enum mqtt_client_state { MQTT_CLIENT_CLOSED, MQTT_CLIENT_CONNECTING, MQTT_CLIENT_UP };

/* Why the client is closed: whether it makes sense to try again soon. */
enum mqtt_client_trouble {
    MQTT_TROUBLE_NONE,
    MQTT_TROUBLE_NETWORK, /* resolve, connect, lost connection */
    MQTT_TROUBLE_REFUSED, /* the broker said no: name, password, client id */
};

struct mqtt_client;

int mqtt_client_create(const struct mqtt_client_options *options,
                       struct mqtt_client **out) MUST_USE;
void mqtt_client_destroy(struct mqtt_client *client); /* like close */

/* Begins to connect; mqtt_client_work goes on with it. username NULL or "" = none. Any older connection is closed. */
int mqtt_client_open(struct mqtt_client *client, const char *username,
                     const char *password) MUST_USE;

/* Drops the connection without a word: the broker publishes the last will. */
void mqtt_client_close(struct mqtt_client *client);

/* Says goodbye, then closes: the broker forgets the last will. */
void mqtt_client_disconnect(struct mqtt_client *client);

/* Reads, writes, pings, times out: whatever is due. Call it after every wake-up. */
void mqtt_client_work(struct mqtt_client *client);

/* The socket to wait for (0 or 1 entry) and in *wait_us for how long at most (-1 = no limit). */
size_t mqtt_client_wait_for(const struct mqtt_client *client, struct pollfd *fd, int64_t *wait_us);

enum mqtt_client_state mqtt_client_state(const struct mqtt_client *client);
enum mqtt_client_trouble mqtt_client_trouble(const struct mqtt_client *client);
const char *
mqtt_client_reason(const struct mqtt_client *client); /* for people, "" while all is well */

/* Queues and, as far as the socket takes it, sends. Messages are held back in the kernel until mqtt_client_flush so
 * that a burst leaves as one. -ENOTCONN, -EMSGSIZE, -EINVAL (topic). */
int mqtt_client_publish(struct mqtt_client *client, const struct mqtt_message *message,
                        int *message_id) MUST_USE;
void mqtt_client_flush(struct mqtt_client *client);

/* Does the socket refuse to take more for now? */
bool mqtt_client_is_congested(const struct mqtt_client *client);

#endif
