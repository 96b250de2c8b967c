/* SPDX-License-Identifier: Apache-2.0 */
/* write: how a device takes a new value, as its profile says it: the group `write` of a point. Implemented by
 * daemon/profile. Plain data, const once loaded. Nothing here is done by anyone yet but the encoding: the rest are
 * facts for whoever controls. */
#ifndef LINGTAN_WRITE_H
#define LINGTAN_WRITE_H

#include <stdbool.h>
#include <stdint.h>

#include <lingtan/options.h>
#include <lingtan/quantity.h>

/* WRITE_AS_READ, or one more than an enum register_type. */
enum { WRITE_AS_READ = 0 };
extern const char *const write_type_words[];

/* As read, or one more than an enum word_order or byte_order. */
extern const char *const write_order_words[];

/* When a switch is written: relative to the value that counts only with it. */
enum switch_order { SWITCH_BEFORE, SWITCH_AFTER };
extern const char *const switch_order_words[];

/* What the device does when nobody renews the value. */
enum write_lapse { LAPSE_UNKNOWN, LAPSE_KEEPS, LAPSE_FALLS_BACK };
extern const char *const write_lapse_words[];

/* How the device is left to itself again. */
enum write_release {
    RELEASE_UNKNOWN,
    RELEASE_VALUE,  /* release_value is written */
    RELEASE_SWITCH, /* the switches that have an off are written, in reverse order */
    RELEASE_LAPSE,  /* nobody renews it any more */
};
extern const char *const write_release_words[];

/* A register with a fixed content: a switch or mode that a value wants to count. */
struct profile_switch {
    struct origin origin;
    int64_t function; /* 5, 6, 15, 16; 0 = 6, or 16 for two registers */
    int64_t address;  /* as printed */
    int64_t count;    /* registers, 1 or 2, high word first */
    int64_t on;       /* raw */
    int64_t off;      /* raw; -1 = it is left alone */
    int order;        /* enum switch_order */
    /* worked out at load */
    uint16_t address0;
    uint8_t send_function;
};

/* A register that wants a fixed content in a period as long as the device is controlled. */
struct profile_heartbeat {
    struct origin origin; /* line 0 = there is none */
    int64_t function;
    int64_t address;
    int64_t value; /* raw */
    int64_t period_ms;
    /* worked out at load */
    uint16_t address0;
    uint8_t send_function;
};

struct profile_write {
    struct origin origin; /* line 0 = the point cannot be written */
    int64_t function;     /* 5, 6, 15, 16: the only one it takes; 0 = the plain one */
    int64_t address;      /* as printed; -1 = where it is read */
    int type;             /* see write_type_words */
    int64_t count;        /* registers of bcd and mod10k; 0 = what the type needs, or as read */
    int word_order;       /* see write_order_words */
    int byte_order;
    double
        scale; /* NaN = scale, offset, unit, ratios and helpers are those of the reading; else value in unit =
                     register x scale x 10^scale_from + offset */
    double offset;
    char *unit;       /* with a scale of its own; "" = the quantity's own */
    char *scale_from; /* with a scale of its own: a helper; "" = none */
    double min;       /* all values in the quantity's unit; NaN = that of the point or quantity */
    double max;
    double step;  /* 0 = what the register tells apart */
    double pause; /* a value outside min..max that pauses; NaN = there is none */
    int64_t least_interval_ms;
    bool only_on_change;         /* it wears out what it is stored in */
    int64_t settle_ms;           /* from the answer until a reading shows it */
    char *read_back;             /* name of the point that shows what holds; "" = itself, "none" */
    struct option_list switches; /* of struct profile_switch, in the order of writing */
    int64_t renew_ms;            /* 0 = no need */
    struct profile_heartbeat heartbeat;
    int lapse; /* enum write_lapse */
    int64_t lapse_after_ms;
    double lapse_value;
    int release; /* enum write_release */
    double release_value;
    /* worked out at load */
    const struct quantity *row;
    const char *name; /* of the point or setpoint */
    uint16_t address0;
    uint16_t registers; /* coils: 1 */
    uint8_t send_function;
    int register_type; /* enum register_type, enum word_order, enum byte_order */
    int register_words;
    int register_bytes;
    double unit_scale; /* with a scale of its own: in the quantity's unit */
    double unit_offset;
    double lowest;
    double highest;
};

/* What can be set but not read where it is set, nor anywhere under the same name. */
struct profile_setpoint {
    struct origin origin;
    char *quantity;
    int64_t index;
    struct profile_write write; /* its options stand in the setpoint itself */
    /* worked out at load */
    const struct quantity *row;
    char *name;
};

struct profile;
struct profile_point;

/* Whether the group was given. */
bool write_is_given(const struct profile_write *write);

/* Coils, not registers. */
bool write_is_coil(const struct profile_write *write);

/* Whether its registers can hold the number, rounded unless they hold a float. */
bool write_holds(const struct profile_write *write, double number);

/* The write of the point or setpoint of that name, NULL when there is none or it cannot be written. *point is the point
 * that it belongs to, NULL for a setpoint. */
const struct profile_write *profile_find_write(const struct profile *profile, const char *name,
                                               const struct profile_point **point);

#endif
