/* SPDX-License-Identifier: Apache-2.0 */
/* test_plan: which requests a profile becomes. Plans are compared as text: "1:3@100+4" is unit 1, function 3, four
 * registers from 100. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "fixture.h"

static void check_plan(struct fixture *fixture, enum poll_class poll_class, const char *wanted)
{
    struct text text = {0};
    text_add_string(&text, "");
    size_t count = 0;
    size_t answers = 0;
    const struct plan_request *requests = plan_requests(fixture->plan, &count);
    for (size_t i = 0; i < count; i++) {
        const struct frame_request *request = &requests[i].request;
        if (requests[i].poll_class == poll_class) {
            text_add_format(&text, "%s%u:%u@%u+%u", text.length > 0 ? " " : "", request->unit,
                            request->function, request->address, request->quantity);
        }
        assert_int_equal(requests[i].answer_offset, answers);
        answers += requests[i].answer_registers;
    }
    assert_int_equal(plan_answer_size(fixture->plan), answers);
    assert_string_equal(text.data, wanted);
    text_finish(&text);
}

/* A profile of which only the normal class matters. */
static void check_body(const char *body, const char *wanted)
{
    struct fixture fixture;
    fixture_init(&fixture, body);
    check_plan(&fixture, POLL_NORMAL, wanted);
    fixture_finish(&fixture);
}

#define POINT(quantity, address, more)                                                             \
    "{ quantity = \"" quantity "\"; function = 3; address = " address "; type = \"f32\"; " more " }"

static void merges_neighbours_by_address(void **state)
{
    (void)state;
    check_body("points = (" POINT("voltage_c", "104", "") "," POINT(
                   "voltage_a", "100", "") "," POINT("voltage_b", "102", "") ");",
               "1:3@100+6");
}

static void crosses_holes_up_to_the_limit(void **state)
{
    (void)state;
    static const char points[] = "points = (" POINT("voltage_a", "100", "") "," POINT(
        "voltage_b", "105", "") "," POINT("voltage_c", "111", "") ");";
    char body[512];
    snprintf(body, sizeof(body), "link: { max_hole = 3; };\n%s", points);
    check_body(body, "1:3@100+7 1:3@111+2");
    snprintf(body, sizeof(body), "link: { max_hole = 4; };\n%s", points);
    check_body(body, "1:3@100+13");
    snprintf(body, sizeof(body), "link: { max_hole = 0; };\n%s", points);
    check_body(body, "1:3@100+2 1:3@105+2 1:3@111+2");
}

/* What another class or a helper reads is no hole: the device has those registers. */
static void listed_registers_are_no_hole(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(
        &fixture,
        "helpers = ({ name = \"n\"; function = 3; address = 104; type = \"i16\"; });\n"
        "points = (" POINT("voltage_a", "100", "") "," POINT(
            "active_power", "102",
            "poll = \"fast\"; scale_from = \"n\";") "," POINT("voltage_b", "105", "") ");");
    check_plan(&fixture, POLL_NORMAL, "1:3@100+7");
    check_plan(&fixture, POLL_FAST, "1:3@102+3");
    check_plan(&fixture, POLL_SLOW, "");
    assert_int_equal(plan_point_count(fixture.plan, POLL_NORMAL), 2);
    assert_int_equal(plan_point_count(fixture.plan, POLL_FAST), 1);
    assert_int_equal(plan_point_count(fixture.plan, POLL_ONCE), 0);
    fixture_finish(&fixture);
}

static void never_exceeds_the_block_nor_cuts_a_value(void **state)
{
    (void)state;
    check_body(
        "link: { max_registers = 5; };\n"
        "points = (" POINT("voltage_a", "100", "") "," POINT("voltage_b", "102", "") "," POINT(
            "voltage_c", "104", "") "," POINT("voltage_ab", "106", "") "," POINT("voltage_bc",
                                                                                 "108", "") ");",
        "1:3@100+4 1:3@104+4 1:3@108+2");
}

