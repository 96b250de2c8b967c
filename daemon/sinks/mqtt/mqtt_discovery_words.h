/* SPDX-License-Identifier: Apache-2.0 */
/* mqtt_discovery_words: what points and states are called, in the site's language. Plain functions. */
#ifndef LINGTAN_SINKS_MQTT_DISCOVERY_WORDS_H
#define LINGTAN_SINKS_MQTT_DISCOVERY_WORDS_H

#include "sinks/mqtt/mqtt_discovery.h"

/* "Dc power 1" or "直流功率（组串） 1"; needs no escaping in JSON. */
void mqtt_words_add_name(struct text *text, const struct point *point, int language);

/* "0:'off',1:'on'" of a state whose numbers have words; nothing else. */
void mqtt_words_add_states(struct text *text, const struct mqtt_discovery *discovery,
                           const struct device *device, const struct point *point);

/* The Chinese of a word of the profiles, NULL when there is none. */
const char *mqtt_words_chinese(const char *word);

#endif
