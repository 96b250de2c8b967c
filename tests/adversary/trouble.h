/* SPDX-License-Identifier: Apache-2.0 */
/* trouble: the kinds of disturbance, a row each, and the peer that plays them on the bench's wire. Two at once are both
 * played: each changes the reply that the device would have given. */
#ifndef TESTS_ADVERSARY_TROUBLE_H
#define TESTS_ADVERSARY_TROUBLE_H

#include "adversary/chance.h"
#include "adversary/script.h"
#include "scenario/bench.h"

enum { ON_TCP = 1, ON_NO_ID = 2, ON_CONVERTER = 4, ON_SERIAL = 8 };
enum {
    ON_GUARDED = ON_TCP,
    ON_SOCKET = ON_TCP | ON_NO_ID | ON_CONVERTER,
    ON_SUMMED = ON_CONVERTER | ON_SERIAL,
    ON_ALL = ON_SOCKET | ON_SERIAL,
    COMMAND_ADDRESS = 9000, /* what commands ask for; no profile has it */
};

/* What becomes of the answer to a request. */
struct answer {
    bool is_silent;
    bool ends_before; /* the connection, instead of the answer */
    bool ends_behind;
    int64_t delay_us;
    uint8_t exception; /* 0 = values */
    uint8_t unit;
    uint16_t transaction;
    unsigned short_by; /* registers */
    unsigned cut_to;   /* bytes sent, 0 = all */
    bool is_broken;    /* a wrong sum; on Modbus TCP a wrong length */
    bool is_dripped;
    unsigned copies;
    unsigned junk_before;
    unsigned junk_behind;
    bool is_echoed; /* the request before the answer */
};

struct peer {
    struct bench *bench;
    const struct script *script;
    struct chance chance;
    int64_t start_us;
    bool is_over; /* no trouble any more */
    int64_t next_us[SCRIPT_TROUBLES_MAX];
    bool is_begun[SCRIPT_TROUBLES_MAX];
    int64_t timeout_us;
    /* counted */
    uint64_t arrivals;
    uint64_t commands_given;
    bool is_stepped;                  /* the wall clock was, since the start */
    int64_t replied_us[SCRIPT_UNITS]; /* the last whole answer on its way, by unit */
    bool has_replied;                 /* on this connection */
    uint64_t opens_useful;            /* connections that brought an answer */
};

struct trouble_kind {
    const char *name;
    unsigned wires;
    unsigned weight; /* among those chosen by chance; 0 = never */
    bool refuses;    /* so that the line searches for what is given */
    bool takes_unit;
    bool splits; /* what it leaves of a reply, what another inserts could complete: never both */
    bool inserts;
    bool is_late;
    int64_t most_us; /* it lasts no longer; 0 = no limit */
    bool takes_block;
    int64_t pace_first_us; /* 0 = it has none */
    int64_t pace_last_us;
    int64_t size_first;
    int64_t size_last;
    void (*begin)(struct peer *peer, const struct trouble *trouble);
    void (*end)(struct peer *peer, const struct trouble *trouble);
    void (*tick)(struct peer *peer, const struct trouble *trouble);
    void (*answer)(struct peer *peer, const struct trouble *trouble, const struct ask *ask,
                   struct answer *answer);
    void (*open)(struct peer *peer, const struct trouble *trouble);
};

extern const struct trouble_kind trouble_kinds[];
extern const size_t trouble_kind_count;
const struct trouble_kind *trouble_find(const char *name);

void peer_init(struct peer *peer, struct bench *bench, const struct script *script);
void peer_answer(struct peer *peer, const struct ask *ask);
void peer_opened(struct peer *peer);
int64_t peer_next_us(const struct peer *peer); /* when peer_step has something to do */
void peer_step(struct peer *peer);

/* What stands in a register when this request is answered; unlike that of any other request nearby. */
uint16_t peer_word(const struct ask *ask, unsigned address);

/* peer.c, for the kinds */
void peer_bytes(struct peer *peer, int64_t delay_us, const uint8_t *bytes, size_t size);
void peer_junk(struct peer *peer, int64_t delay_us, size_t size);
void peer_hang_up(struct peer *peer, int64_t delay_us);
bool peer_is_connected(const struct peer *peer);

#endif
