/* SPDX-License-Identifier: Apache-2.0 */
/* pack: what goes in comes out, never larger, and damaged bytes are an error. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/journal/pack.h"
#include "support/support.h"

static void fill(struct bytes *bytes, size_t length, unsigned values, uint64_t *random)
{
    bytes->length = 0;
    bytes_put_u8(bytes, 2); /* a version of a block */
    for (size_t i = 1; i < length; i++) {
        bytes_put_u8(bytes, (uint8_t)(test_random(random) % values));
    }
}

static void returns_what_it_was_given(void **state)
{
    (void)state;
    uint64_t random = 1;
    struct bytes bytes = {0};
    struct bytes packed = {0};
    struct bytes back = {0};
    for (size_t length = 1; length < 100000; length = 3 * length + 1) {
        for (unsigned values = 1; values <= 256; values *= 4) {
            fill(&bytes, length, values, &random);
            pack_put(&packed, &bytes);
            assert_true(packed.length <= bytes.length);
            assert_int_equal(pack_take(&back, packed.data, packed.length), 0);
            assert_int_equal(back.length, bytes.length);
            assert_memory_equal(back.data, bytes.data, bytes.length);
        }
    }
    fill(&bytes, 4000, 16, &random);
    pack_put(&packed, &bytes);
    assert_in_range(packed.length, 1, 2600); /* four bits a byte */
    assert_int_equal(packed.data[0], PACKED);
    bytes_finish(&bytes);
    bytes_finish(&packed);
    bytes_finish(&back);
}

static void refuses_what_is_damaged(void **state)
{
    (void)state;
    uint64_t random = 2;
    struct bytes bytes = {0};
    struct bytes packed = {0};
    struct bytes back = {0};
    fill(&bytes, 2000, 16, &random);
    pack_put(&packed, &bytes);
    for (size_t length = 1; length < packed.length; length++) {
        uint8_t *exact = memcpy(mem_alloc(length), packed.data, length);
        assert_int_equal(pack_take(&back, exact, length), -EBADMSG);
        free(exact);
    }
    for (size_t i = 1; i < packed.length; i++) {
        packed.data[i] ^= 0x10; /* what passes here is found by the checksum of the row */
        if (pack_take(&back, packed.data, packed.length) == 0) {
            assert_int_equal(back.length, bytes.length);
        }
        packed.data[i] ^= 0x10;
    }
    static const uint8_t endless[] = {PACKED, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f, 1, 2, 3};
    assert_int_equal(pack_take(&back, endless, sizeof(endless)), -EBADMSG);
    bytes_finish(&bytes);
    bytes_finish(&packed);
    bytes_finish(&back);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(returns_what_it_was_given),
        cmocka_unit_test(refuses_what_is_damaged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
