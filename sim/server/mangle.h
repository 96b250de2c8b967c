/* SPDX-License-Identifier: Apache-2.0 */
/* mangle: a good reply frame into the one that a device with that fault sends. Pure. */
#ifndef LINGTAN_SIM_MANGLE_H
#define LINGTAN_SIM_MANGLE_H

#include <stdbool.h>
#include <stddef.h>

#include "sim/device/faults.h"

enum {
    FRAME_MAX = 260,
    SEGMENT_MAX = 2 * FRAME_MAX, /* two frames, or one and some junk */
};

/* Spoils the frame in place; it gets shorter or stays. has_head: Modbus TCP, else with a checksum at its end, which is
 * made good again unless it is the fault. */
void mangle_frame(const struct fault *fault, bool has_head, uint8_t frame[static FRAME_MAX],
                  size_t *length);

/* What goes out at once instead of the frame alone: the one before, junk, or the frame twice. Returns its length. */
size_t mangle_segment(const struct fault *fault, const uint8_t *before, size_t before_length,
                      const uint8_t *frame, size_t length, uint8_t out[static SEGMENT_MAX]);

/* The request that read count registers from address on, of the reply in frame: its length in out. */
size_t mangle_echo(bool has_head, const uint8_t *frame, uint16_t address, uint16_t count,
                   uint8_t out[static FRAME_MAX]);

uint16_t frame_crc16(const uint8_t *bytes, size_t length);

#endif
