/* SPDX-License-Identifier: Apache-2.0 */
/* capture: a range of registers of one unit, read block by block; a block that is refused or answered short is halved until it is known which of
 * its registers the device has. */
#ifndef LINGTAN_CLI_CAPTURE_H
#define LINGTAN_CLI_CAPTURE_H

#include "cli/field/reader.h"

enum {
    CAPTURE_REGISTERS_MAX = 65536,
};

struct capture {
    uint8_t unit;
    uint8_t function;
    uint16_t first;
    size_t count;
    uint16_t *words; /* bits: 0 or 1 each */
    bool *is_known;  /* whether the device gave the word */
    size_t known;
    size_t requests;
    uint8_t exception; /* the last one */
};

/* Start as {.unit, .function, .first, .count}. 0 also when some or all registers were refused; -ETIMEDOUT: the unit does
 * not answer; -EINTR: interrupted, what is known so far stands; else as reader_read. */
int capture_read(struct capture *capture, struct reader *reader) MUST_USE;
void capture_finish(struct capture *capture); /* an all-zero one too */

#endif
