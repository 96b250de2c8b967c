/* SPDX-License-Identifier: Apache-2.0 */
/* profile_write: what follows from a group `write`: function, place on the wire, form and scale. */
#include <lingtan/write.h>

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "config/number.h"
#include "profile/profile_parts.h"

enum {
    WRITE_COIL = 5,
    WRITE_REGISTER = 6,
    WRITE_COILS = 15,
    WRITE_REGISTERS = 16,
    LIMB_LIMIT = 10000, /* of a register of mod10k, and of four digits of bcd */
};

bool write_is_given(const struct profile_write *write)
{
    return write->origin.line > 0;
}

bool write_is_coil(const struct profile_write *write)
{
    return write->send_function == WRITE_COIL || write->send_function == WRITE_COILS;
}

/* Numbers that a type holds, both included; a count beyond 63 bits has no double that is exact. */
static void range_of(const struct profile_write *write, double *least, double *most)
{
    *least = 0;
    switch ((enum register_type)write->register_type) {
    case REGISTER_I16:
        *least = INT16_MIN;
        *most = INT16_MAX;
        break;
    case REGISTER_U32:
        *most = UINT32_MAX;
        break;
    case REGISTER_I32:
        *least = INT32_MIN;
        *most = INT32_MAX;
        break;
    case REGISTER_I64:
        *least = -0x1p53;
        *most = 0x1p53;
        break;
    case REGISTER_U64:
        *most = 0x1p53;
        break;
    case REGISTER_BCD:
    case REGISTER_MOD10K:
        *most = fmin(pow(LIMB_LIMIT, write->registers) - 1, 0x1p53);
        break;
    case REGISTER_BITS:
        *most = 1;
        break;
    default:
        *most = UINT16_MAX;
    }
}

bool write_holds(const struct profile_write *write, double number)
{
    if (write->register_type == REGISTER_F32) {
        return isfinite((float)number);
    }
    if (write->register_type == REGISTER_F64) {
        return isfinite(number);
    }
    double least = 0;
    double most = 0;
    range_of(write, &least, &most);
    return rint(number) >= least && rint(number) <= most;
}

void profile_write_fault(const struct profile_writing *writing, const char *option,
                         const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *what = mem_format_args(format, args);
    va_end(args);
    char *key = mem_format("%s%s", writing->point != NULL ? "write." : "", option);
    profile_fault(writing->faults, writing->write->origin,
                  writing->point != NULL ? "points" : "setpoints", writing->index, key, "%s", what);
    free(key);
    free(what);
}

static bool is_function(const struct profile_writing *writing, const char *option, int64_t function)
{
    if (function == 0 || function == WRITE_COIL || function == WRITE_REGISTER ||
        function == WRITE_COILS || function == WRITE_REGISTERS) {
        return true;
    }
    profile_write_fault(writing, option,
                        "is %" PRId64 ", wants 5 or 15 for a coil, 6 or 16 for registers, or 0",
                        function);
    return false;
}

/* Whether it goes to a coil: what a function says, else how the point is read. */
static bool goes_to_coil(const struct profile_writing *writing, int type)
{
    const struct profile_write *write = writing->write;
    if (write->function != 0) {
        return write->function == WRITE_COIL || write->function == WRITE_COILS;
    }
    return type == REGISTER_BITS && (writing->point == NULL || profile_reads_bits(writing->point));
}

static bool derive_type(const struct profile_writing *writing, struct profile_write *write,
                        bool *is_coil)
{
    if (write->type == WRITE_AS_READ && writing->point == NULL) {
        profile_write_fault(writing, "type", "is missing, wants how the registers hold the value");
        return false;
    }
    write->register_type = write->type == WRITE_AS_READ ? writing->point->type : write->type - 1;
    *is_coil = goes_to_coil(writing, write->register_type);
    const char *word = register_type_words[write->register_type];
    if (*is_coil != (write->register_type == REGISTER_BITS)) {
        profile_write_fault(writing, "type", "is %s, wants %s", word,
                            *is_coil ? "bits: a coil is one"
                                     : "the whole register, such as u16: bits of a register cannot "
                                       "be written by themselves");
        return false;
    }
    if (write->register_type == REGISTER_STRING) {
        profile_write_fault(writing, "type", "is string, wants a number: texts are not written");
        return false;
    }
    return true;
}

