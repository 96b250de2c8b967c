/* SPDX-License-Identifier: Apache-2.0 */
/* support: what the C tests share. Include it after <cmocka.h>. */
#ifndef LINGTAN_TESTS_SUPPORT_H
#define LINGTAN_TESTS_SUPPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Fails the test when actual is further than tolerance from expected, or either is NaN. */
#define assert_near(actual, expected, tolerance)                                                   \
    test_assert_near((actual), (expected), (tolerance), __FILE__, __LINE__)
void test_assert_near(double actual, double expected, double tolerance, const char *file, int line);

/* Waits, at most 20 s, until is_true(context); false when it never was. */
bool test_wait_until(bool (*is_true)(void *context), void *context);

/* A private folder under $TMPDIR or /tmp, and its end with all that is in it. */
char *test_folder_create(void);
void test_folder_remove(char *take_folder);

/* Does this machine know the name "localhost" as 127.0.0.1? A minimal system without /etc/hosts does not. */
bool test_has_localhost(void);

/* A small generator of reproducible numbers: *state is its seed. */
uint64_t test_random(uint64_t *state);

#endif
