/* SPDX-License-Identifier: Apache-2.0 */
/* mqtt_outbox: see the header. */
#include "sinks/mqtt/mqtt_outbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum {
    EXTRA_ROOM = 256, /* in flight beyond the window, so that state overtakes the backlog */
    REFUSAL_LOG_US = 60000000,
};

void mqtt_outbox_init(struct mqtt_outbox *outbox, const struct clock *clock, int qos, size_t window)
{
    *outbox = (struct mqtt_outbox){.clock = clock,
                                   .qos = qos,
                                   .window_option = window,
                                   .refusal_limit = {.period_us = REFUSAL_LOG_US}};
    mqtt_window_init(&outbox->window, window + EXTRA_ROOM);
}

static void drop_held(struct mqtt_outbox *outbox)
{
    device_unref(outbox->held.device);
    outbox->held = (struct mqtt_outgoing){0};
}

void mqtt_outbox_finish(struct mqtt_outbox *outbox)
{
    drop_held(outbox);
    mqtt_window_finish(&outbox->window);
    for (size_t i = 0; i < outbox->told_count; i++) {
        free((char *)outbox->told[i]);
    }
    text_finish(&outbox->topic);
    text_finish(&outbox->payload);
}

static int64_t now(const struct mqtt_outbox *outbox)
{
    return clock_mono_us(outbox->clock);
}

static bool is_told(struct mqtt_outbox *outbox, const struct device *device)
{
    for (size_t i = 0; i < outbox->told_count; i++) {
        if (!strcmp(outbox->told[i], device->id)) {
            return true;
        }
    }
    if (outbox->told_count == MQTT_TOLD_MAX) {
        return true;
    }
    outbox->told[outbox->told_count++] = mem_dup_string(device->id);
    return false;
}

/* Logged once for each device: its messages will always be like this one. */
static void reject(struct mqtt_outbox *outbox, const struct mqtt_outgoing *message, size_t size,
                   const char *why)
{
    outbox->rejected += message->position > 0;
    if (message->device && !is_told(outbox, message->device)) {
        const struct log_subject subject = {.line = message->device->line,
                                            .device = message->device->id};
        log_about(LOG_LEVEL_ERROR, subject,
                  "mqtt: the broker never takes a message of %s of %zu bytes: %s; such messages "
                  "are left out and counted, the rest goes on",
                  message->device->id, size, why);
    }
}

static void reject_slot(struct mqtt_outbox *outbox, const struct mqtt_window_slot *slot,
                        const char *why)
{
    reject(outbox, &(struct mqtt_outgoing){.device = slot->device, .position = slot->position},
           slot->size, why);
}

/* Where the broker lets few messages wait, batches still get the larger part. */
static void set_rooms(struct mqtt_outbox *outbox)
{
    size_t all = mqtt_client_receive_maximum(outbox->client);
    size_t quarter = all / 4 > 0 ? all / 4 : 1;
    outbox->extra_room = quarter < EXTRA_ROOM - 1 ? quarter : EXTRA_ROOM - 1;
    size_t rest = all > outbox->extra_room ? all - outbox->extra_room : 1;
    outbox->batch_room = rest < outbox->window_option ? rest : outbox->window_option;
}

void mqtt_outbox_up(struct mqtt_outbox *outbox)
{
    mqtt_window_reset(&outbox->window);
    mqtt_limit_up(&outbox->limit, now(outbox));
    outbox->written = 0;
    outbox->held_record = 0;
    outbox->is_refused = false;
    set_rooms(outbox);
}

bool mqtt_outbox_down(struct mqtt_outbox *outbox, bool is_lost)
{
    drop_held(outbox);
    if (!is_lost) {
        return false;
    }
    if (mqtt_limit_lost(&outbox->limit, now(outbox))) {
        const struct mqtt_window_slot *slot = mqtt_window_first(&outbox->window);
        struct mqtt_outgoing state = {.device = slot ? slot->device : NULL};
        reject(outbox, &state, outbox->limit.refused, "it closes the connection each time");
    }
    return mqtt_limit_is_brought_on(&outbox->limit);
}

