/* SPDX-License-Identifier: Apache-2.0 */
/* test_walk: every base, every refusal, and chains that lie. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "map.h"

static struct map map;
static struct sunspec_walk walk;

static int forget(void **state)
{
    (void)state;
    memset(&map, 0, sizeof(map));
    memset(&walk, 0, sizeof(walk));
    return 0;
}

static void make_inverter(uint16_t base)
{
    map_begin(&map, base);
    map_text(&map, map_model(&map, 1, 66) + 50U, "SN-0815");
    map_model(&map, 103, 50);
    map_model(&map, 64001, 7);
    map_model(&map, 160, 48);
    map_end(&map);
}

static void the_chain_is_found_at_every_base(void **state)
{
    (void)state;
    static const uint16_t bases[] = {40000, 0, 50000};
    for (size_t i = 0; i < 3; i++) {
        forget(NULL);
        make_inverter(bases[i]);
        sunspec_walk_begin(&walk, NULL);
        assert_int_equal(map_walk(&map, &walk), SUNSPEC_FOUND);
        /* a try at each base before, the words, the serial number, four headers, the end */
        assert_int_equal(map.reads, i + 1 + 1 + 4 + 1);
        assert_int_equal(walk.chain.base, bases[i]);
        assert_int_equal(walk.chain.count, 4);
        assert_int_equal(walk.chain.places[1].id, 103);
        assert_int_equal(walk.chain.places[1].address, bases[i] + 2 + 68);
        assert_int_equal(walk.chain.places[3].length, 48);
        assert_int_equal(walk.chain.end, bases[i] + 2 + 68 + 52 + 9 + 50);
        assert_true(walk.chain.has_end);
        assert_int_equal(walk.chain.serial[0], 'S' << 8 | 'N');
    }
}

static void a_chain_may_end_where_the_device_knows_no_register(void **state)
{
    (void)state;
    map_begin(&map, 40000);
    map_model(&map, 1, 65);
    map_model(&map, 103, 50);
    sunspec_walk_begin(&walk, NULL);
    assert_int_equal(map_walk(&map, &walk), SUNSPEC_FOUND);
    assert_int_equal(walk.chain.count, 2);
    assert_int_equal(walk.chain.places[1].address, 40002 + 67);
    assert_false(walk.chain.has_end);
    map_set(&map, map.at, 0);
    map_set(&map, map.at + 1, 0);
    sunspec_walk_begin(&walk, NULL);
    assert_int_equal(map_walk(&map, &walk), SUNSPEC_FOUND);
    assert_int_equal(walk.chain.count, 2);
}

static void assert_refused(const char *words, uint32_t at)
{
    sunspec_walk_begin(&walk, NULL);
    assert_int_equal(map_walk(&map, &walk), SUNSPEC_REFUSED);
    assert_non_null(strstr(walk.why, words));
    assert_int_equal(walk.why_at, at);
}

static void a_device_without_the_words_is_refused(void **state)
{
    (void)state;
    assert_refused("SunS", 40000);
    assert_int_equal(map.reads, 3);
    for (uint32_t i = 0; i < 65536; i++) {
        map_set(&map, i, 0x5375);
    }
    assert_refused("SunS", 40000);
    assert_int_equal(map.reads, 3);
}

static void assert_found(size_t count, uint32_t end, const char *flaw)
{
    sunspec_walk_begin(&walk, NULL);
    assert_int_equal(map_walk(&map, &walk), SUNSPEC_FOUND);
    assert_int_equal(walk.chain.count, count);
    assert_int_equal(walk.chain.end, end);
    if (flaw == NULL) {
        assert_null(walk.chain.flaw);
    } else {
        assert_non_null(walk.chain.flaw);
        assert_non_null(strstr(walk.chain.flaw, flaw));
    }
}

static void a_known_model_without_a_length_is_passed(void **state)
{
    (void)state;
    map_begin(&map, 40000);
    map_model(&map, 1, 66);
    uint16_t at = map_model(&map, 103, 0);
    map_model(&map, 160, 48);
    map_end(&map);
    assert_found(3, map.at, NULL);
    assert_int_equal(walk.chain.places[2].address, at + 2);
}

