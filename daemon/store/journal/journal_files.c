/* SPDX-License-Identifier: Apache-2.0 */
/* journal_files: the list of day files: found at start, kept in order, asked by readers. */
#include "store/journal/journal.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "store/disk/disk.h"
#include "store/store.h"

static const int64_t day_us = 86400LL * 1000000;

int64_t journal_today(const struct journal *journal)
{
    const int64_t now_us = clock_wall_us(journal->clock);
    return now_us >= 0 ? now_us / day_us : -1 - (-1 - now_us) / day_us;
}

char *journal_path(const struct journal *journal, const char *name)
{
    return mem_format("%s/%s", journal->folder, name);
}

const struct journal_file *journal_newest(const struct journal *journal)
{
    return journal->count > 0 ? &journal->files[journal->count - 1] : NULL;
}

/* A file that was begun and never written to has the first position of the one that followed it. */
static bool is_after(const struct day_extent *one, const struct day_extent *other)
{
    return one->first_position != other->first_position
               ? one->first_position > other->first_position
               : one->last_position > other->last_position;
}

void journal_list(struct journal *journal, const char *name, const struct day_extent *extent)
{
    char *path = journal_path(journal, name);
    struct journal_file file = {.extent = *extent, .bytes = disk_file_bytes(path)};
    free(path);
    snprintf(file.name, sizeof(file.name), "%s", name);
    pthread_mutex_lock(&journal->mutex);
    file.serial = ++journal->next_serial;
    journal->files = mem_grow(journal->files, journal->count + 1, sizeof(file));
    size_t place = journal->count++;
    while (place > 0 && is_after(&journal->files[place - 1].extent, extent)) {
        journal->files[place] = journal->files[place - 1];
        place--;
    }
    journal->files[place] = file;
    pthread_mutex_unlock(&journal->mutex);
    journal->max_seq = extent->max_seq > journal->max_seq ? extent->max_seq : journal->max_seq;
}

void journal_unlist(struct journal *journal, uint64_t serial)
{
    pthread_mutex_lock(&journal->mutex);
    for (size_t i = 0; i < journal->count; i++) {
        if (journal->files[i].serial == serial) {
            journal->count--;
            memmove(&journal->files[i], &journal->files[i + 1],
                    (journal->count - i) * sizeof(journal->files[0]));
            break;
        }
    }
    pthread_mutex_unlock(&journal->mutex);
}

void journal_note_extent(struct journal *journal)
{
    const struct day_extent *extent = day_extent(journal->day);
    pthread_mutex_lock(&journal->mutex);
    journal->files[journal->count - 1].extent = *extent;
    pthread_mutex_unlock(&journal->mutex);
    journal->max_seq = extent->max_seq > journal->max_seq ? extent->max_seq : journal->max_seq;
}

int journal_set_aside(struct journal *journal, const struct journal_file *file)
{
    pthread_mutex_lock(&journal->mutex);
    const struct journal_file gone = *file;
    pthread_mutex_unlock(&journal->mutex);
    char suffix[48];
    snprintf(suffix, sizeof(suffix), ".corrupt-%lld",
             (long long)(clock_wall_us(journal->clock) / 1000000));
    char *path = journal_path(journal, gone.name);
    int error = disk_set_aside(path, suffix);
    if (error == -ENOENT) {
        journal_unlist(journal, gone.serial);
        alarms_raise(journal->alarms, STORE_JOURNAL_CORRUPT, "%s was taken away", path);
        error = 0;
    } else if (error == 0) {
        journal_unlist(journal, gone.serial);
        journal->aside_bytes += gone.bytes;
        alarms_raise(journal->alarms, STORE_JOURNAL_CORRUPT, "%s is corrupt, set aside as %s%s",
                     path, gone.name, suffix);
    }
    free(path);
    return error;
}

static int take_file(struct journal *journal, const char *name)
{
    struct day_extent extent;
    char *path = journal_path(journal, name);
    int error = day_measure(path, &extent);
    if (error == 0) {
        journal_list(journal, name, &extent);
    } else if (error == -ENODATA) {
        error = disk_remove_database(path);
    } else if (error == -EUCLEAN) {
        struct journal_file corrupt = {.bytes = disk_file_bytes(path)};
        snprintf(corrupt.name, sizeof(corrupt.name), "%s", name);
        error = journal_set_aside(journal, &corrupt);
    }
    free(path);
    return error;
}

static bool ends_with(const char *name, const char *ending)
{
    const size_t length = strlen(name);
    const size_t tail = strlen(ending);
    return length >= tail && strcmp(name + length - tail, ending) == 0;
}

