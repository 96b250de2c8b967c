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

/* Bytes of the well-formed UTF-8 sequence at bytes, 0 when there is none. Reads no further than the NUL. */
static size_t utf8_length(const unsigned char *bytes)
{
    unsigned char first = bytes[0];
    unsigned char low = 0x80;
    unsigned char high = 0xBF;
    size_t length = 0;
    if (first < 0x80) {
        return 1;
    }
    if (first >= 0xC2 && first <= 0xDF) {
        length = 2;
    } else if (first >= 0xE0 && first <= 0xEF) {
        length = 3;
        low = first == 0xE0 ? 0xA0 : low;   /* no overlong forms */
        high = first == 0xED ? 0x9F : high; /* no surrogates */
    } else if (first >= 0xF0 && first <= 0xF4) {
        length = 4;
        low = first == 0xF0 ? 0x90 : low;
        high = first == 0xF4 ? 0x8F : high; /* nothing above U+10FFFF */
    }
    for (size_t i = 1; i < length; i++) {
        if (bytes[i] < low || bytes[i] > high) {
            return 0;
        }
        low = 0x80;
        high = 0xBF;
    }
    return length;
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
