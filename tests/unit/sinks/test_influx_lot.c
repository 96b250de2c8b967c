/* SPDX-License-Identifier: Apache-2.0 */
/* influx_lot: however long the lines are, halving ends at single lines, loses none and needs little room. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "sinks/influx/influx_lot.h"
#include "support/support.h"

static void add_lines(struct lot *lot, size_t count, size_t longest, uint64_t *seed)
{
    for (size_t i = 0; i < count; i++) {
        /* Mostly short ones, some as long as many of them. */
        size_t length =
            test_random(seed) % 8 ? 1 + test_random(seed) % 30 : 1 + test_random(seed) % longest;
        for (size_t k = 0; k < length; k++) {
            text_add_char(&lot->body, 'x');
        }
        text_add_char(&lot->body, '\n');
        lot->lines++;
    }
}

static void test_halves_to_single_lines(void **state)
{
    (void)state;
    uint64_t seed = 7;
    for (int round = 0; round < 50; round++) {
        struct lot lot = {0};
        add_lines(&lot, 1 + test_random(&seed) % 3000, round % 2 ? 20000 : 40, &seed);
        const size_t lines = lot.lines;
        lot_begin(&lot);
        size_t singles = 0;
        size_t next = 0;
        size_t deepest = 0;
        while (lot.piece_count > 0) {
            deepest = lot.piece_count > deepest ? lot.piece_count : deepest;
            struct piece piece = lot_take(&lot);
            if (!lot_halve(&lot, piece)) {
                assert_int_equal(lot_count_lines(&lot, piece), 1);
                assert_int_equal(piece.start, next); /* in order, without a gap */
                next = piece.end;
                singles++;
            }
        }
        assert_int_equal(singles, lines);
        assert_int_equal(next, lot.body.length);
        assert_true(deepest < LOT_PIECES_MAX / 2);
        lot_finish(&lot);
    }
}

static void test_puts_back_and_splits(void **state)
{
    (void)state;
    struct lot lot = {0};
    text_add_string(&lot.body, "a\nb\nc\nd\n");
    lot_begin(&lot);
    assert_true(lot_halve(&lot, lot_take(&lot)));
    struct piece first = lot_take(&lot);
    assert_int_equal(first.start, 0);
    lot_put_back(&lot, first);
    assert_int_equal(lot_take(&lot).start, 0);
    struct piece second = lot_take(&lot);
    assert_true(lot_split_last(&lot, second));
    struct piece last = lot_take(&lot);
    assert_int_equal(last.start, 6);
    assert_int_equal(last.end, 8);
    assert_false(lot_split_last(&lot, last));
    assert_int_equal(lot_take(&lot).end, 6);
    assert_int_equal(lot.piece_count, 0);
    lot_clear(&lot);
    assert_int_equal(lot.body.length, 0);
    lot_finish(&lot);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_halves_to_single_lines),
        cmocka_unit_test(test_puts_back_and_splits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
