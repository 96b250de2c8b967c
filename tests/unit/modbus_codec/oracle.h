/* SPDX-License-Identifier: Apache-2.0 */
/* oracle: libmodbus as the other end of our frames: its server in a thread, on a loopback socket or a pty. It holds what
 * the server of libmodbus' own tests holds, with the same special addresses. */
#ifndef TESTS_MODBUS_CODEC_ORACLE_H
#define TESTS_MODBUS_CODEC_ORACLE_H

#include <pthread.h>

#include <modbus.h>

#include "collectors/modbus/frame/frame.h"

enum {
    ORACLE_UNIT = 0x11,
    ORACLE_COILS = 0x130,
    ORACLE_COIL_COUNT = 37,
    ORACLE_DISCRETES = 0x1c4,
    ORACLE_DISCRETE_COUNT = 22,
    ORACLE_HOLDING = 0x160,
    ORACLE_HOLDING_COUNT = 32,
    ORACLE_FLOATS = 0x164, /* 123456.0 as ABCD, DCBA, BADC and CDAB */
    ORACLE_INPUT = 0x108,
    ORACLE_INPUT_COUNT = 1,
    /* reads from these answer out of order */
    ORACLE_SHORT = 0x16e,    /* one register, whatever was asked */
    ORACLE_BUSY = 0x170,     /* exception 6 */
    ORACLE_FOREIGN = 0x171,  /* TCP: another transaction; RTU: another unit */
    ORACLE_BYTEWISE = 0x173, /* byte by byte, 2 ms apart */
};

struct oracle {
    enum frame_kind kind;
    modbus_t *context;
    modbus_mapping_t *mapping;
    int listener; /* TCP; -1 on a pty */
    pthread_t thread;
    int client; /* our end: a connected socket or the pty's master */
};

void oracle_start(struct oracle *oracle, enum frame_kind kind);
void oracle_stop(struct oracle *oracle); /* closes our end, joins */

#endif
