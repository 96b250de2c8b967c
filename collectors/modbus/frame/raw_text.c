/* SPDX-License-Identifier: Apache-2.0 */
/* raw_text: registers to texts, as the device's own display shows them. Makers fill up with blanks, NULs or erased flash,
 * leave an older text behind the end of a shorter one, and give a character a byte or a register. */
#include "collectors/modbus/frame/raw.h"

#include <iconv.h>
#include <string.h>

enum { ERASED = 0xff }; /* a byte that is in no text of UTF-8 or GB 2312 */

static uint16_t word_at(const struct raw_layout *layout, const uint16_t *registers, size_t at)
{
    unsigned word = registers[at];
    bool is_swapped = layout->byte_order == BYTES_LOW_FIRST;
    return (uint16_t)(is_swapped ? word >> 8 | word << 8 : word);
}

/* Registers before one that holds no character at all. */
static size_t count_words(const struct raw_layout *layout, const uint16_t *registers)
{
    size_t count = 0;
    while (count < layout->count && registers[count] != 0 && registers[count] != 0xffff) {
        count++;
    }
    return count;
}

/* The bytes up to the first NUL; where one half of every register is empty, those of the other half. */
static size_t lay_out(const struct raw_layout *layout, const uint16_t *registers, uint8_t *bytes)
{
    size_t words = count_words(layout, registers);
    unsigned high = 0;
    unsigned low = 0;
    for (size_t i = 0; i < words; i++) {
        high |= word_at(layout, registers, i) >> 8;
        low |= word_at(layout, registers, i) & 0xffU;
    }
    bool is_narrow = high == 0 || (low == 0 && words > 1);
    size_t length = 0;
    for (size_t i = 0; i < words; i++) {
        uint16_t word = word_at(layout, registers, i);
        if (is_narrow) {
            bytes[length++] = (uint8_t)(high == 0 ? word : word >> 8);
        } else {
            bytes[length++] = (uint8_t)(word >> 8);
            bytes[length++] = (uint8_t)word;
        }
    }
    size_t end = 0;
    while (end < length && bytes[end] != '\0' && bytes[end] != ERASED) {
        end++;
    }
    return end;
}

static size_t trim(uint8_t *bytes, size_t length)
{
    size_t first = 0;
    while (first < length && bytes[first] == ' ') {
        first++;
    }
    while (length > first && bytes[length - 1] == ' ') {
        length--;
    }
    memmove(bytes, bytes + first, length - first);
    return length - first;
}

/* Encodings of the right length that stand for no character: overlong, surrogates, beyond U+10FFFF, C1 controls. */
static bool is_forbidden(uint8_t first, uint8_t second)
{
    return (first == 0xc2 && second < 0xa0) || (first == 0xe0 && second < 0xa0) ||
           (first == 0xed && second > 0x9f) || (first == 0xf0 && second < 0x90) ||
           (first == 0xf4 && second > 0x8f);
}

/* The length of the UTF-8 character at bytes, 0 when it is none; *is_cut: the registers end within it. */
static size_t character_length(const uint8_t *bytes, size_t left, bool *is_cut)
{
    if (bytes[0] < 0x80) {
        return 1;
    }
    size_t length = bytes[0] >= 0xf0 ? 4 : bytes[0] >= 0xe0 ? 3 : 2;
    if (bytes[0] < 0xc2 || bytes[0] > 0xf4) {
        return 0;
    }
    for (size_t i = 1; i < length && i < left; i++) {
        if ((bytes[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    *is_cut = length > left;
    return *is_cut || is_forbidden(bytes[0], bytes[1]) ? 0 : length;
}

static bool is_utf8(const uint8_t *bytes, size_t length)
{
    bool is_cut = false;
    for (size_t at = 0; at < length;) {
        size_t step = character_length(bytes + at, length - at, &is_cut);
        if (step == 0) {
            return is_cut;
        }
        at += step;
    }
    return true;
}

static bool is_pair(const uint8_t *bytes, size_t left)
{
    return left >= 2 && bytes[0] >= 0xa1 && bytes[0] <= 0xf7 && bytes[1] >= 0xa1 &&
           bytes[1] <= 0xfe;
}

/* Texts of other alphabets hardly ever have all their high bytes in such pairs. */
static bool is_chinese(const uint8_t *bytes, size_t length)
{
    for (size_t at = 0; at < length;) {
        bool is_double = is_pair(bytes + at, length - at);
        if (!is_double && bytes[at] >= 0x80) {
            return false;
        }
        at += is_double ? 2 : 1;
    }
    return true;
}

/* The bytes stand at the end of the room, so that what is written never overtakes what is still to be read. False: there
 * is a pair that is no character, or the system does not know the code. */
static bool convert_chinese(const uint8_t *from, size_t length, char *out, size_t *used)
{
    iconv_t converter = iconv_open("UTF-8", "GB2312");
    bool is_good = converter != (iconv_t)-1;
    size_t written = 0;
    for (size_t at = 0; is_good && at < length;) {
        size_t left = is_pair(from + at, length - at) ? 2 : 1;
        char pair[2] = {(char)from[at], (char)(left > 1 ? from[at + 1] : 0)};
        char *in = pair;
        char character[4];
        char *to = character;
        size_t room = left > 1 ? 3 : 1;
        at += left;
        is_good = iconv(converter, &in, &left, &to, &room) != (size_t)-1;
        memcpy(out + written, character, (size_t)(to - character));
        written += (size_t)(to - character);
    }
    if (converter != (iconv_t)-1) {
        iconv_close(converter);
    }
    *used = written;
    return is_good;
}

static bool is_control(uint8_t byte)
{
    return byte < ' ' || byte == 0x7f;
}

/* In place: controls are dropped, each run of what is no character is a question mark, but one that the end cut in two
 * is nothing. */
static size_t keep_printable(uint8_t *bytes, size_t length)
{
    size_t used = 0;
    bool is_run = false;
    bool is_cut = false;
    for (size_t at = 0; at < length && !is_cut;) {
        size_t step = character_length(bytes + at, length - at, &is_cut);
        bool is_lost = step == 0 && !is_cut;
        if (is_lost && !is_run) {
            bytes[used++] = '?';
        } else if (step > 0 && !is_control(bytes[at])) {
            memmove(bytes + used, bytes + at, step);
            used += step;
        }
        is_run = is_lost;
        at += step > 0 ? step : 1;
    }
    return used;
}

size_t raw_text(const struct raw_layout *layout, const uint16_t *registers, char *out)
{
    uint8_t *bytes = (uint8_t *)out;
    size_t used = trim(bytes, lay_out(layout, registers, bytes));
    if (!is_utf8(bytes, used) && is_chinese(bytes, used)) {
        uint8_t *from = bytes + 3 * layout->count - used;
        memmove(from, bytes, used);
        size_t length = 0;
        if (convert_chinese(from, used, out, &length)) {
            used = length;
        } else {
            used = trim(bytes, lay_out(layout, registers, bytes));
        }
    }
    used = trim(bytes, keep_printable(bytes, used));
    out[used] = '\0';
    return used;
}
