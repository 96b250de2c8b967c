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
    PROFILE_SETPOINTS_MAX = 256,
    PROFILE_ADDRESSES = 65536,
};

/* Works out the members that are not read: address0, registers, row, name, unit_scale, modulus_count. A point or helper
 * that has a fault keeps registers 0. */
void profile_derive(struct profile *profile, struct config_memory *memory, struct faults *faults);

/* The same for the signatures, and whether their options fit one another. */
extern const struct option_table profile_signature_table;
void profile_derive_signatures(struct profile *profile, struct faults *faults);

/* The same for what can be written: for setpoints, and for points that have registers. */
extern const struct option_table profile_write_table;
extern const struct option_table profile_setpoint_table;
void profile_derive_writes(struct profile *profile, struct config_memory *memory,
                           struct faults *faults);

/* Registers that a type always has; 0 = the point says how many. */
int64_t profile_type_registers(int type);

/* The place on the wire of so many registers from a printed address; false when there is none. */
bool profile_place(const struct profile *profile, int64_t address, int64_t registers,
                   uint16_t *address0);

/* An item of a list that is to be named. */
struct profile_named {
    struct faults *faults;
    struct config_memory *memory;
    struct origin origin;
    const char *list;
    size_t item;
};

/* The row of a quantity and the name that it makes with the index; false after a fault. */
bool profile_name(const struct profile_named *named, const char *quantity, int64_t index,
                  const struct quantity **row, char **name);

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
void profile_check_writes(const struct profile_checking *check);
void profile_point_fault(const struct profile_checking *check, size_t index, const char *option,
                         const char *format, ...) PRINTF_LIKE(4, 5);

/* The barrier of the function that lies in the range of wire addresses, NULL when none does. */
const struct profile_barrier *profile_find_barrier(const struct profile *profile, int64_t function,
                                                   int64_t first, int64_t end);

/* Adds a fault to an option of an item: "points[3].unit". option may be NULL: the item as a whole. */
void profile_fault(struct faults *faults, struct origin origin, const char *list, size_t index,
                   const char *option, const char *format, ...) PRINTF_LIKE(6, 7);

struct text;

/* A line of the document: how the profile says that it is written. */
void profile_document_write(struct text *text, const struct profile *profile,
                            const struct profile_write *write);

/* What is written, and where the file says it. */
struct profile_writing {
    const struct profile *profile;
    struct faults *faults;
    const struct profile_point *point; /* NULL: a setpoint */
    size_t index;
    const struct profile_write *write;
};

/* A fault of one of its options. */
void profile_write_fault(const struct profile_writing *writing, const char *option,
                         const char *format, ...) PRINTF_LIKE(3, 4);

void profile_check_words(const struct profile_checking *check, size_t index);

/* The nearest word as ", nearest is X", "" when none is near. Free it. */
char *profile_hint(const char *wrong, const char *const *words);

bool profile_reads_bits(const struct profile_point *point); /* functions 1 and 2 */

#endif