/* Of a common model that says 15 the next header is looked for among its own registers, or where there are none. */
static void a_list_of_which_nothing_can_be_read_is_refused(void **state)
{
    (void)state;
    map_begin(&map, 40000);
    map_model(&map, 1, 13);
    map_set(&map, 40003, 15);
    assert_refused("no model of the list holds", 40002);
    assert_true(walk.has_chain_why);
    map_model(&map, 103, 2);
    map_model(&map, 64001, 50);
    map_end(&map);
    assert_refused("no model of the list holds", 40002);
    map_model(&map, 705, 50); /* known, but nothing of it is read */
    map_end(&map);
    assert_refused("no model of the list holds", 40002);
}

static void a_model_of_number_zero_ends_the_list(void **state)
{
    (void)state;
    map_begin(&map, 40000);
    map_model(&map, 1, 66);
    map_model(&map, 0, 4);
    map_model(&map, 103, 50);
    map_end(&map);
    assert_found(1, 40002 + 68, "number 0");
    sunspec_walk_begin(&walk, NULL);
    memset(&map, 0, sizeof(map));
    map_begin(&map, 40000);
    map_model(&map, 0, 4);
    assert_refused("number 0", 40002);
}

static void an_unknown_model_without_a_length_is_passed(void **state)
{
    (void)state;
    map_begin(&map, 40000);
    map_model(&map, 1, 66);
    map_model(&map, 64999, 0);
    map_model(&map, 103, 50);
    map_end(&map);
    sunspec_walk_begin(&walk, NULL);
    assert_int_equal(map_walk(&map, &walk), SUNSPEC_FOUND);
    assert_int_equal(walk.chain.count, 3);
}

static void a_model_past_the_last_register_ends_the_list(void **state)
{
    (void)state;
    map_begin(&map, 50000);
    uint16_t at = (uint16_t)map.at;
    map_set(&map, at, 1);
    map_set(&map, at + 1U, 0xFFFF);
    assert_refused("65535", at);
    map_model(&map, 1, 66);
    at = (uint16_t)map.at;
    map_set(&map, at, 103);
    map_set(&map, at + 1U, 0xFFFF);
    assert_found(1, at, "65535");
    map_set(&map, at + 1U, (uint16_t)(65536 - at - 2 + 1));
    assert_found(1, at, "65535");
    /* to the last register, and with no room for an end behind it */
    map_set(&map, at + 1U, (uint16_t)(65536 - at - 2));
    assert_found(2, 65536, NULL);
    assert_false(walk.chain.has_end);
    map_set(&map, at + 1U, (uint16_t)(65536 - at - 2 - 1));
    assert_found(2, 65535, NULL);
    struct sunspec_chain known = walk.chain;
    sunspec_walk_begin(&walk, &known);
    assert_int_equal(map_walk(&map, &walk), SUNSPEC_FOUND);
    assert_true(walk.is_same);
    map_set(&map, at + 1U, (uint16_t)(65536 - at - 2 - 2));
    map_set(&map, 65534, SUNSPEC_END);
    map_set(&map, 65535, 0);
    sunspec_walk_begin(&walk, NULL);
    assert_int_equal(map_walk(&map, &walk), SUNSPEC_FOUND);
    assert_int_equal(walk.chain.end, 65534);
}

static void of_more_than_a_hundred_models_a_hundred_are_kept(void **state)
{
    (void)state;
    map_begin(&map, 40000);
    for (unsigned i = 0; i < 100; i++) {
        map_model(&map, i == 0 ? 1 : 64000, i == 0 ? 66 : 1);
    }
    map_end(&map);
    sunspec_walk_begin(&walk, NULL);
    assert_int_equal(map_walk(&map, &walk), SUNSPEC_FOUND);
    assert_int_equal(walk.chain.count, 100);
    map_model(&map, 64000, 1);
    map_end(&map);
    assert_found(100, 40000 + 2 + 68 + 99 * 3, "100 models");
    /* a device that is all chain, at every base, is given up after a bounded number of reads */
    for (uint32_t i = 0; i < 65536; i++) {
        map_set(&map, i, 1);
    }
    map_begin(&map, 0);
    map_begin(&map, 40000);
    map_begin(&map, 50000);
    sunspec_walk_begin(&walk, NULL);
    assert_int_equal(map_walk(&map, &walk), SUNSPEC_REFUSED);
}

