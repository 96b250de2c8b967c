/* SPDX-License-Identifier: Apache-2.0 */
/* test_given_runs: against a map of all registers, in any order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "collectors/modbus/line/line_backoff.h"
#include "collectors/modbus/plan/given_runs.h"

enum { REGISTERS = 60, ROUNDS = 300, ADDS = 12 };

static struct frame_request ask(unsigned unit, unsigned function, unsigned first, unsigned quantity)
{
    return (struct frame_request){.unit = (uint8_t)unit,
                                  .function = (uint8_t)function,
                                  .address = (uint16_t)first,
                                  .quantity = (uint16_t)quantity};
}

static void check_all(const struct given_runs *runs, const bool *map)
{
    for (unsigned first = 0; first < REGISTERS; first++) {
        bool is_held = true;
        for (unsigned end = first + 1; end <= REGISTERS; end++) {
            is_held = is_held && map[end - 1];
            struct frame_request request = ask(1, 3, first, end - first);
            assert_int_equal(given_runs_hold(runs, &request), is_held);
        }
    }
}

static void holds_what_was_given_and_no_more(void **state)
{
    (void)state;
    uint32_t chance = 4711;
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct given_runs runs = {0};
        bool map[REGISTERS] = {false};
        for (unsigned i = 0; i < ADDS; i++) {
            unsigned first = chance_next(&chance) % REGISTERS;
            unsigned most = REGISTERS - first < 9 ? REGISTERS - first : 9;
            unsigned quantity = 1 + chance_next(&chance) % most;
            struct frame_request request = ask(1, 3, first, quantity);
            given_runs_add(&runs, &request);
            memset(map + first, true, quantity);
        }
        check_all(&runs, map);
        given_runs_finish(&runs);
    }
}

static void tells_units_and_functions_apart(void **state)
{
    (void)state;
    struct given_runs runs = {0};
    struct frame_request request = ask(1, 3, 0, 10);
    assert_false(given_runs_hold(&runs, &request));
    given_runs_add(&runs, &request);
    assert_true(given_runs_hold(&runs, &request));
    request.unit = 2;
    assert_false(given_runs_hold(&runs, &request));
    request = ask(1, 4, 0, 10);
    assert_false(given_runs_hold(&runs, &request));
    given_runs_finish(&runs);
}

static void the_last_register_is_no_start(void **state)
{
    (void)state;
    struct given_runs runs = {0};
    struct frame_request last = ask(1, 3, 0xFFFF, 1);
    struct frame_request first = ask(1, 3, 0, 1);
    given_runs_add(&runs, &last);
    assert_true(given_runs_hold(&runs, &last));
    assert_false(given_runs_hold(&runs, &first));
    given_runs_finish(&runs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(holds_what_was_given_and_no_more),
        cmocka_unit_test(tells_units_and_functions_apart),
        cmocka_unit_test(the_last_register_is_no_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