int64_t mqtt_outbox_waits_since_us(const struct mqtt_outbox *outbox)
{
    const struct mqtt_window_slot *first = mqtt_window_first(&outbox->window);
    return first ? first->sent_us : INT64_MAX;
}

static void note_refusal(struct mqtt_outbox *outbox, const struct mqtt_window_slot *slot,
                         const char *words)
{
    uint64_t held = 0;
    if (outbox->is_refused) {
        return; /* the first one is told */
    }
    if (slot->position) {
        outbox->is_refused = true;
        snprintf(outbox->refusal, sizeof(outbox->refusal),
                 "the broker does not take telemetry of %s: %s", slot->device->id, words);
    } else if (log_limit_pass(&outbox->refusal_limit, outbox->clock, &held)) {
        log_error("mqtt: the broker does not take messages beside telemetry, of %s for one: %s",
                  slot->device ? slot->device->id : "the status", words);
    }
}

/* A batch that the broker may take later is not settled: the connection ends, and it comes again. */
void mqtt_outbox_answered(struct mqtt_outbox *outbox, int message_id, enum mqtt_answer answer,
                          const char *words)
{
    const struct mqtt_window_slot *slot = mqtt_window_find(&outbox->window, message_id);
    if (!slot) {
        return;
    }
    switch (answer) {
    case MQTT_ACCEPTED:
        mqtt_limit_accepted(&outbox->limit, slot->size);
        break;
    case MQTT_HELD:
        if (slot->record && !outbox->held_record) {
            outbox->held_record = slot->record;
        }
        note_refusal(outbox, slot, words);
        break;
    case MQTT_TOO_LARGE:
        mqtt_limit_refused(&outbox->limit, slot->size);
        reject_slot(outbox, slot, words);
        break;
    case MQTT_REJECTED:
        reject_slot(outbox, slot, words);
        break;
    }
    if (answer != MQTT_HELD || !slot->position) {
        mqtt_window_acknowledge(&outbox->window, message_id);
    }
}

/* A suspect on its way is alone, and one that is held goes first. */
static bool is_open(const struct mqtt_outbox *outbox)
{
    return mqtt_client_state(outbox->client) == MQTT_CLIENT_UP && !outbox->held.device &&
           !outbox->limit.alone && !outbox->is_refused && !mqtt_client_is_congested(outbox->client);
}

bool mqtt_outbox_has_batch_room(const struct mqtt_outbox *outbox)
{
    const struct mqtt_window *window = &outbox->window;
    return window->count - window->extra_count < outbox->batch_room && is_open(outbox);
}

/* The status at the very end keeps a place. */
bool mqtt_outbox_has_extra_room(const struct mqtt_outbox *outbox)
{
    const struct mqtt_window *window = &outbox->window;
    return window->extra_count < outbox->extra_room && window->count + 1 < window->capacity &&
           is_open(outbox);
}

static void settle(struct mqtt_outbox *outbox, uint64_t position)
{
    if (position) {
        mqtt_window_add_settled(&outbox->window, position);
    }
}

static void note_written(struct mqtt_outbox *outbox, uint64_t position)
{
    if (position) {
        outbox->written = position;
        if (outbox->window.acknowledged >= position) {
            outbox->window.acknowledged = position - 1;
        }
    }
}

/* When the connection is gone the message is forgotten: it comes again in the next one. */
static void post(struct mqtt_outbox *outbox, const struct mqtt_outgoing *outgoing, int qos)
{
    const struct mqtt_message message = {.topic = outbox->topic.data,
                                         .payload = outbox->payload.data,
                                         .length = outbox->payload.length,
                                         .qos = qos,
                                         .is_retained = outgoing->is_retained};
    struct mqtt_window_slot slot = {.position = outgoing->position,
                                    .size = outbox->topic.length + outbox->payload.length,
                                    .sent_us = outbox->round_us,
                                    .device = outgoing->device};
    int result = mqtt_client_publish(outbox->client, &message, &slot.message_id);
    if (result == 0 && qos > 0) {
        mqtt_window_add(&outbox->window, &slot);
    } else if (result == 0) {
        note_written(outbox, outgoing->position);
    } else if (result != -ENOTCONN) {
        reject(outbox, outgoing, slot.size, "it announced a lower limit");
        settle(outbox, outgoing->position);
    }
}

