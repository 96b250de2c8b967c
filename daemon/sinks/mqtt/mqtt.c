/* SPDX-License-Identifier: Apache-2.0 */
/* mqtt: the sink's connection, its topics and what is in flight. */
#include "sinks/mqtt/mqtt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/machine.h"
#include "base/mem.h"
#include "base/text.h"
#include "net/secret.h"
#include "sinks/backoff.h"
#include "sinks/mqtt/mqtt_discovery.h"
#include "sinks/mqtt/mqtt_outbox.h"
#include "sinks/mqtt/mqtt_payload.h"
#include "sinks/mqtt/mqtt_state.h"
#include "site/site.h"

enum {
    STEADY_US = 60000000, /* a connection that outlived the longest pause was a good one */
    SHORT_LIVES = 3,      /* in a row: there is a reason */
    ACKS_LINGER_US =
        20000, /* acknowledgements come one by one: gather some before waking for them */
    ANNOUNCE_AT_ONCE =
        50, /* a thousand a second: Home Assistant has more to do with each than we */
    ANNOUNCE_GAP_US = 50000,
    ANNOUNCE_AGAIN_US = 10000000, /* however often it says that it has started */
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
    struct tls_files tls;
    struct mqtt_outbox outbox;
    struct mqtt_state *state;
    struct mqtt_discovery discovery;
    char *birth_topic;    /* NULL = nothing is announced */
    bool is_born;         /* Home Assistant has started since it was told everything */
    int64_t announced_us; /* when it was last begun with everything */
    int64_t next_announce_us;
    enum mqtt_client_state seen; /* the client's state after the last work */
    struct backoff backoff;
    int64_t up_since_us;
    unsigned short_lives; /* connections in a row that the broker closed soon, without a word */
    int64_t silent_us;    /* monotonic: since when the broker owed an answer when it was lost */
    uint64_t session;
    char reason[300];
};

static int64_t now(const struct sink_instance *self)
{
    return clock_mono_us(self->clock);
}

static void on_answered(void *context, int message_id, enum mqtt_answer answer, const char *words)
{
    struct sink_instance *self = context;
    mqtt_outbox_answered(&self->outbox, message_id, answer, words);
}

/* Anybody may write to that topic. A retained one is from before our connection, and all is told then anyway. */
static void on_received(void *context, const struct mqtt_message *message)
{
    struct sink_instance *self = context;
    static const char online[] = "online";
    self->is_born |= !message->is_retained && message->length == strlen(online) &&
                     memcmp(message->payload, online, strlen(online)) == 0;
}

static void destroy(struct sink_instance *self)
{
    if (!self) {
        return;
    }
    mqtt_client_destroy(self->client);
    mqtt_state_destroy(self->state);
    mqtt_outbox_finish(&self->outbox);
    free(self->birth_topic);
    free(self->will_payload);
    free(self->status_topic);
    free(self->client_id);
    free(self);
}

/* The same at every start, so that the broker ends what a crash has left of our last connection; and never that of
 * another daemon, or the two would end each other's for ever. */
static char *make_client_id(const char *site, const char *data_folder)
{
    char mark[MACHINE_MARK_SIZE];
    machine_mark(data_folder ? data_folder : "", mark);
    char *id = mem_format("lingtan-%s-%s", site, mark);
    log_notice("mqtt: the client id is %s", id);
    return id;
}

static void set_names(struct sink_instance *self, const char *data_folder)
{
    const struct mqtt_options *options = self->options;
    const char *site = self->site->id;
    self->client_id = options->client_id[0] ? mem_dup_string(options->client_id)
                                            : make_client_id(site, data_folder);
    self->status_topic = mem_format("%s/%s/status", options->prefix, site);
    self->will_payload = mqtt_status_payload("offline", 0);
    self->will = (struct mqtt_message){.topic = self->status_topic,
                                       .payload = self->will_payload,
                                       .length = strlen(self->will_payload),
                                       .qos = (int)options->qos,
                                       .is_retained = true};
}

