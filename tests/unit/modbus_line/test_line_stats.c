/* SPDX-License-Identifier: Apache-2.0 */
/* test_line_stats: load, percentiles and what is forgotten after a minute. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "collectors/modbus/line/line_stats.h"

enum { SECOND = 1000000 };

static struct line_status copy(struct line_stats *stats, int64_t now_us)
{
    struct line_status status = {0};
    line_stats_copy(stats, now_us, 0, &status);
    return status;
}

static void percentiles_are_near_enough(void **state)
{
    (void)state;
    const int64_t values_us[] = {20, 100, 777, 5000, 43210, 350000, 2900000};
    for (unsigned i = 0; i < 7; i++) {
        struct line_stats stats;
        line_stats_init(&stats, 0);
        line_stats_reply(&stats, NULL, 1000, 5, values_us[i]);
        struct line_status status = copy(&stats, 1000);
        assert_in_range(status.round_trip_p50_us, values_us[i] * 7 / 8, values_us[i] * 9 / 8);
        assert_int_equal(status.round_trip_p99_us, status.round_trip_p50_us);
        line_stats_finish(&stats);
    }
}

static void the_slow_hundredth_shows(void **state)
{
    (void)state;
    struct line_stats stats;
    line_stats_init(&stats, 0);
    for (unsigned i = 0; i < 1000; i++) {
        line_stats_reply(&stats, NULL, 1000, 5, i < 980 ? 1000 : 100000);
    }
    struct line_status status = copy(&stats, 1000);
    assert_in_range(status.round_trip_p50_us, 875, 1125);
    assert_in_range(status.round_trip_p99_us, 87500, 112500);
    assert_int_equal(status.replies, 1000);
    line_stats_finish(&stats);
}

static void a_minute_later_all_is_forgotten(void **state)
{
    (void)state;
    struct line_stats stats;
    line_stats_init(&stats, 0);
    line_stats_reply(&stats, NULL, 1000, 5, 1000);
    line_stats_busy(&stats, 1000, SECOND);
    assert_true(copy(&stats, 55 * SECOND).round_trip_p50_us > 0);
    assert_true(copy(&stats, 55 * SECOND).load > 0.01);
    struct line_status status = copy(&stats, 85 * SECOND);
    assert_int_equal(status.round_trip_p50_us, 0);
    assert_true(status.load == 0);
    assert_int_equal(status.replies, 1);
    assert_int_equal(status.last_good_wall_us, 5);
    assert_int_equal(copy(&stats, 100000LL * SECOND).round_trip_p99_us, 0);
    line_stats_finish(&stats);
}

static void load_is_a_share_of_what_was_seen(void **state)
{
    (void)state;
    struct line_stats stats;
    line_stats_init(&stats, 0);
    for (int64_t second = 1; second <= 300; second++) {
        line_stats_busy(&stats, second * SECOND, SECOND / 4);
        double load = copy(&stats, second * SECOND).load;
        assert_true(load > 0.23 && load < 0.27);
    }
    line_stats_finish(&stats);
}

static void errors_count_for_line_and_device(void **state)
{
    (void)state;
    struct line_stats stats;
    struct device_tally tally = {0};
    line_stats_init(&stats, 0);
    line_stats_error(&stats, &tally, offsetof(struct error_counts, timeouts), 1);
    line_stats_error(&stats, NULL, offsetof(struct error_counts, timeouts), 1);
    line_stats_error(&stats, &tally, offsetof(struct error_counts, skipped), 5);
    assert_int_equal(copy(&stats, 0).errors.timeouts, 2);
    assert_int_equal(copy(&stats, 0).errors.skipped, 5);
    struct device_status device;
    line_stats_copy_device(&stats, &tally, 0, 0, &device);
    assert_int_equal(device.errors.timeouts, 1);
    assert_int_equal(device.errors.skipped, 5);
    line_stats_finish(&stats);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(percentiles_are_near_enough),
        cmocka_unit_test(the_slow_hundredth_shows),
        cmocka_unit_test(a_minute_later_all_is_forgotten),
        cmocka_unit_test(load_is_a_share_of_what_was_seen),
        cmocka_unit_test(errors_count_for_line_and_device),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
