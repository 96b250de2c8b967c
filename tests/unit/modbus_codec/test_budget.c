/* SPDX-License-Identifier: Apache-2.0 */
/* test_budget: what requests cost on a wire, against times that were measured on a line that keeps them, and which lines
 * and devices are found to be promised too much. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

#include "collectors/modbus/plan/budget.h"
#include "fixture.h"

enum { DEVICES_MAX = 400 };

static const struct budget_guess guess = {.turnaround_ms = 5, .round_trip_ms = 5};

/* 60 registers in one request, then one in another: two classes. */
static const char body[] =
    "link: { max_hole = 58; gap_ms = 7; };\n"
    "points = ({ quantity = \"voltage_a\"; function = 3; address = 0; type = \"f32\"; poll = "
    "\"fast\"; },"
    "{ quantity = \"voltage_b\"; function = 3; address = 58; type = \"f32\"; poll = \"fast\"; },"
    "{ quantity = \"room_temperature\"; function = 3; address = 900; type = \"i16\"; poll = "
    "\"slow\"; "
    "});";

struct world {
    struct fixture fixture;
    struct site site;
    struct line_config config;
    struct device_config devices[DEVICES_MAX];
    struct budget_line line;
};

static struct world world;

static void open_world_of(const char *points, size_t devices, int transport, int64_t baud,
                          int parity)
{
    world = (struct world){0};
    fixture_init(&world.fixture, points);
    for (size_t i = 0; i < devices; i++) {
        world.devices[i] = world.fixture.config;
        world.devices[i].profile = world.fixture.profile->id;
    }
    world.site = (struct site){.id = "s", .fast_ms = 1000, .normal_ms = 10000, .slow_ms = 60000};
    world.config = (struct line_config){.id = "l",
                                        .transport = transport,
                                        .baud = baud,
                                        .parity = parity,
                                        .stop_bits = 1,
                                        .gap_ms = 0,
                                        .devices = {world.devices, devices}};
}

static void open_world(size_t devices, int transport, int64_t baud, int parity)
{
    open_world_of(body, devices, transport, baud, parity);
}

static void make_line(void)
{
    budget_line_finish(&world.line);
    budget_line_init(&world.line, &world.site, &world.config, world.fixture.profiles, &guess);
}

static void close_world(void)
{
    budget_line_finish(&world.line);
    fixture_finish(&world.fixture);
}

static void check_near(double value, double wanted, double tolerance)
{
    if (!(fabs(value - wanted) <= tolerance)) {
        fail_msg("%.4f, wanted %.4f", value, wanted);
    }
}

static double request_ms(uint8_t function, uint16_t quantity)
{
    struct budget_wire wire = budget_wire(&world.config, world.fixture.profiles, &guess);
    struct frame_request request = {.unit = 1, .function = function, .quantity = quantity};
    return budget_request_ms(&wire, &request);
}

static void times_as_measured(void **state)
{
    (void)state;
    static const struct {
        int64_t baud;
        int parity;
        double time_ms;
    } rows[] = {
        {9600, PARITY_NONE, 150.8},  {9600, PARITY_EVEN, 165.4}, {9600, PARITY_ODD, 165.4},
        {19200, PARITY_NONE, 77.9},  {19200, PARITY_EVEN, 85.2}, {115200, PARITY_NONE, 20.0},
        {115200, PARITY_EVEN, 21.2},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        open_world(1, LINE_RTU, rows[i].baud, rows[i].parity);
        check_near(request_ms(3, 60), rows[i].time_ms, 0.06);
        close_world();
    }
}

static void short_requests_and_bits(void **state)
{
    (void)state;
    open_world(1, LINE_RTU, 9600, PARITY_NONE);
    check_near(request_ms(3, 1), 27.9, 0.06);
    /* Seventeen coils come in three bytes. */
    check_near(request_ms(1, 17) - request_ms(1, 8), 2 * 10 / 9.6, 0.001);
    world.config.stop_bits = 2;
    check_near(request_ms(3, 60), 165.4, 0.06);
    close_world();
}

static void gaps_of_line_and_profile(void **state)
{
    (void)state;
    open_world(1, LINE_RTU, 9600, PARITY_NONE);
    double without_ms = request_ms(3, 60);
    world.config.gap_ms = 3; /* shorter than the silence, which is kept anyway */
    check_near(request_ms(3, 60), without_ms, 0.001);
    world.config.gap_ms = 20;
    check_near(request_ms(3, 60), without_ms + 20 - 35 / 9.6, 0.001);
    world.config.gap_ms = -1; /* the profile's 7 */
    check_near(request_ms(3, 60), without_ms + 7 - 35 / 9.6, 0.001);
    close_world();
}

static void bytes_are_free_over_tcp(void **state)
{
    (void)state;
    open_world(1, LINE_TCP, 9600, PARITY_NONE);
    check_near(request_ms(3, 1), 5, 0.001);
    check_near(request_ms(3, 125), 5, 0.001);
    world.config.gap_ms = -1;
    check_near(request_ms(3, 125), 12, 0.001);
    /* Through a converter: the wire, the network, and the converter's silence after a reply. */
    world.config.transport = LINE_RTU_OVER_TCP;
    check_near(request_ms(3, 60), 150.83 + 5 + 20 - 35 / 9.6, 0.01);
    close_world();
}

