/* SPDX-License-Identifier: Apache-2.0 */
/* devices: profiles put to use, and what every decoded batch promises. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "collectors/modbus/plan/decode.h"
#include "collectors/modbus/plan/encode.h"
#include "fuzz/fuzz.h"

const struct profiles *real_profiles(void)
{
    static struct profiles *profiles;
    if (!profiles) {
        struct faults *faults = faults_create();
        profiles = profiles_load(LINGTAN_SOURCE_FOLDER "/conf/devices", faults);
        fuzz_require(faults_count(faults) == 0, "the profiles of conf/devices have no faults");
        faults_destroy(faults);
    }
    return profiles;
}

struct device *make_device(const struct profile *profile, const struct device_config *config)
{
    const struct site site = {
        .id = "site", .name = "Site", .fast_ms = 1000, .normal_ms = 10000, .slow_ms = 60000};
    const struct line_config line = {.id = "line"};
    return site_device(&site, &line, config, profile);
}

/* Floats of a register are printed as short as gives the register's 32 bits back: half a step of a float at the most. */
static bool is_printed_so(const char *string, double value, bool is_single)
{
    double printed = strtod(string, NULL);
    return fabs(printed - value) <= 1e-14 * fabs(value) ||
           (is_single &&
            fabs(printed - value) <= FLT_EPSILON / 2 * fabs(value) + (double)FLT_TRUE_MIN / 2);
}

/* Sums of large opposite numbers lose what their difference has: then only the codec's own way is exact. */
static void check_count(const struct reading *reading, const struct point *point)
{
    double value = reading_value_of_count(reading->count, reading->resolution, point->offset);
    fuzz_require(value == reading->value, "value == count * resolution + offset, as decimals");
    double scaled = (double)reading->count * reading->resolution;
    double error = fabs(scaled + point->offset - value);
    fuzz_require(error <= 1e-12 * (fabs(scaled) + fabs(point->offset)),
                 "value == count * resolution + offset, but for rounding");
}

static void check_printed(const struct reading *reading, const struct point *point)
{
    struct text text = {0};
    char *end = NULL;
    reading_add_value(&text, point, reading);
    (void)strtod(text.data, &end);
    fuzz_require(end != text.data && *end == '\0', "a value is printed as a number");
    fuzz_require(point->quantity->kind == QUANTITY_STATE ||
                     is_printed_so(text.data, reading->value, point->source == POINT_FLOAT32),
                 "a printed value reads back as it was");
    text_finish(&text);
}

static void check_number(const struct reading *reading, const struct point *point)
{
    if (reading->quality == QUALITY_OK) {
        fuzz_require(isfinite(reading->value), "a value of quality ok is finite");
        check_printed(reading, point);
    }
    if (point->source == POINT_INTEGER && isfinite(reading->value)) {
        check_count(reading, point);
    }
}

static void check_text(const struct batch *batch, const struct reading *reading)
{
    fuzz_require(isnan(reading->value), "a text has no value");
    if (reading->quality == QUALITY_OK) {
        fuzz_require(reading->count >= 0 && reading->count < batch->texts_size,
                     "a text stands in the batch's texts");
        size_t room = batch->texts_size - (size_t)reading->count;
        fuzz_require(strnlen(batch->texts + reading->count, room) < room, "a text has its end");
    }
}

void check_batch(const struct batch *batch)
{
    fuzz_require(batch->count <= batch->capacity, "a batch holds what it has room for");
    for (size_t i = 0; i < batch->count; i++) {
        const struct reading *reading = &batch->readings[i];
        fuzz_require(reading->point < batch->device->point_count, "a reading names a point");
        fuzz_require(reading->quality < QUALITY_COUNT, "a quality is one of the known");
        fuzz_require(i == 0 || reading->point > reading[-1].point, "readings are in point order");
        fuzz_require(reading->quality == QUALITY_OK || reading->quality == QUALITY_IMPLAUSIBLE ||
                         isnan(reading->value),
                     "what is neither ok nor implausible has no value");
        const struct point *point = &batch->device->points[reading->point];
        if (point->source == POINT_TEXT) {
            check_text(batch, reading);
        } else {
            check_number(reading, point);
        }
    }
}

static void decode_classes(const struct plan *plan, unsigned classes, const struct device *device,
                           uint16_t word)
{
    size_t requests = 0;
    (void)plan_requests(plan, &requests);
    size_t size = plan_answer_size(plan);
    uint16_t *registers = mem_alloc_array(size + 1, sizeof(*registers));
    struct plan_outcome *outcomes = mem_alloc_array(requests + 1, sizeof(*outcomes));
    for (size_t i = 0; i < size; i++) {
        registers[i] = word;
    }
    struct batch *batch = decode_batch(plan, classes, device, registers, outcomes);
    check_batch(batch);
    batch_unref(batch);
    free(outcomes);
    free(registers);
}

/* What is written stays within its limits, and its request is one that Modbus allows. */
static void use_write(const struct plan *plan, const struct profile_write *write)
{
    const double values[] = {write->lowest,
                             write->highest,
                             write->pause,
                             write->release_value,
                             (write->lowest + write->highest) / 2,
                             0,
                             1e300,
                             (double)NAN};
    const struct write_target target = write_find(plan, write->name);
    fuzz_require(target.write != NULL, "what is writable is found by its name");
    for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
        struct encoded encoded;
        char why[WRITE_WHY_SIZE];
        uint8_t frame[FRAME_SIZE_MAX];
        size_t size = 0;
        if (write_encode(&target, i % 2 == 0 ? 1 : 0.01, values[i], &encoded, why) < 0) {
            continue;
        }
        const struct frame_request request = write_request(&encoded, 1);
        fuzz_require(isfinite(values[i]), "only numbers are written");
        fuzz_require(frame_encode(FRAME_RTU, &request, 0, frame, &size) == 0,
                     "what is encoded can be sent");
    }
}

static void use_writes(const struct plan *plan, const struct profile *profile)
{
    const struct profile_point *points = profile->points.items;
    const struct profile_setpoint *setpoints = profile->setpoints.items;
    for (size_t i = 0; i < profile->points.count; i++) {
        if (write_is_given(&points[i].write)) {
            use_write(plan, &points[i].write);
        }
    }
    for (size_t i = 0; i < profile->setpoints.count; i++) {
        use_write(plan, &setpoints[i].write);
    }
}

void use_profile(const struct profile *profile, const struct device_config *config,
                 const struct device *device)
{
    static const int64_t period_ms[POLL_CLASS_COUNT] = {1000, 10000, 10000, 86400000};
    struct plan *plan = plan_create(profile, config, period_ms);
    for (unsigned classes = 0; classes < 1U << POLL_CLASS_COUNT; classes++) {
        decode_classes(plan, classes, device, 0);
        decode_classes(plan, classes, device, 1);
    }
    use_writes(plan, profile);
    plan_unref(plan);
}
