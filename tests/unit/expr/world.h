/* SPDX-License-Identifier: Apache-2.0 */
/* world: a small compound to write expressions about, and its values. Shared by tests, fuzzer and bench. */
#ifndef LINGTAN_TESTS_EXPR_WORLD_H
#define LINGTAN_TESTS_EXPR_WORLD_H

#include "expr/expr.h"

const struct expr_scope *world_scope(void);

/* All values back to what world.c says, quality ok, one second old. */
void world_reset(void);

/* By name: "m1.active_power", "node b3.area", "price". Ends the process when there is none. */
void world_set(const char *name, double number, enum quality quality);
void world_set_age(const char *name, double age_s);

const struct expr_reader *world_reader(void);

#endif
