/* SPDX-License-Identifier: Apache-2.0 */
/* Journal: any bytes as a block, or as the layout of a device. What decodes must survive being encoded.
 *
 * input := 0 and a block, or 1 and a layout */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "fuzz/fuzz.h"
#include "store/journal/block.h"

/* A device of this test's own, so that blocks of the corpus mean the same for ever: a point of every kind and source,
 * and alike ones side by side. */
static struct layout *make_layout(void)
{
    static const struct {
        const char *quantity;
        uint8_t source;
        double resolution;
    } rows[] = {
        {"voltage_a", POINT_INTEGER, 0.1},
        {"voltage_b", POINT_INTEGER, 0.1},
        {"voltage_c", POINT_INTEGER, 0.1},
        {"active_power", POINT_FLOAT32, 0},
        {"reactive_power", POINT_FLOAT64, 0},
        {"serial_number", POINT_TEXT, 0},
        {"active_energy_import", POINT_INTEGER, 0},
        {"active_energy_export", POINT_FLOAT32, 0.01},
        {"contact", POINT_INTEGER, 1},
    };
    struct point points[ARRAY_SIZE(rows)] = {0};
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        points[i] = (struct point){.name = rows[i].quantity,
                                   .quantity = quantity_find(rows[i].quantity),
                                   .source = rows[i].source,
                                   .resolution = rows[i].resolution,
                                   .period_ms = 1000};
        fuzz_require(points[i].quantity != NULL, "the quantities of this test exist");
    }
    struct device *device = device_create(&(struct device){.id = "device",
                                                           .name = "Device",
                                                           .site = "site",
                                                           .node = "",
                                                           .line = "line",
                                                           .profile = "profile",
                                                           .unit = 1,
                                                           .point_count = ARRAY_SIZE(points),
                                                           .points = points});
    struct layout *layout = layout_of_device(device);
    device_unref(device);
    return layout;
}

static bool is_same(double one, double other)
{
    return one == other || (isnan(one) && isnan(other));
}

static void check_same(const struct batch *one, const struct batch *other)
{
    fuzz_require(one->position == other->position && one->seq == other->seq &&
                     one->time_us == other->time_us && one->count == other->count,
                 "a batch comes back as it was");
    for (size_t i = 0; i < one->count; i++) {
        const struct reading *a = &one->readings[i];
        const struct reading *b = &other->readings[i];
        fuzz_require(a->point == b->point && a->quality == b->quality &&
                         a->exception == b->exception && a->time_us == b->time_us,
                     "a reading comes back as it was");
        bool is_text = one->device->points[a->point].source == POINT_TEXT;
        /* Where a text stands is of no matter. */
        fuzz_require(is_text ? strcmp(reading_text(one, a), reading_text(other, b)) == 0
                             : a->count == b->count,
                     "a text or count comes back as it was");
        fuzz_require(is_same(a->value, b->value), "a value comes back as it was");
        fuzz_require(is_same(a->resolution, b->resolution), "a resolution comes back as it was");
    }
}

static void check_round(const struct layout *layout, const struct batch *batch)
{
    struct block block = {0};
    struct block_walk walk;
    struct block_entry entry;
    struct batch *again = NULL;
    fuzz_require(block_add(&block, 1, layout, batch) == 0, "what was decoded can be encoded");
    fuzz_require(block_walk_init(&walk, block.payload.data, block.payload.length) == 0 &&
                     block_walk_next(&walk, &entry) && block_decode(&entry, layout, &again) == 0,
                 "what was encoded can be decoded");
    check_same(batch, again);
    fuzz_require(!block_walk_next(&walk, &entry) && !walk.span.is_bad, "one entry is one entry");
    batch_unref(again);
    block_finish(&block);
}

static void read_block(const uint8_t *bytes, size_t size)
{
    static struct layout *layout;
    struct block_walk walk;
    struct block_entry entry;
    if (!layout) {
        layout = make_layout();
    }
    if (block_walk_init(&walk, bytes, size) < 0) {
        return;
    }
    while (block_walk_next(&walk, &entry)) {
        struct batch *batch = NULL;
        if (block_decode(&entry, layout, &batch) == 0) {
            check_round(layout, batch);
            batch_unref(batch);
        }
    }
}

static void read_layout(const uint8_t *bytes, size_t size)
{
    struct layout *layout = NULL;
    struct layout *again = NULL;
    struct bytes encoded = {0};
    if (layout_decode(bytes, size, NULL, &layout) < 0) {
        return;
    }
    layout_encode(layout, &encoded);
    fuzz_require(layout_decode(encoded.data, encoded.length, NULL, &again) == 0,
                 "what was encoded can be decoded");
    fuzz_require(memcmp(layout->back, again->back, layout->device->point_count) == 0,
                 "the guesses come back as they were");
    layout_destroy(again);
    layout_destroy(layout);
    bytes_finish(&encoded);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 0 && data[0] == 0) {
        read_block(data + 1, size - 1);
    } else if (size > 0) {
        read_layout(data + 1, size - 1);
    }
    return 0;
}
