/* SPDX-License-Identifier: Apache-2.0 */
/* profile_parts: what is done to a profile once it is read. Inside daemon/config only. */
#ifndef LINGTAN_PROFILE_PROFILE_PARTS_H
#define LINGTAN_PROFILE_PROFILE_PARTS_H

#include "config/config.h"
#include <lingtan/profile.h>

enum {
    PROFILE_POINTS_MAX = 4096, /* readings of a batch */
    PROFILE_HELPERS_MAX = 256,
    PROFILE_BARRIERS_MAX = 1024,
    PROFILE_SIGNATURES_MAX = 16,
};

/* Works out the members that are not read: address0, registers, row, name, unit_scale, modulus_count. A point or helper
 * that has a fault keeps registers 0. */
void profile_derive(struct profile *profile, struct config_memory *memory, struct faults *faults);

/* The same for the signatures, and whether their options fit one another. */
extern const struct option_table profile_signature_table;
void profile_derive_signatures(struct profile *profile, struct faults *faults);

/* What more than one option says together, for points and helpers that have registers. */
void profile_check(const struct profile *profile, const char *path, struct faults *faults);

/* Its parts. */
struct profile_checking {
    const struct profile *profile;
    const struct profile_point *points;
    struct faults *faults;
};

void profile_check_registers(const struct profile_checking *check);
void profile_check_helpers(const struct profile_checking *check);
void profile_point_fault(const struct profile_checking *check, size_t index, const char *option,
                         const char *format, ...) PRINTF_LIKE(4, 5);

/* The barrier of the function that lies in the range of wire addresses, NULL when none does. */
const struct profile_barrier *profile_find_barrier(const struct profile *profile, int64_t function,
                                                   int64_t first, int64_t end);

/* Adds a fault to an option of an item: "points[3].unit". option may be NULL: the item as a whole. */
void profile_fault(struct faults *faults, struct origin origin, const char *list, size_t index,
                   const char *option, const char *format, ...) PRINTF_LIKE(6, 7);

void profile_check_words(const struct profile_checking *check, size_t index);

/* The nearest word as ", nearest is X", "" when none is near. Free it. */
char *profile_hint(const char *wrong, const char *const *words);

bool profile_reads_bits(const struct profile_point *point); /* functions 1 and 2 */

#endif