static void set_discovery(struct sink_instance *self, const struct sink_setup *setup)
{
    const struct mqtt_options *options = self->options;
    if (options->home_assistant) {
        self->birth_topic = mem_format("%s/status", options->home_assistant_prefix);
        self->discovery = (struct mqtt_discovery){
            .prefix = options->home_assistant_prefix,
            .topics = options->prefix,
            .status_topic = self->status_topic,
            .site = self->site,
            .profiles = setup->profiles,
            .expire_s = 3 * options->state_s,
            .classes = (enum mqtt_discovery_classes)options->home_assistant_classes};
    }
}

static void follow(struct sink_instance *self, const struct site *site,
                   const struct profiles *profiles)
{
    self->site = site;
    self->discovery.site = site;
    self->discovery.profiles = profiles;
    mqtt_state_keep(self->state, site, clock_mono_us(self->clock));
}

static int create(const struct sink_setup *setup, struct sink_instance **out)
{
    struct sink_instance *self = mem_alloc(sizeof(*self));
    self->options = setup->options;
    self->site = setup->site;
    self->clock = setup->clock;
    set_names(self, setup->data_folder);
    set_discovery(self, setup);
    mqtt_outbox_init(&self->outbox, setup->clock, (int)self->options->qos,
                     (size_t)self->options->window);
    self->state = mqtt_state_create(self->options->state_s * 1000000);
    self->tls = mqtt_tls_files(self->options);
    const struct mqtt_client_options options = {.clock = setup->clock,
                                                .host = self->options->host,
                                                .port = (uint16_t)self->options->port,
                                                .tls = self->options->tls ? &self->tls : NULL,
                                                .protocol =
                                                    (enum mqtt_protocol)self->options->protocol,
                                                .client_id = self->client_id,
                                                .keepalive_s = (int)self->options->keepalive_s,
                                                .will = &self->will,
                                                .content_type = "application/json",
                                                .subscription = self->birth_topic,
                                                .on_received = on_received,
                                                .on_answered = on_answered,
                                                .context = self};
    int result = mqtt_client_create(&options, &self->client);
    if (result < 0) {
        destroy(self);
        return result;
    }
    self->outbox.client = self->client;
    *out = self;
    return 0;
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
            snprintf(self->reason, sizeof(self->reason), "%s", mqtt_client_reason(self->client));
        }
    }
    explicit_bzero(password, sizeof(password));
    if (result < 0) {
        backoff_refused(&self->backoff, now(self));
    }
}

static void publish_status(struct sink_instance *self, const char *status)
{
    char *payload = mqtt_status_payload(status, clock_wall_us(self->clock));
    struct mqtt_message message = self->will;
    message.payload = payload;
    message.length = strlen(payload);
    mqtt_outbox_deliver_plain(&self->outbox, &message);
    free(payload);
}

static void begin_announcing(struct sink_instance *self)
{
    self->is_born = false;
    self->announced_us = now(self);
    mqtt_state_announce_all(self->state);
    struct text topic = {0};
    struct text payload = {0};
    mqtt_discovery_add_daemon(&self->discovery, &topic, &payload);
    const struct mqtt_message message = {.topic = topic.data,
                                         .payload = payload.data,
                                         .length = payload.length,
                                         .qos = (int)self->options->qos,
                                         .is_retained = true};
    mqtt_outbox_deliver_plain(&self->outbox, &message);
    text_finish(&topic);
    text_finish(&payload);
}

static void note_up(struct sink_instance *self)
{
    self->session++;
    self->up_since_us = now(self);
    self->reason[0] = '\0';
    mqtt_outbox_up(&self->outbox);
    publish_status(self, "online");
    mqtt_state_renew(self->state, now(self));
    if (self->birth_topic) {
        begin_announcing(self);
    }
}

/* A broker of MQTT 3.1.1 cannot say why it closes. */
static void explain_closed(struct sink_instance *self)
{
    const char *reason = mqtt_client_reason(self->client);
    if (self->short_lives < SHORT_LIVES) {
        snprintf(self->reason, sizeof(self->reason), "%s", reason);
        return;
    }
    snprintf(
        self->reason, sizeof(self->reason),
        "%.60s:%u ended the connection soon after it was made, %u times in a row: does another "
        "client use the client id \"%.60s\" too (mqtt.client_id)? Is a message too large for it?",
        self->options->host, (unsigned)self->options->port, self->short_lives, self->client_id);
}

