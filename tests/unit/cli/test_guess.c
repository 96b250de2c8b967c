/* SPDX-License-Identifier: Apache-2.0 */
/* guess: models by what their registers hold. The unit answers from the golden cases of the profiles: what a document
 * says that a model holds must make the model known. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/field/guess.h"
#include "config/config.h"

struct run {
    uint8_t function;
    uint16_t first;
    uint16_t words[24];
    size_t count;
};

struct unit {
    const struct run *runs;
    size_t count;
    int silent_from; /* this request and all after it get no answer; 0 = never */
    int requests;
    int error; /* of every request, 0 = none */
};

static struct profiles *profiles;

static int answer(void *context, struct block *block)
{
    struct unit *unit = context;
    unit->requests++;
    if (unit->error != 0) {
        return unit->error;
    }
    if (unit->silent_from > 0 && unit->requests >= unit->silent_from) {
        return -ETIMEDOUT;
    }
    for (size_t i = 0; i < unit->count; i++) {
        const struct run *run = &unit->runs[i];
        if (run->function == block->function && block->address >= run->first &&
            block->address + block->quantity <= run->first + run->count) {
            memcpy(block->registers, run->words + (block->address - run->first),
                   block->quantity * sizeof(uint16_t));
            return 0;
        }
    }
    block->exception = 2;
    return -EREMOTEIO;
}

static struct guess_list guess(struct unit *unit)
{
    struct guess_list list;
    (void)guess_model(profiles, 1, answer, unit, &list);
    return list;
}

static void a_text_identifies(void **state)
{
    (void)state;
    static const struct run runs[] = {
        {3, 30000, {0x5355, 0x4E32, 0x3030, 0x302D, 0x3130, 0x304B, 0x544C, 0x2D4D, 0x3100}, 15}};
    struct unit unit = {.runs = runs, .count = 1};
    struct guess_list list = guess(&unit);
    assert_int_equal(list.count, 1);
    assert_string_equal(list.guesses[0].id, "huawei-sun2000");
    assert_int_equal(list.guesses[0].level, GUESS_IDENTIFIED);
    assert_string_equal(list.guesses[0].evidence, "register 30000 is \"SUN2000-100KTL-M1\"");
}

static void a_number_within_a_range_identifies(void **state)
{
    (void)state;
    for (uint16_t model = 1647; model <= 1654; model++) {
        const struct run runs[] = {{4, 11, {model}, 1}};
        struct unit unit = {.runs = runs, .count = 1};
        struct guess_list list = guess(&unit);
        assert_int_equal(list.count, model >= 1648 && model <= 1653 ? 1 : 0);
        if (list.count > 0) {
            assert_string_equal(list.guesses[0].id, "carlogavazzi-em24-e1");
        }
    }
}

static void sunspec_by_its_mark(void **state)
{
    (void)state;
    static const uint16_t bases[] = {40000, 0, 50000};
    for (size_t i = 0; i < 3; i++) {
        const struct run runs[] = {{3, bases[i], {0x5375, 0x6E53, 1, 66}, 4}};
        struct unit unit = {.runs = runs, .count = 1};
        struct guess_list list = guess(&unit);
        assert_int_equal(list.count, 1);
        assert_string_equal(list.guesses[0].id, "sunspec");
        assert_int_equal(list.guesses[0].level, GUESS_IDENTIFIED);
        assert_non_null(list.guesses[0].profile);
    }
}

/* 2301 2312 2297 in tenths of a volt and 5001 in hundredths of a hertz, as floats. */
static const struct run chint[] = {
    {3,
     0x2000,
     {0x4579, 0x7000, 0x457A, 0x7000, 0x4579, 0xB000, 0x450F, 0xD000, 0x4510, 0x8000, 0x450F,
      0x9000},
     12},
    {3, 0x2044, {0x459C, 0x4800}, 2},
};

static void mains_at_the_places_of_a_profile_are_plausible(void **state)
{
    (void)state;
    struct unit unit = {.runs = chint, .count = 2};
    struct guess_list list = guess(&unit);
    assert_true(list.count >= 1);
    assert_string_equal(list.guesses[0].id, "chint-dtsu666");
    assert_int_equal(list.guesses[0].level, GUESS_PLAUSIBLE);
    assert_non_null(strstr(list.guesses[0].evidence, "frequency 50.01 Hz"));
    assert_non_null(strstr(list.guesses[0].evidence, "voltage_a 230.1 V"));
    assert_non_null(strstr(list.guesses[0].evidence, " requests of the map"));
}

static void a_frequency_alone_is_not(void **state)
{
    (void)state;
    struct unit unit = {.runs = &chint[1], .count = 1};
    assert_int_equal(guess(&unit).count, 0);
}

static void zeros_are_nobody(void **state)
{
    (void)state;
    static struct run zeros[2 * 65536 / 24];
    size_t count = 0;
    for (uint32_t first = 0; first + 24 <= 65536; first += 24) {
        zeros[count++] = (struct run){3, (uint16_t)first, {0}, 24};
        zeros[count++] = (struct run){4, (uint16_t)first, {0}, 24};
    }
    struct unit unit = {.runs = zeros, .count = count};
    assert_int_equal(guess(&unit).count, 0);
}

static void nothing_is_asked_twice_and_silence_ends_it(void **state)
{
    (void)state;
    struct unit whole = {.runs = chint, .count = 2};
    struct guess_list list = guess(&whole);
    assert_int_equal(list.requests, whole.requests);
    assert_false(list.was_cut);
    struct unit silent = {.runs = chint, .count = 2, .silent_from = 1};
    list = guess(&silent);
    assert_int_equal(silent.requests, 3);
    assert_true(list.was_cut);
}

static void a_broken_wire_ends_it_at_once(void **state)
{
    (void)state;
    struct unit unit = {.error = -EHOSTUNREACH};
    struct guess_list list;
    assert_int_equal(guess_model(profiles, 1, answer, &unit, &list), -EHOSTUNREACH);
    assert_int_equal(unit.requests, 1);
}

static int set_up(void **state)
{
    (void)state;
    struct faults *faults = faults_create();
    profiles = profiles_load(LINGTAN_SOURCE_FOLDER "/conf/devices", faults);
    faults_print(faults, stderr);
    assert_int_equal(faults_count(faults), 0);
    faults_destroy(faults);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    profiles_destroy(profiles);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_identifies),
        cmocka_unit_test(a_number_within_a_range_identifies),
        cmocka_unit_test(sunspec_by_its_mark),
        cmocka_unit_test(mains_at_the_places_of_a_profile_are_plausible),
        cmocka_unit_test(a_frequency_alone_is_not),
        cmocka_unit_test(zeros_are_nobody),
        cmocka_unit_test(nothing_is_asked_twice_and_silence_ends_it),
        cmocka_unit_test(a_broken_wire_ends_it_at_once),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
