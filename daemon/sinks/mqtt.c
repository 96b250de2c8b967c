/* SPDX-License-Identifier: Apache-2.0 */
/* mqtt: the sink's connection, its topics and what is in flight. */
#include "sinks/mqtt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "config/site.h"
#include "net/mqtt_client.h"
#include "net/secret.h"
#include "sinks/backoff.h"
#include "sinks/mqtt_payload.h"
#include "sinks/mqtt_state.h"
#include "sinks/mqtt_window.h"

enum {
    STATE_ROOM = 256,     /* in flight beyond the window, so that state overtakes the backlog */
    STEADY_US = 10000000, /* a connection that lived so long was a good one */
    ACKS_LINGER_US =
        20000, /* acknowledgements come one by one: gather some before waking for them */
    GOODBYE_SLICES = 20,
    GOODBYE_SLICE_MS = 100,
};

struct sink_instance {
    const struct mqtt_options *options;
    const struct site *site;
    const struct clock *clock;
    struct mqtt_client *client;
    char *client_id;
    char *status_topic;
    char *will_payload;
    struct mqtt_message will;
    struct mqtt_window window;
    struct mqtt_state *state;
    struct text topic;
    struct text payload;
    enum mqtt_client_state seen; /* the client's state after the last work */
    struct backoff backoff;
    int64_t up_since_us;
    uint64_t session;
    uint64_t rejected;
    uint64_t written; /* QoS 0: the last batch given to the socket */
    char reason[200];
};

#define OFFSET(member) offsetof(struct mqtt_options, member)
static const struct option rows[] = {
    {.name = "enabled",
     .type = OPTION_BOOL,
     .offset = OFFSET(enabled),
     .fallback = "false",
     .help = "Whether to publish by MQTT."},
    {.name = "host",
     .type = OPTION_STRING,
     .offset = OFFSET(host),
     .fallback = "127.0.0.1",
     .min = 1,
     .max = 253,
     .help = "Name or address of the broker."},
    {.name = "port",
     .type = OPTION_INT,
     .offset = OFFSET(port),
     .fallback = "1883",
     .min = 1,
     .max = 65535,
     .help = "TCP port of the broker."},
    {.name = "client_id",
     .type = OPTION_STRING,
     .offset = OFFSET(client_id),
     .fallback = "",
     .min = 0,
     .max = 128,
     .help = "Name of this client at the broker, unique there; empty for lingtan-<site>."},
    {.name = "username",
     .type = OPTION_STRING,
     .offset = OFFSET(username),
     .fallback = "",
     .min = 0,
     .max = 256,
     .help = "User name at the broker; empty for none."},
    {.name = "password_file",
     .type = OPTION_STRING,
     .offset = OFFSET(password_file),
     .fallback = "",
     .min = 0,
     .max = 4096,
     .help = "File whose first line is the password, read at each connect; a name without a "
             "leading slash is a systemd credential; empty for none."},
    {.name = "qos",
     .type = OPTION_INT,
     .offset = OFFSET(qos),
     .fallback = "1",
     .min = 0,
     .max = 1,
     .help = "1: every message is acknowledged and sent again after a loss. 0: faster, and what "
             "is on its way when the connection breaks is lost."},
    {.name = "keepalive_s",
     .type = OPTION_INT,
     .offset = OFFSET(keepalive_s),
     .fallback = "30",
     .min = 5,
     .max = 3600,
     .unit = "s",
     .help = "A silent connection is tested after this time and given up after twice of it."},
    {.name = "window",
     .type = OPTION_INT,
     .offset = OFFSET(window),
     .fallback = "1000",
     .min = 1,
     .max = 10000,
     .help = "Telemetry messages that may wait for acknowledgement at once."},
    {.name = "prefix",
     .type = OPTION_STRING,
     .offset = OFFSET(prefix),
     .fallback = "lingtan",
     .min = 1,
     .max = 128,
     .help = "First part of every topic."},
    {.name = "state_s",
     .type = OPTION_INT,
     .offset = OFFSET(state_s),
     .fallback = "60",
     .min = 1,
     .max = 86400,
     .unit = "s",
     .help = "A device's state is published this often even when nothing changed."},
};
#undef OFFSET

