/* SPDX-License-Identifier: Apache-2.0 */
/* mqtt_events: what the library tells of a connection. */
#include "net/mqtt_client_parts.h"

#include <stdio.h>
#include <string.h>

#include <mqtt_protocol.h>

#include "net/mqtt_words.h"

enum {
    RECEIVE_MAXIMUM = 65535, /* where the broker names none: MQTT 5, section 3.2.2.3.3 */
};

static void note_limits(struct mqtt_client *client, const mosquitto_property *properties)
{
    client->receive_maximum = RECEIVE_MAXIMUM;
    client->maximum_packet = 0;
    mosquitto_property_read_int16(properties, MQTT_PROP_RECEIVE_MAXIMUM, &client->receive_maximum,
                                  false);
    mosquitto_property_read_int32(properties, MQTT_PROP_MAXIMUM_PACKET_SIZE,
                                  &client->maximum_packet, false);
}

static void on_connect(struct mosquitto *mosq, void *context, int code, int flags,
                       const mosquitto_property *properties)
{
    (void)flags;
    struct mqtt_client *client = context;
    if (code == 0) {
        client->state = MQTT_CLIENT_UP;
        client->has_worked = true;
        client->trouble = MQTT_TROUBLE_NONE;
        client->reason[0] = '\0';
        note_limits(client, properties);
        mosquitto_log_callback_set(mosq,
                                   NULL); /* the library formats text for it at each message */
        return;
    }
    bool is_new = client->options.protocol == MQTT_5 && code >= MQTT_RC_UNSPECIFIED;
    int version_only =
        client->options.protocol == MQTT_5 && code == 1 ? MQTT_RC_UNSUPPORTED_PROTOCOL_VERSION : 0;
    const char *words = is_new         ? mqtt_reason_words(code)
                        : version_only ? mqtt_reason_words(version_only)
                                       : mqtt_connack_words(code);
    client->trouble = MQTT_TROUBLE_REFUSED;
    snprintf(client->reason, sizeof(client->reason), "%s:%u refuses us: %s", client->options.host,
             client->options.port, words);
}

/* MQTT 5: the broker says why it closes. */
static void on_disconnect(struct mosquitto *mosq, void *context, int code,
                          const mosquitto_property *properties)
{
    (void)mosq, (void)properties;
    struct mqtt_client *client = context;
    if (client->state != MQTT_CLIENT_UP || code < MQTT_RC_UNSPECIFIED) {
        return;
    }
    bool is_lasting = code == MQTT_RC_NOT_AUTHORIZED || code == MQTT_RC_BANNED ||
                      code == MQTT_RC_SESSION_TAKEN_OVER;
    client->trouble = is_lasting ? MQTT_TROUBLE_REFUSED : MQTT_TROUBLE_NETWORK;
    if (code == MQTT_RC_SESSION_TAKEN_OVER) {
        snprintf(
            client->reason, sizeof(client->reason),
            "%s:%u closed the connection: another client uses the client id \"%.60s\" too: give "
            "each its own",
            client->options.host, client->options.port, client->options.client_id);
        return;
    }
    snprintf(client->reason, sizeof(client->reason), "%s:%u closed the connection: %s",
             client->options.host, client->options.port, mqtt_reason_words(code));
}

static enum mqtt_answer answer_of(int code)
{
    switch (code) {
    case MQTT_RC_NOT_AUTHORIZED:
    case MQTT_RC_QUOTA_EXCEEDED:
        return MQTT_HELD;
    case MQTT_RC_PACKET_TOO_LARGE:
        return MQTT_TOO_LARGE;
    default:
        return code < MQTT_RC_UNSPECIFIED ? MQTT_ACCEPTED : MQTT_REJECTED;
    }
}

static void on_publish(struct mosquitto *mosq, void *context, int message_id, int code,
                       const mosquitto_property *properties)
{
    (void)mosq, (void)properties;
    struct mqtt_client *client = context;
    client->options.on_answered(client->options.context, message_id, answer_of(code),
                                mqtt_reason_words(code));
}

static void on_message(struct mosquitto *mosq, void *context,
                       const struct mosquitto_message *message,
                       const mosquitto_property *properties)
{
    (void)mosq, (void)properties;
    struct mqtt_client *client = context;
    const struct mqtt_message received = {
        .topic = message->topic,
        .payload = message->payload ? message->payload : "",
        .length = message->payloadlen > 0 ? (size_t)message->payloadlen : 0,
        .qos = message->qos,
        .is_retained = message->retain,
    };
    client->options.on_received(client->options.context, &received);
}

/* Only while connecting: the library tells OpenSSL's errors nowhere else. */
static void on_log(struct mosquitto *mosq, void *context, int level, const char *line)
{
    (void)mosq;
    struct mqtt_client *client = context;
    const char *words = strrchr(line, ':');
    if (level == MOSQ_LOG_ERR && words && strstr(line, "OpenSSL")) {
        snprintf(client->tls_words, sizeof(client->tls_words), "%s", words + 1);
    }
}

void mqtt_client_watch(struct mqtt_client *client)
{
    struct mosquitto *mosq = client->mosq;
    mosquitto_connect_v5_callback_set(mosq, on_connect);
    mosquitto_disconnect_v5_callback_set(mosq, on_disconnect);
    mosquitto_publish_v5_callback_set(mosq, on_publish);
    if (client->options.subscription) {
        mosquitto_message_v5_callback_set(mosq, on_message);
    }
    if (client->tls) {
        mosquitto_log_callback_set(mosq, on_log);
    }
}
