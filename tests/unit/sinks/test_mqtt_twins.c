/* SPDX-License-Identifier: Apache-2.0 */
/* Two daemons at one broker. With one client id the broker ends the connection of the one for that of the other: they
 * must not do that to each other every second, and say what is wrong. Without one they are left with their own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/mqtt_client.h"
#include "support/support.h"
#include "unit/sinks/mqtt_scene.h"

enum { SECONDS = 15 };

struct twin {
    struct mqtt_options options;
    struct rig rig;
    char reason[400]; /* the last one that was shown */
};

static void twin_init(struct twin *twin, const struct test_broker *broker, int protocol,
                      char *client_id)
{
    rig_init(&twin->rig, &mqtt_sink, &twin->options);
    twin->options.port = broker->port;
    twin->options.protocol = protocol;
    twin->options.client_id = client_id;
    twin->reason[0] = '\0';
    rig_start(&twin->rig, true);
}

static void watch(struct twin *twin)
{
    struct runner_status status = runner_status(twin->rig.runner);
    if (status.reason[0]) {
        memcpy(twin->reason, status.reason, sizeof(status.reason));
    }
}

static void run_twins(struct twin twins[2])
{
    int64_t end_us = clock_mono_us(clock_real()) + (int64_t)SECONDS * 1000000;
    while (clock_mono_us(clock_real()) < end_us) {
        for (int i = 0; i < 2; i++) {
            rig_make(&twins[i].rig, 1);
            watch(&twins[i]);
        }
        usleep(20000);
    }
}

/* A broker of MQTT 5 may say why it closes; mosquitto 2.0.11 does not, so this is the same in both protocols. */
static void test_one_id(void **state)
{
    (void)state;
    struct test_broker broker;
    test_broker_init(&broker, NULL);
    test_broker_start(&broker);
    struct twin *twins = mem_alloc_array(2, sizeof(*twins));
    for (int i = 0; i < 2; i++) {
        twin_init(&twins[i], &broker, i == 0 ? MQTT_3_1_1 : MQTT_5, "twin");
    }
    run_twins(twins);
    for (int i = 0; i < 2; i++) {
        uint64_t sessions = runner_status(twins[i].rig.runner).sessions;
        print_message("%" PRIu64 " sessions within %d s: %s\n", sessions, SECONDS, twins[i].reason);
        assert_in_range(sessions, 1, 6);
        assert_non_null(strstr(twins[i].reason,
                               "does another client use the client id \"twin\" too "
                               "(mqtt.client_id)?"));
    }
    rig_finish(&twins[0].rig);
    /* Alone again: all of it goes out. */
    rig_wait_cursor(&twins[1].rig, twins[1].rig.position);
    rig_finish(&twins[1].rig);
    free(twins);
    test_broker_finish(&broker);
}

/* The same site twice on one machine, each with its own data folder. */
static void test_no_id_given(void **state)
{
    (void)state;
    struct test_broker broker;
    test_broker_init(&broker, NULL);
    test_broker_start(&broker);
    struct twin *twins = mem_alloc_array(2, sizeof(*twins));
    for (int i = 0; i < 2; i++) {
        twin_init(&twins[i], &broker, MQTT_3_1_1, "");
    }
    for (int i = 0; i < 2; i++) {
        rig_make(&twins[i].rig, 100);
        rig_wait_cursor(&twins[i].rig, 100);
    }
    sleep(2);
    for (int i = 0; i < 2; i++) {
        struct runner_status status = runner_status(twins[i].rig.runner);
        assert_int_equal(status.state, SINK_UP);
        assert_int_equal(status.sessions, 1);
        rig_finish(&twins[i].rig);
    }
    free(twins);
    test_broker_finish(&broker);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_id),
        cmocka_unit_test(test_no_id_given),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
