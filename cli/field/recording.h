/* SPDX-License-Identifier: Apache-2.0 */
/* recording: registers as they were read, and the case of tests/golden that they make. Pure: no I/O. */
#ifndef LINGTAN_CLI_RECORDING_H
#define LINGTAN_CLI_RECORDING_H

#include "base/text.h"
#include "collectors/modbus/plan/decode.h"

struct recorded_word {
    uint8_t unit;
    uint8_t function;
    uint16_t address;
    uint16_t word; /* 0 or 1 for functions 1 and 2 */
};

/* Start all-zero. */
struct recording {
    struct recorded_word *words; /* by unit, function and address, each once */
    size_t count;
};

void recording_finish(struct recording *recording);

/* What was read last counts. */
void recording_add(struct recording *recording, struct recorded_word word);
void recording_add_answer(struct recording *recording, const struct frame_request *request,
                          const uint16_t *registers);

/* Fills the answer as the recording has it: a register in two answers has one value. */
void recording_answer(const struct recording *recording, const struct frame_request *request,
                      uint16_t *registers);

/* "holding 8192: 450F D000 ..." in lines; units other than `unit` by their number, addresses as printed from base. */
void recording_write(const struct recording *recording, uint8_t unit, int64_t address_base,
                     struct text *out);

/* "point voltage_a: 230.1 V" and so on; points that were not read are left out. */
void recording_write_points(const struct batch *batch, struct text *out);

/* "2026-11-23T08:00:00Z", now. */
void recording_add_time(struct text *out);

#endif
