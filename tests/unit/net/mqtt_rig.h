/* SPDX-License-Identifier: Apache-2.0 */
/* mqtt_rig: a client driven by hand, and how long its calls took. */
#ifndef LINGTAN_TESTS_MQTT_RIG_H
#define LINGTAN_TESTS_MQTT_RIG_H

#include "net/mqtt_client.h"

struct rig {
    struct mqtt_client *client;
    struct mqtt_client_options options;
    int acked[64];
    size_t acked_count;
    enum mqtt_answer answer; /* the last one */
    char words[100];
    int64_t longest_call_us;
    size_t rounds; /* wake-ups */
};

/* timeout_ms as in mqtt_client_options. */
void rig_init(struct rig *rig, const char *host, uint16_t port, int64_t timeout_ms);
void rig_open(struct rig *rig, const char *username, const char *password);
void rig_work(struct rig *rig);    /* waits 50 ms at most */
void rig_connect(struct rig *rig); /* until it is up or closed; no call may block */
void rig_assert_closed(struct rig *rig, enum mqtt_client_trouble trouble, const char *reason);
void rig_finish(struct rig *rig);

#endif
