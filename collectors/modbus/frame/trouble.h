/* SPDX-License-Identifier: Apache-2.0 */
/* trouble: why a device is not online, in a few bytes, and in words for people. Pure. */
#ifndef LINGTAN_MODBUS_TROUBLE_H
#define LINGTAN_MODBUS_TROUBLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collectors/modbus/frame/frame.h"

enum trouble_kind {
    TROUBLE_NONE,
    TROUBLE_SILENT,
    TROUBLE_UNSERVED, /* likewise, and so is every other unit of a connection that was accepted */
    TROUBLE_LINE,     /* down, and the device with it */
    /* It is heard, but */
    TROUBLE_EXCEPTION,   /* to every request: got is its code */
    TROUBLE_SHORT,       /* with got registers (or bits) instead of wanted */
    TROUBLE_COUNT,       /* likewise, but more */
    TROUBLE_UNIT,        /* as unit got instead of wanted */
    TROUBLE_UNIT_ID,     /* likewise, as gateways do that do not keep the unit id */
    TROUBLE_FUNCTION,    /* for function got instead of wanted */
    TROUBLE_TRANSACTION, /* with the transaction id got instead of wanted */
    TROUBLE_LENGTH,      /* with a head that says got bytes instead of wanted */
    TROUBLE_SUM,         /* with a wrong checksum */
    TROUBLE_PART,        /* with got bytes of wanted */
    TROUBLE_RTU,         /* without the head of Modbus TCP */
    TROUBLE_NOISE,       /* with bytes that are no frame */
};

enum { TROUBLE_SIZE = 96 }; /* of its words */

struct trouble {
    uint8_t kind;
    uint16_t got;
    uint16_t wanted;
};

/* Of a reply that is not good. */
struct trouble trouble_of_reply(const struct frame_request *request,
                                const struct frame_reply *reply);

/* Of bytes that came instead of a reply to the request. */
struct trouble trouble_of_bytes(enum frame_kind kind, const struct frame_request *request,
                                uint16_t transaction, unsigned leniency, const uint8_t *bytes,
                                size_t size);

/* The device answers, whatever it says. */
bool trouble_is_heard(const struct trouble *trouble);

/* "does not answer", "answers, but as unit 0 instead of 1"; "" when there is none. */
void trouble_say(const struct trouble *trouble, char *out, size_t size);

/* What a person at the device can do about it. */
const char *trouble_advice(const struct trouble *trouble);

#endif
