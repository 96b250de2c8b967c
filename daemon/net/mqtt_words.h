/* SPDX-License-Identifier: Apache-2.0 */
/* mqtt_words: what a broker's codes mean, for the person who must act. */
#ifndef LINGTAN_NET_MQTT_WORDS_H
#define LINGTAN_NET_MQTT_WORDS_H

/* The return codes of CONNACK in MQTT 3.1.1, section 3.2.2.3. */
const char *mqtt_connack_words(int code);

/* The reason codes of MQTT 5, section 2.4: of CONNACK, PUBACK and DISCONNECT. */
const char *mqtt_reason_words(int code);

#endif
