/* SPDX-License-Identifier: Apache-2.0 */
/* heap: against a plain search over the same deadlines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/heap.h"
#include "support/support.h"

enum { ENTRIES = 300, STEPS = 40000 };

static void check_against_search(const struct heap *heap, const struct heap_entry *entries)
{
    int64_t least = INT64_MAX;
    size_t inside = 0;
    for (size_t i = 0; i < ENTRIES; i++) {
        if (entries[i].place != 0) {
            assert_ptr_equal(heap->nodes[entries[i].place - 1].entry, &entries[i]);
            least = entries[i].when_us < least ? entries[i].when_us : least;
            inside++;
        }
    }
    assert_int_equal(heap->count, inside);
    if (inside == 0) {
        assert_null(heap_top(heap));
    } else {
        assert_int_equal(heap_top(heap)->when_us, least);
    }
}

static void test_random_operations(void **state)
{
    (void)state;
    struct heap heap = {0};
    struct heap_entry entries[ENTRIES] = {0};
    uint64_t seed = 7;
    for (int step = 0; step < STEPS; step++) {
        struct heap_entry *entry = &entries[test_random(&seed) % ENTRIES];
        uint64_t what = test_random(&seed) % 8;
        if (what < 5) {
            heap_set(&heap, entry, (int64_t)(test_random(&seed) % 1000));
        } else if (what < 7) {
            heap_remove(&heap, entry);
        } else if (heap_top(&heap) != NULL) {
            heap_remove(&heap, heap_top(&heap));
        }
        check_against_search(&heap, entries);
    }
    heap_finish(&heap);
    assert_int_equal(entries[0].place, 0);
}

static void test_comes_out_in_order(void **state)
{
    (void)state;
    struct heap heap = {0};
    struct heap_entry entries[ENTRIES] = {0};
    uint64_t seed = 1;
    for (size_t i = 0; i < ENTRIES; i++) {
        heap_set(&heap, &entries[i], (int64_t)(test_random(&seed) % 100) - 50);
    }
    int64_t last = INT64_MIN;
    for (size_t i = 0; i < ENTRIES; i++) {
        struct heap_entry *top = heap_top(&heap);
        assert_true(top->when_us >= last);
        last = top->when_us;
        heap_remove(&heap, top);
        assert_int_equal(top->place, 0);
    }
    assert_null(heap_top(&heap));
    heap_finish(&heap);
}

static void test_moving_keeps_one_entry(void **state)
{
    (void)state;
    struct heap heap = {0};
    struct heap_entry early = {0};
    struct heap_entry late = {0};
    heap_set(&heap, &early, 10);
    heap_set(&heap, &late, 20);
    heap_set(&heap, &early, 30);
    assert_int_equal(heap.count, 2);
    assert_ptr_equal(heap_top(&heap), &late);
    heap_set(&heap, &early, 5);
    assert_ptr_equal(heap_top(&heap), &early);
    heap_remove(&heap, &early);
    heap_remove(&heap, &early);
    assert_int_equal(heap.count, 1);
    heap_finish(&heap);
    heap_finish(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_operations),
        cmocka_unit_test(test_comes_out_in_order),
        cmocka_unit_test(test_moving_keeps_one_entry),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
