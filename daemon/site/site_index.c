/* SPDX-License-Identifier: Apache-2.0 */
/* site_index: a sorted array of words. */
#include "site/site_index.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void site_index_add(struct site_index *index, const char *word, size_t number)
{
    if (!word[0]) {
        return;
    }
    if (index->count == index->capacity) {
        index->capacity = index->capacity ? index->capacity * 2 : 64;
        index->entries = mem_grow(index->entries, index->capacity, sizeof(*index->entries));
    }
    index->entries[index->count++] = (struct site_entry){.word = word, .number = number};
}

static int compare(const void *one, const void *other)
{
    const struct site_entry *a = one;
    const struct site_entry *b = other;
    int order = strcmp(a->word, b->word);
    return order != 0 ? order : (a->number > b->number) - (a->number < b->number);
}

void site_index_sort(struct site_index *index)
{
    if (index->count > 0) {
        qsort(index->entries, index->count, sizeof(*index->entries), compare);
    }
}

const struct site_entry *site_index_find(const struct site_index *index, const char *word)
{
    size_t low = 0;
    size_t high = index->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(index->entries[middle].word, word) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    bool is_found = low < index->count && !strcmp(index->entries[low].word, word);
    return is_found ? &index->entries[low] : NULL;
}

void site_index_finish(struct site_index *index)
{
    free(index->entries);
    *index = (struct site_index){0};
}
