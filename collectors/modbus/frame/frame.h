/* SPDX-License-Identifier: Apache-2.0 */
/* frame: Modbus requests to bytes and bytes to the reply they are for, TCP (MBAP) and RTU (CRC). Pure functions: no
 * I/O, no state, no allocation. Source: MODBUS Application Protocol V1.1b3 and Messaging on TCP/IP V1.0b. */
#ifndef LINGTAN_MODBUS_FRAME_H
#define LINGTAN_MODBUS_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lingtan/error.h>

enum frame_kind { FRAME_TCP, FRAME_RTU };

enum {
    FRAME_SIZE_MAX = 260, /* MBAP 7 + PDU 253 */
    FRAME_READ_REGISTERS_MAX = 125,
    FRAME_READ_BITS_MAX = 2000,
    FRAME_WRITE_REGISTERS_MAX = 123,
    FRAME_WRITE_BITS_MAX = 1968,
};

/* One request. Functions 1-4 read; 5, 6, 15 and 16 write; 22 (mask: values[0] AND, values[1] OR) and 23 (write values,
 * read quantity) are encoded for the tests: no device asks for them. */
struct frame_request {
    uint8_t unit;
    uint8_t function;
    uint16_t address;
    uint16_t quantity; /* registers or bits to read, or to write for 15 and 16; 1 for 5, 6 and 22 */
    const uint16_t *values; /* to write: registers; bits for 5 and 15 as 0 or 1 each */
    uint16_t write_address; /* 23 */
    uint16_t write_count;   /* 23 */
};

/* Writes the frame into out and its size into *size. -EINVAL: a function or count that Modbus does not allow (nothing
 * is ever sent then). transaction is for TCP. */
int frame_encode(enum frame_kind kind, const struct frame_request *request, uint16_t transaction,
                 uint8_t out[static FRAME_SIZE_MAX], size_t *size) MUST_USE;

enum frame_verdict {
    FRAME_INCOMPLETE, /* read on */
    FRAME_REPLY,
    FRAME_EXCEPTION, /* reply.exception */
    FRAME_SHORT, /* a whole reply to the request, but with fewer registers or bits: reply.is_short, no data */
    FRAME_FOREIGN, /* well formed, but for another transaction (TCP): drop `consumed` bytes and look again */
    FRAME_ECHO,  /* our own request, as adapters with local echo send it back: likewise */
    FRAME_STRAY, /* bytes of nobody before what may be a reply: likewise */
    FRAME_BAD,   /* no reply to this request and no way to trust what follows: drain or reconnect */
};

struct frame_reply {
    uint8_t exception;
    bool is_short;       /* of data_size bytes, which are nobody's values */
    const uint8_t *data; /* within bytes: registers high byte first, or packed bits */
    size_t data_size;
};

/* It brings what was asked for. */
bool frame_is_good(const struct frame_reply *reply);

/* How many of the registers or bits that were asked for a reply has. */
uint16_t frame_given(const struct frame_request *request, const struct frame_reply *reply);

/* How the other end may bend the rules, by profile or line switch. */
enum frame_leniency {
    FRAME_STRICT = 0,
    FRAME_ANY_TRANSACTION = 1, /* the gateway never echoes the transaction id (M5) */
    FRAME_ANY_UNIT = 2,        /* TCP: the unit id of its replies is 0 or 255 whatever was asked */
};

/* Looks at the bytes received so far. A reply counts only when protocol 0, length, transaction, unit, function and byte
 * count all agree with the request. *consumed is set for all verdicts but INCOMPLETE and BAD. Exceptions whose MBAP length
 * says 2 or 4 are taken by their fixed nine bytes (M1, M2). Lengths above 254 are FRAME_BAD at once (M8). On TCP bytes of
 * nobody are passed over until what is ours begins, on a serial line up to four before a reply that is whole. */
enum frame_verdict frame_match(enum frame_kind kind, const struct frame_request *request,
                               uint16_t transaction, unsigned leniency, const uint8_t *bytes,
                               size_t size, struct frame_reply *reply, size_t *consumed);

/* The size of a good reply to the request, for sleeping until its end on a serial line. */
size_t frame_reply_size(enum frame_kind kind, const struct frame_request *request);

/* Registers of a reply in host order; for bits: packed 16 a register, low bit first. Returns how many registers. */
size_t frame_registers(const struct frame_request *request, const struct frame_reply *reply,
                       uint16_t *out, size_t max);

uint16_t frame_crc(const uint8_t *bytes, size_t size);

#endif
