/* SPDX-License-Identifier: Apache-2.0 */
/* profile_words: what the numbers of a state mean. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "profile/profile_parts.h"

enum { WORD_MAX = 40 };

static bool is_showable(const char *word)
{
    size_t length = strlen(word);
    for (size_t i = 0; i < length; i++) {
        if ((unsigned char)word[i] < ' ') {
            return false;
        }
    }
    return length > 0 && length <= WORD_MAX && word[0] != ' ' && !strpbrk(word, "'\"\\{}%");
}

bool profile_split_word(const char *entry, int64_t *number, const char **word)
{
    char *end = NULL;
    if (entry[0] < '0' || entry[0] > '9') {
        return false;
    }
    errno = 0;
    *number = strtoll(entry, &end, 0);
    *word = end + 1;
    return !errno && *end == ' ' && is_showable(*word);
}

static bool is_listed(const struct option_strings *words, size_t count, int64_t wanted)
{
    for (size_t i = 0; i < count; i++) {
        int64_t number = 0;
        const char *word = NULL;
        if (profile_split_word(words->items[i], &number, &word) && number == wanted) {
            return true;
        }
    }
    return false;
}

void profile_check_words(const struct profile_checking *check, size_t index)
{
    const struct profile_point *point = &check->points[index];
    const struct option_strings *words = &point->words;
    if (words->count > 0 && point->row->kind != QUANTITY_STATE) {
        profile_point_fault(check, index, "words", "is given, wants a state: %s is a %s",
                            point->row->name, quantity_kind_word(point->row->kind));
        return;
    }
    for (size_t i = 0; i < words->count; i++) {
        int64_t number = 0;
        const char *word = NULL;
        if (!profile_split_word(words->items[i], &number, &word)) {
            profile_point_fault(check, index, "words",
                                "holds \"%.60s\", wants a number and a word of at most 40 bytes "
                                "without quotes, braces, backslash and %%, such as \"3 charging\"",
                                words->items[i]);
        } else if (is_listed(words, i, number)) {
            profile_point_fault(check, index, "words",
                                "holds \"%.60s\", whose number is listed twice", words->items[i]);
        }
    }
}
