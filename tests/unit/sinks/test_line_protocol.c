/* SPDX-License-Identifier: Apache-2.0 */
/* line_protocol: types, escapes, and what is left out. What InfluxDB itself makes of it is in test_influx.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "sinks/influx/line_protocol.h"
#include "unit/sinks/samples.h"

static void assert_line(const struct batch *batch, const char *expected)
{
    struct text text = {0};
    line_protocol_add(&text, batch);
    assert_string_equal(text.data, expected);
    text_finish(&text);
}

static void test_every_type(void **state)
{
    (void)state;
    struct device *device = sample_device("m1");
    struct batch *batch = sample_batch(device, 1234);
    assert_line(batch, "meter,site=hq,node=b1,device=m1 active_power=12.34,"
                       "active_energy_import=1234567.89,inverter_state=512i,voltage_a=230.1,"
                       "serial_number=\"SN \\\"7\\\"\\\\\",quality=0i 1700001234000000\n");
    batch_unref(batch);
    device_unref(device);
}

static void test_bad_values_are_counted(void **state)
{
    (void)state;
    struct device *device = sample_device("m1");
    struct batch *batch = sample_batch(device, 100);
    batch->readings[SAMPLE_VOLTAGE].quality = QUALITY_TIMEOUT;
    batch->readings[SAMPLE_SERIAL].quality = QUALITY_NOT_IMPLEMENTED;
    batch->readings[SAMPLE_ENERGY].value = INFINITY;
    batch->readings[SAMPLE_STATE].quality = QUALITY_ESTIMATED;
    assert_line(batch,
                "meter,site=hq,node=b1,device=m1 active_power=1,quality=4i 1700000100000000\n");
    batch->readings[SAMPLE_POWER].quality = QUALITY_STALE;
    assert_line(batch, "meter,site=hq,node=b1,device=m1 quality=5i 1700000100000000\n");
    batch_unref(batch);
    device_unref(device);
}

static void test_escapes(void **state)
{
    (void)state;
    const struct point points[] = {{.name = "serial_number",
                                    .quantity = quantity_find("serial_number"),
                                    .source = POINT_TEXT}};
    struct device *device = device_create(&(struct device){.id = "a b,c=d\\",
                                                           .site = "x\ny\\z",
                                                           .node = "",
                                                           .device_class = DEVICE_WATER_METER,
                                                           .point_count = 1,
                                                           .points = points});
    struct batch *batch = batch_create(device, 1, 16);
    size_t size = 0;
    char *texts = batch_texts_space(batch, &size);
    texts[0] = '\n';
    texts[1] = 'q';
    batch->count = 1;
    batch->time_us = -5;
    assert_line(
        batch,
        "water_meter,site=x_y\\z,device=a\\ b\\,c\\=d_ serial_number=\" q\",quality=0i -5\n");
    batch->count = 0;
    struct text text = {0};
    line_protocol_add(&text, batch);
    assert_int_equal(text.length, 0);
    batch_unref(batch);
    device_unref(device);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_type),
        cmocka_unit_test(test_bad_values_are_counted),
        cmocka_unit_test(test_escapes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