static void stops_at_barriers(void **state)
{
    (void)state;
    check_body(
        "address_base = 1;\nlink: { max_hole = 20; };\n"
        "barriers = ({ function = 3; first = 106; last = 106; },"
        "            { function = 4; first = 102; last = 102; });\n"
        "points = (" POINT("voltage_a", "101", "") "," POINT("voltage_b", "104", "") "," POINT(
            "voltage_c", "107", "") "," POINT("voltage_ab", "109", "") ");",
        "1:3@100+5 1:3@106+4");
}

/* Three requests would do for the four values, but the pair wants one of its own. */
static void keeps_groups_together(void **state)
{
    (void)state;
    static const char points[] = "points = (" POINT("voltage_a", "100", "") "," POINT(
        "active_energy_import", "102",
        "resolution = 1; %s") "," POINT("active_energy_export", "108",
                                        "resolution = 1; %s") "," POINT("voltage_b", "110",
                                                                        "") ");";
    char body[1024];
    const char *word = "together = \"energy\";";
    snprintf(body, sizeof(body), "link: { max_registers = 8; };\n");
    snprintf(body + strlen(body), sizeof(body) - strlen(body), points, word, word);
    check_body(body, "1:3@100+2 1:3@102+8 1:3@110+2");
    snprintf(body, sizeof(body), "link: { max_registers = 8; };\n");
    snprintf(body + strlen(body), sizeof(body) - strlen(body), points, "", "");
    check_body(body, "1:3@100+4 1:3@108+4");
}

static void reads_helpers_with_their_values(void **state)
{
    (void)state;
    check_body("helpers = ({ name = \"n\"; function = 3; address = 120; type = \"i16\"; });\n"
               "points = (" POINT("voltage_a", "100",
                                  "scale_from = \"n\";") "," POINT("voltage_b", "130", "") ");",
               "1:3@100+21 1:3@130+2");
}

static void reads_distant_helpers_first(void **state)
{
    (void)state;
    check_body("link: { max_registers = 20; };\n"
               "helpers = ({ name = \"ct\"; function = 3; address = 300; type = \"u16\"; },"
               "           { name = \"unused\"; function = 3; address = 400; type = \"u16\"; });\n"
               "points = (" POINT("current_a", "100",
                                  "scale_by = [\"ct\"];") "," POINT("voltage_b", "102", "") ");",
               "1:3@300+1 1:3@100+4");
}

/* The helper fits with the first value but not with both: it stays where it fits, and that request goes first. */
static void a_helper_between_two_requests(void **state)
{
    (void)state;
    check_body("link: { max_registers = 20; };\n"
               "helpers = ({ name = \"ct\"; function = 3; address = 215; type = \"u16\"; });\n"
               "points = (" POINT("current_a", "100", "scale_by = [\"ct\"];") "," POINT(
                   "current_b", "210", "scale_by = [\"ct\"];") ");",
               "1:3@210+6 1:3@100+2");
}

static void separates_units_and_functions(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture,
                 "link: { unit = 7; };\n"
                 "points = (" POINT("voltage_a", "100", "") "," POINT(
                     "voltage_b", "102",
                     "unit_override = 200;") ","
                                             "{ quantity = \"voltage_c\"; function = 4; address = "
                                             "102; type = \"f32\"; }," POINT(
                                                 "voltage_ab", "104", "unit_override = 7;") ");");
    check_plan(&fixture, POLL_NORMAL, "7:3@100+2 7:3@104+2 7:4@102+2 200:3@102+2");
    fixture.config.unit = 9;
    fixture_plan(&fixture);
    check_plan(&fixture, POLL_NORMAL, "7:3@104+2 9:3@100+2 9:4@102+2 200:3@102+2");
    fixture_finish(&fixture);
}

static void plans_coils(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(
        &fixture,
        "link: { max_hole = 20; };\n"
        "points = ({ quantity = \"contact\"; index = 1; function = 2; address = 10; "
        "            type = \"bits\"; },"
        "          { quantity = \"contact\"; index = 2; function = 2; address = 30; "
        "            type = \"bits\"; },"
        "          { quantity = \"on_off\"; function = 1; address = 30; type = \"bits\"; });");
    check_plan(&fixture, POLL_NORMAL, "1:1@30+1 1:2@10+21");
    assert_int_equal(plan_answer_size(fixture.plan), 1 + 2);
    fixture_finish(&fixture);
}

