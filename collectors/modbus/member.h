/* SPDX-License-Identifier: Apache-2.0 */
/* member: a line with what it was made of. It holds all that it uses, so the configuration that it came from may go. */
#ifndef LINGTAN_MODBUS_MEMBER_H
#define LINGTAN_MODBUS_MEMBER_H

#include "collectors/modbus/pool.h"
#include "collectors/modbus/siblings.h"

struct member {
    struct line *line;
    struct pool *pool;
    struct line_config config; /* its own copy, without devices */
    const struct profile **profiles;
    size_t profile_count;
};

/* What is shared while lines are made. */
struct member_help {
    struct crew *resolver;
    struct crew *openers;
    struct siblings *siblings;
};

/* index: of its first device in the site. -EINVAL: a profile is missing, which the check of the site would have said;
 * *out is there all the same. Any thread: nothing that runs is touched. */
int member_create(const struct member_help *helpers, const struct collector_setup *setup,
                  const struct line_config *config, uint32_t index, struct pool *pool,
                  struct member **out) MUST_USE;

/* The line as well: it is in no pool (any more). NULL-safe, any thread. */
void member_destroy(struct member *member);

/* All but the line, which was destroyed by its pool. NULL-safe. */
void member_let_go(struct member *member);

#endif
