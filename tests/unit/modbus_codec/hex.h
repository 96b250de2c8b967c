/* SPDX-License-Identifier: Apache-2.0 */
/* hex: frames as a person writes them. For the tests of this folder. */
#ifndef TESTS_MODBUS_CODEC_HEX_H
#define TESTS_MODBUS_CODEC_HEX_H

#include <ctype.h>
#include <stddef.h>
#include <stdint.h>

static inline uint8_t hex_digit(char c)
{
    return (uint8_t)(isdigit((unsigned char)c) ? c - '0' : toupper((unsigned char)c) - 'A' + 10);
}

/* "11 03 006B" to bytes; blanks are only for the eye. Returns how many. */
static inline size_t hex_bytes(const char *text, uint8_t *out)
{
    size_t size = 0;
    while (*text != '\0') {
        if (*text == ' ') {
            text++;
            continue;
        }
        out[size++] = (uint8_t)(hex_digit(text[0]) << 4 | hex_digit(text[1]));
        text += 2;
    }
    return size;
}

#endif
