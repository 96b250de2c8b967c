/* SPDX-License-Identifier: Apache-2.0 */
/* batch: readings and their texts in one block of memory, counted by reference. */
#include <lingtan/reading.h>

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "base/mem.h"

enum {
    CAPACITY_MAX = 4096,
    TEXTS_MAX = 65536,
};

struct batch *batch_create(const struct device *device, size_t capacity, size_t texts_size)
{
    assert(capacity <= CAPACITY_MAX && texts_size <= TEXTS_MAX);
    const size_t head = sizeof(struct batch) + capacity * sizeof(struct reading);
    /* One byte more than asked for, always 0: the last text ends even when its maker forgot. */
    struct batch *batch = mem_alloc(head + (texts_size > 0 ? texts_size + 1 : 0));
    atomic_init(&batch->references, 1);
    batch->device = device_ref(device);
    batch->capacity = (uint16_t)capacity;
    batch->texts_size = (uint32_t)texts_size;
    batch->texts = texts_size > 0 ? (const char *)batch + head : NULL;
    return batch;
}

struct batch *batch_create_derived(const struct device *device, const struct clock *clock)
{
    struct batch *batch = batch_create(device, device->point_count, 0);
    batch->time_us = clock_wall_us(clock);
    batch->received_mono_us = clock_mono_us(clock);
    batch->clock.offset_us = batch->time_us - batch->received_mono_us;
    batch->count = device->point_count;
    for (uint16_t i = 0; i < batch->count; i++) {
        batch->readings[i] = (struct reading){.time_us = batch->time_us,
                                              .value = (double)NAN,
                                              .point = i,
                                              .quality = QUALITY_ESTIMATED};
    }
    return batch;
}

/* Who takes a reference has one already, or was handed the batch: nothing need be ordered here. */
struct batch *batch_ref(const struct batch *batch)
{
    struct batch *counted = (struct batch *)batch;
    atomic_fetch_add_explicit(&counted->references, 1, memory_order_relaxed);
    return counted;
}

/* Release: this thread's reads are over before the count falls. Acquire: the one who frees sees them all over. */
void batch_unref(const struct batch *batch)
{
    struct batch *counted = (struct batch *)batch;
    if (batch == NULL ||
        atomic_fetch_sub_explicit(&counted->references, 1, memory_order_acq_rel) != 1) {
        return;
    }
    device_unref(batch->device);
    free(counted);
}

char *batch_texts_space(struct batch *batch, size_t *size)
{
    *size = batch->texts_size;
    return (char *)batch->texts;
}

const char *reading_text(const struct batch *batch, const struct reading *reading)
{
    if (reading->quality != QUALITY_OK || batch->texts == NULL || reading->count < 0 ||
        reading->count >= (int64_t)batch->texts_size) {
        return "";
    }
    return batch->texts + reading->count;
}