static void what_was_listed_when_the_reads_run_out_is_kept(void **state)
{
    (void)state;
    map_begin(&map, 40000);
    for (unsigned i = 0; i < 60; i++) {
        map_model(&map, 64000, 1);
    }
    map_end(&map);
    map_begin(&map, 0);
    map_model(&map, 1, 66);
    map_model(&map, 103, 50);
    for (unsigned i = 0; i < 90; i++) {
        map_model(&map, 64000, 1);
    }
    map_end(&map);
    sunspec_walk_begin(&walk, NULL);
    assert_int_equal(map_walk(&map, &walk), SUNSPEC_FOUND);
    assert_int_equal(walk.chain.base, 0);
    assert_int_equal(walk.chain.places[1].id, 103);
    assert_non_null(strstr(walk.chain.flaw, "too many reads"));
}

static void a_broken_chain_does_not_hide_a_good_one(void **state)
{
    (void)state;
    map_begin(&map, 40000);
    map_model(&map, 103, 0);
    make_inverter(50000);
    sunspec_walk_begin(&walk, NULL);
    assert_int_equal(map_walk(&map, &walk), SUNSPEC_FOUND);
    assert_int_equal(walk.chain.base, 50000);
}

static void an_empty_chain_is_refused(void **state)
{
    (void)state;
    map_begin(&map, 40000);
    map_end(&map);
    assert_refused("no model", 40002);
}

/* Walks until the register is asked for, which is silent; false: the walk was over before. */
static bool walk_into_silence(const struct sunspec_chain *known, uint32_t silent_at)
{
    enum sunspec_verdict verdict = SUNSPEC_GOES_ON;
    sunspec_walk_begin(&walk, known);
    while (verdict == SUNSPEC_GOES_ON) {
        uint16_t address = sunspec_walk_next(&walk).address;
        if (address == silent_at) {
            sunspec_walk_abandon(&walk);
            return true;
        }
        verdict = sunspec_walk_take(&walk, &map.words[address]);
    }
    assert_int_equal(verdict, SUNSPEC_FOUND);
    return false;
}

static void silence_where_the_list_ends_is_its_end(void **state)
{
    (void)state;
    map_begin(&map, 40000);
    map_model(&map, 1, 66);
    map_model(&map, 103, 50);
    assert_true(walk_into_silence(NULL, map.at));
    assert_true(walk_into_silence(NULL, map.at));
    assert_false(walk_into_silence(NULL, map.at));
    assert_int_equal(walk.chain.count, 2);
    assert_int_equal(walk.chain.end, map.at);
    assert_non_null(walk.chain.flaw);
    /* looking after it costs one silence */
    struct sunspec_chain known = walk.chain;
    for (unsigned i = 0; i < 3; i++) {
        assert_true(walk_into_silence(&known, map.at));
        assert_false(walk_into_silence(&known, map.at));
        assert_true(walk.is_same);
    }
    /* and finds what was there all the time */
    uint32_t behind = map.at;
    map_model(&map, 203, 105);
    map_end(&map);
    assert_false(walk_into_silence(&known, 65535));
    assert_false(walk.is_same);
    assert_int_equal(walk.chain.places[2].address, behind);
    assert_null(walk.chain.flaw);
}

static void a_silent_serial_number_is_none(void **state)
{
    (void)state;
    make_inverter(40000);
    assert_true(walk_into_silence(NULL, 40002 + 50));
    assert_true(walk_into_silence(NULL, 40002 + 50));
    assert_false(walk_into_silence(NULL, 40002 + 50));
    assert_int_equal(walk.chain.count, 4);
    assert_int_equal(walk.chain.serial[0], 0);
}

/* A silence here and one there are a bad wire. */
static void silence_at_different_places_is_no_end(void **state)
{
    (void)state;
    make_inverter(40000);
    for (unsigned i = 0; i < 3; i++) {
        assert_true(walk_into_silence(NULL, 40002 + 68));
        assert_true(walk_into_silence(NULL, 40002 + 68 + 52));
    }
    assert_false(walk_into_silence(NULL, 65535));
    assert_int_equal(walk.chain.count, 4);
}

static void a_short_common_model_has_no_serial_number(void **state)
{
    (void)state;
    map_begin(&map, 40000);
    map_model(&map, 1, 60);
    map_model(&map, 103, 50);
    map_end(&map);
    sunspec_walk_begin(&walk, NULL);
    assert_int_equal(map_walk(&map, &walk), SUNSPEC_FOUND);
    assert_int_equal(map.reads, 4);
    assert_int_equal(walk.chain.serial[0], 0);
}

