/* SPDX-License-Identifier: Apache-2.0 */
/* direct: one Modbus read without the daemon, for commissioning. A serial port is taken exclusively first, so a running
 * daemon and this command never talk into each other's frames. */
#ifndef LINGTAN_CLI_DIRECT_H
#define LINGTAN_CLI_DIRECT_H

#include <lingtan/command.h>

#include "cli/cli.h"
#include <lingtan/error.h>

struct block {
    uint8_t unit;
    uint8_t function;
    uint16_t address;
    uint16_t quantity;
    int64_t round_trip_us;
    uint16_t registers[COMMAND_REGISTERS_MAX]; /* bits packed, low bit first */
};

/* Fills registers and round_trip_us, or why. */
int direct_read(const struct cli *cli, struct block *block, char *why, size_t size) MUST_USE;

#endif
