/* SPDX-License-Identifier: Apache-2.0 */
/* profile_derive: what follows from a point's options: place on the wire, size, name, scale in the quantity's unit. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "config/memory.h"
#include "config/number.h"
#include "profile/profile_parts.h"

enum {
    ADDRESSES = PROFILE_ADDRESSES,
};

struct derive {
    struct profile *profile;
    struct config_memory *memory;
    struct faults *faults;
};

bool profile_is_float(const struct profile_point *point)
{
    return point->type == REGISTER_F32 || point->type == REGISTER_F64;
}

bool profile_reads_bits(const struct profile_point *point)
{
    return point->function == 1 || point->function == 2;
}

int64_t profile_type_registers(int type)
{
    static const int64_t registers[] = {
        [REGISTER_U16] = 1, [REGISTER_I16] = 1,    [REGISTER_U32] = 2,  [REGISTER_I32] = 2,
        [REGISTER_U64] = 4, [REGISTER_I64] = 4,    [REGISTER_F32] = 2,  [REGISTER_F64] = 4,
        [REGISTER_BCD] = 0, [REGISTER_STRING] = 0, [REGISTER_BITS] = 1, [REGISTER_MOD10K] = 0,
    };
    return registers[type];
}

/* bcd and mod10k hold four decimal digits a register: sixteen digits still are an exact integer. */
static int64_t most_registers(int type)
{
    return type == REGISTER_STRING ? 125 : 4;
}

static bool derive_count(const struct derive *derive, const struct profile_point *point,
                         size_t index, int64_t *registers)
{
    const char *type = register_type_words[point->type];
    int64_t fixed = profile_type_registers(point->type);
    if (fixed > 0 && (point->count == 0 || point->count == fixed)) {
        *registers = fixed;
        return true;
    }
    int64_t most = most_registers(point->type);
    if (fixed == 0 && point->count >= 1 && point->count <= most) {
        *registers = point->count;
        return true;
    }
    if (fixed > 0) {
        profile_fault(derive->faults, point->origin, "points", index, "count",
                      "is %" PRId64 ", wants %" PRId64 " for type %s, or 0", point->count, fixed,
                      type);
    } else {
        profile_fault(derive->faults, point->origin, "points", index, "count",
                      "is %" PRId64 ", wants 1..%" PRId64 " registers for type %s", point->count,
                      most, type);
    }
    return false;
}

bool profile_place(const struct profile *profile, int64_t address, int64_t registers,
                   uint16_t *address0)
{
    int64_t base = profile->address_base;
    if (address < base || address - base + registers > ADDRESSES) {
        return false;
    }
    *address0 = (uint16_t)(address - base);
    return true;
}

static void address_fault(const struct derive *derive, struct origin origin, const char *list,
                          size_t index, const char *option, int64_t address, int64_t registers)
{
    int64_t base = derive->profile->address_base;
    profile_fault(derive->faults, origin, list, index, option,
                  "is %" PRId64 ", wants %" PRId64 "..%" PRId64 ", since address_base is %" PRId64,
                  address, base, base + ADDRESSES - registers, base);
}

static void derive_helper(const struct derive *derive, struct profile_helper *helper, size_t index)
{
    switch (helper->type) {
    case REGISTER_U16:
    case REGISTER_I16:
    case REGISTER_U32:
    case REGISTER_I32:
    case REGISTER_F32:
        break;
    default:
        profile_fault(derive->faults, helper->origin, "helpers", index, "type",
                      "is %s, wants one of u16, i16, u32, i32, f32",
                      register_type_words[helper->type]);
        return;
    }
    int64_t registers = profile_type_registers(helper->type);
    if (profile_place(derive->profile, helper->address, registers, &helper->address0)) {
        helper->registers = (uint16_t)registers;
    } else {
        address_fault(derive, helper->origin, "helpers", index, "address", helper->address,
                      registers);
    }
}

static void check_barrier(const struct derive *derive, const struct profile_barrier *barrier,
                          size_t index)
{
    uint16_t address0 = 0;
    if (!profile_place(derive->profile, barrier->first, 1, &address0)) {
        address_fault(derive, barrier->origin, "barriers", index, "first", barrier->first, 1);
    }
    if (!profile_place(derive->profile, barrier->last, 1, &address0)) {
        address_fault(derive, barrier->origin, "barriers", index, "last", barrier->last, 1);
    } else if (barrier->last < barrier->first) {
        profile_fault(derive->faults, barrier->origin, "barriers", index, "last",
                      "is %" PRId64 ", wants at least first, %" PRId64, barrier->last,
                      barrier->first);
    }
}

