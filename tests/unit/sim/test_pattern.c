/* SPDX-License-Identifier: Apache-2.0 */
/* Registers that can be checked, and the spread of requests as the devices see it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <poll.h>
#include <string.h>

#include "bench.h"
#include "sim/device/pattern.h"
#include "sim/server/histogram.h"
#include "support/support.h"

static uint32_t word_at(const uint16_t *registers)
{
    return (uint32_t)registers[0] << 16 | registers[1];
}

static void words_tell_device_address_and_count(void **state)
{
    (void)state;
    uint32_t seed = pattern_seed("d1");
    const uint32_t mask = (1U << PATTERN_CHECK_BITS) - 1;
    assert_int_equal(pattern_word(seed, 8, 5) >> PATTERN_CHECK_BITS, 5);
    assert_int_equal(pattern_word(seed, 8, 5) & mask, pattern_word(seed, 8, 6) & mask);
    int equal = 0;
    for (uint16_t address = 0; address < 2000; address += 2) {
        uint32_t word = pattern_word(seed, address, 1);
        equal += word == pattern_word(seed, (uint16_t)(address + 2), 1) ? 1 : 0;
        equal += word == pattern_word(pattern_seed("d2"), address, 1) ? 1 : 0;
    }
    assert_true(equal <= 5); /* by chance 0.5 */
}

static void a_request_may_begin_between_the_halves(void **state)
{
    (void)state;
    uint16_t whole[6];
    uint16_t part[4];
    const struct register_span all = {.function = 3, .address = 100, .count = 6};
    const struct register_span inner = {.function = 3, .address = 101, .count = 4};
    pattern_fill(7, 70000, &all, whole);
    pattern_fill(7, 70000, &inner, part);
    assert_memory_equal(whole + 1, part, sizeof(part));
    assert_int_equal(word_at(whole + 2), pattern_word(7, 102, 70000));
}

static void each_reply_counts(void **state)
{
    (void)state;
    struct bench bench;
    uint16_t registers[4];
    bench_start(&bench, (const char *const[]){"--pattern", NULL});
    modbus_t *modbus = bench_connect(&bench, "net", 2);
    uint32_t seed = pattern_seed("meter");
    assert_int_equal(modbus_read_registers(modbus, 0x000A, 4, registers), 4);
    assert_int_equal(word_at(registers), pattern_word(seed, 0x000A, 0));
    assert_int_equal(modbus_read_registers(modbus, 40000, 4, registers), -1); /* not in the map */
    assert_int_equal(modbus_read_registers(modbus, 0x000A, 4, registers), 4);
    assert_int_equal(word_at(registers + 2), pattern_word(seed, 0x000C, 2));
    bench_close(modbus);
    bench_stop(&bench);
}

static void histograms_keep_one_percent(void **state)
{
    (void)state;
    static struct histogram histogram;
    assert_int_equal(histogram_at(&histogram, 0.99), 0);
    for (int64_t value = 1; value <= 100000; value++) {
        histogram_add(&histogram, value);
    }
    histogram_add(&histogram, -5);
    histogram_add(&histogram, INT64_MAX);
    assert_int_equal(histogram.count, 100002);
    assert_int_equal(histogram_at(&histogram, 0.0), 0);
    assert_near((double)histogram_at(&histogram, 0.5), 50000.0, 400.0);
    assert_near((double)histogram_at(&histogram, 0.99), 99000.0, 800.0);
    assert_true(histogram_at(&histogram, 1.0) > INT64_MAX / 2);
    assert_int_equal(histogram.highest, INT64_MAX);
}

static void arrivals_are_compared_with_the_period(void **state)
{
    (void)state;
    struct bench bench;
    uint16_t registers[4];
    bench_start(&bench, NULL);
    modbus_t *modbus = bench_connect(&bench, "net", 2);
    assert_non_null(strstr(bench_ask(&bench, "arrivals tea"), "\"error\""));
    (void)bench_ask(&bench, "arrivals 5000");
    for (int i = 0; i < 4; i++) {
        assert_int_equal(modbus_read_registers(modbus, 0x000A, 4, registers), 4);
        assert_int_equal(modbus_read_registers(modbus, 0x0061, 2, registers), 2);
        (void)poll(NULL, 0, 20);
    }
    (void)bench_ask(&bench, "arrivals");
    assert_near(bench_number(&bench, "requests"), 8.0, 0.1);
    assert_near(bench_number(&bench, "registers"), 24.0, 0.1);
    assert_near(bench_number(&bench, "gaps"), 3.0, 0.1); /* of the first address alone */
    /* Gaps of 20 ms and a little more, where 5 s were due. */
    assert_true(bench_number(&bench, "jitter_p50_us") < 4980000.0);
    assert_true(bench_number(&bench, "jitter_max_us") > 2000000.0);
    (void)bench_ask(&bench, "arrivals 1000");
    assert_near(bench_number(&bench, "requests"), 0.0, 0.1);
    bench_close(modbus);
    bench_stop(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_tell_device_address_and_count),
        cmocka_unit_test(a_request_may_begin_between_the_halves),
        cmocka_unit_test(each_reply_counts),
        cmocka_unit_test(histograms_keep_one_percent),
        cmocka_unit_test(arrivals_are_compared_with_the_period),
    };
    return cmocka_run_group_tests_name("sim_pattern", tests, NULL, NULL);
}
