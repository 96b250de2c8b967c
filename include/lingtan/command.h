/* SPDX-License-Identifier: Apache-2.0 */
/* command: a request to a device from a person or, later, the guard. Carried by the collectors, made by http.
 *
 * A command waits in its line's queue and goes out before the next poll. There is only reading here: writes are made by
 * the guard alone and get their kind when the guard exists. */
#ifndef LINGTAN_COMMAND_H
#define LINGTAN_COMMAND_H

#include <stdint.h>

#include <lingtan/reading.h>

enum {
    COMMAND_REGISTERS_MAX = 125,
};

struct command;
typedef void (*command_done_fn)(struct command *take_command);

/* A raw read of registers or bits. The maker allocates it with mem_alloc and gives it away; it comes back through done,
 * called exactly once, on the line's thread, also at shutdown (error -ECANCELED). */
struct command {
    command_done_fn done;
    void *context;
    char line[64];     /* id of the line */
    uint16_t unit;     /* 0..255 */
    uint8_t function;  /* 1 to 4 */
    uint16_t address;  /* zero-based, as on the wire */
    uint16_t quantity; /* registers 1..125, bits 1..2000 */
    int64_t expires_mono_us;
    /* the answer */
    int error; /* 0, -ETIMEDOUT, -EREMOTEIO (exception), -ENODATA (fewer than were asked for: given),
                  -EBADMSG, -ENOTCONN, -ECANCELED, -EAGAIN (retry_in_us) */
    uint8_t exception;
    uint16_t given;
    int64_t retry_in_us; /* -EAGAIN: its unit does not answer, and may be asked again then */
    int64_t round_trip_us;
    uint16_t registers
        [COMMAND_REGISTERS_MAX]; /* bits arrive packed as on the wire, low bit first, 16 a register */
};

#endif
