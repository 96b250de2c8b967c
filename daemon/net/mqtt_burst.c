/* SPDX-License-Identifier: Apache-2.0 */
/* mqtt_burst: PUBLISH packets of QoS 0, byte by byte. */
#include "net/mqtt_burst.h"

#include <string.h>

enum {
    PUBLISH = 0x30,
    RETAIN = 0x01,
    CONTENT_TYPE = 0x03, /* property: MQTT 5, section 3.3.2.3.9 */
};

static size_t length_bytes(size_t value)
{
    return value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x200000 ? 3 : 4;
}

/* Without the byte that holds their length: one is enough, since a content type is short. */
static size_t properties_size(const char *content_type)
{
    return content_type ? 3 + strlen(content_type) : 0;
}

static size_t rest_size(const struct mqtt_message *message, enum mqtt_protocol protocol,
                        const char *content_type)
{
    size_t properties = protocol == MQTT_5 ? 1 + properties_size(content_type) : 0;
    return 2 + strlen(message->topic) + (message->qos > 0 ? 2 : 0) + properties + message->length;
}

size_t mqtt_packet_size(const struct mqtt_message *message, enum mqtt_protocol protocol,
                        const char *content_type)
{
    size_t rest = rest_size(message, protocol, content_type);
    return 1 + length_bytes(rest) + rest;
}

static void add_byte(struct text *text, size_t value)
{
    text_add_char(text, (char)(unsigned char)value);
}

static void add_length(struct text *text, size_t value)
{
    while (value >= 0x80) {
        add_byte(text, (value & 0x7f) | 0x80);
        value >>= 7;
    }
    add_byte(text, value);
}

static void add_string(struct text *text, const char *string)
{
    size_t length = strlen(string);
    add_byte(text, length >> 8);
    add_byte(text, length & 0xff);
    text_add(text, string, length);
}

void mqtt_burst_add(struct mqtt_burst *burst, const struct mqtt_message *message,
                    enum mqtt_protocol protocol, const char *content_type)
{
    struct text *text = &burst->bytes;
    add_byte(text, PUBLISH | (message->is_retained ? RETAIN : 0));
    add_length(text, rest_size(message, protocol, content_type));
    add_string(text, message->topic);
    if (protocol == MQTT_5) {
        add_byte(text, properties_size(content_type));
    }
    if (protocol == MQTT_5 && content_type) {
        add_byte(text, CONTENT_TYPE);
        add_string(text, content_type);
    }
    text_add(text, message->payload, message->length);
}

void mqtt_burst_clear(struct mqtt_burst *burst)
{
    text_clear(&burst->bytes);
    burst->written = 0;
    burst->is_begun = false;
}
