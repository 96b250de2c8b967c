/* SPDX-License-Identifier: Apache-2.0 */
/* fixture: a device made of what a test wrote down. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "collectors/modbus/sunspec/sunspec_profile.h"
#include "fixture.h"

enum { UNWRITTEN = 0x5a5a };

static void open_folder(struct fixture *fixture, const char *folder, const char *id)
{
    struct faults *faults = faults_create();
    *fixture = (struct fixture){.fail_request = -1};
    fixture->profiles = profiles_load(folder, faults);
    if (faults_count(faults) > 0) {
        faults_print(faults, stderr);
        fail_msg("%zu faults in %s", faults_count(faults), folder);
    }
    faults_destroy(faults);
    fixture->profile = profiles_find(fixture->profiles, id);
    assert_non_null(fixture->profile);
    fixture->config = (struct device_config){
        .id = "device",
        .name = "Device",
        .profile = fixture->profile->id,
        .node = "",
        .unit = -1,
        .ct_ratio = 1,
        .vt_ratio = 1,
        .pulse_weight = 1,
    };
    fixture_plan(fixture);
}

void fixture_open(struct fixture *fixture, const char *folder, const char *id)
{
    open_folder(fixture, folder, id);
}

void fixture_init(struct fixture *fixture, const char *body)
{
    char folder[] = "/tmp/lingtan-codec-XXXXXX";
    assert_non_null(mkdtemp(folder));
    char *path = mem_format("%s/test.conf", folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fprintf(file, "device = \"Test\";\nclass = \"meter\";\nsources = [\"none\"];\n%s\n", body);
    fclose(file);
    open_folder(fixture, folder, "test");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0);
    free(path);
}

void fixture_finish(struct fixture *fixture)
{
    plan_unref(fixture->plan);
    device_unref(fixture->device);
    profile_destroy(fixture->found);
    profiles_destroy(fixture->profiles);
}

void fixture_set_unit(struct fixture *fixture, uint8_t unit, uint8_t function, uint16_t address,
                      const char *words)
{
    char *end = NULL;
    for (unsigned long word = strtoul(words, &end, 16); end != words;
         words = end, word = strtoul(words, &end, 16)) {
        assert_true(fixture->cell_count < FIXTURE_CELLS_MAX);
        fixture->cells[fixture->cell_count++] = (struct fixture_cell){
            .unit = unit, .function = function, .address = address++, .word = (uint16_t)word};
    }
    assert_int_equal(strspn(words, " "), strlen(words));
}

void fixture_set(struct fixture *fixture, uint8_t function, uint16_t address, const char *words)
{
    fixture_set_unit(fixture, fixture->unit, function, address, words);
}

/* What was written last counts. */
static uint16_t cell_word(const struct fixture *fixture, const struct frame_request *request,
                          size_t address)
{
    for (size_t i = fixture->cell_count; i > 0; i--) {
        const struct fixture_cell *cell = &fixture->cells[i - 1];
        if (cell->unit == request->unit && cell->function == request->function &&
            cell->address == address) {
            return cell->word;
        }
    }
    return UNWRITTEN;
}

/* As a line would walk over the device; without a chain the profile stays as it is, without points. */
static void discover(struct fixture *fixture)
{
    const struct profile *file = profiles_find(fixture->profiles, fixture->profile->id);
    struct sunspec_walk walk = {0};
    enum sunspec_verdict verdict = SUNSPEC_GOES_ON;
    sunspec_walk_begin(&walk, NULL);
    while (verdict == SUNSPEC_GOES_ON) {
        struct sunspec_read read = sunspec_walk_next(&walk);
        struct frame_request request = {.unit = fixture->unit, .function = 3};
        uint16_t registers[SUNSPEC_READ_MAX];
        for (uint16_t i = 0; i < read.quantity; i++) {
            registers[i] = cell_word(fixture, &request, (size_t)read.address + i);
        }
        verdict = sunspec_walk_take(&walk, registers);
    }
    if (verdict == SUNSPEC_FOUND) {
        profile_destroy(fixture->found);
        fixture->found = sunspec_profile_create(file, &walk.chain);
        fixture->profile = fixture->found;
    }
}

