/* SPDX-License-Identifier: Apache-2.0 */
/* mqtt_client: MQTT 3.1.1 and 5, in the clear or over TLS, on the caller's own poll loop (libmosquitto lives only in
 * this folder).
 *
 * One thread; nothing here blocks: names are resolved on a helper thread, sockets and TLS connect in the background. A
 * connection that is lost takes everything unacknowledged with it; the caller sends it again after the next open.
 * Sessions are always clean ones: in MQTT 5 they expire with the connection. */
#ifndef LINGTAN_NET_MQTT_CLIENT_H
#define LINGTAN_NET_MQTT_CLIENT_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lingtan/clock.h>
#include <lingtan/error.h>

#include "net/tls.h"

struct mqtt_message {
    const char *topic;
    const char *payload;
    size_t length;
    int qos; /* 0 or 1 */
    bool is_retained;
};

enum mqtt_protocol { MQTT_3_1_1, MQTT_5 };

/* A broker of MQTT 3.1.1 can only accept a message or close the connection. */
enum mqtt_answer {
    MQTT_ACCEPTED,
    MQTT_HELD, /* not now: no right, or a quota is exceeded. People must act, then it will be taken */
    MQTT_TOO_LARGE, /* it will never take a message of this size */
    MQTT_REJECTED,  /* it will never take this message */
};

/* The message with this number has been answered: QoS 1 by the broker, QoS 0 by being written. words: why not, for
 * people. Comes from within mqtt_client_work or, for QoS 0, mqtt_client_publish; must not call the client. */
typedef void (*mqtt_answered_fn)(void *context, int message_id, enum mqtt_answer answer,
                                 const char *words);

/* A message of the topic subscribed to; borrowed. Must not call the client. */
typedef void (*mqtt_received_fn)(void *context, const struct mqtt_message *message);

/* Everything is borrowed for the life of the client. */
struct mqtt_client_options {
    const struct clock *clock;
    const char *host; /* a name or a numeric address */
    uint16_t port;
    const struct tls_files *tls; /* NULL = in the clear. Read again at each open */
    enum mqtt_protocol protocol;
    const char *client_id;
    int keepalive_s; /* at least 5 */
    int64_t
        connect_timeout_ms; /* for each of: the name, every address up to the broker's yes; 0 = 10 s */
    const struct mqtt_message *will; /* NULL = none */
    const char *content_type;        /* MQTT 5: said of every payload; NULL = nothing */
    const char *subscription;        /* one topic, subscribed to at each connect; NULL = none */
    mqtt_received_fn on_received;    /* when there is a subscription */
    mqtt_answered_fn on_answered;
    void *context;
};

enum mqtt_client_state { MQTT_CLIENT_CLOSED, MQTT_CLIENT_CONNECTING, MQTT_CLIENT_UP };

/* Why the client is closed: whether it makes sense to try again soon. */
enum mqtt_client_trouble {
    MQTT_TROUBLE_NONE,
    MQTT_TROUBLE_NETWORK, /* resolve, connect, lost connection */
    MQTT_TROUBLE_REFUSED, /* people must act: name, password, client id, certificates, protocol */
};

struct mqtt_client;

int mqtt_client_create(const struct mqtt_client_options *options,
                       struct mqtt_client **out) MUST_USE;
void mqtt_client_destroy(struct mqtt_client *client); /* like close */

/* Begins to connect; mqtt_client_work goes on with it. username NULL or "" = none. Any older connection is closed. When
 * it fails - the files of TLS cannot be used, no threads - mqtt_client_reason says why. */
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

/* For how long the broker had said nothing to us when the connection was given up for that; 0 = it was another reason. */
int64_t mqtt_client_silence_us(const struct mqtt_client *client);

/* Queues and, as far as the socket takes it, sends. Messages are held back in the kernel until mqtt_client_flush so
 * that a burst leaves as one. -ENOTCONN; -EMSGSIZE: more than the
 * broker announced that it takes; -EINVAL (topic). */
int mqtt_client_publish(struct mqtt_client *client, const struct mqtt_message *message,
                        int *message_id) MUST_USE;
void mqtt_client_flush(struct mqtt_client *client);

/* How many messages of QoS 1 the broker lets wait for its answer; what is given beyond waits in the library. */
size_t mqtt_client_receive_maximum(const struct mqtt_client *client);

/* Does the socket refuse to take more for now? */
bool mqtt_client_is_congested(const struct mqtt_client *client);

#endif
