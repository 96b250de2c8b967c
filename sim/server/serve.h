/* SPDX-License-Identifier: Apache-2.0 */
/* serve: one Modbus request PDU to its reply, with the faults of the device that has to answer. One thread. */
#ifndef LINGTAN_SIM_SERVE_H
#define LINGTAN_SIM_SERVE_H

#include "sim/device/fleet.h"

enum {
    PDU_MAX = 253,
};

struct reply {
    uint8_t pdu[PDU_MAX];
    size_t length;
    struct sim_device *device;
    struct fault fault; /* what is wrong with this reply */
    /* for the log of served values: registers of a successful read */
    uint8_t function;
    uint16_t address;
    uint16_t count;
    uint16_t registers[ENCODE_REGISTERS_MAX];
};

/* False when the unit is none of the line's: reply is not filled. */
bool serve_request(struct fleet *fleet, const struct sim_line *line, uint8_t unit,
                   const uint8_t *pdu, size_t length, struct reply *reply);

/* Length of the request PDU that begins with these bytes, 0 = more are needed to tell, -1 = no request we know. */
int serve_request_length(const uint8_t *pdu, size_t length);

#endif