static bool derive_quantity(const struct derive *derive, struct profile_point *point, size_t index)
{
    const struct profile_named named = {
        .faults = derive->faults,
        .memory = derive->memory,
        .origin = point->origin,
        .list = "points",
        .item = index,
    };
    return profile_name(&named, point->quantity, point->index, &point->row, &point->name);
}

static bool derive_scale(const struct derive *derive, struct profile_point *point, size_t index)
{
    double factor = 1;
    if (point->unit[0] && quantity_unit_factor(point->row, point->unit, &factor) < 0) {
        const char *units = quantity_units(point->row);
        profile_fault(derive->faults, point->origin, "points", index, "unit",
                      "is \"%.40s\", wants %s%s for %s", point->unit, units[0] ? "one of " : "none",
                      units, point->quantity);
        return false;
    }
    if (point->scale == 0) {
        profile_fault(derive->faults, point->origin, "points", index, "scale",
                      "is 0, wants any other number");
        return false;
    }
    point->unit_scale = number_round(point->scale * factor);
    return true;
}

static bool parse_modulus(const char *string, int64_t *out)
{
    errno = 0;
    char *end = NULL;
    long long value = strtoll(string, &end, 10);
    if (errno || end == string || *end || value < 0 || value == 1 ||
        strspn(string, "0123456789") != strlen(string)) {
        return false;
    }
    *out = value;
    return true;
}

static bool derive_modulus(const struct derive *derive, struct profile_point *point, size_t index)
{
    bool is_counter = point->row->kind == QUANTITY_COUNTER;
    if (!point->modulus[0]) {
        bool is_u16 = is_counter && point->type == REGISTER_U16;
        bool is_u32 = is_counter && point->type == REGISTER_U32;
        point->modulus_count = is_u16 ? INT64_C(65536) : is_u32 ? INT64_C(4294967296) : 0;
        return true;
    }
    if (!is_counter) {
        profile_fault(derive->faults, point->origin, "points", index, "modulus",
                      "is \"%.40s\", wants none: %s is a %s, no counter", point->modulus,
                      point->quantity, quantity_kind_word(point->row->kind));
        return false;
    }
    if (!parse_modulus(point->modulus, &point->modulus_count)) {
        profile_fault(derive->faults, point->origin, "points", index, "modulus",
                      "is \"%.40s\", wants a count from 2 to 9223372036854775807, or 0 for none",
                      point->modulus);
        return false;
    }
    return true;
}

static void derive_point(const struct derive *derive, struct profile_point *point, size_t index)
{
    if (!point->quantity[0] || point->function == 0) {
        return; /* said when it was read */
    }
    int64_t registers = 0;
    bool is_fine = derive_count(derive, point, index, &registers);
    if (is_fine && !profile_place(derive->profile, point->address, registers, &point->address0)) {
        address_fault(derive, point->origin, "points", index, "address", point->address, registers);
        is_fine = false;
    }
    if (!derive_quantity(derive, point, index)) {
        return;
    }
    is_fine = derive_scale(derive, point, index) && is_fine;
    is_fine = derive_modulus(derive, point, index) && is_fine;
    if (is_fine) {
        point->registers = (uint16_t)registers;
    }
}

void profile_derive(struct profile *profile, struct config_memory *memory, struct faults *faults)
{
    struct derive derive = {.profile = profile, .memory = memory, .faults = faults};
    struct profile_helper *helpers = profile->helpers.items;
    for (size_t i = 0; i < profile->helpers.count; i++) {
        derive_helper(&derive, &helpers[i], i);
    }
    const struct profile_barrier *barriers = profile->barriers.items;
    for (size_t i = 0; i < profile->barriers.count; i++) {
        check_barrier(&derive, &barriers[i], i);
    }
    struct profile_point *points = profile->points.items;
    for (size_t i = 0; i < profile->points.count; i++) {
        derive_point(&derive, &points[i], i);
    }
}
