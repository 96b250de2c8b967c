/* SPDX-License-Identifier: Apache-2.0 */
/* bits: a column is one bit for its form, a base, a width k and its codes: the part above k bits in ones closed by a zero,
 * then k bits. k 63: there are no codes, every difference is 0. */
#include "store/rollup/bits.h"

enum {
    BASE_WIDTH_BITS = 7,
    K_BITS = 6,
    K_ALL_ZERO = 63,
    ONES_MAX = 24, /* that many ones: the whole 64 bits follow */
    BYTE_BITS = 8,
    WORD_BITS = 64,
};

void bits_put(struct bit_writer *writer, uint64_t value, unsigned width)
{
    if (width > 32) {
        bits_put(writer, value & UINT32_MAX, 32);
        bits_put(writer, value >> 32, width - 32);
        return;
    }
    const uint64_t mask = (UINT64_C(1) << width) - 1;
    writer->waiting |= (value & mask) << writer->count;
    writer->count += width;
    while (writer->count >= BYTE_BITS) {
        bytes_put_u8(writer->bytes, (uint8_t)writer->waiting);
        writer->waiting >>= BYTE_BITS;
        writer->count -= BYTE_BITS;
    }
}

void bits_flush(struct bit_writer *writer)
{
    if (writer->count > 0) {
        bits_put(writer, 0, BYTE_BITS - writer->count);
    }
}

uint64_t bits_take(struct bit_reader *reader, unsigned width)
{
    if (width > 32) {
        const uint64_t low = bits_take(reader, 32);
        return low | bits_take(reader, width - 32) << 32;
    }
    while (reader->count < width) {
        reader->waiting |= (uint64_t)span_u8(&reader->span) << reader->count;
        reader->count += BYTE_BITS;
    }
    const uint64_t value = reader->waiting & ((UINT64_C(1) << width) - 1);
    reader->waiting >>= width;
    reader->count -= width;
    return value;
}

static uint64_t zigzag(uint64_t difference)
{
    return difference << 1 ^ (difference >> 63 != 0 ? UINT64_MAX : 0);
}

static uint64_t unzigzag(uint64_t code)
{
    return code >> 1 ^ ((code & 1) != 0 ? UINT64_MAX : 0);
}

static unsigned width_of(uint64_t value)
{
    return value == 0 ? 0 : WORD_BITS - (unsigned)__builtin_clzll(value);
}

struct form {
    bool is_chain; /* each is guessed by the one before, else all by the base */
    uint64_t base;
    unsigned k;
    size_t bits;
};

static uint64_t code_at(const struct form *form, const int64_t *values, size_t i)
{
    const uint64_t guess = form->is_chain && i > 0 ? (uint64_t)values[i - 1] : form->base;
    return zigzag((uint64_t)values[i] - guess);
}

static size_t code_bits(uint64_t code, unsigned k)
{
    const uint64_t ones = code >> k;
    return ones < ONES_MAX ? (size_t)ones + 1 + k : ONES_MAX + WORD_BITS;
}

static size_t bits_with(const struct form *form, const int64_t *values, size_t count)
{
    size_t bits = 0;
    for (size_t i = 0; i < count; i++) {
        bits += code_bits(code_at(form, values, i), form->k);
    }
    return bits;
}

/* The k for codes of that mean, and the one below: the better of the two. */
static void choose_width(struct form *form, const int64_t *values, size_t count)
{
    uint64_t highest = 0;
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        const uint64_t code = code_at(form, values, i);
        highest = code > highest ? code : highest;
        sum += (double)code;
    }
    const unsigned head = 1 + BASE_WIDTH_BITS + width_of(zigzag(form->base)) + K_BITS;
    form->k = K_ALL_ZERO;
    form->bits = head;
    if (highest == 0) {
        return;
    }
    const double mean = sum / (double)count;
    const unsigned high = mean < 1 ? 0 : width_of(mean < 9e18 ? (uint64_t)mean : UINT64_MAX / 4);
    form->k = high < K_ALL_ZERO ? high : K_ALL_ZERO - 1;
    form->bits = bits_with(form, values, count);
    struct form other = *form;
    other.k = form->k > 0 ? form->k - 1 : 0;
    other.bits = bits_with(&other, values, count);
    *form = other.bits < form->bits ? other : *form;
    form->bits += head;
}

static uint64_t middle(const int64_t *values, size_t count)
{
    /* In doubles: of values that large a bit more or less is no matter, and no sum can be too large. */
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        sum += (double)values[i];
    }
    const double mean = count > 0 ? sum / (double)count : 0;
    return mean > -9e18 && mean < 9e18 ? (uint64_t)(int64_t)mean : 0;
}

static struct form choose_form(const int64_t *values, size_t count)
{
    struct form chain = {.is_chain = true, .base = count > 0 ? (uint64_t)values[0] : 0};
    struct form level = {.base = middle(values, count)};
    choose_width(&chain, values, count);
    if (chain.k != K_ALL_ZERO) {
        choose_width(&level, values, count);
    }
    return chain.k == K_ALL_ZERO || chain.bits <= level.bits ? chain : level;
}

size_t bits_of_column(const int64_t *values, size_t count)
{
    return count == 0 ? 0 : choose_form(values, count).bits;
}

static void put_code(struct bit_writer *writer, uint64_t code, unsigned k)
{
    const uint64_t ones = code >> k;
    if (ones < ONES_MAX) {
        bits_put(writer, (UINT64_C(1) << ones) - 1, (unsigned)ones + 1);
        bits_put(writer, code, k);
    } else {
        bits_put(writer, (UINT64_C(1) << ONES_MAX) - 1, ONES_MAX);
        bits_put(writer, code, WORD_BITS);
    }
}

static uint64_t take_code(struct bit_reader *reader, unsigned k)
{
    uint64_t ones = 0;
    while (ones < ONES_MAX && bits_take(reader, 1) == 1) {
        ones++;
    }
    return ones < ONES_MAX ? ones << k | bits_take(reader, k) : bits_take(reader, WORD_BITS);
}

void bits_put_column(struct bit_writer *writer, const int64_t *values, size_t count)
{
    if (count == 0) {
        return;
    }
    const struct form form = choose_form(values, count);
    const uint64_t base = zigzag(form.base);
    bits_put(writer, form.is_chain, 1);
    bits_put(writer, width_of(base), BASE_WIDTH_BITS);
    bits_put(writer, base, width_of(base));
    bits_put(writer, form.k, K_BITS);
    for (size_t i = 0; i < count && form.k != K_ALL_ZERO; i++) {
        put_code(writer, code_at(&form, values, i), form.k);
    }
}

void bits_take_column(struct bit_reader *reader, int64_t *values, size_t count)
{
    if (count == 0) {
        return;
    }
    const bool is_chain = bits_take(reader, 1) == 1;
    const unsigned width = (unsigned)bits_take(reader, BASE_WIDTH_BITS);
    const uint64_t base = unzigzag(bits_take(reader, width < WORD_BITS ? width : WORD_BITS));
    const unsigned k = (unsigned)bits_take(reader, K_BITS);
    uint64_t guess = base;
    for (size_t i = 0; i < count; i++) {
        const uint64_t value = guess + (k == K_ALL_ZERO ? 0 : unzigzag(take_code(reader, k)));
        values[i] = (int64_t)value;
        guess = is_chain ? value : base;
    }
}
