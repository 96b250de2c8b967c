/* SPDX-License-Identifier: Apache-2.0 */
/* mqtt_state: when a device's state is told, and what it says. Time is a number here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "sinks/mqtt/mqtt_state.h"
#include "site/site.h"
#include "unit/sinks/samples.h"

enum { SECOND = 1000000, PERIOD = 60 * SECOND };

struct rig {
    struct mqtt_state *state;
    struct device *device;
    struct text text;
};

static int set_up(void **state)
{
    static struct rig rig;
    rig = (struct rig){.state = mqtt_state_create(PERIOD), .device = sample_device("m1")};
    *state = &rig;
    return 0;
}

static int tear_down(void **state)
{
    struct rig *rig = *state;
    mqtt_state_destroy(rig->state);
    device_unref(rig->device);
    text_finish(&rig->text);
    return 0;
}

/* A batch received at now_us whose power has this many counts of 0.01 kW. */
static struct batch *batch_at(struct rig *rig, int64_t now_us, int64_t power)
{
    struct batch *batch = sample_batch(rig->device, 1);
    batch->received_mono_us = now_us;
    batch->readings[SAMPLE_POWER].count = power;
    batch->readings[SAMPLE_POWER].value = reading_value_of_count(power, 0.01, 0.0);
    return batch;
}

static void note(struct rig *rig, int64_t now_us, int64_t power)
{
    struct batch *batch = batch_at(rig, now_us, power);
    mqtt_state_note(rig->state, batch, now_us);
    batch_unref(batch);
}

static bool take(struct rig *rig, int64_t now_us)
{
    text_clear(&rig->text);
    return mqtt_state_take(rig->state, now_us, &rig->text) != NULL;
}

static void test_dead_band(void **state)
{
    struct rig *rig = *state;
    assert_int_equal(mqtt_state_due_us(rig->state), -1);
    note(rig, 0, 100);
    assert_int_equal(mqtt_state_due_us(rig->state), 0);
    assert_true(take(rig, 0));
    assert_non_null(strstr(rig->text.data, "\"active_power\":1,"));
    assert_false(take(rig, 0));
    note(rig, 2 * SECOND, 105); /* 0.05 kW: not beyond the dead band */
    assert_false(take(rig, 2 * SECOND));
    assert_int_equal(mqtt_state_due_us(rig->state), PERIOD);
    note(rig, 3 * SECOND, 106);
    assert_true(take(rig, 3 * SECOND));
    assert_non_null(strstr(rig->text.data, "\"active_power\":1.06,"));
    note(rig, 5 * SECOND, 102); /* measured from what was told, not from the last reading */
    assert_false(take(rig, 5 * SECOND));
    note(rig, 6 * SECOND, 100);
    assert_true(take(rig, 6 * SECOND));
}

static void test_once_a_second(void **state)
{
    struct rig *rig = *state;
    int told = 0;
    int64_t last_us = -SECOND;
    for (int64_t now_us = 0; now_us < 20 * SECOND; now_us += 50000) {
        note(rig, now_us, now_us);
        if (take(rig, now_us)) {
            assert_true(now_us - last_us >= SECOND * 9 / 10);
            last_us = now_us;
            told++;
        }
    }
    assert_in_range(told, 19, 21);
}

/* The news that came too early is told when its second is over, without another batch. */
static void test_late_news(void **state)
{
    struct rig *rig = *state;
    note(rig, 0, 100);
    assert_true(take(rig, 0));
    note(rig, 200000, 500);
    assert_false(take(rig, 200000));
    assert_in_range(mqtt_state_due_us(rig->state), 850000, SECOND);
    assert_true(take(rig, SECOND));
    assert_non_null(strstr(rig->text.data, "\"active_power\":5,"));
}

static void test_every_minute_and_stale(void **state)
{
    struct rig *rig = *state;
    note(rig, 0, 100);
    assert_true(take(rig, 0));
    assert_false(take(rig, PERIOD - 1));
    note(rig, PERIOD - SECOND, 101);
    assert_true(take(rig, PERIOD));
    assert_non_null(strstr(rig->text.data, "\"active_power\":1.01,"));
    assert_null(strstr(rig->text.data, "stale"));
    /* Nothing more comes: the next message must not pass it off as live. The serial number has no period. */
    assert_true(take(rig, 2 * PERIOD));
    assert_non_null(strstr(rig->text.data, "\"active_power\":\"stale\""));
    assert_non_null(strstr(rig->text.data, "\"serial_number\":\"SN"));
    assert_null(strstr(rig->text.data, "\"active_power\":1"));
    /* It lives again: news, although the value is the same. */
    note(rig, 2 * PERIOD + 5 * SECOND, 101);
    assert_true(take(rig, 2 * PERIOD + 5 * SECOND));
    assert_null(strstr(rig->text.data, "stale"));
}

