/* SPDX-License-Identifier: Apache-2.0 */
/* faults: what is wrong with a device on request. Plain data.
 *
 * Words: silent; slow:MS (the reply comes MS later); late:MS (MS later, 1500 when not given, and twice);
 * wrong-transaction (serial: wrong unit); exception:CODE; garbage (TCP: bytes that are no frame, serial: bad CRC); close
 * (TCP: the connection ends instead of a reply; serial: no reply); glitch:zero and glitch:spike (the next reading of
 * counters is wrong, once); reset (counters begin at 0); rollover (counters jump to just below their modulus); off. A
 * number after the word says for how many replies a fault lasts. */
#ifndef LINGTAN_SIM_FAULTS_H
#define LINGTAN_SIM_FAULTS_H

#include <stdint.h>

#include <lingtan/error.h>

enum fault_kind {
    FAULT_NONE,
    FAULT_SILENT,
    FAULT_SLOW,
    FAULT_LATE,
    FAULT_WRONG_TRANSACTION,
    FAULT_EXCEPTION,
    FAULT_GARBAGE,
    FAULT_CLOSE,
    FAULT_GLITCH_ZERO,
    FAULT_GLITCH_SPIKE,
    FAULT_RESET,
    FAULT_ROLLOVER,
};
extern const char *const fault_words[]; /* NULL-terminated, by kind; the first is "off" */

struct fault {
    enum fault_kind kind;
    int64_t value; /* ms, or the exception code */
    int64_t left;  /* replies; -1 = until off */
};

/* -EINVAL: no such word, or its number is missing or out of range. count: replies, 0 = until off. */
int fault_parse(const char *text, int64_t count, struct fault *out) MUST_USE;

#endif
