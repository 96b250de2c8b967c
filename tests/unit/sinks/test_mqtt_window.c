/* SPDX-License-Identifier: Apache-2.0 */
/* mqtt_window: a position counts only when all before it do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sinks/mqtt/mqtt_window.h"

static void add(struct mqtt_window *window, int message_id, uint64_t position)
{
    mqtt_window_add(window,
                    &(struct mqtt_window_slot){.message_id = message_id, .position = position});
}

static void test_in_and_out_of_order(void **state)
{
    (void)state;
    struct mqtt_window window;
    mqtt_window_init(&window, 5);
    add(&window, 1, 10);
    add(&window, 2, 11);
    add(&window, 3, 0); /* a state */
    add(&window, 4, 12);
    assert_int_equal(window.acknowledged, 0);
    assert_int_equal(window.extra_count, 1);
    assert_int_equal(mqtt_window_find(&window, 2)->position, 11);
    mqtt_window_acknowledge(&window, 1);
    assert_null(mqtt_window_find(&window, 1));
    assert_int_equal(window.acknowledged, 10);
    mqtt_window_acknowledge(&window, 4);
    mqtt_window_acknowledge(&window, 3);
    mqtt_window_acknowledge(&window, 77); /* nobody's */
    assert_int_equal(window.acknowledged, 10);
    assert_int_equal(window.count, 3);
    mqtt_window_acknowledge(&window, 2);
    assert_int_equal(window.acknowledged, 12);
    assert_int_equal(window.count, 0);
    assert_int_equal(window.extra_count, 0);
    mqtt_window_finish(&window);
}

static void test_goes_round(void **state)
{
    (void)state;
    struct mqtt_window window;
    mqtt_window_init(&window, 3);
    for (int id = 1; id < 100; id++) {
        add(&window, id, (uint64_t)id);
        if (id > 1) {
            mqtt_window_acknowledge(&window, id - 1);
            assert_int_equal(window.acknowledged, id - 1);
        }
    }
    mqtt_window_reset(&window);
    assert_int_equal(window.count, 0);
    assert_int_equal(window.acknowledged, 0);
    mqtt_window_finish(&window);
}

/* The runner may go back without a new session. */
static void test_given_again(void **state)
{
    (void)state;
    struct mqtt_window window;
    mqtt_window_init(&window, 4);
    mqtt_window_add_settled(&window, 50);
    add(&window, 1, 20);
    assert_int_equal(window.acknowledged, 19);
    mqtt_window_acknowledge(&window, 1);
    assert_int_equal(window.acknowledged, 20);
    mqtt_window_finish(&window);
}

static void test_settled_batches_wait_for_those_before(void **state)
{
    (void)state;
    struct mqtt_window window;
    mqtt_window_init(&window, 4);
    mqtt_window_add_settled(&window, 5);
    assert_int_equal(window.acknowledged, 5);
    add(&window, 1, 6);
    mqtt_window_add_settled(&window, 7);
    assert_int_equal(window.acknowledged, 5);
    mqtt_window_acknowledge(&window, 1);
    assert_int_equal(window.acknowledged, 7);
    mqtt_window_finish(&window);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_in_and_out_of_order),
        cmocka_unit_test(test_goes_round),
        cmocka_unit_test(test_given_again),
        cmocka_unit_test(test_settled_batches_wait_for_those_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