static void note_closed(struct sink_instance *self)
{
    bool was_up = self->seen == MQTT_CLIENT_UP;
    bool is_refusal = mqtt_client_trouble(self->client) == MQTT_TROUBLE_REFUSED;
    if (was_up) {
        int64_t silent_us = now(self) - mqtt_client_silence_us(self->client);
        int64_t waits_us = mqtt_outbox_waits_since_us(&self->outbox);
        self->silent_us = silent_us < waits_us ? silent_us : waits_us;
    }
    bool was_steady = was_up && now(self) - self->up_since_us > STEADY_US;
    bool is_search = mqtt_outbox_down(&self->outbox, was_up && !is_refusal);
    bool is_short = was_up && !was_steady && !is_refusal && !mqtt_client_silence_us(self->client);
    self->short_lives = is_short ? self->short_lives + 1 : was_up ? 0 : self->short_lives;
    explain_closed(self);
    if (was_steady || is_search) { /* a search should not take minutes */
        backoff_reset(&self->backoff);
    }
    if (is_refusal) {
        backoff_refused(&self->backoff, now(self));
    } else {
        backoff_fail(&self->backoff, now(self));
    }
}

/* Telemetry that is not taken for now waits in the journal, with the reason that the broker gave. */
static void stop_refused(struct sink_instance *self)
{
    self->silent_us = now(self);
    snprintf(self->reason, sizeof(self->reason), "%s", self->outbox.refusal);
    mqtt_client_disconnect(self->client);
    mqtt_outbox_down(&self->outbox, false);
    backoff_refused(&self->backoff, now(self));
}

static void add_topic(struct sink_instance *self, const struct device *device, const char *leaf)
{
    struct text *topic = &self->outbox.topic;
    text_clear(topic);
    text_add_string(topic, self->options->prefix);
    text_add_char(topic, '/');
    text_add_string(topic, device->site);
    text_add_char(topic, '/');
    text_add_string(topic, device->id);
    text_add_string(topic, leaf);
}

static void publish_states(struct sink_instance *self)
{
    int64_t now_us = now(self);
    while (mqtt_outbox_has_extra_room(&self->outbox)) {
        text_clear(&self->outbox.payload);
        const struct device *device = mqtt_state_take(self->state, now_us, &self->outbox.payload);
        if (!device) {
            return;
        }
        add_topic(self, device, "/state");
        mqtt_outbox_deliver(&self->outbox,
                            &(struct mqtt_outgoing){.device = device, .is_retained = true});
    }
}

/* When something may be announced, -1 = nothing is to be. */
static int64_t announce_due_us(const struct sink_instance *self)
{
    if (!self->birth_topic) {
        return -1;
    }
    if (mqtt_state_has_announcement(self->state)) {
        return self->next_announce_us;
    }
    return self->is_born ? self->announced_us + ANNOUNCE_AGAIN_US : -1;
}

static void announce(struct sink_instance *self)
{
    int64_t due_us = announce_due_us(self);
    if (due_us < 0 || now(self) < due_us || !mqtt_outbox_has_extra_room(&self->outbox)) {
        return;
    }
    if (self->is_born && !mqtt_state_has_announcement(self->state)) {
        begin_announcing(self);
    }
    struct mqtt_outbox *outbox = &self->outbox;
    struct mqtt_announcement next;
    for (int i = 0; i < ANNOUNCE_AT_ONCE && mqtt_outbox_has_extra_room(outbox) &&
                    mqtt_state_next_announcement(self->state, &next);
         i++) {
        text_clear(&outbox->topic);
        text_clear(&outbox->payload);
        mqtt_discovery_add_point(&self->discovery, &next, &outbox->topic, &outbox->payload);
        mqtt_outbox_deliver(outbox,
                            &(struct mqtt_outgoing){.device = next.device, .is_retained = true});
    }
    self->next_announce_us = now(self) + ANNOUNCE_GAP_US;
}

