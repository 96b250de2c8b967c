/* SPDX-License-Identifier: Apache-2.0 */
/* test_bad_runs: requests without what a device refuses, how one is halved, and what a search leaves behind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "base/text.h"
#include "fixture.h"

#define POINT(quantity, address, more)                                                             \
    "{ quantity = \"" quantity "\"; function = 3; address = " address "; type = \"u16\"; " more " }"

/* One block from 10 to 29 when nothing is refused. */
static const char body[] =
    "address_base = 1;\nlink: { max_hole = 9; };\n"
    "points = (" POINT("voltage_a", "11", "") "," POINT("voltage_b", "12", "") "," POINT(
        "voltage_c", "13",
        "") "," POINT("current_a", "21",
                      "together = \"currents\";") "," POINT("current_b", "23",
                                                            "together = \"currents\";") "," POINT("current_c",
                                                                                                  "30",
                                                                                                  "") ");";

static void check_plan(const struct fixture *fixture, const char *wanted)
{
    struct text text = {0};
    text_add_string(&text, "");
    size_t count = 0;
    const struct plan_request *requests = plan_requests(fixture->plan, &count);
    for (size_t i = 0; i < count; i++) {
        text_add_format(&text, "%s%u+%u", i > 0 ? " " : "", requests[i].request.address,
                        requests[i].request.quantity);
    }
    assert_string_equal(text.data, wanted);
    text_finish(&text);
}

static struct bad_run refused(uint16_t first, uint16_t last)
{
    return (struct bad_run){.unit = 1,
                            .function = 3,
                            .quality = QUALITY_EXCEPTION,
                            .exception = 2,
                            .first = first,
                            .last = last};
}

static struct bad_run split(uint16_t first, uint16_t last)
{
    struct bad_run run = refused(first, last);
    run.is_split = true;
    return run;
}

static void check_refused(struct fixture *fixture, const struct bad_run *run, const char *wanted)
{
    struct bad_runs bad_runs = {0};
    bad_runs_add(&bad_runs, run);
    plan_leave_out(&fixture->plan, &bad_runs);
    check_plan(fixture, wanted);
    bad_runs_finish(&bad_runs);
}

static void requests_keep_clear_of_what_is_refused(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture, body);
    check_plan(&fixture, "10+20");
    check_refused(&fixture, &(struct bad_run){0}, "10+20");
    struct bad_run run = refused(11, 11);
    check_refused(&fixture, &run, "10+1 12+18");
    run = refused(20, 22); /* the pair */
    check_refused(&fixture, &run, "10+3 29+1");
    run = refused(12, 12);
    run.unit = 2;
    check_refused(&fixture, &run, "10+20");
    run = split(12, 22);
    check_refused(&fixture, &run, "10+3 20+10");
    run = split(10, 29);
    check_refused(&fixture, &run, "10+13 29+1");
    fixture_finish(&fixture);
}

/* Its twin on another line goes on as it was. */
static void a_shared_plan_is_not_spoilt(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture, body);
    struct plan *shared = plan_ref(fixture.plan);
    struct bad_run run = refused(11, 11);
    check_refused(&fixture, &run, "10+1 12+18");
    struct plan *own = fixture.plan;
    assert_ptr_not_equal(own, shared);
    fixture.plan = shared;
    check_plan(&fixture, "10+20");
    plan_unref(own);
    fixture_finish(&fixture);
}

/* A split wants two values apart; it does not forbid one that covers its range. */
static void a_split_never_forbids_a_value(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture, body);
    struct bad_run run = split(20, 22);
    check_refused(&fixture, &run, "10+3 20+3 29+1");
    fixture_finish(&fixture);
}

static void refused_points_carry_the_exception(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture, body);
    struct bad_runs bad_runs = {0};
    struct bad_run run = refused(20, 22);
    run.exception = 3;
    bad_runs_add(&bad_runs, &run);
    plan_leave_out(&fixture.plan, &bad_runs);
    fixture_set(&fixture, 3, 10, "0901 0902 0903");
    struct batch *batch = fixture_poll(&fixture, POLL_NORMAL);
    assert_int_equal(batch->count, 6);
    assert_int_equal(fixture_find(batch, "voltage_c")->count, 0x0903);
    assert_int_equal(fixture_find(batch, "current_a")->quality, QUALITY_EXCEPTION);
    assert_int_equal(fixture_find(batch, "current_b")->exception, 3);
    assert_int_equal(fixture_find(batch, "current_c")->exception, 0);
    batch_unref(batch);
    bad_runs_finish(&bad_runs);
    fixture_finish(&fixture);
}

/* Halves until every request is one value: each half begins and ends with whole values. */
static void halving_ends_with_single_values(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture, body);
    struct bad_runs bad_runs = {0};
    static const char *const plans[] = {"10+2 12+18", "10+1 11+1 12+18", "10+1 11+1 12+1 20+10",
                                        "10+1 11+1 12+1 20+3 29+1"};
    static const size_t halved[] = {0, 0, 2, 3};
    for (size_t i = 0; i < 4; i++) {
        struct bad_run run;
        assert_true(plan_halve(fixture.plan, halved[i], &run));
        assert_true(run.is_split && run.is_sought);
        bad_runs_add(&bad_runs, &run);
        plan_leave_out(&fixture.plan, &bad_runs);
        check_plan(&fixture, plans[i]);
    }
    for (size_t i = 0; i < 5; i++) {
        struct bad_run run;
        assert_false(plan_halve(fixture.plan, i, &run));
        assert_false(run.is_split || run.is_sought);
    }
    assert_int_equal(bad_runs.items[0].block_first, 10);
    assert_int_equal(bad_runs.items[0].block_last, 29);
    assert_int_equal(bad_runs.items[0].first, 11);
    assert_int_equal(bad_runs.items[0].last, 12);
    bad_runs_finish(&bad_runs);
    fixture_finish(&fixture);
}

