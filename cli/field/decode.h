/* SPDX-License-Identifier: Apache-2.0 */
/* decode: a block of registers in every type and order, for whoever has the device's document in hand. */
#ifndef LINGTAN_CLI_DECODE_H
#define LINGTAN_CLI_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

/* Registers one by one, then every pair and every four in all orders, then as text. */
void decode_registers(struct text *out, uint16_t address, const uint16_t *registers, size_t count,
                      bool has_colour);

/* Coils or discrete inputs, packed 16 a register, low bit first. */
void decode_bits(struct text *out, uint16_t address, const uint16_t *registers, size_t count);

#endif
