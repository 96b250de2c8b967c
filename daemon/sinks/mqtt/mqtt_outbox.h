/* SPDX-License-Identifier: Apache-2.0 */
/* mqtt_outbox: between the sink, which makes messages, and the client, which writes them: what is in flight, what has to
 * wait, what the broker never takes. One thread. */
#ifndef LINGTAN_SINKS_MQTT_OUTBOX_H
#define LINGTAN_SINKS_MQTT_OUTBOX_H

#include "base/text.h"
#include "net/mqtt_client.h"
#include "sinks/mqtt/mqtt_limit.h"
#include "sinks/mqtt/mqtt_window.h"
#include <lingtan/log.h>

enum {
    MQTT_TOLD_MAX = 256, /* devices whose messages were too large: named once each */
};

/* A message whose topic and payload stand in the texts of the outbox. */
struct mqtt_outgoing {
    const struct device *device; /* whom it is about */
    uint64_t position;           /* of the batch; 0 = no batch */
    bool is_retained;
};

struct mqtt_outbox {
    struct mqtt_client *client; /* borrowed */
    const struct clock *clock;
    int qos;
    size_t window_option;
    struct text topic; /* of the next message: not to be touched while one is held */
    struct text payload;
    struct mqtt_window window;
    size_t batch_room; /* in flight at most, batches and others */
    size_t extra_room;
    struct mqtt_limit limit;
    struct mqtt_outgoing held; /* waits for a calm connection; no device = none */
    const char *told[MQTT_TOLD_MAX];
    size_t told_count;
    struct log_limit refusal_limit;
    uint64_t rejected;    /* batches */
    uint64_t held_record; /* the first one that the broker did not take for now, 0 = none */
    uint64_t written;     /* QoS 0: the last batch given to the socket */
    int64_t round_us;     /* monotonic: when the wake-up began in which messages are sent now */
    bool is_refused;      /* telemetry: close, people must act */
    char refusal[200];
};

/* window: batches that may be in flight. The client is set by the caller. */
void mqtt_outbox_init(struct mqtt_outbox *outbox, const struct clock *clock, int qos,
                      size_t window);
void mqtt_outbox_finish(struct mqtt_outbox *outbox);

/* A new connection: nothing is in flight. */
void mqtt_outbox_up(struct mqtt_outbox *outbox);
/* The connection was lost, or closed because of is_refused. True when what we sent may be to blame: then the next one
 * should come soon. */
bool mqtt_outbox_down(struct mqtt_outbox *outbox, bool is_lost);

/* Since when a message waits for its answer; INT64_MAX = none does. */
int64_t mqtt_outbox_waits_since_us(const struct mqtt_outbox *outbox);

/* A message was answered: see mqtt_answered_fn. */
void mqtt_outbox_answered(struct mqtt_outbox *outbox, int message_id, enum mqtt_answer answer,
                          const char *words);

/* May a batch, or another message, be delivered now? */
bool mqtt_outbox_has_batch_room(const struct mqtt_outbox *outbox);
bool mqtt_outbox_has_extra_room(const struct mqtt_outbox *outbox);

/* Sends what stands in the texts, or holds it, or rejects it. */
void mqtt_outbox_deliver(struct mqtt_outbox *outbox, const struct mqtt_outgoing *message);

/* Sends a message of no device, whatever its size. */
void mqtt_outbox_deliver_plain(struct mqtt_outbox *outbox, const struct mqtt_message *message);

/* Sends the record at that position, whatever the message's size; with QoS 1 at least, since it is to be acknowledged. */
void mqtt_outbox_deliver_record(struct mqtt_outbox *outbox, const struct mqtt_message *message,
                                uint64_t position);
/* Every record up to this position that was delivered since the connection was made is acknowledged or rejected. One that
 * the broker may take later is not: it comes again with the next connection. */
uint64_t mqtt_outbox_acknowledged_records(const struct mqtt_outbox *outbox);

/* Sends what was held once the connection is calm; when that will be, -1 = nothing waits for the clock. */
void mqtt_outbox_release(struct mqtt_outbox *outbox);
int64_t mqtt_outbox_due_us(const struct mqtt_outbox *outbox);

/* Every batch up to this position that was delivered since the connection was made is acknowledged or rejected. */
uint64_t mqtt_outbox_acknowledged(struct mqtt_outbox *outbox);

#endif
