/* SPDX-License-Identifier: Apache-2.0 */
/* mqtt_burst: messages of QoS 0 gathered into one piece of the stream. The library makes two system calls for each
 * message (one wakes a thread of its own that we do not use); a message that nobody acknowledges needs no library. */
#ifndef LINGTAN_NET_MQTT_BURST_H
#define LINGTAN_NET_MQTT_BURST_H

#include "base/text.h"
#include "net/mqtt_client.h"

enum {
    MQTT_BURST_MAX = 65536, /* bytes: then it is written */
};

/* All-zero is empty. */
struct mqtt_burst {
    struct text bytes;
    size_t written;
    bool is_begun; /* a part was written, or tried: nobody else may write now */
};

/* Bytes of the message as an MQTT packet. content_type: of MQTT 5, NULL = none. */
size_t mqtt_packet_size(const struct mqtt_message *message, enum mqtt_protocol protocol,
                        const char *content_type);

/* A PUBLISH packet: MQTT 3.1.1 and MQTT 5, section 3.3. The topic has been checked, the packet is below 256 MB. */
void mqtt_burst_add(struct mqtt_burst *burst, const struct mqtt_message *message,
                    enum mqtt_protocol protocol, const char *content_type);

void mqtt_burst_clear(struct mqtt_burst *burst);

#endif