/* Several points in one register, and one value that another covers. */
static void values_in_one_place_are_one(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture,
                 "points = ({ quantity = \"alarm_word\"; function = 3; address = 5; type = "
                 "\"u32\"; },"
                 "{ quantity = \"contact\"; index = 1; function = 3; address = 6; type = \"bits\"; "
                 "bit_mask = 1; },"
                 "{ quantity = \"contact\"; index = 2; function = 3; address = 6; type = \"bits\"; "
                 "bit_mask = 2; });");
    check_plan(&fixture, "5+2");
    struct bad_run run;
    assert_false(plan_halve(fixture.plan, 0, &run));
    run.quality = QUALITY_EXCEPTION;
    run.exception = 2;
    check_refused(&fixture, &run, "6+1"); /* the bits may be had without the number */
    fixture_finish(&fixture);
}

static void the_profile_decides_what_is_known(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture, body);
    struct bad_run run = refused(20, 22);
    assert_true(plan_knows(fixture.plan, &run));
    run = refused(10, 12);
    assert_true(plan_knows(fixture.plan, &run));
    run = refused(10, 13);
    assert_false(plan_knows(fixture.plan, &run));
    run = refused(9, 10);
    assert_false(plan_knows(fixture.plan, &run));
    run = refused(12, 10);
    assert_false(plan_knows(fixture.plan, &run));
    run = refused(10, 10);
    run.function = 4;
    assert_false(plan_knows(fixture.plan, &run));
    assert_int_equal(plan_printed(fixture.plan, 3, 22), 23);
    assert_int_equal(plan_printed(fixture.plan, 3, 500), 501);
    fixture_finish(&fixture);
}

/* A split is tried with all that would be read together without it, a value by itself. */
static void trials_show_what_would_be_read(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture, body);
    struct bad_run run = split(12, 22);
    check_refused(&fixture, &run, "10+3 20+10");
    struct frame_request request = plan_trial(fixture.plan, &run);
    assert_int_equal(request.address, 10);
    assert_int_equal(request.quantity, 20);
    run = refused(20, 22);
    check_refused(&fixture, &run, "10+3 29+1");
    request = plan_trial(fixture.plan, &run);
    assert_int_equal(request.address, 20);
    assert_int_equal(request.quantity, 3);
    fixture_finish(&fixture);
}

static void add_sought(struct bad_runs *bad_runs, uint16_t first, uint16_t last,
                       uint16_t block_first, uint16_t block_last)
{
    struct bad_run run = split(first, last);
    run.is_sought = true;
    run.block_first = block_first;
    run.block_last = block_last;
    bad_runs_add(bad_runs, &run);
}

static void a_found_value_explains_the_search(void **state)
{
    (void)state;
    struct bad_runs bad_runs = {0};
    add_sought(&bad_runs, 15, 16, 10, 20);
    add_sought(&bad_runs, 17, 18, 16, 20);
    struct bad_run found = refused(17, 17);
    bad_runs_add(&bad_runs, &found);
    assert_true(bad_runs_are_sought(&bad_runs));
    bad_runs_settle(&bad_runs);
    assert_int_equal(bad_runs.count, 1);
    assert_int_equal(bad_runs.items[0].first, 17);
    assert_false(bad_runs_are_sought(&bad_runs));
    bad_runs_finish(&bad_runs);
}

static void the_innermost_split_stays_when_nothing_was_found(void **state)
{
    (void)state;
    struct bad_runs bad_runs = {0};
    struct bad_run elsewhere = refused(40, 41);
    bad_runs_add(&bad_runs, &elsewhere);
    add_sought(&bad_runs, 15, 16, 10, 20);
    add_sought(&bad_runs, 17, 18, 16, 20);
    add_sought(&bad_runs, 30, 31, 28, 33);
    bad_runs_settle(&bad_runs);
    assert_int_equal(bad_runs.count, 3);
    assert_int_equal(bad_runs.items[1].first, 17);
    assert_int_equal(bad_runs.items[2].first, 30);
    bad_runs_finish(&bad_runs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_keep_clear_of_what_is_refused),
        cmocka_unit_test(a_shared_plan_is_not_spoilt),
        cmocka_unit_test(a_split_never_forbids_a_value),
        cmocka_unit_test(refused_points_carry_the_exception),
        cmocka_unit_test(halving_ends_with_single_values),
        cmocka_unit_test(values_in_one_place_are_one),
        cmocka_unit_test(the_profile_decides_what_is_known),
        cmocka_unit_test(trials_show_what_would_be_read),
        cmocka_unit_test(a_found_value_explains_the_search),
        cmocka_unit_test(the_innermost_split_stays_when_nothing_was_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
