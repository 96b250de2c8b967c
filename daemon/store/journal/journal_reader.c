/* SPDX-License-Identifier: Apache-2.0 */
/* journal_reader: committed batches in order of position. Holds one file open and one block decoded as far as asked, so
 * draining costs one query a block. When there is nothing more it lets go of everything: a reader whose sink is live
 * costs nothing. */
#include "store/journal/journal_reader.h"

#include <stdlib.h>

#include "base/mem.h"
#include "store/store_internal.h"

int journal_reader_open(struct store *store, struct journal_reader **out)
{
    struct journal_reader *reader = mem_alloc(sizeof(*reader));
    reader->store = store;
    *out = reader;
    return 0;
}

void reader_let_go(struct journal_reader *reader)
{
    day_source_close(reader->source);
    bytes_finish(&reader->block.payload);
    reader->source = NULL;
    reader->serial = 0;
    reader->is_walking = false;
}

void journal_reader_close(struct journal_reader *reader)
{
    if (reader != NULL) {
        reader_let_go(reader);
        free(reader);
    }
}

int reader_use_file(struct journal_reader *reader, struct journal *journal,
                    const struct journal_file *file)
{
    if (reader->source != NULL && reader->serial == file->serial) {
        return 0;
    }
    reader_let_go(reader);
    char *path = journal_path(journal, file->name);
    const int error = day_source_open(path, &reader->source);
    free(path);
    reader->serial = error == 0 ? file->serial : 0;
    return error;
}

/* A file that is no longer listed was shed while it was read: that it can't be read then is no fault. */
int reader_judge(struct journal_reader *reader, struct journal *journal, uint64_t serial, int error)
{
    reader_let_go(reader);
    if (!journal_has(journal, serial)) {
        return 0;
    }
    if (error == -EUCLEAN || error == -ENOENT) {
        journal_suspect(journal, serial);
        atomic_store(&reader->store->wants_upkeep, true);
        store_wake(reader->store);
        return 0;
    }
    return error;
}

void reader_count_bad_block(struct journal_reader *reader, struct journal *journal)
{
    if (journal_has(journal, reader->serial)) {
        atomic_fetch_add(&journal->bad_blocks, 1);
    }
}

/* Looks once for a block at or after reader->next. 1: it is being walked; 0: look again, next or the files have moved on;
 * -ENOENT: there is nothing yet. */
static int look(struct journal_reader *reader, struct journal *journal)
{
    struct journal_file file;
    bool is_last = false;
    if (!journal_find(journal, reader->next, &file, &is_last)) {
        return -ENOENT;
    }
    int found = reader_use_file(reader, journal, &file);
    if (found == 0) {
        found = day_source_next(reader->source, reader->next, &reader->block);
    }
    if (found == 1) {
        found = block_walk_init(&reader->walk, reader->block.payload.data,
                                reader->block.payload.length);
        reader->is_walking = found == 0;
        if (found == 0) {
            return 1;
        }
    }
    if (found == -EBADMSG) {
        reader_count_bad_block(reader, journal);
        reader->next = reader->block.last_position + 1;
        return 0;
    }
    if (found < 0) {
        return reader_judge(reader, journal, file.serial, found);
    }
    if (is_last) {
        return -ENOENT;
    }
    reader->next = file.extent.last_position + 1;
    return 0;
}

static int find_block(struct journal_reader *reader, struct journal *journal)
{
    int found = 0;
    while (found == 0) {
        found = look(reader, journal);
    }
    return found;
}

/* A batch that can't be understood, now or ever; any other error may pass. */
static bool is_lost(int error)
{
    return error == -EBADMSG || error == -ENOENT;
}

/* The next batch of the block being walked; *out is NULL at its end. */
static int next_of_block(struct journal_reader *reader, struct journal *journal, struct batch **out)
{
    struct block_entry entry;
    *out = NULL;
    while (block_walk_next(&reader->walk, &entry)) {
        const struct layout *layout = NULL;
        if (entry.position < reader->next) {
            continue;
        }
        int error = day_source_layout(reader->source, entry.layout_id, &layout);
        if (error == 0) {
            error = block_decode(&entry, layout, out);
        }
        if (error == 0) {
            (*out)->clock = reader->block.clock;
            reader->next = entry.position + 1;
            return 0;
        }
        if (!is_lost(error)) {
            return reader_judge(reader, journal, reader->serial, error);
        }
        reader_count_bad_block(reader, journal);
    }
    reader->is_walking = false;
    if (reader->next <= reader->block.last_position) {
        reader->next = reader->block.last_position + 1;
    }
    return 0;
}

int journal_reader_next(struct journal_reader *reader, uint64_t from, struct batch **batches,
                        size_t max, size_t *count)
{
    struct journal *journal = atomic_load(&reader->store->journal);
    size_t found = 0;
    int error = 0;
    if (from != reader->next) {
        reader->next = from;
        reader->is_walking = false;
    }
    while (journal != NULL && found < max && error == 0) {
        if (!reader->is_walking) {
            const int looked = find_block(reader, journal);
            error = looked < 0 ? looked : 0;
            continue;
        }
        struct batch *batch = NULL;
        error = next_of_block(reader, journal, &batch);
        if (batch != NULL) {
            batches[found++] = batch;
        }
    }
    if (error == -ENOENT) {
        error = 0;
    }
    if (found > 0) {
        error = 0; /* it comes again with the next call */
    } else if (error == 0) {
        reader_let_go(reader);
    }
    *count = found;
    return error;
}
