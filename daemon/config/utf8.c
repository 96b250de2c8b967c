/* SPDX-License-Identifier: Apache-2.0 */
/* utf8: the well-formed byte sequences of the Unicode standard, table 3-7. */
#include "config/utf8.h"

#include <stddef.h>

static bool is_continuation(unsigned char c)
{
    return (c & 0xc0) == 0x80;
}

/* Bytes of the character at `at`, 0 when it is none. */
static size_t utf8_length(const unsigned char *at)
{
    if (at[0] < 0x80) {
        return 1;
    }
    if (at[0] >= 0xc2 && at[0] <= 0xdf && is_continuation(at[1])) {
        return 2;
    }
    if ((at[0] & 0xf0) == 0xe0 && is_continuation(at[1]) && is_continuation(at[2])) {
        bool is_overlong = at[0] == 0xe0 && at[1] < 0xa0;
        bool is_surrogate = at[0] == 0xed && at[1] >= 0xa0;
        return is_overlong || is_surrogate ? 0 : 3;
    }
    if (at[0] >= 0xf0 && at[0] <= 0xf4 && is_continuation(at[1]) && is_continuation(at[2]) &&
        is_continuation(at[3])) {
        bool is_outside = (at[0] == 0xf0 && at[1] < 0x90) || (at[0] == 0xf4 && at[1] >= 0x90);
        return is_outside ? 0 : 4;
    }
    return 0;
}

const char *utf8_find_wrong(const char *string)
{
    const unsigned char *at = (const unsigned char *)string;
    size_t length = 1;
    while (*at && length > 0) {
        length = utf8_length(at);
        at += length;
    }
    return (const char *)at;
}

bool utf8_is_valid(const char *string)
{
    return *utf8_find_wrong(string) == '\0';
}
