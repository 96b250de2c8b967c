/* SPDX-License-Identifier: Apache-2.0 */
/* guess: which model a unit may be, by the signatures of the profiles (identified) or because the registers of a profile
 * hold a mains voltage and a mains frequency (plausible, no more). Asks through a function, keeps what it was told. */
#ifndef LINGTAN_CLI_GUESS_H
#define LINGTAN_CLI_GUESS_H

#include "cli/field/wire.h"
#include <lingtan/profile.h>

enum {
    GUESSES_MAX = 6,
};

enum guess_level { GUESS_PLAUSIBLE, GUESS_IDENTIFIED };

struct guess {
    enum guess_level level;
    const char *id;                /* of the profile; borrowed */
    const struct profile *profile; /* NULL: there is no such file here */
    int weight;                    /* of the evidence, to compare guesses of one unit */
    char evidence[200];
};

/* As reader_read. An error that ends reading ends the guessing. */
typedef int (*guess_read_fn)(void *context, struct block *block);

struct guess_list {
    struct guess guesses[GUESSES_MAX]; /* best first */
    size_t count;
    size_t requests;
    size_t refusals; /* of the requests: exceptions, and replies without a register */
    struct block
        sample; /* the longest block that the unit gave, quantity 0 = none; one that is not all zero first */
    bool was_cut; /* the unit fell silent, or reading ended: there may be more to find */
};

/* Answers 0, or the error of the read that ended it. */
int guess_model(const struct profiles *profiles, uint8_t unit, guess_read_fn read, void *context,
                struct guess_list *out);

/* Whether these registers, read from the signature's place, are the model's. */
bool guess_signature_holds(const struct profile_signature *signature, const uint16_t *registers);

#endif
