/* SPDX-License-Identifier: Apache-2.0 */
/* Servers that stall: they keep the connection and say nothing. Since when a sink is down is true all the same, and
 * nobody waits for them when the daemon ends. A real influxd and a real mosquitto, frozen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <signal.h>
#include <unistd.h>

#include "support/support.h"
#include "unit/sinks/influx_scene.h"
#include "unit/sinks/mqtt_scene.h"

enum { SECOND = 1000000 };

static int64_t now(void)
{
    return clock_mono_us(clock_real());
}

/* From freezing on, but for the second that lines may wait and what a busy machine adds, on either side. */
static void assert_down_since(struct rig *rig, int64_t since_us)
{
    int64_t down_us = runner_status(rig->runner).down_us;
    int64_t wanted_us = now() - since_us;
    if (down_us < wanted_us - 2 * SECOND || down_us > wanted_us + SECOND) {
        fail_msg("down for %" PRId64 " us, not %" PRId64, down_us, wanted_us);
    }
}

static void begin(struct rig *rig)
{
    rig_start(rig, true);
    rig_wait_state(rig, SINK_UP);
    rig_make(rig, 10);
    rig_wait_cursor(rig, 10);
    assert_int_equal(runner_status(rig->runner).down_us, 0);
}

static void check_outage(struct rig *rig, int64_t since_us)
{
    rig_wait_state(rig, SINK_DOWN);
    assert_true(now() - since_us > 3 * SECOND); /* it took a while to see it */
    assert_down_since(rig, since_us);
}

static void check_return(struct rig *rig, pid_t server)
{
    kill(server, SIGCONT);
    rig_wait_state(rig, SINK_UP);
    assert_int_equal(runner_status(rig->runner).down_us, 0);
    rig_wait_cursor(rig, 20);
}

static void check_stop(struct rig *rig, pid_t server)
{
    kill(server, SIGSTOP);
    rig_make(rig, 10);
    usleep(300000); /* a request is on its way */
    int64_t start_us = now();
    runner_tell_stop(rig->runner);
    runner_stop(rig->runner);
    int64_t took_us = now() - start_us;
    print_message("stopped within %" PRId64 " ms\n", took_us / 1000);
    assert_true(took_us < 4 * SECOND);
    kill(server, SIGCONT);
}

/* Of the two brokers one has messages to answer, for the other an unanswered ping tells. */
static void test_servers_that_stall(void **state)
{
    (void)state;
    struct influx_scene influx;
    struct scene busy;
    struct scene silent;
    influx_scene_init(&influx, "");
    scene_init(&busy, 1, NULL);
    scene_init(&silent, 1, NULL);
    busy.options.keepalive_s = 5;
    silent.options.keepalive_s = 5;
    begin(&influx.rig);
    begin(&busy.rig);
    begin(&silent.rig);
    kill(influx.influx.pid, SIGSTOP);
    kill(busy.broker.pid, SIGSTOP);
    kill(silent.broker.pid, SIGSTOP);
    int64_t since_us = now();
    rig_make(&influx.rig, 10);
    rig_make(&busy.rig, 10);
    check_outage(&busy.rig, since_us);
    check_outage(&influx.rig, since_us);
    rig_wait_state(&silent.rig, SINK_DOWN);
    assert_true(runner_status(silent.rig.runner).down_us >= 5 * SECOND);
    check_return(&influx.rig, influx.influx.pid);
    check_return(&busy.rig, busy.broker.pid);
    check_stop(&influx.rig, influx.influx.pid);
    check_stop(&busy.rig, busy.broker.pid);
    kill(silent.broker.pid, SIGCONT);
    influx_scene_finish(&influx);
    scene_finish(&busy);
    scene_finish(&silent);
}

/* One that ends at once is down since then. */
static void test_servers_that_end(void **state)
{
    (void)state;
    struct influx_scene influx;
    struct scene mqtt;
    influx_scene_init(&influx, "");
    scene_init(&mqtt, 1, NULL);
    rig_start(&influx.rig, true);
    rig_start(&mqtt.rig, true);
    rig_wait_state(&influx.rig, SINK_UP);
    rig_wait_state(&mqtt.rig, SINK_UP);
    test_kill(&influx.influx.pid, SIGKILL);
    test_kill(&mqtt.broker.pid, SIGKILL);
    int64_t since_us = now();
    rig_make(&influx.rig, 10);
    rig_wait_state(&influx.rig, SINK_DOWN);
    rig_wait_state(&mqtt.rig, SINK_DOWN);
    usleep(3 * SECOND);
    assert_down_since(&influx.rig, since_us);
    assert_down_since(&mqtt.rig, since_us);
    rig_stop(&influx.rig);
    influx_scene_finish(&influx);
    scene_finish(&mqtt);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_servers_that_stall),
        cmocka_unit_test(test_servers_that_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
