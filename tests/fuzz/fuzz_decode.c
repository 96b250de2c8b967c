/* SPDX-License-Identifier: Apache-2.0 */
/* Values: any registers as the answers of devices of real profiles, each with a trait of its own.
 *
 * input := profile, poll classes, quality of the requests, ratio, then the registers */
#include <stdlib.h>

#include "base/mem.h"
#include "collectors/modbus/plan/decode.h"
#include "fuzz/fuzz.h"

/* Floats in tenths; ratios that are read; exponents that are read; sentinels; texts; bits; pulses; BCD. */
static const char *const ids[] = {
    "chint-dtsu666",
    "chint-dtsu666-401e",
    "kippzonen-smp",
    "huawei-sun2000",
    "abb-b23",
    "keba-p30",
    "pulse-counter-generic",
    "goodwe-dt",
    "intesis-mbs",
    "schneider-pm5xxx",
    "midea-gw-mod",
    "tuf-2000m",
    "janitza-b23",
    "acrel-ddsy1352",
    "coolautomation-coolmasternet",
};

struct meter {
    struct device_config config;
    const struct profile *profile;
    struct device *device;
    struct plan *plan;
};

/* Made once for each ratio and profile: planning costs more than decoding. Kept until the end. */
static const struct meter *get_meter(size_t number, size_t ratio)
{
    static struct meter meters[ARRAY_SIZE(ids)][3];
    static const double ratios[] = {1, 40, 0.3};
    struct meter *meter = &meters[number][ratio];
    if (!meter->plan) {
        meter->profile = profiles_find(real_profiles(), ids[number]);
        fuzz_require(meter->profile != NULL, "the profiles of this test exist");
        meter->config = (struct device_config){
            .id = "device",
            .name = "Device",
            .profile = meter->profile->id,
            .node = "",
            .unit = -1,
            .ct_ratio = ratios[ratio],
            .vt_ratio = ratios[ratio],
            .pulse_weight = ratios[ratio] / 100,
        };
        meter->device = make_device(meter->profile, &meter->config);
        static const int64_t period_ms[POLL_CLASS_COUNT] = {1000, 10000, 60000, 86400000};
        meter->plan = plan_create(meter->profile, &meter->config, period_ms);
    }
    return meter;
}

static void decode(const struct meter *meter, unsigned classes, uint8_t failed, struct food *food)
{
    size_t requests = 0;
    (void)plan_requests(meter->plan, &requests);
    size_t size = plan_answer_size(meter->plan);
    uint16_t *registers = mem_alloc_array(size + 1, sizeof(*registers));
    struct plan_outcome *outcomes = mem_alloc_array(requests + 1, sizeof(*outcomes));
    for (size_t i = 0; i < size; i++) {
        registers[i] = food_u16(food);
    }
    for (size_t i = 0; i < requests; i++) {
        outcomes[i] = (struct plan_outcome){
            .quality = failed & (1U << i % 8) ? QUALITY_TIMEOUT : QUALITY_OK, .time_us = 1};
    }
    struct batch *batch = decode_batch(meter->plan, classes, meter->device, registers, outcomes);
    size_t points = 0;
    for (unsigned i = 0; i < POLL_CLASS_COUNT; i++) {
        points += (classes & 1U << i) != 0 ? plan_point_count(meter->plan, (enum poll_class)i) : 0;
    }
    fuzz_require(batch->count == points, "a batch has a reading for each point of its classes");
    check_batch(batch);
    batch_unref(batch);
    free(outcomes);
    free(registers);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct food food = {.at = data, .left = size};
    size_t number = food_u8(&food) % ARRAY_SIZE(ids);
    unsigned classes = food_u8(&food) % (1U << POLL_CLASS_COUNT);
    uint8_t failed = food_u8(&food);
    const struct meter *meter = get_meter(number, food_u8(&food) % 3);
    decode(meter, classes, failed, &food);
    return 0;
}
