/* SPDX-License-Identifier: Apache-2.0 */
/* cable: two ptys joined by socat, as a serial line between us and a server. */
#ifndef TESTS_MODBUS_LINE_CABLE_H
#define TESTS_MODBUS_LINE_CABLE_H

#include <sys/types.h>

struct cable {
    char folder[32];
    char *ours;
    char *theirs;
    pid_t socat;
};

void cable_init(struct cable *cable);
void cable_plug(struct cable *cable); /* returns when both ends are there */
void cable_unplug(struct cable *cable);
void cable_finish(struct cable *cable);

#endif
