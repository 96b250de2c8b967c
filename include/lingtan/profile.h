/* SPDX-License-Identifier: Apache-2.0 */
/* profile: the register map of a device model, a file in conf/devices/. Implemented by daemon/config, since the
 * collectors, the simulator and the documentation all read it. Plain data, const once loaded. */
#ifndef LINGTAN_PROFILE_H
#define LINGTAN_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <lingtan/device.h>
#include <lingtan/options.h>
#include <lingtan/write.h>

enum register_type {
    REGISTER_U16,
    REGISTER_I16,
    REGISTER_U32,
    REGISTER_I32,
    REGISTER_U64,
    REGISTER_I64,
    REGISTER_F32,
    REGISTER_F64,
    REGISTER_BCD, /* count registers of four decimal digits each, high digit first in a register */
    REGISTER_STRING, /* count registers, two characters each, high byte first */
    REGISTER_BITS, /* (register & bit_mask) >> lowest set bit of the mask; or one coil or discrete input */
    REGISTER_MOD10K, /* count registers, each 0..9999, base 10000 */
};
extern const char *const register_type_words[];

enum word_order { WORDS_HIGH_FIRST, WORDS_LOW_FIRST };
enum byte_order { BYTES_HIGH_FIRST, BYTES_LOW_FIRST };

/* How often a point is read; the periods stand in the site and the device. */
enum poll_class {
    POLL_FAST,   /* powers */
    POLL_NORMAL, /* voltages, counters, states */
    POLL_SLOW,   /* temperatures, daily sums, ratios */
    POLL_ONCE,   /* identity: when the device (re)appears, and daily */
    POLL_CLASS_COUNT
};
extern const char *const poll_class_words[];

struct profile_point {
    struct origin origin;
    char *quantity;   /* name in the dictionary */
    int64_t index;    /* string, gun or unit number; 0 = none */
    int64_t function; /* 1 coils, 2 discrete inputs, 3 holding, 4 input registers */
    int64_t address;  /* as printed in the document, in the profile's base */
    int type;         /* enum register_type */
    int64_t count;    /* registers; 0 = what the type needs */
    int word_order;
    int byte_order;
    double scale; /* value in unit = register x scale x ratios + offset */
    double offset;
    char *unit; /* "" = the quantity's own */
    char *
        ratio; /* "", "ct", "vt", "ct*vt": multiplied from the device's configuration; "pulse" = pulse_weight */
    char *scale_from; /* name of a helper whose value n makes the scale 10^n; "" = none */
    struct option_strings scale_by; /* names of helpers whose values multiply the scale */
    struct option_strings
        not_implemented; /* raw values that mean no value, besides NaN for floats: profile_sentinel */
    double
        resolution; /* float counters: what the meter's last digit is worth, in unit; 0 = the scale */
    char *
        modulus; /* counters: count after the highest, "4294967296"; "" = the type's own for u16 and u32 */
    int poll; /* enum poll_class */
    int64_t bit_mask;
    int64_t unit_override; /* the point lives at another unit; -1 = no */
    char *together;        /* points with the same word are read in one request; "" = none */
    bool
        is_writable; /* what profiles said before they had a group `write`; without one nothing can be written */
    struct profile_write write;
    double min; /* plausible, in the quantity's unit; NaN = the quantity's */
    double max;
    double dead_band;            /* in the quantity's unit; NaN = the quantity's */
    struct option_strings words; /* of a state: "3 charging", what its numbers mean */
    char *note;
    /* worked out at load */
    const struct quantity *row;
    char *name;         /* quantity, "_<index>" */
    uint16_t address0;  /* on the wire */
    uint16_t registers; /* on the wire; bits for functions 1 and 2 */
    double unit_scale;  /* scale in the quantity's unit, before ratios */
    int64_t modulus_count;
    uint8_t percent_group; /* of a ratio that may come in percent as well: those of one number come
                              alike; 0 = it comes in its unit */
};

/* A register that is read only to make sense of others: an exponent, a ratio. Not published. */
struct profile_helper {
    struct origin origin;
    char *name;
    int64_t function;
    int64_t address;
    int type; /* u16, i16, u32, i32, f32 */
    int word_order;
    double scale;
    uint16_t address0;
    uint16_t registers;
};

