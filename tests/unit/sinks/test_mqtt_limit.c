/* SPDX-License-Identifier: Apache-2.0 */
/* mqtt_limit: who is suspected, what is proof, and what a broker that crashes by itself looks like. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sinks/mqtt/mqtt_limit.h"

enum { SECOND = 1000000 };

static void lose_at_once(struct mqtt_limit *limit, int64_t now_us)
{
    mqtt_limit_up(limit, now_us);
    assert_false(mqtt_limit_lost(limit, now_us + 100));
}

static void test_good_connections_suspect_nobody(void **state)
{
    (void)state;
    struct mqtt_limit limit = {0};
    mqtt_limit_up(&limit, 0);
    assert_int_equal(mqtt_limit_judge(&limit, 1000000, 50, 0), MQTT_LIMIT_SEND);
    for (int64_t i = 1; i < 20; i++) { /* lost every half a minute */
        assert_false(mqtt_limit_lost(&limit, i * 30 * SECOND));
        mqtt_limit_up(&limit, i * 30 * SECOND);
        assert_int_equal(mqtt_limit_judge(&limit, 1000000, 50, i * 30 * SECOND + 1),
                         MQTT_LIMIT_SEND);
    }
}

static void test_suspects(void **state)
{
    (void)state;
    struct mqtt_limit limit = {0};
    mqtt_limit_up(&limit, 0);
    mqtt_limit_accepted(&limit, 300);
    lose_at_once(&limit, 100 * SECOND);
    lose_at_once(&limit, 101 * SECOND);
    mqtt_limit_up(&limit, 102 * SECOND);
    int64_t now = 102 * SECOND;
    assert_true(mqtt_limit_is_careful(&limit, now));
    assert_int_equal(mqtt_limit_judge(&limit, 300, 50, now), MQTT_LIMIT_SEND);
    assert_int_equal(mqtt_limit_judge(&limit, 301, 0, now), MQTT_LIMIT_WAIT);
    now = mqtt_limit_calm_us(&limit);
    assert_int_equal(now, 103 * SECOND);
    assert_int_equal(mqtt_limit_judge(&limit, 301, 1, now), MQTT_LIMIT_WAIT);
    assert_int_equal(mqtt_limit_judge(&limit, 301, 0, now), MQTT_LIMIT_ALONE);
    mqtt_limit_alone(&limit, 301, now);
    mqtt_limit_accepted(&limit, 301);
    assert_int_equal(limit.alone, 0);
    assert_int_equal(mqtt_limit_judge(&limit, 301, 50, now), MQTT_LIMIT_SEND);
    assert_int_equal(mqtt_limit_judge(&limit, 5000, 50, now + 40 * SECOND), MQTT_LIMIT_SEND);
}

/* Connects, waits for the calm, sends alone and is lost after a while. */
static bool is_proof(struct mqtt_limit *limit, size_t size, int64_t *now, int64_t lost_after_us)
{
    *now += SECOND;
    mqtt_limit_up(limit, *now);
    *now = mqtt_limit_calm_us(limit);
    assert_int_equal(mqtt_limit_judge(limit, size, 0, *now), MQTT_LIMIT_ALONE);
    mqtt_limit_alone(limit, size, *now);
    *now += lost_after_us;
    return mqtt_limit_lost(limit, *now);
}

static void test_three_strikes(void **state)
{
    (void)state;
    struct mqtt_limit limit = {0};
    int64_t now = 102 * SECOND;
    lose_at_once(&limit, 100 * SECOND);
    lose_at_once(&limit, 101 * SECOND);
    assert_false(is_proof(&limit, 2010, &now, 1000));
    assert_false(is_proof(&limit, 2000, &now, 1000));
    assert_int_equal(mqtt_limit_calm_us(&limit) - limit.up_since_us, 9 * SECOND);
    assert_true(is_proof(&limit, 2005, &now, 1000));
    assert_int_equal(limit.refused, 2000);
    mqtt_limit_up(&limit, now);
    assert_int_equal(mqtt_limit_judge(&limit, 2000, 0, now), MQTT_LIMIT_REFUSE);
    assert_int_equal(mqtt_limit_judge(&limit, 1999, 0, now + 60 * SECOND), MQTT_LIMIT_SEND);
}

/* Later than promptly, or once acknowledged, it was somebody else. */
static void test_no_proof(void **state)
{
    (void)state;
    struct mqtt_limit limit = {0};
    int64_t now = 102 * SECOND;
    lose_at_once(&limit, 100 * SECOND);
    lose_at_once(&limit, 101 * SECOND);
    for (int i = 0; i < 2; i++) {
        assert_false(is_proof(&limit, 2000, &now, 1000));
    }
    now += SECOND;
    mqtt_limit_up(&limit, now);
    now = mqtt_limit_calm_us(&limit);
    mqtt_limit_alone(&limit, 2000, now);
    mqtt_limit_accepted(&limit, 2000);
    assert_false(mqtt_limit_lost(&limit, now + 10));
    lose_at_once(&limit, now + SECOND);
    for (int i = 0; i < 5; i++) {
        if (!mqtt_limit_is_careful(&limit, limit.up_since_us)) {
            lose_at_once(&limit, now += SECOND);
            lose_at_once(&limit, now += SECOND);
        }
        assert_false(is_proof(&limit, 2500, &now, 6 * SECOND));
    }
    assert_int_equal(limit.refused, 0);
}

/* Losses that prove nothing begin one search and then bring nothing on: the pauses between connections may grow. */
static void test_what_brings_the_search_on(void **state)
{
    (void)state;
    struct mqtt_limit limit = {0};
    int64_t now = 100 * SECOND;
    const bool expected[] = {false, true, false, false, false};
    for (size_t i = 0; i < 5; i++) {
        lose_at_once(&limit, now += SECOND);
        assert_int_equal(mqtt_limit_is_brought_on(&limit), expected[i]);
    }
    assert_false(is_proof(&limit, 2000, &now, 1000));
    assert_true(mqtt_limit_is_brought_on(&limit));
    assert_false(is_proof(&limit, 2000, &now, 6 * SECOND));
    assert_false(mqtt_limit_is_brought_on(&limit));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good_connections_suspect_nobody),
        cmocka_unit_test(test_suspects),
        cmocka_unit_test(test_three_strikes),
        cmocka_unit_test(test_no_proof),
        cmocka_unit_test(test_what_brings_the_search_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
