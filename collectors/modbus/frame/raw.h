/* SPDX-License-Identifier: Apache-2.0 */
/* raw: what a few registers say by themselves, in every type and order, before any scale or sentinel. Pure. */
#ifndef LINGTAN_MODBUS_RAW_H
#define LINGTAN_MODBUS_RAW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lingtan/profile.h>
#include <lingtan/reading.h>

/* How a value stands in its registers. */
struct raw_layout {
    int type; /* enum register_type */
    int word_order;
    int byte_order;
    size_t count;      /* registers */
    uint64_t bit_mask; /* REGISTER_BITS; 0 = all */
};

/* The last 64 bits, most significant register first whatever the orders are. */
uint64_t raw_bits(const struct raw_layout *layout, const uint16_t *registers);

/* Up to 64 coils from bit `first` on (16 a register, low bit first), the first one lowest. */
uint64_t raw_coils(const uint16_t *registers, size_t first, size_t count);

/* The number of every type but floats and strings. QUALITY_OK; QUALITY_BAD_REPLY: digits that are none (a BCD nibble
 * above 9, a base-10000 register above 9999), *count is not written; QUALITY_IMPLAUSIBLE: beyond 63 bits, *count is
 * INT64_MAX, since a wrapped one would be false. */
enum quality raw_count(const struct raw_layout *layout, const uint16_t *registers, int64_t *count);

/* The number of REGISTER_F32 and REGISTER_F64; may be NaN or infinite. */
double raw_float(const struct raw_layout *layout, const uint16_t *registers);

/* The way back: the registers from which raw_count and raw_float make the same number. It fits the type (write_holds);
 * registers has room for layout->count. */
void raw_put_count(const struct raw_layout *layout, int64_t count, uint16_t *registers);
void raw_put_float(const struct raw_layout *layout, double value, uint16_t *registers);

/* The text of REGISTER_STRING as the device's display shows it, in valid UTF-8: it ends at the first NUL or 0xFF, blanks
 * at either end and controls are dropped; GB 2312 is converted, other bytes that are no UTF-8 become question marks; one
 * character a register is understood. out has room for 3 * count + 1 bytes. Returns the length. */
size_t raw_text(const struct raw_layout *layout, const uint16_t *registers, char *out);

#endif
