/* SPDX-License-Identifier: Apache-2.0 */
/* journal_reader: what journal_reader.c (by position) and journal_history.c (by time) share. */
#ifndef LINGTAN_STORE_JOURNAL_READER_H
#define LINGTAN_STORE_JOURNAL_READER_H

#include "store/journal/day_source.h"
#include "store/journal/journal.h"
#include "store/store.h"

struct journal_reader {
    struct store *store;
    struct day_source *source; /* NULL = no file open */
    uint64_t serial;           /* of that file */
    uint64_t next;             /* the position looked for */
    struct day_block block;    /* being walked, or the place by time */
    struct block_walk walk;
    bool is_walking;
};

/* Opens the file, unless it is the one that is open. */
int reader_use_file(struct journal_reader *reader, struct journal *journal,
                    const struct journal_file *file) MUST_USE;
void reader_let_go(struct journal_reader *reader);

/* What to make of an error of a file: 0 = go on without it. */
int reader_judge(struct journal_reader *reader, struct journal *journal, uint64_t serial,
                 int error) MUST_USE;
void reader_count_bad_block(struct journal_reader *reader, struct journal *journal);

#endif
