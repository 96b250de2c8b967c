/* SPDX-License-Identifier: Apache-2.0 */
/* mqtt_discovery: what Home Assistant is told so that every point becomes an entity of its device: a retained
 * configuration for each, in the form "one topic per entity" that every version of it takes. Plain functions. */
#ifndef LINGTAN_SINKS_MQTT_DISCOVERY_H
#define LINGTAN_SINKS_MQTT_DISCOVERY_H

#include "base/text.h"
#include "sinks/mqtt/mqtt_state.h"
#include "site/site.h"

/* The device classes that are told: those that every version knows, or also those that only late ones take. */
enum mqtt_discovery_classes { DISCOVERY_CLASSES_COMMON, DISCOVERY_CLASSES_ALL };

struct mqtt_discovery {
    const char *prefix; /* homeassistant */
    const char *topics; /* first part of our own topics */
    const char *status_topic;
    const struct site *site;
    const struct profiles *profiles; /* NULL = makers and models are not told */
    int64_t expire_s;                /* a state that is older says nothing */
    enum mqtt_discovery_classes classes;
};

/* Appends topic and payload; no payload for a point that is gone. */
void mqtt_discovery_add_point(const struct mqtt_discovery *discovery,
                              const struct mqtt_announcement *announcement, struct text *topic,
                              struct text *payload);

/* The same for the daemon itself, through which all devices are reached. */
void mqtt_discovery_add_daemon(const struct mqtt_discovery *discovery, struct text *topic,
                               struct text *payload);

#endif
