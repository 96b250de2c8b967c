/* SPDX-License-Identifier: Apache-2.0 */
/* bad_register: registers that a device refuses, kept over restarts so that they are not asked again and again. Found by
 * the collectors, kept by daemon/store, shown by daemon/http. Plain data. */
#ifndef LINGTAN_BAD_REGISTER_H
#define LINGTAN_BAD_REGISTER_H

#include <stdbool.h>
#include <stdint.h>

/* What tells one from the others: device, unit, function, first, last, is_split. */
struct bad_register {
    char device[64]; /* id */
    uint8_t unit;
    uint8_t function;
    uint8_t
        quality; /* of its values: exception, timeout (no answer) or bad_reply (too few registers) */
    uint8_t exception; /* Modbus exception code, 0 unless that is the quality */
    bool is_split;     /* each value is good by itself; only one request must not hold them all */
    uint16_t first;    /* on the wire; coils and inputs are counted in bits */
    uint16_t last;
    int64_t first_printed; /* as in the device's document */
    int64_t last_printed;
    int64_t since_us;    /* wall */
    int64_t next_try_us; /* wall: a minute to a day after the last */
};

#endif
