/* SPDX-License-Identifier: Apache-2.0 */
/* exception: what a device or its gateway means by a Modbus exception, for people. Implemented by daemon/model. */
#ifndef LINGTAN_EXCEPTION_H
#define LINGTAN_EXCEPTION_H

#include <stdint.h>

/* "illegal data address"; "unknown" for a code that the specification does not have. */
const char *exception_words(uint8_t exception);

/* What to ask for, or to do, instead; for every code. */
const char *exception_advice(uint8_t exception);

#endif
