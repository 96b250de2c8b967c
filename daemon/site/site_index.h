/* SPDX-License-Identifier: Apache-2.0 */
/* site_index: words of a site sorted, to find doubles and names among ten thousand. Inside daemon/config only. */
#ifndef LINGTAN_SITE_SITE_INDEX_H
#define LINGTAN_SITE_SITE_INDEX_H

#include <stddef.h>

struct site_entry {
    const char *word;
    size_t number; /* the caller's: in the order in which words were added */
};

/* All-zero is empty. Words are borrowed. */
struct site_index {
    struct site_entry *entries;
    size_t count;
    size_t capacity;
};

void site_index_add(struct site_index *index, const char *word, size_t number); /* "" is left out */
void site_index_sort(struct site_index *index); /* by word, then number */
/* After sorting: the first entry of the word, NULL when there is none. */
const struct site_entry *site_index_find(const struct site_index *index, const char *word);
void site_index_finish(struct site_index *index);

#endif