/* Names first: measuring makes and removes side files in the folder being listed. */
static struct text *list_names(struct journal *journal, size_t *count)
{
    struct text *names = NULL;
    DIR *folder = opendir(journal->folder);
    *count = 0;
    if (folder == NULL) {
        return NULL;
    }
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        names = mem_grow(names, *count + 1, sizeof(*names));
        names[*count] = (struct text){0};
        text_add_string(&names[*count], entry->d_name);
        (*count)++;
    }
    closedir(folder);
    return names;
}

int journal_scan(struct journal *journal)
{
    size_t count = 0;
    int error = 0;
    struct text *names = list_names(journal, &count);
    for (size_t i = 0; i < count; i++) {
        const char *name = names[i].data;
        if (strstr(name, ".corrupt-") != NULL) {
            char *path = journal_path(journal, name);
            journal->aside_bytes += disk_file_bytes(path);
            free(path);
        } else if (error == 0 && ends_with(name, ".db") && strlen(name) < JOURNAL_NAME_SIZE) {
            error = take_file(journal, name);
        }
        text_finish(&names[i]);
    }
    free(names);
    return error;
}

/* Of a day that has several files, and never a name that was set aside: a reader may still hold that one. */
static bool is_taken(const struct journal *journal, const char *name)
{
    bool found = false;
    DIR *folder = opendir(journal->folder);
    if (folder == NULL) {
        return false;
    }
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        found |= strncmp(entry->d_name, name, strlen(name)) == 0;
    }
    closedir(folder);
    return found;
}

int journal_name_new(struct journal *journal, char name[JOURNAL_NAME_SIZE])
{
    enum { TRIES_MAX = 10000, DATE_LENGTH = 10 };
    struct text date = {0};
    text_add_time(&date, clock_wall_us(journal->clock));
    snprintf(name, JOURNAL_NAME_SIZE, "%.*s.db", DATE_LENGTH, date.data);
    int tries = 1;
    while (is_taken(journal, name) && tries < TRIES_MAX) {
        snprintf(name, JOURNAL_NAME_SIZE, "%.*s-%d.db", DATE_LENGTH, date.data, ++tries);
    }
    text_finish(&date);
    return tries < TRIES_MAX ? 0 : -EEXIST;
}

uint64_t journal_last_position(struct journal *journal)
{
    pthread_mutex_lock(&journal->mutex);
    const struct journal_file *newest = journal_newest(journal);
    const uint64_t last = newest != NULL ? newest->extent.last_position : 0;
    pthread_mutex_unlock(&journal->mutex);
    return last;
}

bool journal_find(struct journal *journal, uint64_t from, struct journal_file *out, bool *is_last)
{
    bool found = false;
    pthread_mutex_lock(&journal->mutex);
    for (size_t i = 0; i < journal->count && !found; i++) {
        const struct journal_file *file = &journal->files[i];
        *is_last = i + 1 == journal->count;
        if (!file->is_suspect && (*is_last || file->extent.last_position >= from)) {
            *out = *file;
            found = true;
        }
    }
    pthread_mutex_unlock(&journal->mutex);
    return found;
}

static int compare_times(const void *one, const void *other)
{
    const struct journal_file *left = one;
    const struct journal_file *right = other;
    return (left->extent.first_us > right->extent.first_us) -
           (left->extent.first_us < right->extent.first_us);
}

size_t journal_find_times(struct journal *journal, int64_t from_us, int64_t to_us,
                          struct journal_file **out)
{
    size_t count = 0;
    pthread_mutex_lock(&journal->mutex);
    struct journal_file *files = mem_alloc_array(journal->count, sizeof(*files));
    for (size_t i = 0; i < journal->count; i++) {
        const struct day_extent *extent = &journal->files[i].extent;
        if (!journal->files[i].is_suspect && extent->last_position >= extent->first_position &&
            extent->first_us < to_us && extent->last_us >= from_us) {
            files[count++] = journal->files[i];
        }
    }
    pthread_mutex_unlock(&journal->mutex);
    qsort(files, count, sizeof(*files), compare_times);
    *out = files;
    return count;
}

bool journal_has(struct journal *journal, uint64_t serial)
{
    bool found = false;
    pthread_mutex_lock(&journal->mutex);
    for (size_t i = 0; i < journal->count; i++) {
        found |= journal->files[i].serial == serial && !journal->files[i].is_suspect;
    }
    pthread_mutex_unlock(&journal->mutex);
    return found;
}

void journal_suspect(struct journal *journal, uint64_t serial)
{
    pthread_mutex_lock(&journal->mutex);
    for (size_t i = 0; i < journal->count; i++) {
        if (journal->files[i].serial == serial) {
            journal->files[i].is_suspect = true;
        }
    }
    pthread_mutex_unlock(&journal->mutex);
}
