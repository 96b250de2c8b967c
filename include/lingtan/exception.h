/* SPDX-License-Identifier: Apache-2.0 */
/* exception: what a device or its gateway means by a Modbus exception, for people and for what is done about it. The one
 * table of the codes; implemented by daemon/model. Pure. */
#ifndef LINGTAN_EXCEPTION_H
#define LINGTAN_EXCEPTION_H

#include <stdint.h>

/* The codes that somebody has to tell from others of their kind. */
enum {
    EXCEPTION_FUNCTION = 1,
    EXCEPTION_ADDRESS = 2,
    EXCEPTION_NO_PATH = 10,
    EXCEPTION_NO_TARGET = 11,
};

enum exception_kind {
    EXCEPTION_IS_OTHER,   /* nobody knows what it means */
    EXCEPTION_IS_ABSENT,  /* it has not what was asked for */
    EXCEPTION_IS_FAILURE, /* it has failed or is starting, or its gateway has no such unit */
    EXCEPTION_IS_BUSY,    /* it needs time */
    EXCEPTION_IS_GATEWAY, /* its gateway speaks; the device itself is silent */
};

/* For every code; 0 is none and of the first kind. */
enum exception_kind exception_kind(uint8_t exception);

/* "illegal data address"; "unknown" for a code that the specification does not have. */
const char *exception_words(uint8_t exception);

/* What to ask for, or to do, instead; for every code. */
const char *exception_advice(uint8_t exception);

#endif
