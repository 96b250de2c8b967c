/* SPDX-License-Identifier: Apache-2.0 */
/* mqtt_rig: see the header. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/net/mqtt_rig.h"

#include <stdio.h>
#include <string.h>

enum {
    MAX_CALL_US = 3000000
}; /* far above what a call needs on a busy machine, below any time-out of a peer */

static void on_answered(void *context, int message_id, enum mqtt_answer answer, const char *words)
{
    struct rig *rig = context;
    rig->answer = answer;
    snprintf(rig->words, sizeof(rig->words), "%s", words);
    rig->acked[rig->acked_count++ % 64] = message_id;
}

void rig_init(struct rig *rig, const char *host, uint16_t port, int64_t timeout_ms)
{
    *rig = (struct rig){.options = {.clock = clock_real(),
                                    .host = host,
                                    .port = port,
                                    .client_id = "lingtan-test",
                                    .keepalive_s = 5,
                                    .connect_timeout_ms = timeout_ms,
                                    .on_answered = on_answered,
                                    .context = rig}};
}

void rig_open(struct rig *rig, const char *username, const char *password)
{
    if (!rig->client) {
        assert_int_equal(mqtt_client_create(&rig->options, &rig->client), 0);
    }
    int64_t start_us = clock_mono_us(clock_real());
    assert_int_equal(mqtt_client_open(rig->client, username, password), 0);
    rig->longest_call_us = clock_mono_us(clock_real()) - start_us;
}

void rig_work(struct rig *rig)
{
    struct pollfd fd;
    int64_t wait_us = 0;
    size_t count = mqtt_client_wait_for(rig->client, &fd, &wait_us);
    int64_t wait_ms = wait_us < 0 || wait_us > 50000 ? 50 : wait_us / 1000 + 1;
    poll(&fd, count, (int)wait_ms);
    rig->rounds++;
    int64_t start_us = clock_mono_us(clock_real());
    mqtt_client_work(rig->client);
    int64_t took_us = clock_mono_us(clock_real()) - start_us;
    rig->longest_call_us = took_us > rig->longest_call_us ? took_us : rig->longest_call_us;
}

void rig_connect(struct rig *rig)
{
    while (mqtt_client_state(rig->client) == MQTT_CLIENT_CONNECTING) {
        rig_work(rig);
    }
    assert_true(rig->longest_call_us < MAX_CALL_US);
}

void rig_assert_closed(struct rig *rig, enum mqtt_client_trouble trouble, const char *reason)
{
    assert_int_equal(mqtt_client_state(rig->client), MQTT_CLIENT_CLOSED);
    if (!strstr(mqtt_client_reason(rig->client), reason)) {
        fail_msg("\"%s\" does not say \"%s\"", mqtt_client_reason(rig->client), reason);
    }
    assert_int_equal(mqtt_client_trouble(rig->client), trouble);
}

void rig_finish(struct rig *rig)
{
    mqtt_client_destroy(rig->client);
}
