/* SPDX-License-Identifier: Apache-2.0 */
/* encode: a physical value into registers and back, by the point's type and order. Written from the profile's contract
 * alone and not from the daemon's decoder, so that each proves the other. Pure functions. */
#ifndef LINGTAN_SIM_ENCODE_H
#define LINGTAN_SIM_ENCODE_H

#include <lingtan/profile.h>

enum {
    ENCODE_REGISTERS_MAX = 125,
};

/* value in the quantity's unit = raw x factor + offset. */
struct encode_scale {
    double factor;
    double offset;
};

/* Fills point->registers registers (one for functions 1 and 2: 0 or 1). Gauges are rounded and kept within the type;
 * counters are cut off like a dial and wrap at their modulus. NaN becomes the point's sentinel. */
void encode_value(const struct profile_point *point, struct encode_scale scale, double value,
                  uint16_t *registers);

void encode_text(const struct profile_point *point, const char *text, uint16_t *registers);
void encode_helper(const struct profile_helper *helper, double value, uint16_t *registers);

/* What the first of its models holds. */
void encode_signature(const struct profile_signature *signature, uint16_t *registers);

/* The other way, for what clients write. */
double decode_value(const struct profile_point *point, struct encode_scale scale,
                    const uint16_t *registers);

/* Counts after which the counter begins again: declared, else by the type; 0 = never. */
double encode_modulus(const struct profile_point *point);

/* What one count of a counter is worth, in the quantity's unit. */
double encode_resolution(const struct profile_point *point, struct encode_scale scale);

#endif
