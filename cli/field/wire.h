/* SPDX-License-Identifier: Apache-2.0 */
/* wire: Modbus reads without the daemon, for commissioning: one connection or one port, one request at a time. A serial
 * port is taken exclusively first, so a running daemon and this command never talk into each other's frames. */
#ifndef LINGTAN_CLI_WIRE_H
#define LINGTAN_CLI_WIRE_H

#include <lingtan/command.h>

#include "collectors/modbus/frame/frame.h"
#include "site/site.h"
#include <lingtan/error.h>

/* One read and what came of it. */
struct block {
    uint8_t unit;
    uint8_t function;
    uint16_t address;
    uint16_t quantity;
    uint8_t exception; /* after -EREMOTEIO */
    int64_t round_trip_us;
    uint16_t registers[COMMAND_REGISTERS_MAX]; /* bits packed, low bit first */
};

/* Opened by wire_open; fd -1 is closed. */
struct wire {
    const struct line_config *config; /* borrowed */
    char *name;                       /* "10.0.0.5:502", "/dev/ttyUSB0" */
    int64_t timeout_ms;
    int fd;
    enum frame_kind kind;
    uint16_t transaction;
    unsigned leniency; /* as frame_match has it */
    char why[240];     /* what went wrong, for people */
};

int wire_open(struct wire *wire, const struct line_config *config, int64_t timeout_ms) MUST_USE;
void wire_close(struct wire *wire); /* an all-zero wire too */

/* Fills registers and round_trip_us. -ETIMEDOUT: silence; -EREMOTEIO: exception; -ENODATA: fewer than
 * were asked for; -EBADMSG: something that is no reply to this request; -EINTR: a signal came; else the wire is broken (-ECONNRESET, -EIO) and wants to be opened anew. */
int wire_read(struct wire *wire, struct block *block) MUST_USE;

/* Another speed on the open port, which stays locked. -ENOTSUP: the port cannot. */
int wire_tune(struct wire *wire, int64_t baud, int parity, int64_t stop_bits) MUST_USE;

/* "10.0.0.5:502", "[::1]:502" or a path: as the daemon calls the endpoint of a line. The caller frees it. */
char *wire_name(const struct line_config *config);

#endif