/* Classes of one period share requests; the class once never joins. */
static void classes_of_one_period_are_one(void **state)
{
    (void)state;
    static const char body[] = "points = (" POINT("voltage_a", "100", "poll = \"fast\";") "," POINT(
        "voltage_b", "102", "") "," POINT("voltage_c", "104",
                                          "poll = \"slow\";") "," POINT("voltage_ab", "106",
                                                                        "poll = \"once\";") ");";
    static const int64_t normal_is_slow_ms[] = {1000, 60000, 60000, 60000};
    static const int64_t all_ms[] = {60000, 60000, 60000, 60000};
    struct fixture fixture;
    fixture_init(&fixture, body);
    check_plan(&fixture, POLL_FAST, "1:3@100+2");
    check_plan(&fixture, POLL_SLOW, "1:3@104+2");
    plan_unref(fixture.plan);
    fixture.plan = plan_create(fixture.profile, &fixture.config, normal_is_slow_ms);
    check_plan(&fixture, POLL_FAST, "1:3@100+2");
    check_plan(&fixture, POLL_NORMAL, "1:3@102+4");
    check_plan(&fixture, POLL_SLOW, "");
    assert_int_equal(plan_point_count(fixture.plan, POLL_NORMAL), 2);
    plan_unref(fixture.plan);
    fixture.plan = plan_create(fixture.profile, &fixture.config, all_ms);
    check_plan(&fixture, POLL_FAST, "1:3@100+6");
    check_plan(&fixture, POLL_ONCE, "1:3@106+2");
    fixture_finish(&fixture);
}

/* Random maps: whatever they are, each value lies whole in a request, and no request breaks a limit. */
struct map {
    uint32_t random;
    unsigned max_registers;
    unsigned max_hole;
    unsigned barrier;
    bool listed[400];
};

static unsigned next_random(struct map *map, unsigned below)
{
    map->random = map->random * 1664525U + 1013904223U;
    return (map->random >> 8) % below;
}

static char *make_map(struct map *map)
{
    static const char *const types[] = {"u16", "i32", "f32", "u64"};
    static const unsigned sizes[] = {1, 2, 2, 4};
    struct text text = {0};
    map->max_registers = 4 + next_random(map, 60);
    map->max_hole = next_random(map, 12);
    map->max_hole = map->max_hole < map->max_registers - 2 ? map->max_hole : map->max_registers - 2;
    map->barrier = 100 + next_random(map, 100);
    text_add_format(&text,
                    "link: { max_registers = %u; max_hole = %u; };\n"
                    "barriers = ({ function = 3; first = %u; last = %u; });\npoints = (",
                    map->max_registers, map->max_hole, map->barrier, map->barrier);
    unsigned address = next_random(map, 5);
    for (unsigned i = 1; address < 380; i++) {
        unsigned type = next_random(map, 4);
        if (address <= map->barrier && map->barrier < address + sizes[type]) {
            address = map->barrier + 1;
        }
        text_add_format(&text,
                        "%s{ quantity = \"dc_voltage\"; index = %u; function = 3; "
                        "address = %u; type = \"%s\"; poll = \"%s\"; }\n",
                        i > 1 ? "," : "", i, address, types[type],
                        next_random(map, 3) == 0 ? "slow" : "normal");
        for (unsigned j = 0; j < sizes[type]; j++) {
            map->listed[address + j] = true;
        }
        address += sizes[type] + (next_random(map, 3) == 0 ? next_random(map, 16) : 0);
    }
    text_add_string(&text, ");\n");
    return text_take(&text);
}

