/* SPDX-License-Identifier: Apache-2.0 */
/* log_tap: linked before the real log, it takes its place: counts what a person would read and keeps the last words. */
#ifndef TESTS_ADVERSARY_LOG_TAP_H
#define TESTS_ADVERSARY_LOG_TAP_H

#include <stdint.h>
#include <stdio.h>

void log_tap_reset(void);
uint64_t log_tap_count(void);  /* of info and more urgent, since the reset */
void log_tap_print(FILE *out); /* the last lines */

#endif
