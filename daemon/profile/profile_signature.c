/* SPDX-License-Identifier: Apache-2.0 */
/* profile_signature: the registers by which a model is known. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "profile/profile_parts.h"

enum {
    ADDRESSES = 65536,
    TEXT_REGISTERS_MAX = 32,
};

static const char *const order_words[] = {"high_first", "low_first", NULL};

static const struct option rows[] = {
    {.name = "function",
     .type = OPTION_INT,
     .offset = offsetof(struct profile_signature, function),
     .min = 3,
     .max = 4,
     .help = "Modbus function that reads it, by itself in one request."},
    {.name = "address",
     .type = OPTION_INT,
     .offset = offsetof(struct profile_signature, address),
     .min = 0,
     .max = 465536,
     .help = "First register as printed, counted from address_base."},
    {.name = "type",
     .type = OPTION_ENUM,
     .offset = offsetof(struct profile_signature, type),
     .words = register_type_words,
     .help = "u16, i16, u32, i32 or string."},
    {.name = "count",
     .type = OPTION_INT,
     .offset = offsetof(struct profile_signature, count),
     .fallback = "0",
     .min = 0,
     .max = TEXT_REGISTERS_MAX,
     .help = "Registers of a string; 0 = what the type needs."},
    {.name = "word_order",
     .type = OPTION_ENUM,
     .offset = offsetof(struct profile_signature, word_order),
     .fallback = "high_first",
     .words = order_words,
     .help = "Which register of a longer number comes first."},
    {.name = "equals",
     .type = OPTION_STRINGS,
     .offset = offsetof(struct profile_signature, equals),
     .help = "What it holds, one of them: numbers such as \"1648\" or \"0x670\"; texts, where a * "
             "at the end stands for whatever follows."},
    {.name = "min",
     .type = OPTION_FLOAT,
     .offset = offsetof(struct profile_signature, min),
     .fallback = "nan",
     .help = "Instead of equals: the lowest number it holds in this model."},
    {.name = "max",
     .type = OPTION_FLOAT,
     .offset = offsetof(struct profile_signature, max),
     .fallback = "nan",
     .help = "The highest one."},
};

const struct option_table profile_signature_table = {
    .name = "signature",
    .size = sizeof(struct profile_signature),
    .rows = rows,
    .count = ARRAY_SIZE(rows),
    .help = "A register that tells this model from others.",
};

struct check {
    struct faults *faults;
    struct profile_signature *signature;
    size_t index;
};

static void fault(const struct check *check, const char *option, const char *format, ...)
    PRINTF_LIKE(3, 4);

static void fault(const struct check *check, const char *option, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *what = mem_format_args(format, args);
    va_end(args);
    profile_fault(check->faults, check->signature->origin, "identify", check->index, option, "%s",
                  what);
    free(what);
}

/* Registers of the value, 0 after a fault. */
static int64_t count_registers(const struct check *check)
{
    const struct profile_signature *signature = check->signature;
    int64_t fixed = 0;
    switch (signature->type) {
    case REGISTER_U16:
    case REGISTER_I16:
        fixed = 1;
        break;
    case REGISTER_U32:
    case REGISTER_I32:
        fixed = 2;
        break;
    case REGISTER_STRING:
        if (signature->count == 0) {
            fault(check, "count", "is 0, wants 1..%d registers for type string",
                  TEXT_REGISTERS_MAX);
        }
        return signature->count;
    default:
        fault(check, "type", "is %s, wants one of u16, i16, u32, i32, string",
              register_type_words[signature->type]);
        return 0;
    }
    if (signature->count != 0 && signature->count != fixed) {
        fault(check, "count", "is %" PRId64 ", wants %" PRId64 " for type %s, or 0",
              signature->count, fixed, register_type_words[signature->type]);
        return 0;
    }
    return fixed;
}

static bool number_fits(const struct profile_signature *signature, const char *text)
{
    static const struct {
        int type;
        long long lowest;
        long long highest;
    } ranges[] = {
        {REGISTER_U16, 0, UINT16_MAX},
        {REGISTER_I16, INT16_MIN, INT16_MAX},
        {REGISTER_U32, 0, UINT32_MAX},
        {REGISTER_I32, INT32_MIN, INT32_MAX},
    };
    char *end = NULL;
    errno = 0;
    long long number = strtoll(text, &end, 0);
    for (size_t i = 0; i < ARRAY_SIZE(ranges); i++) {
        if (ranges[i].type == signature->type) {
            return !errno && end != text && !*end && number >= ranges[i].lowest &&
                   number <= ranges[i].highest;
        }
    }
    return false;
}

static void check_equals(const struct check *check)
{
    const struct profile_signature *signature = check->signature;
    for (size_t i = 0; i < signature->equals.count; i++) {
        const char *text = signature->equals.items[i];
        if (signature->type != REGISTER_STRING) {
            if (!number_fits(signature, text)) {
                fault(check, "equals", "holds \"%.40s\", wants numbers that fit type %s", text,
                      register_type_words[signature->type]);
            }
        } else if (!text[0] || text[0] == '*' ||
                   strlen(text) > 2 * (size_t)signature->registers + 1) {
            fault(check, "equals", "holds \"%.80s\", wants texts of 1..%d characters", text,
                  2 * signature->registers);
        }
    }
}

static void check_values(const struct check *check)
{
    const struct profile_signature *signature = check->signature;
    bool has_range = !isnan(signature->min) || !isnan(signature->max);
    if (has_range == (signature->equals.count > 0)) {
        fault(check, NULL, "wants either equals or min and max");
    } else if (has_range && signature->type == REGISTER_STRING) {
        fault(check, isnan(signature->min) ? "max" : "min",
              "stands beside type string, wants equals");
    } else if (has_range && !(signature->min <= signature->max)) {
        fault(check, "max", "makes no range with min, wants both, min not above max");
    }
    check_equals(check);
}

static void derive_signature(const struct check *check, int64_t base)
{
    struct profile_signature *signature = check->signature;
    int64_t registers = count_registers(check);
    if (registers == 0) {
        return;
    }
    if (signature->address < base || signature->address - base + registers > ADDRESSES) {
        fault(check, "address",
              "is %" PRId64 ", wants %" PRId64 "..%" PRId64 ", since address_base is %" PRId64,
              signature->address, base, base + ADDRESSES - registers, base);
        return;
    }
    signature->address0 = (uint16_t)(signature->address - base);
    signature->registers = (uint16_t)registers;
    check_values(check);
}

void profile_derive_signatures(struct profile *profile, struct faults *faults)
{
    struct profile_signature *signatures = profile->identify.items;
    for (size_t i = 0; i < profile->identify.count; i++) {
        const struct check check = {faults, &signatures[i], i};
        if (signatures[i].function != 0) { /* else said when it was read */
            derive_signature(&check, profile->address_base);
        }
    }
}