static void work(struct sink_instance *self)
{
    self->outbox.round_us = now(self);
    mqtt_client_work(self->client);
    enum mqtt_client_state state = mqtt_client_state(self->client);
    if (state != self->seen && state == MQTT_CLIENT_UP) {
        note_up(self);
    } else if (state != self->seen && state == MQTT_CLIENT_CLOSED) {
        note_closed(self);
    }
    if (self->outbox.is_refused && state == MQTT_CLIENT_UP) {
        stop_refused(self);
        state = MQTT_CLIENT_CLOSED;
    }
    self->seen = state;
    if (state == MQTT_CLIENT_CLOSED && now(self) >= self->backoff.until_us) {
        open_connection(self);
        self->seen = mqtt_client_state(self->client);
    }
    mqtt_outbox_release(&self->outbox);
    publish_states(self);
    announce(self);
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
    size_t count = self->outbox.window.count;
    if (count > 0 && count < self->outbox.batch_room / 2) {
        fd->events &= (short)~POLLIN;
        *wait_us = shorter(*wait_us, ACKS_LINGER_US);
    }
}

/* What is due by the clock while the connection is up, -1 = nothing. */
static int64_t next_due_us(const struct sink_instance *self)
{
    int64_t due_us = mqtt_outbox_due_us(&self->outbox);
    if (due_us >= 0 || !mqtt_outbox_has_extra_room(&self->outbox)) {
        return due_us;
    }
    int64_t state_us = mqtt_state_due_us(self->state);
    int64_t announce_us = announce_due_us(self);
    return announce_us >= 0 ? shorter(state_us, announce_us) : state_us;
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
        int64_t due_us = next_due_us(self);
        if (due_us >= 0) {
            *wait_us = shorter(*wait_us, until(self, due_us));
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

static int64_t silent_since(struct sink_instance *self)
{
    return self->silent_us;
}

static uint64_t session(struct sink_instance *self)
{
    return self->session;
}

static bool has_room(struct sink_instance *self)
{
    return self->seen == MQTT_CLIENT_UP && mqtt_outbox_has_batch_room(&self->outbox);
}

static void send_batch(struct sink_instance *self, const struct batch *batch)
{
    add_topic(self, batch->device, "/telemetry");
    text_clear(&self->outbox.payload);
    mqtt_add_telemetry(&self->outbox.payload, batch);
    mqtt_outbox_deliver(&self->outbox, &(struct mqtt_outgoing){.device = batch->device,
                                                               .position = batch->position});
}

static bool has_record_room(struct sink_instance *self)
{
    return self->seen == MQTT_CLIENT_UP && mqtt_outbox_has_extra_room(&self->outbox);
}

/* lingtan/<site>/alarm/<subject>; what is a state is retained. */
static void send_record(struct sink_instance *self, const struct record *record, const char *body)
{
    const struct record_kind_row *kind = &record_kinds[record->kind];
    struct text topic = {0};
    struct text payload = {0};
    text_add_format(&topic, "%s/%s/%s/%s", self->options->prefix, self->site->id, kind->topic,
                    record->subject);
    mqtt_add_record(&payload, record, body);
    const struct mqtt_message message = {.topic = topic.data,
                                         .payload = payload.data,
                                         .length = payload.length,
                                         .is_retained = kind->is_state};
    mqtt_outbox_deliver_record(&self->outbox, &message, record->position);
    text_finish(&topic);
    text_finish(&payload);
}

static uint64_t acknowledged_records(struct sink_instance *self)
{
    return mqtt_outbox_acknowledged_records(&self->outbox);
}

static void flush(struct sink_instance *self)
{
    publish_states(self); /* what the live batches of this wake-up changed */
    mqtt_client_flush(self->client);
}

static uint64_t acknowledged(struct sink_instance *self)
{
    return mqtt_outbox_acknowledged(&self->outbox);
}

static uint64_t rejected(struct sink_instance *self)
{
    return self->outbox.rejected;
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
        bool is_done = self->outbox.window.count == 0 && !mqtt_client_is_congested(self->client);
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
    .check = mqtt_check,
    .create = create,
    .destroy = destroy,
    .follow = follow,
    .work = work,
    .wait_for = wait_for,
    .state = state_of,
    .silent_since = silent_since,
    .session = session,
    .has_room = has_room,
    .send = send_batch,
    .flush = flush,
    .acknowledged = acknowledged,
    .rejected = rejected,
    .live = live,
    .has_record_room = has_record_room,
    .send_record = send_record,
    .acknowledged_records = acknowledged_records,
    .goodbye = goodbye,
};
