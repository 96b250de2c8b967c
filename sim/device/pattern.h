/* SPDX-License-Identifier: Apache-2.0 */
/* pattern: registers whose every reading can be checked by whoever knows the device's id and the address.
 *
 * An even address and the one after it hold a 32-bit number, high word first: the upper 20 bits count the replies of the
 * device, the lower 12 are a check of its id and the address. A value of another device, of another address, of an
 * earlier read or torn between two reads is told by that. */
#ifndef LINGTAN_SIM_PATTERN_H
#define LINGTAN_SIM_PATTERN_H

#include <stdint.h>

#include "sim/device/image.h"

enum { PATTERN_CHECK_BITS = 12 };

uint32_t pattern_seed(const char *device);
uint32_t pattern_word(uint32_t seed, uint16_t address, uint64_t replies);
void pattern_fill(uint32_t seed, uint64_t replies, const struct register_span *span,
                  uint16_t *registers);

#endif
