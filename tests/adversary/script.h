/* SPDX-License-Identifier: Apache-2.0 */
/* script: one line with its devices and what is done to it, all of it from a seed. Plain data: a script may be cut down
 * and played again. */
#ifndef TESTS_ADVERSARY_SCRIPT_H
#define TESTS_ADVERSARY_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum {
    SECOND = 1000000,
    SCRIPT_DEVICES_MAX = 10,
    SCRIPT_TROUBLES_MAX = 6,
    SCRIPT_UNITS = SCRIPT_DEVICES_MAX + 2
};

enum wire_kind { WIRE_TCP, WIRE_NO_ID, WIRE_CONVERTER, WIRE_SERIAL };

enum device_fate {
    FATE_LIVES,
    FATE_SILENT,   /* for ever */
    FATE_REPORTED, /* its gateway says exception 0x0B, for ever */
    FATE_HANGS_UP, /* whoever asks it loses the connection, for ever */
};

struct script_device {
    const char *profile;
    int64_t fast_ms;
    int64_t normal_ms;
    int64_t delay_us;
    enum device_fate fate;
};

/* What one kind of trouble (trouble.h) does from one time to another, counted from the start. */
struct trouble {
    uint8_t kind;
    uint8_t unit;    /* 0 = all */
    bool is_block;   /* only requests that begin where the unit's first one does */
    uint8_t percent; /* of what it could strike */
    uint8_t code;    /* exception */
    int64_t pace_us; /* how often, where it has a pace */
    int64_t size;    /* bytes, microseconds, calls: as the kind has it */
    int64_t from_us;
    int64_t to_us;
};

struct script {
    uint64_t seed;
    enum wire_kind wire;
    int64_t uptime_us;
    int64_t timeout_us;
    int64_t connect_timeout_us;
    int64_t connect_delay_us;
    int64_t gap_us;
    int64_t idle_close_us;
    int64_t open_us;
    int64_t length_us;   /* the end of all trouble */
    size_t device_count; /* units 1, 2, ... */
    struct script_device devices[SCRIPT_DEVICES_MAX];
    size_t trouble_count;
    struct trouble troubles[SCRIPT_TROUBLES_MAX];
};

void script_make(struct script *script, uint64_t seed);
void script_print(const struct script *script, FILE *out);

/* Requests of one poll of everything, and how long one of them takes on the wire. */
size_t script_requests(const struct script_device *device);
double script_load(const struct script *script);

#endif
