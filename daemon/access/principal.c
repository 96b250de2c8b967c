/* SPDX-License-Identifier: Apache-2.0 */
/* principal: its words. */
#include "access/principal.h"

#include <stdio.h>
#include <string.h>

const char *const role_words[] = {
    [ROLE_VIEWER] = "viewer",
    [ROLE_ENGINEER] = "engineer",
    [ROLE_ENERGY_OFFICE] = "energy-office",
    [ROLE_CONTROLLER] = "controller",
    [ROLE_ADMIN] = "admin",
    [ROLE_COUNT] = NULL,
};
const char role_list[] = "viewer, engineer, energy-office, controller or admin";

const char *const known_by_words[] = {
    [KNOWN_NOT] = "nothing", [KNOWN_UID] = "uid", [KNOWN_TOKEN] = "token", [KNOWN_COUNT] = NULL};

bool role_parse(const char *word, enum role *out)
{
    for (int i = 0; i < ROLE_COUNT; i++) {
        if (strcmp(role_words[i], word) == 0) {
            *out = (enum role)i;
            return true;
        }
    }
    return false;
}

const char *principal_words(const struct principal *principal,
                            char out[static PRINCIPAL_WORDS_SIZE])
{
    const char *name = principal->name;
    if (principal->known_by == KNOWN_TOKEN) {
        (void)snprintf(out, PRINCIPAL_WORDS_SIZE, "token %s (%s)", name,
                       role_words[principal->role]);
    } else {
        (void)snprintf(out, PRINCIPAL_WORDS_SIZE, "%s", name);
    }
    return out;
}
