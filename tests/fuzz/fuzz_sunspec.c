/* SPDX-License-Identifier: Apache-2.0 */
/* SunSpec: any registers as a device that lists its models. The walk ends, whatever it reads; what it finds makes a
 * profile whose points lie within their models, and that reads as any profile does. Then the device is looked after, with
 * some of its registers changed.
 *
 * input := changes, base (0 to 2, else none), then the words behind "SunS" */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "collectors/modbus/plan/decode.h"
#include "collectors/modbus/sunspec/sunspec_profile.h"
#include "fuzz/fuzz.h"

enum { ADDRESSES = 65536, POINTS_MAX = 1024, ALL_CLASSES = (1 << POLL_CLASS_COUNT) - 1 };

static uint16_t words[ADDRESSES];
static uint32_t known_from;
static uint32_t known_to; /* not included */

static void feed(struct food *food)
{
    static const uint32_t bases[] = {40000, 0, 50000};
    uint8_t base = food_u8(food);
    known_from = base < ARRAY_SIZE(bases) ? bases[base] : ADDRESSES;
    known_to = known_from;
    if (known_from == ADDRESSES) {
        return;
    }
    words[known_to++] = 0x5375;
    words[known_to++] = 0x6E53;
    while (food->left > 1 && known_to < ADDRESSES) {
        words[known_to++] = food_u16(food);
    }
}

static enum sunspec_verdict walk_over(struct sunspec_walk *walk)
{
    enum sunspec_verdict verdict = SUNSPEC_GOES_ON;
    unsigned reads = 0;
    while (verdict == SUNSPEC_GOES_ON) {
        struct sunspec_read read = sunspec_walk_next(walk);
        uint32_t end = (uint32_t)read.address + read.quantity;
        fuzz_require(read.quantity >= 1 && read.quantity <= SUNSPEC_READ_MAX && end <= ADDRESSES,
                     "a read is one that Modbus allows");
        fuzz_require(++reads <= SUNSPEC_READS_MAX, "a walk is bounded");
        bool is_known = read.address >= known_from && end <= known_to;
        verdict =
            is_known ? sunspec_walk_take(walk, &words[read.address]) : sunspec_walk_refuse(walk);
    }
    fuzz_require((verdict == SUNSPEC_REFUSED) == (walk->why != NULL) || verdict == SUNSPEC_FOUND,
                 "a refusal has a reason");
    return verdict;
}

static void check_chain(const struct sunspec_chain *chain)
{
    uint32_t at = chain->base + 2U;
    fuzz_require(chain->count >= 1 && chain->count <= SUNSPEC_MODELS_MAX, "a chain has its models");
    for (size_t i = 0; i < chain->count; i++) {
        fuzz_require(chain->places[i].address == at, "a model begins where the last one ends");
        at += SUNSPEC_HEADER + chain->places[i].length;
    }
    fuzz_require(chain->end == at && at <= ADDRESSES, "so does the end");
}

static bool is_within(const struct sunspec_chain *chain, uint32_t first, uint32_t registers)
{
    for (size_t i = 0; i < chain->count; i++) {
        uint32_t start = chain->places[i].address;
        uint32_t end = start + SUNSPEC_HEADER + chain->places[i].length;
        if (first >= start + SUNSPEC_HEADER && first + registers <= end) {
            return true;
        }
    }
    return false;
}

static void check_profile(const struct sunspec_chain *chain, const struct profile *profile)
{
    const struct profile_point *points = profile->points.items;
    const struct profile_helper *helpers = profile->helpers.items;
    fuzz_require(profile->points.count <= POINTS_MAX, "a profile is bounded");
    for (size_t i = 0; i < profile->points.count; i++) {
        fuzz_require(is_within(chain, points[i].address0, points[i].registers),
                     "a point lies in a model");
    }
    for (size_t i = 0; i < profile->helpers.count; i++) {
        fuzz_require(is_within(chain, helpers[i].address0, helpers[i].registers),
                     "a scale factor lies in a model");
    }
}

static void poll(const struct plan *plan, const struct device *device)
{
    size_t count = 0;
    const struct plan_request *requests = plan_requests(plan, &count);
    uint16_t *registers = mem_alloc_array(plan_answer_size(plan) + 1, sizeof(*registers));
    struct plan_outcome *outcomes = mem_alloc_array(count + 1, sizeof(*outcomes));
    for (size_t i = 0; i < count; i++) {
        const struct frame_request *request = &requests[i].request;
        fuzz_require(request->quantity <= FRAME_READ_REGISTERS_MAX, "a request is allowed");
        memcpy(registers + requests[i].answer_offset, &words[request->address],
               request->quantity * sizeof(*registers));
    }
    struct batch *batch = decode_batch(plan, ALL_CLASSES, device, registers, outcomes);
    check_batch(batch);
    batch_unref(batch);
    free(registers);
    free(outcomes);
}

static void use(const struct sunspec_chain *chain)
{
    static const int64_t period_ms[POLL_CLASS_COUNT] = {1000, 10000, 60000, 86400000};
    const struct profile *file = profiles_find(real_profiles(), "sunspec");
    struct device_config config = {.id = "pv",
                                   .name = "",
                                   .profile = "sunspec",
                                   .node = "",
                                   .unit = 1,
                                   .ct_ratio = 1,
                                   .vt_ratio = 1,
                                   .pulse_weight = 1};
    struct profile *profile = sunspec_profile_create(file, chain);
    check_profile(chain, profile);
    struct device *device = make_device(profile, &config);
    struct plan *plan = plan_create(profile, &config, period_ms);
    poll(plan, device);
    plan_unref(plan);
    device_unref(device);
    profile_destroy(profile);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct food food = {.at = data, .left = size};
    struct sunspec_walk walk = {0};
    uint8_t changes = 0;
    memset(words, 0, sizeof(words));
    changes = food_u8(&food);
    feed(&food);
    sunspec_walk_begin(&walk, NULL);
    if (walk_over(&walk) != SUNSPEC_FOUND) {
        return 0;
    }
    struct sunspec_chain chain = walk.chain;
    check_chain(&chain);
    use(&chain);
    words[(known_from + changes) % ADDRESSES] ^= changes;
    sunspec_walk_begin(&walk, &chain);
    if (walk_over(&walk) == SUNSPEC_FOUND) {
        check_chain(&walk.chain);
    }
    return 0;
}