static bool derive_count(const struct profile_writing *writing, struct profile_write *write)
{
    int64_t fixed = profile_type_registers(write->register_type);
    bool is_as_read = write->type == WRITE_AS_READ;
    int64_t wanted = is_as_read ? writing->point->registers : fixed;
    int64_t count = write->count == 0 ? wanted : write->count;
    bool is_good = wanted > 0 ? count == wanted : count >= 1;
    if (!is_good && wanted > 0) {
        profile_write_fault(writing, "count", "is %" PRId64 ", wants %" PRId64 " for type %s, or 0",
                            write->count, wanted, register_type_words[write->register_type]);
    } else if (!is_good) {
        profile_write_fault(writing, "count", "is 0, wants 1..4 registers for type %s",
                            register_type_words[write->register_type]);
    }
    write->registers = (uint16_t)count;
    return is_good;
}

static bool derive_function(const struct profile_writing *writing, struct profile_write *write,
                            bool is_coil)
{
    if (write->function == WRITE_REGISTER && write->registers > 1) {
        profile_write_fault(writing, "function",
                            "is 6, wants 16: the value has %u registers, and 6 writes one",
                            write->registers);
        return false;
    }
    int64_t plain = is_coil ? WRITE_COIL : write->registers > 1 ? WRITE_REGISTERS : WRITE_REGISTER;
    write->send_function = (uint8_t)(write->function != 0 ? write->function : plain);
    return true;
}

static bool is_on_wire(const struct profile_writing *writing, const char *option, int64_t address,
                       int64_t registers, uint16_t *address0)
{
    int64_t base = writing->profile->address_base;
    if (profile_place(writing->profile, address, registers, address0)) {
        return true;
    }
    profile_write_fault(writing, option,
                        "is %" PRId64 ", wants %" PRId64 "..%" PRId64
                        ", since address_base is %" PRId64,
                        address, base, base + PROFILE_ADDRESSES - registers, base);
    return false;
}

static bool derive_place(const struct profile_writing *writing, struct profile_write *write)
{
    const struct profile_point *point = writing->point;
    if (write->address >= 0) {
        return is_on_wire(writing, "address", write->address, write->registers, &write->address0);
    }
    if (point == NULL) {
        profile_write_fault(writing, "address", "is missing, wants the register that is written");
        return false;
    }
    if (point->function == 2 || point->function == 4) {
        profile_write_fault(writing, "address",
                            "is missing, wants the %s that takes the value: what function %" PRId64
                            " reads cannot be written",
                            point->function == 2 ? "coil" : "register", point->function);
        return false;
    }
    write->address0 = point->address0;
    return true;
}

static void derive_orders(const struct profile_point *point, struct profile_write *write)
{
    int words = point != NULL ? point->word_order : WORDS_HIGH_FIRST;
    int bytes = point != NULL ? point->byte_order : BYTES_HIGH_FIRST;
    write->register_words = write->word_order == WRITE_AS_READ ? words : write->word_order - 1;
    write->register_bytes = write->byte_order == WRITE_AS_READ ? bytes : write->byte_order - 1;
}

static void refuse_lonely(const struct profile_writing *writing, const char *option, bool is_given)
{
    if (is_given) {
        profile_write_fault(writing, option,
                            "is given, wants a scale beside it: without one the value is written "
                            "as it is read");
    }
}

static bool derive_scale(const struct profile_writing *writing, struct profile_write *write)
{
    double factor = 1;
    if (isnan(write->scale)) {
        refuse_lonely(writing, "offset", write->offset != 0);
        refuse_lonely(writing, "unit", write->unit[0] != '\0');
        refuse_lonely(writing, "scale_from", write->scale_from[0] != '\0');
        return true;
    }
    if (write->scale == 0) {
        profile_write_fault(writing, "scale", "is 0, wants any other number");
        return false;
    }
    if (write->unit[0] && quantity_unit_factor(write->row, write->unit, &factor) < 0) {
        const char *units = quantity_units(write->row);
        profile_write_fault(writing, "unit", "is \"%.40s\", wants %s%s for %s", write->unit,
                            units[0] ? "one of " : "none", units, write->row->name);
        return false;
    }
    write->unit_scale = number_round(write->scale * factor);
    write->unit_offset = number_round(write->offset * factor);
    return true;
}

static void derive_range(const struct profile_point *point, struct profile_write *write)
{
    double lowest = point != NULL && !isnan(point->min) ? point->min : write->row->lowest;
    double highest = point != NULL && !isnan(point->max) ? point->max : write->row->highest;
    write->lowest = isnan(write->min) ? lowest : write->min;
    bool is_bit = write->register_type == REGISTER_BITS;
    write->highest = !isnan(write->max) ? write->max : is_bit ? fmin(highest, 1) : highest;
}

