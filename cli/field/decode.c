/* SPDX-License-Identifier: Apache-2.0 */
/* decode: the tables of lingtan read. */
#include "cli/field/decode.h"

#include <math.h>

#include "base/mem.h"
#include "cli/screen/table.h"
#include "collectors/modbus/frame/raw.h"

enum {
    BITS_A_ROW = 16,
};

/* The four orders of a value, by the letters that documents use: A is the most significant byte. */
struct order {
    int word_order;
    int byte_order;
    const char *pair;
    const char *four;
};

static const struct order orders[] = {
    {WORDS_HIGH_FIRST, BYTES_HIGH_FIRST, "ABCD", "ABCDEFGH"},
    {WORDS_LOW_FIRST, BYTES_HIGH_FIRST, "CDAB", "GHEFCDAB"},
    {WORDS_HIGH_FIRST, BYTES_LOW_FIRST, "BADC", "BADCFEHG"},
    {WORDS_LOW_FIRST, BYTES_LOW_FIRST, "DCBA", "HGFEDCBA"},
};

static struct raw_layout layout_of(int type, const struct order *order, size_t count)
{
    return (struct raw_layout){
        .type = type,
        .word_order = order->word_order,
        .byte_order = order->byte_order,
        .count = count,
    };
}

static void add_float(struct table *table, const struct order *order, const uint16_t *registers,
                      size_t count)
{
    const struct raw_layout layout =
        layout_of(count == 2 ? REGISTER_F32 : REGISTER_F64, order, count);
    double value = raw_float(&layout, registers);
    struct text text = {0};
    if (isfinite(value)) {
        text_add_float(&text, value, count == 2);
    } else {
        text_add_string(&text, isnan(value) ? "NaN" : value > 0 ? "+inf" : "-inf");
    }
    table_add_text(table, STYLE_NONE, &text);
}

static void add_wide_row(struct table *table, unsigned address, const struct order *order,
                         const uint16_t *registers, size_t count)
{
    const struct raw_layout layout =
        layout_of(count == 2 ? REGISTER_U32 : REGISTER_U64, order, count);
    uint64_t bits = raw_bits(&layout, registers);
    int64_t negative = count == 2 ? (int32_t)(uint32_t)bits : (int64_t)bits;
    bool is_first = order == &orders[0];
    if (is_first) {
        table_add_format(table, STYLE_NONE, "%u", address);
    } else {
        table_add(table, STYLE_NONE, "");
    }
    table_add(table, STYLE_DIM, count == 2 ? order->pair : order->four);
    table_add_format(table, STYLE_NONE, count == 2 ? "%08llX" : "%016llX",
                     (unsigned long long)bits);
    table_add_format(table, STYLE_NONE, "%llu", (unsigned long long)bits);
    table_add_format(table, STYLE_NONE, "%lld", (long long)negative);
    add_float(table, order, registers, count);
}

static void add_wide(struct text *out, uint16_t address, const uint16_t *registers, size_t count,
                     size_t width, bool has_colour)
{
    static const struct table_column pair_columns[] = {{"address", true}, {"order", false},
                                                       {"hex", false},    {"u32", true},
                                                       {"i32", true},     {"f32", true}};
    static const struct table_column four_columns[] = {{"address", true}, {"order", false},
                                                       {"hex", false},    {"u64", true},
                                                       {"i64", true},     {"f64", true}};
    struct table table;
    table_init(&table, width == 2 ? pair_columns : four_columns, ARRAY_SIZE(pair_columns));
    for (size_t i = 0; i + width <= count; i++) {
        for (size_t j = 0; j < ARRAY_SIZE(orders); j++) {
            add_wide_row(&table, (unsigned)(address + i), &orders[j], registers + i, width);
        }
    }
    text_add_char(out, '\n');
    table_render(&table, has_colour, out);
    table_finish(&table);
}

static char shown_byte(unsigned byte)
{
    return byte >= 0x20 && byte < 0x7F ? (char)byte : '.';
}

static void add_single(struct text *out, uint16_t address, const uint16_t *registers, size_t count,
                       bool has_colour)
{
    static const struct table_column columns[] = {
        {"address", true}, {"hex", false},   {"u16", true},  {"i16", true},
        {"swapped", true}, {"chars", false}, {"bits", false}};
    struct table table;
    table_init(&table, columns, ARRAY_SIZE(columns));
    for (size_t i = 0; i < count; i++) {
        unsigned word = registers[i];
        struct text bits = {0};
        for (int bit = 15; bit >= 0; bit--) {
            text_add_char(&bits, word >> bit & 1 ? '1' : '0');
            if (bit % 4 == 0 && bit > 0) {
                text_add_char(&bits, ' ');
            }
        }
        table_add_format(&table, STYLE_NONE, "%u", (unsigned)(address + i));
        table_add_format(&table, STYLE_NONE, "0x%04X", word);
        table_add_format(&table, STYLE_NONE, "%u", word);
        table_add_format(&table, STYLE_NONE, "%d", (int16_t)word);
        table_add_format(&table, STYLE_NONE, "%u", (word >> 8 | word << 8) & 0xFFFF);
        table_add_format(&table, STYLE_NONE, "%c%c", shown_byte(word >> 8),
                         shown_byte(word & 0xFF));
        table_add_text(&table, STYLE_NONE, &bits);
    }
    table_render(&table, has_colour, out);
    table_finish(&table);
}

void decode_registers(struct text *out, uint16_t address, const uint16_t *registers, size_t count,
                      bool has_colour)
{
    add_single(out, address, registers, count, has_colour);
    if (count >= 2) {
        add_wide(out, address, registers, count, 2, has_colour);
    }
    if (count >= 4) {
        add_wide(out, address, registers, count, 4, has_colour);
    }
    text_add_string(out, "\ntext \"");
    for (size_t i = 0; i < count; i++) {
        text_add_char(out, shown_byte(registers[i] >> 8));
        text_add_char(out, shown_byte(registers[i] & 0xFFU));
    }
    text_add_string(out, "\"\n");
}

void decode_bits(struct text *out, uint16_t address, const uint16_t *registers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (i % BITS_A_ROW == 0) {
            text_add_format(out, "%s%7u ", i > 0 ? "\n" : "", (unsigned)(address + i));
        }
        text_add_format(out, " %u", registers[i / 16] >> i % 16 & 1U);
    }
    text_add_char(out, '\n');
}