void fixture_plan(struct fixture *fixture)
{
    struct site site = {
        .id = "site", .name = "Site", .fast_ms = 1000, .normal_ms = 10000, .slow_ms = 60000};
    struct line_config line = {.id = "line"};
    device_unref(fixture->device);
    plan_unref(fixture->plan);
    if (fixture->profile->discovery == DISCOVERY_SUNSPEC) {
        discover(fixture);
    }
    fixture->unit =
        (uint8_t)(fixture->config.unit >= 0 ? fixture->config.unit : fixture->profile->link.unit);
    fixture->device = site_device(&site, &line, &fixture->config, fixture->profile);
    static const int64_t period_ms[POLL_CLASS_COUNT] = {1000, 10000, 60000, 86400000};
    fixture->plan = plan_create(fixture->profile, &fixture->config, period_ms);
}

/* The reply that a device would send; returns its size. */
static size_t answer(const struct fixture *fixture, const struct frame_request *request,
                     uint8_t out[static FRAME_SIZE_MAX])
{
    bool is_bits = request->function <= 2;
    size_t bytes = is_bits ? (request->quantity + 7U) / 8 : request->quantity * 2U;
    memset(out, 0, FRAME_SIZE_MAX);
    out[5] = (uint8_t)(bytes + 3);
    out[6] = request->unit;
    out[7] = request->function;
    out[8] = (uint8_t)bytes;
    for (size_t i = 0; i < request->quantity; i++) {
        uint16_t word = cell_word(fixture, request, request->address + i);
        if (is_bits) {
            out[9 + i / 8] |= (uint8_t)((word & 1U) << i % 8);
        } else {
            out[9 + 2 * i] = (uint8_t)(word >> 8);
            out[10 + 2 * i] = (uint8_t)word;
        }
    }
    return 9 + bytes;
}

static void exchange(struct fixture *fixture, const struct plan_request *planned,
                     uint16_t *registers)
{
    uint8_t frame[FRAME_SIZE_MAX];
    size_t size = 0;
    assert_int_equal(frame_encode(FRAME_TCP, &planned->request, 0, frame, &size), 0);
    fixture->bytes_on_wire += size;
    size = answer(fixture, &planned->request, frame);
    fixture->bytes_on_wire += size;
    struct frame_reply reply;
    size_t consumed = 0;
    assert_int_equal(
        frame_match(FRAME_TCP, &planned->request, 0, FRAME_STRICT, frame, size, &reply, &consumed),
        FRAME_REPLY);
    assert_int_equal(consumed, size);
    assert_int_equal(frame_registers(&planned->request, &reply, registers + planned->answer_offset,
                                     planned->answer_registers),
                     planned->answer_registers);
}

struct batch *fixture_poll(struct fixture *fixture, enum poll_class poll_class)
{
    size_t count = 0;
    const struct plan_request *requests = plan_requests(fixture->plan, &count);
    uint16_t *registers = mem_alloc_array(plan_answer_size(fixture->plan) + 1, 2);
    struct plan_outcome *outcomes = mem_alloc_array(count + 1, sizeof(*outcomes));
    int number = 0; /* within the class */
    for (size_t i = 0; i < count; i++) {
        if (requests[i].poll_class != poll_class) {
            continue;
        }
        if (number == fixture->fail_request) {
            outcomes[i] = fixture->failure;
        } else {
            exchange(fixture, &requests[i], registers);
        }
        outcomes[i].time_us = 1000000 * (int64_t)++number;
    }
    outcomes[count].quality = QUALITY_EXCEPTION;
    struct batch *batch =
        decode_batch(fixture->plan, 1U << poll_class, fixture->device, registers, outcomes);
    assert_int_equal(batch->count, plan_point_count(fixture->plan, poll_class));
    free(registers);
    free(outcomes);
    return batch;
}

const struct reading *fixture_find(const struct batch *batch, const char *point)
{
    for (size_t i = 0; i < batch->count; i++) {
        if (strcmp(batch->device->points[batch->readings[i].point].name, point) == 0) {
            return &batch->readings[i];
        }
    }
    return NULL;
}
