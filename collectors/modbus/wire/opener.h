/* SPDX-License-Identifier: Apache-2.0 */
/* opener: opens and configures serial ports as an errand, since opening a port may block (modem lines, a USB adapter
 * that hangs). libmodbus lives only in this file of the daemon. */
#ifndef LINGTAN_MODBUS_OPENER_H
#define LINGTAN_MODBUS_OPENER_H

#include "collectors/modbus/wire/crew.h"
#include "site/site.h"

/* A port to be opened. fd and error are read after the errand is done; who takes fd sets it to -1. */
struct opening {
    struct errand errand;
    char *path;
    int baud;
    char parity; /* 'N', 'E', 'O' */
    int stop_bits;
    bool rs485;
    int fd;
    int error; /* 0 or a negative errno; -EBUSY: another program holds the port */
};

struct opening *opening_create(const struct line_config *config);

#endif
