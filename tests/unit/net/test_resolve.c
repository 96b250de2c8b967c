/* SPDX-License-Identifier: Apache-2.0 */
/* resolve: numbers at once, names in the background, and nobody waits for an answer that is not wanted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>
#include <string.h>

#include "net/resolve.h"
#include "support/support.h"
#include <lingtan/clock.h>

static void wait_done(struct resolve *resolve)
{
    struct pollfd fd = {.fd = resolve_fd(resolve), .events = POLLIN};
    assert_int_equal(poll(&fd, 1, 60000), 1);
    assert_true(resolve_is_done(resolve));
}

static void test_numeric(void **state)
{
    (void)state;
    static const char *const addresses[] = {"127.0.0.1", "::1"};
    for (size_t i = 0; i < 2; i++) {
        struct resolve *resolve = NULL;
        assert_int_equal(resolve_start(addresses[i], &resolve), 0);
        assert_true(resolve_is_done(resolve));
        wait_done(resolve);
        assert_int_equal(resolve_count(resolve), 1);
        assert_string_equal(resolve_address(resolve, 0), addresses[i]);
        resolve_release(resolve);
    }
}

static void test_name(void **state)
{
    (void)state;
    if (!test_has_localhost()) {
        print_message("skipped: this machine does not know the name localhost\n");
        skip();
    }
    struct resolve *resolve = NULL;
    assert_int_equal(resolve_start("localhost", &resolve), 0);
    wait_done(resolve);
    bool has_loopback = false;
    for (size_t i = 0; i < resolve_count(resolve); i++) {
        has_loopback |= strcmp(resolve_address(resolve, i), "127.0.0.1") == 0;
    }
    assert_true(has_loopback);
    assert_string_equal(resolve_error(resolve), "");
    resolve_release(resolve);
}

static void test_unknown_name(void **state)
{
    (void)state;
    struct resolve *resolve = NULL;
    assert_int_equal(resolve_start("no-such-host.invalid", &resolve), 0);
    wait_done(resolve);
    assert_int_equal(resolve_count(resolve), 0);
    assert_non_null(strstr(resolve_error(resolve), "no-such-host.invalid"));
    resolve_release(resolve);
}

static void test_release_does_not_wait(void **state)
{
    (void)state;
    int64_t start_us = clock_mono_us(clock_real());
    for (int i = 0; i < 5; i++) {
        struct resolve *resolve = NULL;
        assert_int_equal(resolve_start("another-such-host.invalid", &resolve), 0);
        resolve_release(resolve);
    }
    assert_true(clock_mono_us(clock_real()) - start_us < 3000000);
    resolve_release(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numeric),
        cmocka_unit_test(test_name),
        cmocka_unit_test(test_unknown_name),
        cmocka_unit_test(test_release_does_not_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
