/* SPDX-License-Identifier: Apache-2.0 */
/* frame_stray: what may stand before a reply and make it no worse.
 *
 * Adapters with local echo send back what they were given. Drivers that are switched on late put a byte or two of zeros or
 * ones before a frame. Serial servers greet every connection. On TCP all of that is passed over, since a head of eight
 * bytes tells what is ours. On a serial line two bytes of checksum are all there is: there no more than four bytes are
 * passed over, fewer than the shortest frame has, and no more may come behind, so that nothing which is found could be a
 * part of something longer. */
#include "collectors/modbus/frame/frame_internal.h"

#include <string.h>

enum {
    RTU_STRAY_MAX = 4,
    EXCEPTION_BIT = 0x80,
    HEAD_SIZE = 8, /* the MBAP header and the function */
    LENGTH_MAX = 254,
};

enum echo { ECHO_NONE, ECHO_PART, ECHO_WHOLE };

static uint16_t get16(const uint8_t *bytes)
{
    return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

/* The answer to a single write is the request itself. */
static bool answers_by_echo(uint8_t function)
{
    return function == 5 || function == 6 || function == 22;
}

/* Whether our own request comes back. A read whose answer is the same bytes would be a few coils, just so: then it is
 * better missed than taken from an echo. */
static enum echo find_echo(const struct frame_question *question, const uint8_t *bytes, size_t size,
                           size_t *whole)
{
    size_t head = question->kind == FRAME_TCP ? FRAME_MBAP_HEAD : 0;
    const struct frame_request *request = question->request;
    bool is_other = size >= head + 4 && get16(bytes + head + 2) != request->address;
    uint8_t echo[FRAME_SIZE_MAX];
    if (is_other || answers_by_echo(request->function) ||
        frame_encode(question->kind, request, question->transaction, echo, whole) != 0) {
        return ECHO_NONE;
    }
    if (memcmp(bytes, echo, size < *whole ? size : *whole) != 0) {
        return ECHO_NONE;
    }
    return size < *whole ? ECHO_PART : ECHO_WHOLE;
}

static bool has_ids(const struct frame_question *question)
{
    return (question->leniency & FRAME_ANY_TRANSACTION) == 0;
}

/* Whether a reply to the question may begin like that. */
static bool may_begin(const struct frame_question *question, const uint8_t *bytes, size_t size)
{
    uint8_t head[HEAD_SIZE] = {0};
    memcpy(head, bytes, size < HEAD_SIZE ? size : HEAD_SIZE);
    bool is_ours = !has_ids(question) || (head[0] == question->transaction >> 8 &&
                                          (size < 2 || head[1] == (uint8_t)question->transaction));
    bool has_length = size < 6 || (get16(head + 4) >= 2 && get16(head + 4) <= LENGTH_MAX);
    bool is_of_unit = size < 7 || frame_is_of_unit(question, head[6]);
    bool has_function = size < 8 || (head[7] & ~EXCEPTION_BIT) == question->request->function;
    return is_ours && head[2] == 0 && head[3] == 0 && head[4] == 0 && has_length && is_of_unit &&
           has_function;
}

/* A frame with our id that is wrong is no noise, nor is one with a length where there are no ids. */
static bool is_wrong_frame(const struct frame_question *question, const uint8_t *bytes, size_t size)
{
    if (has_ids(question)) {
        return get16(bytes) == question->transaction;
    }
    return get16(bytes + 2) == 0 && (size < 6 || get16(bytes + 4) != 0);
}

static enum frame_verdict pass_tcp(const struct frame_question *question, const uint8_t *bytes,
                                   size_t size, size_t *consumed)
{
    if (size < 4 || is_wrong_frame(question, bytes, size)) {
        return size < 4 ? FRAME_INCOMPLETE : FRAME_BAD;
    }
    size_t at = 1;
    while (at < size && !may_begin(question, bytes + at, size - at)) {
        at++;
    }
    *consumed = at;
    return FRAME_STRAY;
}

/* What stands at `at` bytes: STRAY: a whole reply, with no more behind it than may be noise too; ECHO; INCOMPLETE: it may
 * become one; BAD: it is none. */
static enum frame_verdict look_behind(const struct frame_question *question, const uint8_t *bytes,
                                      size_t size, size_t at)
{
    struct frame_reply reply;
    size_t length = 0;
    enum echo echo = find_echo(question, bytes + at, size - at, &length);
    if (echo != ECHO_NONE) {
        return echo == ECHO_WHOLE ? FRAME_ECHO : FRAME_INCOMPLETE;
    }
    enum frame_verdict verdict = frame_match_here(question, bytes + at, size - at, &reply, &length);
    if (verdict == FRAME_BAD || verdict == FRAME_INCOMPLETE) {
        return verdict;
    }
    return size - at - length <= RTU_STRAY_MAX ? FRAME_STRAY : FRAME_BAD;
}

static enum frame_verdict pass_rtu(const struct frame_question *question, const uint8_t *bytes,
                                   size_t size, size_t *consumed)
{
    const struct frame_request *request = question->request;
    bool is_ours =
        size >= 2 && bytes[0] == request->unit && (bytes[1] & ~EXCEPTION_BIT) == request->function;
    bool may_come = size <= RTU_STRAY_MAX;
    for (size_t at = 1; at <= RTU_STRAY_MAX && at < size && !is_ours; at++) {
        enum frame_verdict verdict = look_behind(question, bytes, size, at);
        if (verdict == FRAME_STRAY || verdict == FRAME_ECHO) {
            *consumed = at;
            return FRAME_STRAY;
        }
        may_come = may_come || verdict == FRAME_INCOMPLETE;
    }
    return may_come && !is_ours ? FRAME_INCOMPLETE : FRAME_BAD;
}

enum frame_verdict frame_match(enum frame_kind kind, const struct frame_request *request,
                               uint16_t transaction, unsigned leniency, const uint8_t *bytes,
                               size_t size, struct frame_reply *reply, size_t *consumed)
{
    const struct frame_question question = {kind, request, transaction, leniency};
    size_t whole = 0;
    enum echo echo = size > 0 ? find_echo(&question, bytes, size, &whole) : ECHO_NONE;
    if (echo == ECHO_WHOLE) {
        *consumed = whole;
        return FRAME_ECHO;
    }
    enum frame_verdict verdict = frame_match_here(&question, bytes, size, reply, consumed);
    if (verdict != FRAME_BAD) {
        return verdict;
    }
    if (echo == ECHO_PART) {
        return FRAME_INCOMPLETE;
    }
    return kind == FRAME_TCP ? pass_tcp(&question, bytes, size, consumed)
                             : pass_rtu(&question, bytes, size, consumed);
}