/* What a register of this model holds and hardly one of another: lingtan probe names the model by it. */
struct profile_signature {
    struct origin origin;
    int64_t function; /* 3 or 4 */
    int64_t address;
    int type;      /* u16, i16, u32, i32, string */
    int64_t count; /* registers of a string */
    int word_order;
    struct option_strings
        equals; /* any of them: "1648", "0x670"; texts, whose * at the end stands for whatever follows */
    double min; /* or a number within; NaN = not given */
    double max;
    /* worked out at load */
    uint16_t address0;
    uint16_t registers;
};

struct profile_link {
    int64_t unit;
    int64_t max_registers; /* in one request; 1..125 */
    int64_t max_hole;      /* unlisted registers that a request may span; 0 = none */
    int64_t response_timeout_ms;
    int64_t connect_delay_ms;
    int64_t gap_ms;
    bool ignore_transaction_id; /* it never echoes it (devices quirk M5) */
    bool ignore_unit_id;        /* its replies say unit 0 or 255 */
    int64_t baud;
    char *frame; /* "8N1" */
};

/* Where the points of a device come from. */
enum profile_discovery {
    DISCOVERY_NONE,    /* from the profile */
    DISCOVERY_SUNSPEC, /* from the models that the device itself lists */
};
extern const char *const profile_discovery_words[];

struct profile {
    char *id;     /* file name without .conf */
    char *device; /* maker and model */
    int device_class;
    int discovery; /* enum profile_discovery; when it is not none, the profile has no points, helpers and barriers */
    char *confidence; /* "high", "medium" */
    struct option_strings sources;
    int64_t address_base; /* 0 or 1: what the document calls the first register */
    struct profile_link link;
    struct option_list points;    /* of struct profile_point */
    struct option_list setpoints; /* of struct profile_setpoint */
    struct option_list helpers;   /* of struct profile_helper */
    struct option_list barriers;  /* of struct profile_barrier */
    struct option_list identify;  /* of struct profile_signature; all of them hold */
    struct option_strings quirks;
};

/* A range that no request may touch: the device refuses it. */
struct profile_barrier {
    struct origin origin;
    int64_t function;
    int64_t first; /* as printed */
    int64_t last;
};

struct profiles;
struct faults;

extern const struct option_table profile_table;

/* Reads every *.conf of a folder, each by itself. Faults are added. Never NULL. */
struct profiles *profiles_load(const char *folder, struct faults *faults);
void profiles_destroy(struct profiles *profiles);

/* Marks the profile of that id, if there is one; then the others go. Before anything borrows from them. */
void profiles_use(struct profiles *profiles, const char *id);
void profiles_forget_unused(struct profiles *profiles);

const struct profile *profiles_find(const struct profiles *profiles, const char *id);
size_t profiles_count(const struct profiles *profiles);
const struct profile *profiles_at(const struct profiles *profiles, size_t index); /* by id */
const char *const *
profiles_ids(const struct profiles *profiles); /* NULL-terminated, for nearest_word */

/* Of one that was loaded: it lives on when the others are destroyed. Any thread; profile_release is NULL-safe. */
const struct profile *profile_hold(const struct profile *profile);
void profile_release(const struct profile *profile);

/* Those that say the same as one of that id among the earlier ones become these, so that who holds them holds what is
 * current. Before anything borrows from them. */
void profiles_share(struct profiles *profiles, const struct profiles *earlier);

/* Of one that was made in memory, not loaded: its points, helpers and barriers go with it, and the names of points and
 * helpers and the lists of sentinels. NULL-safe. */
void profile_destroy(struct profile *profile);

/* The registers, most significant first, that a word of not_implemented stands for. -EINVAL: the point's type has none. */
int profile_sentinel(const struct profile_point *point, const char *word, uint64_t *bits) MUST_USE;

/* Takes "3 charging" or "0x8000 stopped" apart; word points into the entry. False when it is not like that, or the word
 * is no word that can be shown anywhere: 1 to 40 bytes without quotes, braces, backslashes, percent and control signs. */
bool profile_split_word(const char *entry, int64_t *number, const char **word);

/* Whether a point comes as a float. */
bool profile_is_float(const struct profile_point *point);

/* Whether its confidence is high. What another one reads should be compared with the device's display. */
bool profile_is_confirmed(const struct profile *profile);

/* Writes all profiles as docs/DEVICES.md holds them. */
void profiles_document(const struct profiles *profiles, FILE *file);

#endif