static void loads_add_up(void **state)
{
    (void)state;
    open_world(3, LINE_RTU, 9600, PARITY_NONE);
    make_line();
    double fast_ms = request_ms(3, 60);
    double slow_ms = request_ms(3, 1);
    assert_int_equal(world.line.device_count, 3);
    const struct budget_device *device = &world.line.devices[1];
    assert_int_equal(device->period_ms[POLL_FAST], 1000);
    assert_int_equal(device->period_ms[POLL_NORMAL], 0);
    assert_int_equal(device->fastest_ms, 1000);
    check_near(device->sweep_ms, fast_ms + slow_ms, 0.001);
    check_near(world.line.load, 3 * (fast_ms / 1000 + slow_ms / 60000), 0.0001);
    check_near(world.line.sweep_ms, 3 * (fast_ms + slow_ms), 0.001);
    assert_false(budget_is_overloaded(&world.line));
    world.devices[1].fast_ms = 250;
    make_line();
    check_near(world.line.load, fast_ms / 250 + 2 * fast_ms / 1000 + slow_ms / 20000, 0.0001);
    assert_true(budget_is_overloaded(&world.line));
    check_near(budget_load_at(&world.line, 9600), world.line.load, 0.0001);
    assert_true(budget_load_at(&world.line, 115200) < 0.2);
    close_world();
}

static const char counter_body[] =
    "points = ({ quantity = \"active_energy_import\"; function = 3; address = 0; type = \"u32\"; "
    "poll = "
    "\"slow\"; },"
    "{ quantity = \"voltage_a\"; function = 3; address = 100; type = \"u16\"; poll = \"fast\"; });";

/* Where the period of counters does not meet the quarter hours, these are read besides: counted over a day. */
static void reads_of_quarter_hours_count(void **state)
{
    (void)state;
    static const int64_t periods_s[] = {60, 120, 240, 300, 900, 1200, 1800, 3600, 7200};
    open_world_of(counter_body, 1, LINE_RTU, 9600, PARITY_NONE);
    world.site.fast_ms = 450000; /* no counter in it, and it does not matter that it meets them */
    for (size_t i = 0; i < sizeof(periods_s) / sizeof(periods_s[0]); i++) {
        world.site.slow_ms = 1000 * periods_s[i];
        make_line();
        unsigned reads = 0;
        for (int64_t second = 0; second < 86400; second++) {
            reads += second % periods_s[i] == 0 || second % 900 == 0;
        }
        double wanted = reads * request_ms(3, 2) / 86400e3 + request_ms(3, 1) / 450000;
        check_near(world.line.load, wanted, 1e-9);
        check_near(budget_load_at(&world.line, 9600), wanted, 1e-9);
    }
    world.site.slow_ms = 60000;
    world.site.fast_ms = 120000; /* values that are no counters have no quarter hours */
    make_line();
    check_near(world.line.load, request_ms(3, 2) / 60000 + request_ms(3, 1) / 120000, 1e-9);
    close_world();
}

/* Classes of one period are one: their load counts once, at that period. */
static void classes_of_one_period_load_as_one(void **state)
{
    (void)state;
    open_world(1, LINE_RTU, 9600, PARITY_NONE);
    world.site.slow_ms = 1000;
    make_line();
    const struct budget_device *device = &world.line.devices[0];
    double both_ms = request_ms(3, 60) + request_ms(3, 1);
    assert_int_equal(device->period_ms[POLL_FAST], 1000);
    assert_int_equal(device->period_ms[POLL_SLOW], 0);
    check_near(device->sweep_ms, both_ms, 0.001);
    check_near(world.line.load, both_ms / 1000, 0.0001);
    close_world();
}

static void points_of_a_request(void **state)
{
    (void)state;
    open_world(1, LINE_TCP, 9600, PARITY_NONE);
    assert_int_equal(plan_request_points(world.fixture.plan, 0), 2);
    assert_int_equal(plan_request_points(world.fixture.plan, 1), 1);
    assert_int_equal(plan_request_points(world.fixture.plan, 2), 0);
    close_world();
}

static void late_at_the_quarter_hour(void **state)
{
    (void)state;
    open_world(28, LINE_RTU, 9600, PARITY_NONE); /* 178.7 ms each */
    world.site.fast_ms = 60000;
    world.config.devices.count = 27;
    make_line();
    assert_false(budget_misses_quarter(&world.line));
    world.config.devices.count = 28;
    make_line();
    assert_true(budget_misses_quarter(&world.line));
    assert_false(budget_is_overloaded(&world.line));
    close_world();
}

static void slow_devices(void **state)
{
    (void)state;
    open_world(1, LINE_RTU, 9600, PARITY_NONE);
    world.site.fast_ms = 180;
    make_line();
    assert_false(budget_is_slow(&world.line.devices[0]));
    world.site.fast_ms = 150;
    make_line();
    assert_true(budget_is_slow(&world.line.devices[0]));
    close_world();
}

static void periods_meet_the_quarter_hour(void **state)
{
    (void)state;
    assert_int_equal(budget_period_ms(1000), 1000);
    assert_int_equal(budget_period_ms(1000.1), 1125);
    assert_int_equal(budget_period_ms(700000), 900000);
    assert_int_equal(budget_period_ms(900001), 1800000);
    assert_int_equal(budget_period_ms(0), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_as_measured),
        cmocka_unit_test(short_requests_and_bits),
        cmocka_unit_test(gaps_of_line_and_profile),
        cmocka_unit_test(bytes_are_free_over_tcp),
        cmocka_unit_test(loads_add_up),
        cmocka_unit_test(reads_of_quarter_hours_count),
        cmocka_unit_test(classes_of_one_period_load_as_one),
        cmocka_unit_test(points_of_a_request),
        cmocka_unit_test(late_at_the_quarter_hour),
        cmocka_unit_test(slow_devices),
        cmocka_unit_test(periods_meet_the_quarter_hour),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
