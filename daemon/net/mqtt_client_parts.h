/* SPDX-License-Identifier: Apache-2.0 */
/* mqtt_client_parts: what mqtt_client.c, which drives the connection, and mqtt_events.c, which hears of it, share. */
#ifndef LINGTAN_NET_MQTT_CLIENT_PARTS_H
#define LINGTAN_NET_MQTT_CLIENT_PARTS_H

#include <mosquitto.h>

#include "net/mqtt_client.h"
#include "net/resolve.h"

struct mqtt_client {
    struct mqtt_client_options options;
    struct mosquitto *mosq;         /* NULL while closed */
    struct tls *tls;                /* NULL = in the clear */
    mosquitto_property *properties; /* of every message, MQTT 5 */
    struct resolve *resolve;
    size_t first_address;       /* of this attempt: one that worked before, else the next */
    size_t tried;               /* addresses in this attempt */
    char address[RESOLVE_SIZE]; /* the last one that was tried, kept over attempts */
    bool has_worked;            /* a connection to it came up */
    enum mqtt_client_state state;
    enum mqtt_client_trouble trouble;
    int64_t deadline_us; /* monotonic, of the step while connecting */
    bool is_connected;   /* the socket, while connecting */
    bool is_corked;
    uint16_t receive_maximum;
    uint32_t maximum_packet; /* bytes; 0 = not said */
    int64_t silence_us;
    char tls_words[100]; /* the library's last word while connecting */
    char reason[200];
};

/* Has the library call us. The calls only note: they may not destroy the handle. */
void mqtt_client_watch(struct mqtt_client *client);

#endif