void mqtt_outbox_deliver(struct mqtt_outbox *outbox, const struct mqtt_outgoing *message)
{
    size_t size = outbox->topic.length + outbox->payload.length;
    switch (mqtt_limit_judge(&outbox->limit, size, outbox->window.count, now(outbox))) {
    case MQTT_LIMIT_SEND:
        post(outbox, message, outbox->qos);
        break;
    case MQTT_LIMIT_ALONE:
        mqtt_limit_alone(&outbox->limit, size, now(outbox));
        post(outbox, message, 1); /* only an acknowledgement proves that it was taken */
        break;
    case MQTT_LIMIT_WAIT:
        outbox->held = *message;
        device_ref(message->device);
        break;
    case MQTT_LIMIT_REFUSE:
        reject(outbox, message, size, "such messages ended connections");
        settle(outbox, message->position);
        break;
    }
}

void mqtt_outbox_deliver_plain(struct mqtt_outbox *outbox, const struct mqtt_message *message)
{
    struct mqtt_window_slot slot = {.size = strlen(message->topic) + message->length,
                                    .sent_us = outbox->round_us};
    int result = mqtt_client_publish(outbox->client, message, &slot.message_id);
    if (result == 0 && message->qos > 0) {
        mqtt_window_add(&outbox->window, &slot);
    }
}

void mqtt_outbox_deliver_record(struct mqtt_outbox *outbox, const struct mqtt_message *message,
                                uint64_t position)
{
    struct mqtt_window_slot slot = {.record = position,
                                    .size = strlen(message->topic) + message->length,
                                    .sent_us = outbox->round_us};
    struct mqtt_message sent = *message;
    sent.qos = outbox->qos > 0 ? outbox->qos : 1;
    int result = mqtt_client_publish(outbox->client, &sent, &slot.message_id);
    if (result == 0) {
        mqtt_window_add(&outbox->window, &slot);
    } else if (result != -ENOTCONN) {
        log_error("mqtt: the broker never takes a message of %zu bytes on %s: it announced a lower "
                  "limit; it is left out",
                  slot.size, message->topic);
        mqtt_window_add_settled_record(&outbox->window, position);
    }
}

uint64_t mqtt_outbox_acknowledged_records(const struct mqtt_outbox *outbox)
{
    const uint64_t acknowledged = outbox->window.acknowledged_records;
    const uint64_t held = outbox->held_record;
    return held > 0 && held <= acknowledged ? held - 1 : acknowledged;
}

void mqtt_outbox_release(struct mqtt_outbox *outbox)
{
    if (!outbox->held.device || mqtt_client_state(outbox->client) != MQTT_CLIENT_UP ||
        mqtt_client_is_congested(outbox->client)) {
        return;
    }
    const struct mqtt_outgoing message = outbox->held;
    outbox->held = (struct mqtt_outgoing){0};
    mqtt_outbox_deliver(outbox, &message);
    device_unref(message.device);
}

int64_t mqtt_outbox_due_us(const struct mqtt_outbox *outbox)
{
    bool waits = outbox->held.device && outbox->window.count == 0;
    return waits ? mqtt_limit_calm_us(&outbox->limit) : -1;
}

uint64_t mqtt_outbox_acknowledged(struct mqtt_outbox *outbox)
{
    bool is_written = outbox->written > outbox->window.acknowledged && outbox->window.count == 0 &&
                      mqtt_client_state(outbox->client) == MQTT_CLIENT_UP &&
                      !mqtt_client_is_congested(outbox->client);
    if (is_written) {
        outbox->window.acknowledged = outbox->written;
    }
    return outbox->window.acknowledged;
}
