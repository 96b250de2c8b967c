/* SPDX-License-Identifier: Apache-2.0 */
/* golden_case: a file that says which registers a device holds and which readings they are, for people first. A line is
 *
 *     ratio ct 40              also vt; what the device entry of the site would say
 *     pulse 0.01
 *     holding 0x2000: 450F D000 ...     input, coils, discrete; words in hex from that register on
 *     unit 200 holding 1100: 427C 0000         registers of another unit, for points with a unit_override
 *     reply 0x0000: 01 03 04 0000 C148 AB95    a whole RTU reply to a read from that register, with its CRC
 *     point voltage_a: 230.1 V
 *     point active_energy_import: 1234.56 kWh, count 123456
 *     point model_name: "SUN2000"
 *     point room_temperature: not_implemented           or another quality without a value
 *     point setpoint_temperature: 2.4 degC, implausible
 *
 * and # begins a comment. */
#ifndef TESTS_GOLDEN_CASE_H
#define TESTS_GOLDEN_CASE_H

#include <stdbool.h>

#include "unit/modbus_codec/fixture.h"

enum { GOLDEN_POINTS_MAX = 256 };

struct golden_point {
    int line;
    char name[64];
    char unit[16];
    char text[80];
    bool is_text;
    bool has_count;
    double value;
    int64_t count;
    enum quality quality;
    bool was_seen;
};

struct golden_case {
    const char *path;
    struct golden_point points[GOLDEN_POINTS_MAX];
    size_t point_count;
    size_t faults;
};

/* Says where and what, and counts it. */
void golden_fault(struct golden_case *golden, int line, const char *format, ...) PRINTF_LIKE(3, 4);

/* Reads the file: registers and ratios go to the fixture. */
void golden_read(struct golden_case *golden, const char *path, struct fixture *fixture);

struct golden_point *golden_find(struct golden_case *golden, const char *name);

#endif
