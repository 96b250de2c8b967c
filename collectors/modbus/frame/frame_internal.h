/* SPDX-License-Identifier: Apache-2.0 */
/* frame_internal: what frame.c and frame_stray.c share. */
#ifndef LINGTAN_MODBUS_FRAME_INTERNAL_H
#define LINGTAN_MODBUS_FRAME_INTERNAL_H

#include "collectors/modbus/frame/frame.h"

enum { FRAME_MBAP_HEAD = 6 }; /* transaction, protocol, length */

/* What is asked, and how strictly its answer is looked at. */
struct frame_question {
    enum frame_kind kind;
    const struct frame_request *request;
    uint16_t transaction;
    unsigned leniency;
};

/* Judges bytes as a reply that begins with the first of them. */
enum frame_verdict frame_match_here(const struct frame_question *question, const uint8_t *bytes,
                                    size_t size, struct frame_reply *reply, size_t *consumed);

/* The unit id of a reply is the one that was asked, or may stand for it. */
bool frame_is_of_unit(const struct frame_question *question, uint8_t unit);

#endif