static void derive_switch(const struct profile_writing *writing, struct profile_switch *place,
                          size_t number)
{
    char option[40];
    snprintf(option, sizeof(option), "switches[%zu].function", number);
    if (!is_function(writing, option, place->function)) {
        return;
    }
    bool is_coil = place->function == WRITE_COIL || place->function == WRITE_COILS;
    if (place->count > 1 && place->function != 0 && place->function != WRITE_REGISTERS) {
        profile_write_fault(writing, option, "is %" PRId64 ", wants 16 for two registers, or 0",
                            place->function);
    }
    int64_t plain = place->count > 1 ? WRITE_REGISTERS : WRITE_REGISTER;
    place->send_function = (uint8_t)(place->function != 0 ? place->function : plain);
    snprintf(option, sizeof(option), "switches[%zu].address", number);
    (void)is_on_wire(writing, option, place->address, place->count, &place->address0);
    int64_t most = is_coil ? 1 : place->count > 1 ? UINT32_MAX : UINT16_MAX;
    if (place->on > most || place->off > most) {
        snprintf(option, sizeof(option), "switches[%zu].%s", number,
                 place->on > most ? "on" : "off");
        profile_write_fault(writing, option, "is %" PRId64 ", wants at most %" PRId64,
                            place->on > most ? place->on : place->off, most);
    }
}

static void derive_heartbeat(const struct profile_writing *writing, struct profile_heartbeat *beat)
{
    if (beat->origin.line == 0 || !is_function(writing, "heartbeat.function", beat->function)) {
        return;
    }
    beat->send_function = (uint8_t)(beat->function != 0 ? beat->function : WRITE_REGISTER);
    bool is_coil = beat->function == WRITE_COIL || beat->function == WRITE_COILS;
    if (is_coil && beat->value > 1) {
        profile_write_fault(writing, "heartbeat.value", "is %" PRId64 ", wants 0 or 1 for a coil",
                            beat->value);
    }
    (void)is_on_wire(writing, "heartbeat.address", beat->address, 1, &beat->address0);
}

static void derive_write(const struct profile_writing *writing, struct profile_write *write)
{
    bool is_coil = false;
    bool is_fine = is_function(writing, "function", write->function) &&
                   derive_type(writing, write, &is_coil) && derive_count(writing, write) &&
                   derive_function(writing, write, is_coil);
    is_fine = is_fine && derive_place(writing, write);
    is_fine = derive_scale(writing, write) && is_fine;
    derive_orders(writing->point, write);
    derive_range(writing->point, write);
    struct profile_switch *switches = write->switches.items;
    for (size_t i = 0; i < write->switches.count; i++) {
        derive_switch(writing, &switches[i], i);
    }
    derive_heartbeat(writing, &write->heartbeat);
    if (!is_fine) {
        write->registers = 0;
    }
}

static void derive_setpoint(const struct profile_writing *writing,
                            struct profile_setpoint *setpoint, struct config_memory *memory)
{
    struct profile_write *write = &setpoint->write;
    const struct profile_named named = {
        .faults = writing->faults,
        .memory = memory,
        .origin = setpoint->origin,
        .list = "setpoints",
        .item = writing->index,
    };
    write->origin = setpoint->origin;
    if (!setpoint->quantity[0] || !profile_name(&named, setpoint->quantity, setpoint->index,
                                                &setpoint->row, &setpoint->name)) {
        return;
    }
    write->row = setpoint->row;
    write->name = setpoint->name;
    if (isnan(write->scale)) {
        write->scale = 1;
    }
    derive_write(writing, write);
}

void profile_derive_writes(struct profile *profile, struct config_memory *memory,
                           struct faults *faults)
{
    struct profile_point *points = profile->points.items;
    for (size_t i = 0; i < profile->points.count; i++) {
        struct profile_write *write = &points[i].write;
        const struct profile_writing writing = {profile, faults, &points[i], i, write};
        if (points[i].registers > 0 && write_is_given(write)) {
            write->row = points[i].row;
            write->name = points[i].name;
            derive_write(&writing, write);
        }
    }
    struct profile_setpoint *setpoints = profile->setpoints.items;
    for (size_t i = 0; i < profile->setpoints.count; i++) {
        const struct profile_writing writing = {profile, faults, NULL, i, &setpoints[i].write};
        derive_setpoint(&writing, &setpoints[i], memory);
    }
}

const struct profile_write *profile_find_write(const struct profile *profile, const char *name,
                                               const struct profile_point **point)
{
    const struct profile_point *points = profile->points.items;
    for (size_t i = 0; i < profile->points.count; i++) {
        if (write_is_given(&points[i].write) && strcmp(points[i].name, name) == 0) {
            *point = &points[i];
            return &points[i].write;
        }
    }
    const struct profile_setpoint *setpoints = profile->setpoints.items;
    for (size_t i = 0; i < profile->setpoints.count; i++) {
        if (strcmp(setpoints[i].name, name) == 0) {
            *point = NULL;
            return &setpoints[i].write;
        }
    }
    return NULL;
}
