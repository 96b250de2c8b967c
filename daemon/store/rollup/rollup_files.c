/* SPDX-License-Identifier: Apache-2.0 */
/* rollup_files: which files there are, which of them go, and which are set aside. */
#include "store/rollup/rollup_internal.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "store/disk/disk.h"

enum { HOURS_A_DAY = 24 };

char *rollups_path(const struct rollups *rollups, const char *name)
{
    return mem_format("%s/%s", rollups->folder, name);
}

void rollups_set_aside(struct rollups *rollups, const char *path)
{
    char suffix[48];
    snprintf(suffix, sizeof(suffix), ".corrupt-%lld",
             (long long)(clock_wall_us(rollups->clock) / 1000000));
    if (disk_set_aside(path, suffix) == 0) {
        alarms_raise(rollups->alarms, STORE_JOURNAL_CORRUPT,
                     "%s is corrupt, set aside with the ending %s: roll-ups of that time are lost",
                     path, suffix);
    }
}

static int compare(const void *one, const void *other)
{
    const struct rollup_file *left = one;
    const struct rollup_file *right = other;
    return (left->first > right->first) - (left->first < right->first);
}

size_t rollups_list(const struct rollups *rollups, enum tier_kind kind, struct rollup_file **out)
{
    size_t count = 0;
    *out = NULL;
    DIR *folder = opendir(rollups->folder);
    if (folder == NULL) {
        return 0;
    }
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        struct rollup_file file = {0};
        if (tier_hours(kind, entry->d_name, &file.first, &file.end)) {
            snprintf(file.name, sizeof(file.name), "%.31s", entry->d_name);
            *out = mem_grow(*out, count + 1, sizeof(**out));
            (*out)[count++] = file;
        }
    }
    closedir(folder);
    if (count > 0) {
        qsort(*out, count, sizeof(**out), compare);
    }
    return count;
}

static void remove_file(const struct rollups *rollups, const char *name)
{
    char *path = rollups_path(rollups, name);
    const int ignored = disk_remove_database(path);
    (void)ignored;
    free(path);
}

/* A file goes when the newer ones alone span the days to keep: by the files there are, not by age, since a clock that
 * jumps ahead must not take what was kept. */
static void shed_kind(const struct rollups *rollups, enum tier_kind kind, int64_t days)
{
    struct rollup_file *files = NULL;
    const size_t count = rollups_list(rollups, kind, &files);
    int64_t hours = 0;
    for (size_t i = count; i-- > 0;) {
        if (i + 1 < count && hours >= days * HOURS_A_DAY) {
            remove_file(rollups, files[i].name);
        }
        /* The newest one has just begun, perhaps. */
        hours += i + 1 < count ? files[i].end - files[i].first : 0;
    }
    free(files);
}

void rollups_shed(struct rollups *rollups)
{
    shed_kind(rollups, TIER_MINUTES, rollups->minute_days);
    shed_kind(rollups, TIER_HOURS, rollups->hour_days);
}

static bool remove_set_aside(const struct rollups *rollups)
{
    bool is_removed = false;
    DIR *folder = opendir(rollups->folder);
    for (struct dirent *entry = NULL; folder != NULL && (entry = readdir(folder)) != NULL;) {
        if (strstr(entry->d_name, ".corrupt-") != NULL) {
            char *path = rollups_path(rollups, entry->d_name);
            is_removed |= unlink(path) == 0;
            free(path);
        }
    }
    if (folder != NULL) {
        closedir(folder);
    }
    return is_removed;
}

bool rollups_make_room(struct rollups *rollups)
{
    if (remove_set_aside(rollups)) {
        return true;
    }
    struct rollup_file *files = NULL;
    const size_t count = rollups_list(rollups, TIER_MINUTES, &files);
    if (count > 1) {
        remove_file(rollups, files[0].name);
    }
    free(files);
    return count > 1;
}

uint64_t rollups_highest(struct rollups *rollups, const char *name)
{
    struct rollup_file *files = NULL;
    const size_t count = rollups_list(rollups, TIER_MINUTES, &files);
    uint64_t highest = 0;
    for (size_t i = 0; i < count; i++) {
        char *path = rollups_path(rollups, files[i].name);
        struct tier *tier = NULL;
        uint64_t number = 0;
        if (tier_open_read(TIER_MINUTES, path, &tier) == 0 &&
            tier_number(tier, name, &number) == 0 && number > highest) {
            highest = number;
        }
        tier_close(tier);
        free(path);
    }
    free(files);
    return highest;
}
