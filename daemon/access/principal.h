/* SPDX-License-Identifier: Apache-2.0 */
/* principal: who asks, what that one may do, and how it is known. Plain data. */
#ifndef LINGTAN_ACCESS_PRINCIPAL_H
#define LINGTAN_ACCESS_PRINCIPAL_H

#include <stdbool.h>
#include <stddef.h>

/* Each may do what those before it may. */
enum role {
    ROLE_VIEWER,        /* sees everything */
    ROLE_ENGINEER,      /* looks after devices, lines and alarms */
    ROLE_ENERGY_OFFICE, /* looks after tariffs, targets and reports */
    ROLE_CONTROLLER,    /* arms and steers the load control */
    ROLE_ADMIN,         /* users, tokens, configuration */
    ROLE_COUNT
};
extern const char *const role_words[]; /* NULL-terminated */
extern const char role_list[];         /* all words, for messages */

/* False when there is no such role. */
bool role_parse(const char *word, enum role *out);

enum known_by {
    KNOWN_NOT,   /* somebody on this machine, over TCP without a token */
    KNOWN_UID,   /* the Unix socket says whose program it is */
    KNOWN_TOKEN, /* of the token file */
    KNOWN_COUNT
};
extern const char *const known_by_words[];

enum {
    PRINCIPAL_NAME_SIZE = 64,
    PRINCIPAL_WORDS_SIZE = 128,
};

struct principal {
    char name[PRINCIPAL_NAME_SIZE]; /* "uid 1000", a token's name, "anonymous" */
    enum role role;
    enum known_by known_by;
};

/* For logs: "uid 1000", "token wall (viewer)". Returns out. */
const char *principal_words(const struct principal *principal,
                            char out[static PRINCIPAL_WORDS_SIZE]);

#endif
