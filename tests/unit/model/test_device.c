/* SPDX-License-Identifier: Apache-2.0 */
/* device: the copy stands alone, and any difference shows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/mem.h"

#include <lingtan/device.h>

static void fill_points(struct point points[2])
{
    points[0] = (struct point){
        .name = "active_power",
        .quantity = quantity_get(QUANTITY_ID_active_power),
        .source = POINT_INTEGER,
        .resolution = 0.001,
        .dead_band = 0.05,
        .period_ms = 1000,
    };
    points[1] = (struct point){
        .name = "dc_voltage_3",
        .quantity = quantity_get(QUANTITY_ID_dc_voltage),
        .index = 3,
        .source = POINT_FLOAT32,
        .period_ms = 10000,
    };
}

static struct device model_of(const struct point *points)
{
    return (struct device){
        .id = "inverter-1",
        .name = "车棚逆变器 1",
        .site = "compound",
        .node = "carport",
        .line = "gate",
        .profile = "goodwe-dt",
        .device_class = DEVICE_INVERTER,
        .unit = 5,
        .point_count = 2,
        .points = points,
    };
}

static void test_copy_stands_alone(void **state)
{
    (void)state;
    char id[] = "inverter-1";
    char point_name[] = "active_power";
    struct point points[2];
    fill_points(points);
    points[0].name = point_name;
    struct device model = model_of(points);
    model.id = id;
    model.node = NULL;
    struct device *device = device_create(&model);
    memset(id, 'x', sizeof(id) - 1);
    memset(point_name, 'x', sizeof(point_name) - 1);
    memset(points, 0, sizeof(points));
    assert_string_equal(device->id, "inverter-1");
    assert_string_equal(device->name, "车棚逆变器 1");
    assert_string_equal(device->site, "compound");
    assert_string_equal(device->node, "");
    assert_string_equal(device->line, "gate");
    assert_string_equal(device->profile, "goodwe-dt");
    assert_int_equal(device->device_class, DEVICE_INVERTER);
    assert_int_equal(device->unit, 5);
    assert_int_equal(device->point_count, 2);
    assert_string_equal(device->points[0].name, "active_power");
    assert_true(device->points[0].resolution == 0.001);
    assert_string_equal(device->points[1].name, "dc_voltage_3");
    assert_int_equal(device->points[1].index, 3);
    device_unref(device);
}

static void test_references(void **state)
{
    (void)state;
    struct point points[2];
    fill_points(points);
    struct device model = model_of(points);
    struct device *device = device_create(&model);
    assert_ptr_equal(device_ref(device), device);
    assert_int_equal(device->references, 2);
    device_unref(device);
    assert_int_equal(device->references, 1);
    device_unref(device);
    device_unref(NULL);
}

static void test_shares_equal_points(void **state)
{
    (void)state;
    struct point points[2];
    fill_points(points);
    struct device model = model_of(points);
    struct device *first = device_create(&model);
    model.id = "inverter-2";
    struct device *second = device_share_points(device_create(&model), first);
    struct device *third = device_share_points(device_create(&model), second);
    points[0].resolution *= 2;
    struct device *fourth = device_share_points(device_create(&model), third);
    struct device *alone = device_share_points(device_create(&model), NULL);
    assert_ptr_equal(second->points, first->points);
    assert_ptr_equal(third->points, first->points);
    assert_ptr_not_equal(fourth->points, first->points);
    assert_string_equal(second->id, "inverter-2");
    assert_true(device_same_layout(second, third));
    assert_false(device_same_layout(third, fourth));
    device_unref(first);
    device_unref(second);
    assert_string_equal(third->points[0].name, "active_power"); /* outlives whose they were */
    device_unref(third);
    device_unref(fourth);
    device_unref(alone);
}

static void test_no_points(void **state)
{
    (void)state;
    struct device *device = device_create(&(struct device){.id = "bare"});
    assert_int_equal(device->point_count, 0);
    assert_null(device_find_point(device, "active_power"));
    device_unref(device);
}

static void test_finds_points(void **state)
{
    (void)state;
    struct point points[2];
    fill_points(points);
    struct device model = model_of(points);
    struct device *device = device_create(&model);
    assert_ptr_equal(device_find_point(device, "active_power"), &device->points[0]);
    assert_ptr_equal(device_find_point(device, "dc_voltage_3"), &device->points[1]);
    assert_null(device_find_point(device, "dc_voltage"));
    assert_null(device_find_point(device, ""));
    device_unref(device);
}

enum { DEVICE_CHANGES = 9, CHANGES = 19 };

static void change_device(struct device *model, int change)
{
    switch (change) {
    case 0:
        model->id = "inverter-2";
        break;
    case 1:
        model->name = "other";
        break;
    case 2:
        model->site = "other";
        break;
    case 3:
        model->node = "";
        break;
    case 4:
        model->line = "roof";
        break;
    case 5:
        model->profile = "growatt-mid-mac";
        break;
    case 6:
        model->device_class = DEVICE_METER;
        break;
    case 7:
        model->unit = 6;
        break;
    default:
        model->point_count = 1;
        break;
    }
}

static void change_point(struct point *point, int change)
{
    switch (change) {
    case 0:
        point->name = "dc_voltage_4";
        break;
    case 1:
        point->quantity = quantity_get(QUANTITY_ID_dc_current);
        break;
    case 2:
        point->index = 4;
        break;
    case 3:
        point->source = POINT_FLOAT64;
        break;
    case 4:
        point->is_writable = true;
        break;
    case 5:
        point->resolution = 0.1;
        break;
    case 6:
        point->offset = 1;
        break;
    case 7:
        point->dead_band = 2;
        break;
    case 8:
        point->modulus = 65536;
        break;
    default:
        point->period_ms = 1;
        break;
    }
}

static void test_every_difference_shows(void **state)
{
    (void)state;
    struct point points[2];
    fill_points(points);
    struct device model = model_of(points);
    struct device *device = device_create(&model);
    struct device *same = device_create(&model);
    assert_true(device_same_layout(device, device));
    assert_true(device_same_layout(device, same));
    device_unref(same);
    for (int change = 0; change < CHANGES; change++) {
        fill_points(points);
        model = model_of(points);
        if (change < DEVICE_CHANGES) {
            change_device(&model, change);
        } else {
            change_point(&points[1], change - DEVICE_CHANGES);
        }
        struct device *other = device_create(&model);
        if (device_same_layout(device, other) || device_same_layout(other, device)) {
            fail_msg("change %d does not show", change);
        }
        device_unref(other);
    }
    device_unref(device);
}

static void test_class_words(void **state)
{
    (void)state;
    for (int i = 0; i < DEVICE_CLASS_COUNT; i++) {
        assert_non_null(device_class_words[i]);
    }
    assert_null(device_class_words[DEVICE_CLASS_COUNT]);
    assert_string_equal(device_class_words[DEVICE_WATER_METER], "water_meter");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_copy_stands_alone),   cmocka_unit_test(test_references),
        cmocka_unit_test(test_shares_equal_points), cmocka_unit_test(test_no_points),
        cmocka_unit_test(test_finds_points),        cmocka_unit_test(test_every_difference_shows),
        cmocka_unit_test(test_class_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
