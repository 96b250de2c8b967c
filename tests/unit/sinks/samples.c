/* SPDX-License-Identifier: Apache-2.0 */
/* samples: see the header. */
#include "unit/sinks/samples.h"

#include <math.h>
#include <string.h>

struct device *sample_device(const char *id)
{
    const struct point points[SAMPLE_COUNT] = {
        [SAMPLE_POWER] = {.name = "active_power",
                          .quantity = quantity_find("active_power"),
                          .source = POINT_INTEGER,
                          .resolution = 0.01,
                          .dead_band = 0.05,
                          .period_ms = 1000},
        [SAMPLE_ENERGY] = {.name = "active_energy_import",
                           .quantity = quantity_find("active_energy_import"),
                           .source = POINT_INTEGER,
                           .resolution = 0.01,
                           .period_ms = 1000},
        [SAMPLE_STATE] = {.name = "inverter_state",
                          .quantity = quantity_find("inverter_state"),
                          .source = POINT_INTEGER,
                          .resolution = 1.0,
                          .period_ms = 1000},
        [SAMPLE_VOLTAGE] = {.name = "voltage_a",
                            .quantity = quantity_find("voltage_a"),
                            .source = POINT_FLOAT32,
                            .dead_band = 0.5,
                            .period_ms = 1000},
        [SAMPLE_SERIAL] = {.name = "serial_number",
                           .quantity = quantity_find("serial_number"),
                           .source = POINT_TEXT},
    };
    return device_create(&(struct device){.id = id,
                                          .name = "Meter",
                                          .site = "hq",
                                          .node = "b1",
                                          .line = "l1",
                                          .profile = "test",
                                          .device_class = DEVICE_METER,
                                          .unit = 1,
                                          .point_count = SAMPLE_COUNT,
                                          .points = points});
}

struct batch *sample_batch(const struct device *device, uint64_t position)
{
    static const char serial[] = "SN \"7\"\\";
    struct batch *batch = batch_create(device, SAMPLE_COUNT, sizeof(serial));
    size_t size = 0;
    memcpy(batch_texts_space(batch, &size), serial, sizeof(serial));
    batch->position = position;
    batch->seq = position + 1000;
    int64_t count = (int64_t)(position % POSITION_UNNUMBERED);
    batch->time_us = (SAMPLE_START_S + count) * 1000000;
    batch->received_mono_us = count * 1000000;
    batch->count = SAMPLE_COUNT;
    batch->readings[SAMPLE_POWER] = (struct reading){
        .count = count, .resolution = 0.01, .value = reading_value_of_count(count, 0.01, 0.0)};
    batch->readings[SAMPLE_ENERGY] =
        (struct reading){.count = 123456789, .resolution = 0.01, .value = 1234567.89};
    batch->readings[SAMPLE_STATE] =
        (struct reading){.count = 512, .resolution = 1.0, .value = 512.0};
    batch->readings[SAMPLE_VOLTAGE] = (struct reading){.value = (double)230.1f};
    batch->readings[SAMPLE_SERIAL] = (struct reading){.value = NAN};
    for (uint16_t i = 0; i < SAMPLE_COUNT; i++) {
        batch->readings[i].point = i;
        batch->readings[i].time_us = batch->time_us + i;
    }
    return batch;
}
