/* SPDX-License-Identifier: Apache-2.0 */
/* record_case: every request of the profile's plan once, as a case of tests/golden. */
#include <errno.h>
#include <stdlib.h>

#include "base/mem.h"
#include "cli/field/chain.h"
#include "cli/field/record.h"
#include "cli/screen/interrupt.h"
#include "collectors/modbus/sunspec/sunspec_profile.h"

enum {
    TRIES = 2,
    ALL_CLASSES = (1U << POLL_CLASS_COUNT) - 1,
};

static void note_refusal(struct record *record, const struct frame_request *request)
{
    text_add_format(&record->refusals, "# not read: function %u, %u from wire address %u: %s\n",
                    request->function, request->quantity, request->address, record->reader.why);
    record->refused++;
}

static int read_request(struct record *record, const struct frame_request *request,
                        struct plan_outcome *outcome)
{
    struct block block = {
        .unit = request->unit,
        .function = request->function,
        .address = request->address,
        .quantity = request->quantity,
    };
    int error = 0;
    for (int i = 0; i < TRIES; i++) {
        error = interrupt_came() ? -EINTR : reader_read(&record->reader, &block);
        if (error == 0 || error == -EREMOTEIO || error == -ENODATA || !reader_goes_on(error)) {
            break;
        }
    }
    *outcome = (struct plan_outcome){.quality = QUALITY_OK, .time_us = 1};
    if (error == 0) {
        recording_add_answer(&record->recording, request, block.registers);
        return 0;
    }
    bool is_bad = error == -ENODATA || error == -EBADMSG;
    outcome->quality = error == -EREMOTEIO ? QUALITY_EXCEPTION
                       : is_bad            ? QUALITY_BAD_REPLY
                                           : QUALITY_TIMEOUT;
    note_refusal(record, request);
    return reader_goes_on(error) ? 0 : error;
}

static void note_answer(void *context, const struct block *block)
{
    struct record *record = context;
    const struct frame_request request = {
        .unit = block->unit,
        .function = block->function,
        .address = block->address,
        .quantity = block->quantity,
    };
    recording_add_answer(&record->recording, &request, block->registers);
}

/* A device that lists its points itself is asked for the list first; what it answers belongs to the case. */
static int discover(struct record *record)
{
    struct sunspec_walk walk = {0};
    int code = chain_walk(&record->reader, record->unit, &walk, note_answer, record);
    if (code == EXIT_OK) {
        record->found = sunspec_profile_create(record->profile, &walk.chain);
        record->profile = record->found;
    }
    return code;
}

static int read_plan(struct record *record, const struct plan *plan, struct plan_outcome *outcomes)
{
    size_t count = 0;
    const struct plan_request *requests = plan_requests(plan, &count);
    for (size_t i = 0; i < count; i++) {
        int error = read_request(record, &requests[i].request, &outcomes[i]);
        if (error < 0) {
            fprintf(stderr, "lingtan: %s\n",
                    error == -EINTR ? "interrupted, nothing was written" : record->reader.why);
            return EXIT_FAILED;
        }
    }
    if (record->refused == count) {
        fprintf(stderr, "lingtan: nothing could be read: %s\n", record->reader.why);
        return EXIT_FAILED;
    }
    return EXIT_OK;
}

static void write_head(const struct record *record, struct text *out)
{
    text_add_string(out, "# SPDX-License-Identifier: Apache-2.0\n# Recorded by lingtan record: ");
    text_add_format(out, "%s on ", record->profile->device);
    recording_add_time(out);
    text_add_string(out,
                    ". To review: compare each point\n# with the device's display, and say here "
                    "what it was doing. Serial numbers may be made up.\n");
    text_add(out, record->refusals.data ? record->refusals.data : "", record->refusals.length);
    text_add_char(out, '\n');
}

static void write_ratios(const struct record *record, struct text *out)
{
    const struct {
        const char *name;
        double value;
    } ratios[] = {
        {"ratio ct", record->config.ct_ratio},
        {"ratio vt", record->config.vt_ratio},
        {"pulse", record->config.pulse_weight},
    };
    for (size_t i = 0; i < ARRAY_SIZE(ratios); i++) {
        if (ratios[i].value > 1 || ratios[i].value < 1) {
            text_add_format(out, "%s ", ratios[i].name);
            text_add_float(out, ratios[i].value, 0);
            text_add_char(out, '\n');
        }
    }
}

/* The values are those that the words of the file give, not those of the moment of each answer. */
static struct batch *decode(struct record *record, const struct plan *plan,
                            const struct plan_outcome *outcomes)
{
    static const struct site site = {
        .id = "site", .name = "", .fast_ms = 1000, .normal_ms = 10000, .slow_ms = 60000};
    static const struct line_config line = {.id = "line"};
    size_t count = 0;
    const struct plan_request *requests = plan_requests(plan, &count);
    uint16_t *registers = mem_alloc_array(plan_answer_size(plan) + 1, sizeof(*registers));
    for (size_t i = 0; i < count; i++) {
        recording_answer(&record->recording, &requests[i].request,
                         registers + requests[i].answer_offset);
    }
    struct device_config config = record->config;
    config.id = (char *)"device";
    config.name = (char *)"";
    config.node = (char *)"";
    config.profile = record->profile->id;
    struct device *device = site_device(&site, &line, &config, record->profile);
    struct batch *batch = decode_batch(plan, ALL_CLASSES, device, registers, outcomes);
    device_unref(device);
    free(registers);
    return batch;
}

int record_case(struct record *record, struct text *out)
{
    if (record->profile->discovery != DISCOVERY_NONE && discover(record) != EXIT_OK) {
        return EXIT_FAILED;
    }
    static const int64_t no_periods[POLL_CLASS_COUNT] = {0};
    struct plan *plan = plan_create(record->profile, &record->config, no_periods);
    size_t count = 0;
    (void)plan_requests(plan, &count);
    struct plan_outcome *outcomes = mem_alloc_array(count + 1, sizeof(*outcomes));
    int code = read_plan(record, plan, outcomes);
    if (code == EXIT_OK) {
        struct batch *batch = decode(record, plan, outcomes);
        write_head(record, out);
        write_ratios(record, out);
        recording_write(&record->recording, record->unit, record->profile->address_base, out);
        text_add_char(out, '\n');
        recording_write_points(batch, out);
        batch_unref(batch);
    }
    free(outcomes);
    plan_unref(plan);
    return code;
}
