/* SPDX-License-Identifier: Apache-2.0 */
/* faults: what is wrong with a device on request. Plain data.
 *
 * A number after the word says for how many replies a fault lasts. Of words marked with * the head of a TCP frame is
 * meant; a serial line, which has none, sends a wrong unit instead.
 *
 *   off
 *   silent              no reply
 *   slow:MS             the reply comes MS later; slow:10-30 by something between, each by another
 *   late:MS             MS later, 1500 when not given, and twice
 *   doubled             twice in one segment
 *   unasked:MS          MS after the reply, 200 when not given, one more frame: TCP with another id
 *   stale               the reply before and this one in one segment
 *   lagging             the reply before instead of this one
 *   drip:MS             byte by byte, MS apart
 *   truncated           its first half
 *   junk-before, junk-after   bytes of nobody in the same segment
 *   strays              FF before and three 00 behind, in the same segment
 *   echo                the request before the reply, in the same segment
 *   garbage             TCP: bytes that are no frame; serial: a bad sum
 *   wrong-transaction * the next id
 *   no-transaction *    id 0
 *   wrong-protocol *    protocol 1
 *   unit-id:N *         unit id N, 0 when not given
 *   length:N *          the length field is N
 *   short-length *      it is 2 too small
 *   wrong-unit, wrong-function   one higher
 *   fewer               one register less than was asked for
 *   byte-count:N        the byte count is N, 255 when not given
 *   exception:CODE
 *   exception-length:N *   exception 4 whose length field is N
 *   refuse:ADDRESS      exception 2 to every read that touches it
 *   close, abort        TCP: the connection ends, by a reset, instead of a reply; serial: no reply
 *   half-close          TCP: the reply, then the end of the sending direction
 *   glitch:zero, glitch:spike   the next reading of counters is wrong, once
 *   reset               counters begin at 0
 *   rollover            counters jump to just below their modulus */
#ifndef LINGTAN_SIM_FAULTS_H
#define LINGTAN_SIM_FAULTS_H

#include <stdint.h>

#include <lingtan/error.h>

enum fault_kind {
    FAULT_NONE,
    FAULT_SILENT,
    FAULT_SLOW,
    FAULT_LATE,
    FAULT_DOUBLED,
    FAULT_UNASKED,
    FAULT_STALE,
    FAULT_LAGGING,
    FAULT_DRIP,
    FAULT_TRUNCATED,
    FAULT_JUNK_BEFORE,
    FAULT_JUNK_AFTER,
    FAULT_STRAYS,
    FAULT_ECHO,
    FAULT_GARBAGE,
    FAULT_WRONG_TRANSACTION,
    FAULT_NO_TRANSACTION,
    FAULT_WRONG_PROTOCOL,
    FAULT_UNIT_ID,
    FAULT_LENGTH,
    FAULT_SHORT_LENGTH,
    FAULT_WRONG_UNIT,
    FAULT_WRONG_FUNCTION,
    FAULT_FEWER,
    FAULT_BYTE_COUNT,
    FAULT_EXCEPTION,
    FAULT_EXCEPTION_LENGTH,
    FAULT_REFUSE,
    FAULT_CLOSE,
    FAULT_ABORT,
    FAULT_HALF_CLOSE,
    FAULT_GLITCH_ZERO,
    FAULT_GLITCH_SPIKE,
    FAULT_RESET,
    FAULT_ROLLOVER,
};
extern const char *const fault_words[]; /* NULL-terminated, by kind; the first is "off" */
extern const char fault_usage[];        /* all of them with their numbers, for people */

struct fault {
    enum fault_kind kind;
    int64_t value; /* ms, code, length or address */
    int64_t most;  /* slow: ms at most, where value is the least */
    int64_t left;  /* replies; -1 = until off */
};

/* -EINVAL: no such word, or its number is missing or out of range. count: replies, 0 = until off. */
int fault_parse(const char *text, int64_t count, struct fault *out) MUST_USE;

#endif
