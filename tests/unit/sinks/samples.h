/* SPDX-License-Identifier: Apache-2.0 */
/* samples: a device with one point of every kind, and batches of it. */
#ifndef LINGTAN_TESTS_SAMPLES_H
#define LINGTAN_TESTS_SAMPLES_H

#include <lingtan/reading.h>

enum {
    SAMPLE_POWER,   /* active_power: integer register, 0.01 kW a count */
    SAMPLE_ENERGY,  /* active_energy_import: counter, 0.01 kWh a count */
    SAMPLE_STATE,   /* inverter_state */
    SAMPLE_VOLTAGE, /* voltage_a: float32 */
    SAMPLE_SERIAL,  /* serial_number: text */
    SAMPLE_COUNT
};

enum { SAMPLE_START_S = 1700000000 };

/* An electricity meter at node "b1" of site "hq" with periods of one second. One reference. */
struct device *sample_device(const char *id);

/* A batch with all points, ok; power is position / 100 kW. Time: SAMPLE_START_S + position seconds. */
struct batch *sample_batch(const struct device *device, uint64_t position);

#endif
