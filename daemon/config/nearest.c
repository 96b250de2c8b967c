/* SPDX-License-Identifier: Apache-2.0 */
/* nearest: what a person probably meant: edit distance with swapped neighbours, upper and lower case alike. */
#include <ctype.h>
#include <string.h>

#include "config/config.h"

enum {
    WORD_MAX = 64, /* longer words are nobody's typing error */
};

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static int lower(char c)
{
    return tolower((unsigned char)c);
}

/* Optimal string alignment over three rolling rows. Both words are at most WORD_MAX long. */
static size_t distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
    size_t rows[3][WORD_MAX + 1];
    for (size_t j = 0; j <= b_length; j++) {
        rows[0][j] = j;
    }
    for (size_t i = 1; i <= a_length; i++) {
        size_t *now = rows[i % 3];
        const size_t *last = rows[(i + 2) % 3];
        const size_t *before = rows[(i + 1) % 3];
        now[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            size_t differs = lower(a[i - 1]) != lower(b[j - 1]);
            now[j] = least(least(last[j], now[j - 1]) + 1, last[j - 1] + differs);
            if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
                lower(a[i - 2]) == lower(b[j - 1])) {
                now[j] = least(now[j], before[j - 2] + 1);
            }
        }
    }
    return rows[a_length % 3][b_length];
}

/* A third of the word may be wrong: more than that is another word. */
static size_t tolerance(size_t length)
{
    return length < 3 ? 1 : length / 3;
}

const char *nearest_word(const char *wrong, const char *const *words)
{
    size_t length = strlen(wrong);
    if (length == 0 || length > WORD_MAX) {
        return NULL;
    }
    size_t best = tolerance(length) + 1;
    const char *nearest = NULL;
    for (; *words; words++) {
        size_t word_length = strlen(*words);
        size_t longer = word_length > length ? word_length - length : length - word_length;
        if (word_length == 0 || word_length > WORD_MAX || longer >= best) {
            continue;
        }
        size_t far = distance(wrong, length, *words, word_length);
        /* A one-letter word would be near to every other one. */
        if (far < best && far < word_length) {
            best = far;
            nearest = *words;
        }
    }
    return nearest;
}