/* The same words as the API's: what failed keeps its reason, what was never read is stale. */
static void test_words_are_those_of_the_api(void **state)
{
    struct rig *rig = *state;
    struct batch *batch = batch_at(rig, 0, 100);
    batch->readings[SAMPLE_POWER].quality = QUALITY_TIMEOUT;
    batch->readings[SAMPLE_VOLTAGE].quality = QUALITY_IMPLAUSIBLE;
    batch->count = SAMPLE_SERIAL; /* which comes once */
    mqtt_state_note(rig->state, batch, 0);
    batch_unref(batch);
    assert_true(take(rig, 0));
    assert_non_null(strstr(rig->text.data, "\"active_power\":\"timeout\""));
    assert_non_null(strstr(rig->text.data, "\"voltage_a\":\"implausible\""));
    assert_non_null(strstr(rig->text.data, "\"serial_number\":\"stale\""));
    assert_true(take(rig, PERIOD));
    assert_non_null(strstr(rig->text.data, "\"active_power\":\"timeout\""));
    assert_non_null(strstr(rig->text.data, "\"voltage_a\":\"stale\""));
    assert_non_null(strstr(rig->text.data, "\"active_energy_import\":\"stale\""));
}

static void test_quality_is_news(void **state)
{
    struct rig *rig = *state;
    note(rig, 0, 100);
    assert_true(take(rig, 0));
    struct batch *batch = batch_at(rig, 2 * SECOND, 100);
    batch->readings[SAMPLE_VOLTAGE].quality = QUALITY_TIMEOUT;
    batch->seq = 77;
    mqtt_state_note(rig->state, batch, 2 * SECOND);
    batch_unref(batch);
    assert_true(take(rig, 2 * SECOND));
    assert_non_null(strstr(rig->text.data, "\"quality\":{\"voltage_a\":\"timeout\"}"));
    assert_null(strstr(rig->text.data, "\"voltage_a\":230"));
    assert_non_null(strstr(rig->text.data, "\"seq\":77"));
}

/* One poll class after the other: the message has what any of them brought. */
static void test_merges_poll_classes(void **state)
{
    struct rig *rig = *state;
    for (uint16_t point = 0; point < 2; point++) {
        struct batch *batch = batch_at(rig, point * 2 * SECOND, 100);
        batch->readings[0] = batch->readings[point == 0 ? SAMPLE_POWER : SAMPLE_SERIAL];
        batch->count = 1;
        mqtt_state_note(rig->state, batch, point * 2 * SECOND);
        batch_unref(batch);
        assert_true(take(rig, point * 2 * SECOND));
        assert_non_null(strstr(rig->text.data, "\"active_power\":1,") ||
                        strstr(rig->text.data, "\"active_power\":1}"));
        assert_int_equal(strstr(rig->text.data, "\"serial_number\":\"SN") != NULL, point == 1);
        assert_non_null(strstr(rig->text.data, "\"voltage_a\":\"stale\"")); /* never read */
    }
}

static void test_renew_and_many_devices(void **state)
{
    struct rig *rig = *state;
    enum { DEVICES = 500 };
    for (int i = 0; i < DEVICES; i++) {
        char id[16];
        snprintf(id, sizeof(id), "d%d", i);
        struct device *device = sample_device(id);
        struct batch *batch = sample_batch(device, 1);
        mqtt_state_note(rig->state, batch, 0);
        batch_unref(batch);
        device_unref(device);
    }
    int first = 0;
    while (take(rig, 0)) {
        first++;
    }
    assert_int_equal(first, DEVICES);
    mqtt_state_renew(rig->state, 100);
    int again = 0;
    while (take(rig, 100)) {
        again++;
    }
    assert_int_equal(again, DEVICES);
}

/* After a reload the same id may have other points. */
static void test_new_layout(void **state)
{
    struct rig *rig = *state;
    note(rig, 0, 100);
    assert_true(take(rig, 0));
    const struct point point = {
        .name = "frequency", .quantity = quantity_find("frequency"), .source = POINT_FLOAT64};
    struct device *device = device_create(
        &(struct device){.id = "m1", .site = "hq", .point_count = 1, .points = &point});
    struct batch *batch = batch_create(device, 1, 0);
    batch->count = 1;
    batch->readings[0] = (struct reading){.value = 50.0, .time_us = 1};
    mqtt_state_note(rig->state, batch, 2 * SECOND);
    assert_true(take(rig, 2 * SECOND));
    assert_non_null(strstr(rig->text.data, "\"values\":{\"frequency\":50}"));
    batch_unref(batch);
    device_unref(device);
}

/* A site without lines: the device of the field goes, what is derived stays. */
static void test_who_stays(void **state)
{
    struct rig *rig = *state;
    const struct site site = {.id = "hq"};
    struct device model = *rig->device;
    model.kind = DEVICE_DERIVED;
    model.id = "roof";
    struct device *node = device_create(&model);
    struct batch *sum = sample_batch(node, 1);
    note(rig, 0, 100);
    mqtt_state_note(rig->state, sum, 0);
    assert_true(take(rig, 0) && take(rig, 0));
    mqtt_state_keep(rig->state, &site, 2 * SECOND);
    assert_true(take(rig, 2 * SECOND));
    assert_int_equal(rig->text.length, 0); /* clears what the broker keeps */
    assert_false(take(rig, 2 * SECOND));
    assert_true(take(rig, PERIOD));
    assert_non_null(strstr(rig->text.data, "active_power"));
    batch_unref(sum);
    device_unref(node);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_dead_band, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_once_a_second, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_late_news, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_words_are_those_of_the_api, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_every_minute_and_stale, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_quality_is_news, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_merges_poll_classes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_renew_and_many_devices, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_new_layout, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_who_stays, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