static void check_request(const struct map *map, const struct frame_request *request)
{
    unsigned end = request->address + request->quantity;
    unsigned hole = 0;
    assert_in_range(request->quantity, 1, map->max_registers);
    assert_true(map->barrier < request->address || map->barrier >= end);
    for (unsigned at = request->address; at < end; at++) {
        hole = map->listed[at] ? 0 : hole + 1;
        assert_in_range(hole, 0, map->max_hole);
    }
}

/* Fewest: no two neighbours could have been one request. */
static void check_neighbours(const struct map *map, const struct frame_request *one,
                             const struct frame_request *other)
{
    unsigned hole = 0;
    unsigned longest = 0;
    for (unsigned at = one->address + one->quantity; at < other->address; at++) {
        hole = map->listed[at] ? 0 : hole + 1;
        longest = hole > longest ? hole : longest;
    }
    bool is_split_by_barrier = map->barrier >= one->address && map->barrier < other->address;
    /* the value at the start of the other may take four registers */
    bool is_split_by_size = other->address + 4U - one->address > map->max_registers;
    assert_true(is_split_by_barrier || is_split_by_size || longest > map->max_hole);
}

static bool is_held(const struct profile_point *point, const struct plan_request *requests,
                    size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct frame_request *request = &requests[i].request;
        if (request->address <= point->address0 &&
            point->address0 + point->registers <= request->address + request->quantity) {
            return true;
        }
    }
    return false;
}

static void check_class(const struct map *map, const struct fixture *fixture, enum poll_class poll)
{
    size_t all = 0;
    const struct plan_request *requests = plan_requests(fixture->plan, &all);
    while (all > 0 && requests[0].poll_class != poll) {
        requests++;
        all--;
    }
    size_t count = 0;
    for (; count < all && requests[count].poll_class == poll; count++) {
        check_request(map, &requests[count].request);
        if (count > 0) {
            check_neighbours(map, &requests[count - 1].request, &requests[count].request);
        }
    }
    const struct profile_point *points = fixture->profile->points.items;
    for (size_t i = 0; i < fixture->profile->points.count; i++) {
        assert_true(points[i].poll != (int)poll || is_held(&points[i], requests, count));
    }
}

static void random_maps_keep_every_limit(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= 60; seed++) {
        struct map map = {.random = seed * 2654435761U};
        char *body = make_map(&map);
        struct fixture fixture;
        fixture_init(&fixture, body);
        check_class(&map, &fixture, POLL_NORMAL);
        check_class(&map, &fixture, POLL_SLOW);
        fixture_finish(&fixture);
        free(body);
    }
}

static void a_dtsu666_takes_few_requests(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_open(&fixture, LINGTAN_SOURCE_FOLDER "/conf/devices", "chint-dtsu666");
    check_plan(&fixture, POLL_FAST, "1:3@8210+16");
    check_plan(&fixture, POLL_NORMAL, "1:3@4126+12 1:3@8192+18 1:3@8234+8 1:3@8260+2");
    check_plan(&fixture, POLL_ONCE, "1:3@6+2");
    fixture_finish(&fixture);
    fixture_open(&fixture, LINGTAN_SOURCE_FOLDER "/conf/devices", "chint-dtsu666-401e");
    check_plan(&fixture, POLL_FAST, "1:3@6+2 1:3@8210+16");
    fixture_finish(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(merges_neighbours_by_address),
        cmocka_unit_test(crosses_holes_up_to_the_limit),
        cmocka_unit_test(listed_registers_are_no_hole),
        cmocka_unit_test(never_exceeds_the_block_nor_cuts_a_value),
        cmocka_unit_test(stops_at_barriers),
        cmocka_unit_test(keeps_groups_together),
        cmocka_unit_test(reads_helpers_with_their_values),
        cmocka_unit_test(reads_distant_helpers_first),
        cmocka_unit_test(a_helper_between_two_requests),
        cmocka_unit_test(separates_units_and_functions),
        cmocka_unit_test(plans_coils),
        cmocka_unit_test(classes_of_one_period_are_one),
        cmocka_unit_test(random_maps_keep_every_limit),
        cmocka_unit_test(a_dtsu666_takes_few_requests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