static void a_silent_base_gives_way_to_the_next(void **state)
{
    (void)state;
    sunspec_walk_begin(&walk, NULL);
    assert_int_equal(sunspec_walk_next(&walk).address, 40000);
    sunspec_walk_abandon(&walk);
    sunspec_walk_begin(&walk, NULL);
    assert_int_equal(sunspec_walk_next(&walk).address, 0);
    sunspec_walk_abandon(&walk);
    sunspec_walk_begin(&walk, NULL);
    assert_int_equal(sunspec_walk_next(&walk).address, 50000);
    /* silence within a chain is not the base's fault */
    make_inverter(50000);
    assert_int_equal(sunspec_walk_take(&walk, &map.words[50000]), SUNSPEC_GOES_ON);
    sunspec_walk_abandon(&walk);
    sunspec_walk_begin(&walk, NULL);
    assert_int_equal(sunspec_walk_next(&walk).address, 50000);
}

static struct sunspec_chain known;

static enum sunspec_verdict look_again(void)
{
    sunspec_walk_begin(&walk, &known);
    return map_walk(&map, &walk);
}

static void a_known_chain_is_looked_after_in_four_reads(void **state)
{
    (void)state;
    make_inverter(50000);
    sunspec_walk_begin(&walk, NULL);
    assert_int_equal(map_walk(&map, &walk), SUNSPEC_FOUND);
    assert_false(walk.is_same);
    known = walk.chain;
    assert_int_equal(look_again(), SUNSPEC_FOUND);
    assert_int_equal(map.reads, 4);
    assert_true(walk.is_same);
    assert_memory_equal(&walk.chain, &known, sizeof(known));
}

static void a_chain_that_has_changed_is_walked_again(void **state)
{
    (void)state;
    make_inverter(40000);
    sunspec_walk_begin(&walk, NULL);
    assert_int_equal(map_walk(&map, &walk), SUNSPEC_FOUND);
    known = walk.chain;
    /* another serial number: the same models of another device */
    map_text(&map, 40002 + 50, "SN-0816");
    assert_int_equal(look_again(), SUNSPEC_FOUND);
    assert_false(walk.is_same);
    assert_true(sunspec_chain_same(&walk.chain, &known));
    known = walk.chain;
    /* a model more */
    map_model(&map, 203, 105);
    map_end(&map);
    assert_int_equal(look_again(), SUNSPEC_FOUND);
    assert_false(walk.is_same);
    assert_int_equal(walk.chain.count, 5);
    assert_false(sunspec_chain_same(&walk.chain, &known));
    known = walk.chain;
    /* another base */
    memset(&map, 0, sizeof(map));
    make_inverter(0);
    assert_int_equal(look_again(), SUNSPEC_FOUND);
    assert_int_equal(walk.chain.base, 0);
    known = walk.chain;
    /* an end at once */
    map_set(&map, 2, SUNSPEC_END);
    assert_int_equal(look_again(), SUNSPEC_REFUSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_chain_is_found_at_every_base, forget),
        cmocka_unit_test_setup(a_chain_may_end_where_the_device_knows_no_register, forget),
        cmocka_unit_test_setup(a_device_without_the_words_is_refused, forget),
        cmocka_unit_test_setup(a_known_model_without_a_length_is_passed, forget),
        cmocka_unit_test_setup(a_list_of_which_nothing_can_be_read_is_refused, forget),
        cmocka_unit_test_setup(a_model_of_number_zero_ends_the_list, forget),
        cmocka_unit_test_setup(silence_where_the_list_ends_is_its_end, forget),
        cmocka_unit_test_setup(a_silent_serial_number_is_none, forget),
        cmocka_unit_test_setup(silence_at_different_places_is_no_end, forget),
        cmocka_unit_test_setup(an_unknown_model_without_a_length_is_passed, forget),
        cmocka_unit_test_setup(a_model_past_the_last_register_ends_the_list, forget),
        cmocka_unit_test_setup(of_more_than_a_hundred_models_a_hundred_are_kept, forget),
        cmocka_unit_test_setup(what_was_listed_when_the_reads_run_out_is_kept, forget),
        cmocka_unit_test_setup(a_broken_chain_does_not_hide_a_good_one, forget),
        cmocka_unit_test_setup(an_empty_chain_is_refused, forget),
        cmocka_unit_test_setup(a_short_common_model_has_no_serial_number, forget),
        cmocka_unit_test_setup(a_silent_base_gives_way_to_the_next, forget),
        cmocka_unit_test_setup(a_known_chain_is_looked_after_in_four_reads, forget),
        cmocka_unit_test_setup(a_chain_that_has_changed_is_walked_again, forget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