const struct option_table mqtt_table = {
    .name = "mqtt",
    .size = sizeof(struct mqtt_options),
    .rows = rows,
    .count = ARRAY_SIZE(rows),
    .help = "Publishes every reading, the state of every device and the daemon's own status to an "
            "MQTT broker.",
};

static void on_acked(void *context, int message_id)
{
    struct sink_instance *self = context;
    mqtt_window_acknowledge(&self->window, message_id);
}

static void destroy(struct sink_instance *self)
{
    if (!self) {
        return;
    }
    mqtt_client_destroy(self->client);
    mqtt_state_destroy(self->state);
    mqtt_window_finish(&self->window);
    text_finish(&self->topic);
    text_finish(&self->payload);
    free(self->will_payload);
    free(self->status_topic);
    free(self->client_id);
    free(self);
}

static void set_names(struct sink_instance *self)
{
    const struct mqtt_options *options = self->options;
    const char *site = self->site->id;
    self->client_id =
        options->client_id[0] ? mem_dup_string(options->client_id) : mem_format("lingtan-%s", site);
    self->status_topic = mem_format("%s/%s/status", options->prefix, site);
    self->will_payload = mqtt_status_payload("offline", 0);
    self->will = (struct mqtt_message){.topic = self->status_topic,
                                       .payload = self->will_payload,
                                       .length = strlen(self->will_payload),
                                       .qos = (int)options->qos,
                                       .is_retained = true};
}

static int create(const struct sink_setup *setup, struct sink_instance **out)
{
    struct sink_instance *self = mem_alloc(sizeof(*self));
    self->options = setup->options;
    self->site = setup->site;
    self->clock = setup->clock;
    set_names(self);
    mqtt_window_init(&self->window, (size_t)self->options->window + STATE_ROOM);
    self->state = mqtt_state_create(self->options->state_s * 1000000);
    const struct mqtt_client_options options = {.clock = setup->clock,
                                                .host = self->options->host,
                                                .port = (uint16_t)self->options->port,
                                                .client_id = self->client_id,
                                                .keepalive_s = (int)self->options->keepalive_s,
                                                .will = &self->will,
                                                .on_acked = on_acked,
                                                .context = self};
    int result = mqtt_client_create(&options, &self->client);
    if (result < 0) {
        destroy(self);
        return result;
    }
    *out = self;
    return 0;
}

static int64_t now(const struct sink_instance *self)
{
    return clock_mono_us(self->clock);
}

static int read_password(struct sink_instance *self, char *password, size_t size)
{
    const char *path = self->options->password_file;
    if (!path[0]) {
        password[0] = '\0';
        return 0;
    }
    int result = secret_read(path, password, size);
    if (result < 0) {
        snprintf(self->reason, sizeof(self->reason),
                 "cannot read the password from %.100s (mqtt.password_file): %s", path,
                 strerrordesc_np(-result));
    }
    return result;
}

static void open_connection(struct sink_instance *self)
{
    char password[SECRET_SIZE];
    int result = read_password(self, password, sizeof(password));
    if (result == 0) {
        result = mqtt_client_open(self->client, self->options->username, password);
        if (result < 0) {
            snprintf(self->reason, sizeof(self->reason), "cannot begin to connect: %s",
                     strerrordesc_np(-result));
        }
    }
    explicit_bzero(password, sizeof(password));
    if (result < 0) {
        backoff_refused(&self->backoff, now(self));
    }
}

/* Anything but a batch: false when it could not be sent. */
static bool publish_extra(struct sink_instance *self, const struct mqtt_message *message)
{
    int message_id = 0;
    if (mqtt_client_publish(self->client, message, &message_id) < 0) {
        return false;
    }
    if (message->qos > 0) {
        mqtt_window_add(&self->window, message_id, 0);
    }
    return true;
}

