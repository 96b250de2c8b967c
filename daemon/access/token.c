/* SPDX-License-Identifier: Apache-2.0 */
/* token: making one, and what its name may be. */
#include "access/token_file.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

bool token_name_is_good(const char *name)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    size_t length = strlen(name);
    return length > 0 && length < PRINCIPAL_NAME_SIZE && strspn(name, allowed) == length;
}

int token_make(char out[static TOKEN_TEXT_SIZE])
{
    uint8_t random[DIGEST_SIZE];
    char digits[DIGEST_HEX_SIZE];
    if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random)) {
        return -EIO;
    }
    digest_hex(random, digits);
    (void)snprintf(out, TOKEN_TEXT_SIZE, "lt_%s", digits);
    explicit_bzero(random, sizeof(random));
    explicit_bzero(digits, sizeof(digits));
    return 0;
}
