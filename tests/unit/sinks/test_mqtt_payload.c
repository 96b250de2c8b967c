/* SPDX-License-Identifier: Apache-2.0 */
/* mqtt_payload: every message is JSON, with exact numbers and only good values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "sinks/mqtt/mqtt_payload.h"
#include "support/support.h"
#include "unit/sinks/samples.h"

static json_t *telemetry(const struct batch *batch)
{
    struct text text = {0};
    mqtt_add_telemetry(&text, batch);
    json_error_t error;
    json_t *object = json_loads(text.data, JSON_REJECT_DUPLICATES, &error);
    if (!object) {
        fail_msg("%s: %s", error.text, text.data);
    }
    text_finish(&text);
    return object;
}

static void test_all_ok(void **state)
{
    struct batch *batch = sample_batch(*state, 1234);
    json_t *object = telemetry(batch);
    assert_int_equal(json_integer_value(json_object_get(object, "ts")), 1700001234000);
    assert_int_equal(json_integer_value(json_object_get(object, "seq")), 2234);
    assert_null(json_object_get(object, "quality"));
    json_t *values = json_object_get(object, "values");
    assert_int_equal(json_object_size(values), SAMPLE_COUNT);
    assert_true(json_number_value(json_object_get(values, "active_power")) == 12.34);
    assert_true(json_number_value(json_object_get(values, "active_energy_import")) == 1234567.89);
    assert_true(json_is_integer(json_object_get(values, "inverter_state")));
    assert_int_equal(json_integer_value(json_object_get(values, "inverter_state")), 512);
    assert_true(json_number_value(json_object_get(values, "voltage_a")) == 230.1);
    assert_string_equal(json_string_value(json_object_get(values, "serial_number")), "SN \"7\"\\");
    json_decref(object);
    batch_unref(batch);
}

static void test_bad_values_say_why(void **state)
{
    struct batch *batch = sample_batch(*state, 7);
    batch->readings[SAMPLE_POWER].quality = QUALITY_TIMEOUT;
    batch->readings[SAMPLE_VOLTAGE].value = NAN; /* a maker's mistake must not break the JSON */
    json_t *object = telemetry(batch);
    json_t *values = json_object_get(object, "values");
    json_t *quality = json_object_get(object, "quality");
    assert_int_equal(json_object_size(values), SAMPLE_COUNT - 2);
    assert_int_equal(json_object_size(quality), 2);
    assert_string_equal(json_string_value(json_object_get(quality, "active_power")), "timeout");
    assert_string_equal(json_string_value(json_object_get(quality, "voltage_a")), "implausible");
    json_decref(object);
    batch_unref(batch);
}

static void test_nothing_ok_and_nothing_at_all(void **state)
{
    struct batch *batch = sample_batch(*state, 7);
    for (size_t i = 0; i < SAMPLE_COUNT; i++) {
        batch->readings[i].quality = QUALITY_EXCEPTION;
    }
    json_t *object = telemetry(batch);
    assert_int_equal(json_object_size(json_object_get(object, "values")), 0);
    assert_int_equal(json_object_size(json_object_get(object, "quality")), SAMPLE_COUNT);
    json_decref(object);
    batch->count = 0;
    object = telemetry(batch);
    assert_int_equal(json_object_size(json_object_get(object, "values")), 0);
    assert_null(json_object_get(object, "quality"));
    json_decref(object);
    batch_unref(batch);
}

static void test_random_batches_are_json(void **state)
{
    uint64_t seed = 20261123;
    for (int round = 0; round < 2000; round++) {
        struct batch *batch = sample_batch(*state, test_random(&seed) % 1000000);
        for (size_t i = 0; i < SAMPLE_COUNT; i++) {
            struct reading *reading = &batch->readings[i];
            reading->quality =
                (uint8_t)(test_random(&seed) % 3 ? QUALITY_OK : test_random(&seed) % QUALITY_COUNT);
            if (i != SAMPLE_SERIAL) {
                uint64_t bits = test_random(&seed);
                memcpy(&reading->value, &bits, sizeof(bits));
                reading->count = (int64_t)test_random(&seed) >> (test_random(&seed) % 60);
            }
        }
        json_decref(telemetry(batch));
        batch_unref(batch);
    }
}

static void test_status(void **state)
{
    (void)state;
    char *text = mqtt_status_payload("online", 1700000000123456);
    json_t *object = json_loads(text, 0, NULL);
    assert_string_equal(json_string_value(json_object_get(object, "status")), "online");
    assert_string_equal(json_string_value(json_object_get(object, "version")), LINGTAN_VERSION);
    assert_int_equal(json_integer_value(json_object_get(object, "ts")), 1700000000123);
    json_decref(object);
    free(text);
    text = mqtt_status_payload("offline", 0);
    assert_null(strstr(text, "ts"));
    free(text);
}

static int make_device(void **state)
{
    *state = sample_device("m1");
    return 0;
}

static int drop_device(void **state)
{
    device_unref(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_ok),
        cmocka_unit_test(test_bad_values_say_why),
        cmocka_unit_test(test_nothing_ok_and_nothing_at_all),
        cmocka_unit_test(test_random_batches_are_json),
        cmocka_unit_test(test_status),
    };
    return cmocka_run_group_tests(tests, make_device, drop_device);
}