static void publish_status(struct sink_instance *self, const char *status)
{
    char *payload = mqtt_status_payload(status, clock_wall_us(self->clock));
    struct mqtt_message message = self->will;
    message.payload = payload;
    message.length = strlen(payload);
    publish_extra(self, &message);
    free(payload);
}

static void note_up(struct sink_instance *self)
{
    self->session++;
    self->up_since_us = now(self);
    self->written = 0;
    self->reason[0] = '\0';
    mqtt_window_reset(&self->window);
    publish_status(self, "online");
    mqtt_state_renew(self->state, now(self));
}

static void note_closed(struct sink_instance *self)
{
    bool was_steady = self->seen == MQTT_CLIENT_UP && now(self) - self->up_since_us > STEADY_US;
    snprintf(self->reason, sizeof(self->reason), "%s", mqtt_client_reason(self->client));
    if (was_steady) {
        backoff_reset(&self->backoff);
    }
    if (mqtt_client_trouble(self->client) == MQTT_TROUBLE_REFUSED) {
        backoff_refused(&self->backoff, now(self));
    } else {
        backoff_fail(&self->backoff, now(self));
    }
}

/* True while a message that is no batch may go out. */
static bool has_extra_room(const struct sink_instance *self)
{
    /* The status at the very end keeps a place. */
    return mqtt_client_state(self->client) == MQTT_CLIENT_UP &&
           self->window.count + 1 < self->window.capacity &&
           !mqtt_client_is_congested(self->client);
}

static void add_topic(struct sink_instance *self, const struct device *device, const char *leaf)
{
    text_clear(&self->topic);
    text_add_string(&self->topic, self->options->prefix);
    text_add_char(&self->topic, '/');
    text_add_string(&self->topic, device->site);
    text_add_char(&self->topic, '/');
    text_add_string(&self->topic, device->id);
    text_add_string(&self->topic, leaf);
}

static void publish_states(struct sink_instance *self)
{
    int64_t now_us = now(self);
    while (has_extra_room(self)) {
        text_clear(&self->payload);
        const struct device *device = mqtt_state_take(self->state, now_us, &self->payload);
        if (!device) {
            return;
        }
        add_topic(self, device, "/state");
        const struct mqtt_message message = {.topic = self->topic.data,
                                             .payload = self->payload.data,
                                             .length = self->payload.length,
                                             .qos = (int)self->options->qos,
                                             .is_retained = true};
        publish_extra(self, &message);
    }
}

static void work(struct sink_instance *self)
{
    mqtt_client_work(self->client);
    enum mqtt_client_state state = mqtt_client_state(self->client);
    if (state != self->seen && state == MQTT_CLIENT_UP) {
        note_up(self);
    } else if (state != self->seen && state == MQTT_CLIENT_CLOSED) {
        note_closed(self);
    }
    self->seen = state;
    if (state == MQTT_CLIENT_CLOSED && now(self) >= self->backoff.until_us) {
        open_connection(self);
        self->seen = mqtt_client_state(self->client);
    }
    publish_states(self);
}

static int64_t until(const struct sink_instance *self, int64_t when_us)
{
    int64_t left_us = when_us - now(self);
    return left_us > 0 ? left_us : 0;
}

static int64_t shorter(int64_t wait_us, int64_t other_us)
{
    return wait_us < 0 || other_us < wait_us ? other_us : wait_us;
}

static void gather_acknowledgements(const struct sink_instance *self, struct pollfd *fd,
                                    int64_t *wait_us)
{
    if (self->window.count > 0 && self->window.count < (size_t)self->options->window / 2) {
        fd->events &= (short)~POLLIN;
        *wait_us = shorter(*wait_us, ACKS_LINGER_US);
    }
}

static size_t wait_for(struct sink_instance *self, struct pollfd *fds, size_t max, int64_t *wait_us)
{
    size_t count = max > 0 ? mqtt_client_wait_for(self->client, fds, wait_us) : 0;
    enum mqtt_client_state state = mqtt_client_state(self->client);
    if (state != self->seen) {
        *wait_us = 0; /* lost while sending: work has to see it */
    } else if (state == MQTT_CLIENT_CLOSED) {
        *wait_us = until(self, self->backoff.until_us);
    } else if (state == MQTT_CLIENT_UP) {
        gather_acknowledgements(self, fds, wait_us);
        if (has_extra_room(self) && mqtt_state_due_us(self->state) >= 0) {
            *wait_us = shorter(*wait_us, until(self, mqtt_state_due_us(self->state)));
        }
    }
    return count;
}

