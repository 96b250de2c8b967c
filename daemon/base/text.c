/* SPDX-License-Identifier: Apache-2.0 */
/* text: the growing string. Numbers are in text_number.c, times in text_time.c. */
#include "base/text.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* Room for length more bytes and the NUL. */
static char *reserve(struct text *text, size_t length)
{
    size_t needed = text->length + length + 1;
    if (needed > text->capacity) {
        size_t capacity = text->capacity > 0 ? text->capacity : 64;
        while (capacity < needed) {
            capacity += capacity;
        }
        text->data = mem_grow(text->data, capacity, 1);
        text->capacity = capacity;
    }
    return text->data + text->length;
}

/* Well-formed UTF-8 (Unicode, table 3-7): the bounds of the second byte keep out overlong forms, surrogates and what is
 * above U+10FFFF. */
static const struct utf8_form {
    unsigned char first_low, first_high;
    unsigned char second_low, second_high;
    unsigned char length;
} utf8_forms[] = {
    {0xC2, 0xDF, 0x80, 0xBF, 2}, {0xE0, 0xE0, 0xA0, 0xBF, 3}, {0xE1, 0xEC, 0x80, 0xBF, 3},
    {0xED, 0xED, 0x80, 0x9F, 3}, {0xEE, 0xEF, 0x80, 0xBF, 3}, {0xF0, 0xF0, 0x90, 0xBF, 4},
    {0xF1, 0xF3, 0x80, 0xBF, 4}, {0xF4, 0xF4, 0x80, 0x8F, 4},
};

/* Does the sequence continue as its first byte says? Reads no further than the NUL. */
static bool continues(const unsigned char *bytes, const struct utf8_form *form)
{
    if (bytes[1] < form->second_low || bytes[1] > form->second_high) {
        return false;
    }
    for (size_t i = 2; i < form->length; i++) {
        if ((bytes[i] & 0xC0) != 0x80) {
            return false;
        }
    }
    return true;
}

/* Bytes of the character beyond ASCII at bytes, 0 when it is none. */
static size_t utf8_length(const unsigned char *bytes)
{
    for (size_t i = 0; i < ARRAY_SIZE(utf8_forms); i++) {
        const struct utf8_form *form = &utf8_forms[i];
        if (bytes[0] >= form->first_low && bytes[0] <= form->first_high) {
            return continues(bytes, form) ? form->length : 0;
        }
    }
    return 0;
}

static void add_json_control(struct text *text, unsigned char c)
{
    static const char short_forms[] = {
        ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r',
    };
    if (c < sizeof(short_forms) && short_forms[c] != 0) {
        text_add_char(text, '\\');
        text_add_char(text, short_forms[c]);
    } else {
        text_add_format(text, "\\u%04x", c);
    }
}

static bool is_plain(unsigned char c)
{
    return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

/* Appends one character that needs care and returns how many bytes it took. */
static size_t add_json_special(struct text *text, const unsigned char *at)
{
    if (*at == '"' || *at == '\\') {
        text_add_char(text, '\\');
        text_add_char(text, (char)*at);
        return 1;
    }
    if (*at < 0x20) {
        add_json_control(text, *at);
        return 1;
    }
    size_t length = utf8_length(at);
    if (length == 0) {
        text_add_string(text, "\xEF\xBF\xBD");
        return 1;
    }
    text_add(text, (const char *)at, length);
    return length;
}

void text_finish(struct text *text)
{
    if (text != NULL) {
        free(text->data);
        *text = (struct text){0};
    }
}

void text_clear(struct text *text)
{
    text->length = 0;
    if (text->data != NULL) {
        text->data[0] = '\0';
    }
}

void text_add(struct text *text, const char *bytes, size_t length)
{
    char *end = reserve(text, length);
    if (length > 0) {
        memcpy(end, bytes, length);
    }
    end[length] = '\0';
    text->length += length;
}

void text_add_string(struct text *text, const char *string)
{
    text_add(text, string, strlen(string));
}

void text_add_char(struct text *text, char c)
{
    char *end = reserve(text, 1);
    end[0] = c;
    end[1] = '\0';
    text->length++;
}

void text_add_format(struct text *text, const char *format, ...)
{
    char small[256];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(small, sizeof(small), format, args);
    va_end(args);
    if (length < 0) {
        return;
    }
    if ((size_t)length < sizeof(small)) {
        text_add(text, small, (size_t)length);
        return;
    }
    char *end = reserve(text, (size_t)length);
    va_start(args, format);
    vsnprintf(end, (size_t)length + 1, format, args);
    va_end(args);
    text->length += (size_t)length;
}

char *text_take(struct text *text)
{
    reserve(text, 0)[0] = '\0';
    char *data = text->data;
    *text = (struct text){0};
    return data;
}

void text_add_json_string(struct text *text, const char *string)
{
    const unsigned char *at = (const unsigned char *)string;
    text_add_char(text, '"');
    while (*at != '\0') {
        const unsigned char *start = at;
        while (is_plain(*at)) {
            at++;
        }
        text_add(text, (const char *)start, (size_t)(at - start));
        if (*at != '\0') {
            at += add_json_special(text, at);
        }
    }
    text_add_char(text, '"');
}

const char *plural_s(size_t count)
{
    return count == 1 ? "" : "s";
}