static enum sink_state state_of(struct sink_instance *self, char *reason, size_t size)
{
    snprintf(reason, size, "%s", self->reason);
    switch (self->seen) {
    case MQTT_CLIENT_UP:
        return SINK_UP;
    case MQTT_CLIENT_CONNECTING:
        return SINK_CONNECTING;
    case MQTT_CLIENT_CLOSED:
        break;
    }
    return SINK_DOWN;
}

static uint64_t session(struct sink_instance *self)
{
    return self->session;
}

static bool has_room(struct sink_instance *self)
{
    return self->seen == MQTT_CLIENT_UP && has_extra_room(self) &&
           self->window.count < (size_t)self->options->window;
}

static void send_batch(struct sink_instance *self, const struct batch *batch)
{
    add_topic(self, batch->device, "/telemetry");
    text_clear(&self->payload);
    mqtt_add_telemetry(&self->payload, batch);
    const struct mqtt_message message = {.topic = self->topic.data,
                                         .payload = self->payload.data,
                                         .length = self->payload.length,
                                         .qos = (int)self->options->qos};
    int message_id = 0;
    int result = mqtt_client_publish(self->client, &message, &message_id);
    if (result == -ENOTCONN) {
        return; /* this session is over: it comes again in the next */
    }
    if (result < 0) {
        self->rejected++;
        mqtt_window_add_settled(&self->window, batch->position);
    } else if (message.qos > 0) {
        mqtt_window_add(&self->window, message_id, batch->position);
    } else {
        self->written = batch->position;
        if (self->window.acknowledged >= batch->position) {
            self->window.acknowledged = batch->position - 1;
        }
    }
}

static void flush(struct sink_instance *self)
{
    publish_states(self); /* what the live batches of this wake-up changed */
    mqtt_client_flush(self->client);
}

static uint64_t acknowledged(struct sink_instance *self)
{
    bool is_written = self->written > 0 && !mqtt_client_is_congested(self->client) &&
                      self->seen == MQTT_CLIENT_UP;
    if (is_written && self->window.count == 0 && self->written > self->window.acknowledged) {
        self->window.acknowledged = self->written;
    }
    return self->window.acknowledged;
}

static uint64_t rejected(struct sink_instance *self)
{
    return self->rejected;
}

static void live(struct sink_instance *self, const struct batch *batch)
{
    mqtt_state_note(self->state, batch, now(self));
}

/* The broker should have the last word before the socket closes, but a silent one is not waited for longer than two
 * seconds: then it publishes the will. */
static void goodbye(struct sink_instance *self)
{
    if (mqtt_client_state(self->client) != MQTT_CLIENT_UP) {
        return;
    }
    publish_status(self, "offline");
    mqtt_client_flush(self->client);
    for (int i = 0; i < GOODBYE_SLICES; i++) {
        struct pollfd fd;
        int64_t wait_us = 0;
        bool is_done = self->window.count == 0 && !mqtt_client_is_congested(self->client);
        if (is_done || mqtt_client_wait_for(self->client, &fd, &wait_us) == 0) {
            break;
        }
        poll(&fd, 1, GOODBYE_SLICE_MS);
        mqtt_client_work(self->client);
    }
    mqtt_client_disconnect(self->client);
}

const struct sink mqtt_sink = {
    .name = "mqtt",
    .options = &mqtt_table,
    .create = create,
    .destroy = destroy,
    .work = work,
    .wait_for = wait_for,
    .state = state_of,
    .session = session,
    .has_room = has_room,
    .send = send_batch,
    .flush = flush,
    .acknowledged = acknowledged,
    .rejected = rejected,
    .live = live,
    .goodbye = goodbye,
};
