/* SPDX-License-Identifier: Apache-2.0 */
/* profile: the folder of register maps, each file read by itself so that one bad file hides nothing of the others. */
#include <lingtan/profile.h>

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "config/memory.h"
#include "config/option.h"
#include "profile/profile_parts.h"
#include <lingtan/log.h>

enum {
    PROFILES_MAX = 10000,
};

/* Each with its own memory, so that it can be forgotten. */
struct loaded {
    struct profile profile; /* first: sorted and found by its id */
    struct config_memory *memory;
    bool is_used;
};

struct profiles {
    struct loaded *items; /* by id */
    size_t count;
    const char **ids; /* NULL-terminated */
};

static const char suffix[] = ".conf";

static int is_profile_file(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);
    size_t tail = sizeof(suffix) - 1;
    return entry->d_name[0] != '.' && length > tail &&
           !strcmp(entry->d_name + length - tail, suffix);
}

static int compare_entries(const struct dirent **one, const struct dirent **other)
{
    return strcmp((*one)->d_name, (*other)->d_name);
}

static bool check_amount(const char *path, const char *list, size_t count, size_t least,
                         size_t most, struct faults *faults)
{
    if (count >= least && count <= most) {
        return true;
    }
    faults_add(faults, (struct origin){.file = path}, list, "holds %zu, wants %zu..%zu", count,
               least, most);
    return false;
}

static void complete(struct profile *profile, const char *path, struct config_memory *memory,
                     struct faults *faults, bool is_whole)
{
    size_t least = is_whole && profile->discovery == DISCOVERY_NONE ? 1 : 0;
    if (check_amount(path, "points", profile->points.count, least, PROFILE_POINTS_MAX, faults) &&
        check_amount(path, "setpoints", profile->setpoints.count, 0, PROFILE_SETPOINTS_MAX,
                     faults) &&
        check_amount(path, "helpers", profile->helpers.count, 0, PROFILE_HELPERS_MAX, faults) &&
        check_amount(path, "barriers", profile->barriers.count, 0, PROFILE_BARRIERS_MAX, faults) &&
        check_amount(path, "identify", profile->identify.count, 0, PROFILE_SIGNATURES_MAX,
                     faults)) {
        profile_derive(profile, memory, faults);
        profile_derive_writes(profile, memory, faults);
        profile_derive_signatures(profile, faults);
        profile_check(profile, path, faults);
    }
}

/* A profile with faults stays known by its name, so that the site's faults are its own, but holds nothing that could
 * mislead whoever goes on in spite of the faults. */
static void empty(struct profile *profile)
{
    profile->points = (struct option_list){0};
    profile->setpoints = (struct option_list){0};
    profile->helpers = (struct option_list){0};
    profile->barriers = (struct option_list){0};
    profile->identify = (struct option_list){0};
}

/* A profile from before the group write still loads, so that what it reads goes on being collected after an upgrade. How
 * its points are written it does not say, and to guess is not for a program that writes. */
static void warn_of_old_words(const struct profile *profile)
{
    const struct profile_point *points = profile->points.items;
    for (size_t i = 0; i < profile->points.count; i++) {
        if (points[i].is_writable && !write_is_given(&points[i].write)) {
            log_warning("%s:%d: points[%zu].is_writable: says too little since there is a group "
                        "write: %s is read as before, but cannot be written until the point has "
                        "write: { min = ..; max = ..; } instead (docs/CONFIG.md, write)",
                        points[i].origin.file, points[i].origin.line, i, points[i].name);
            return;
        }
    }
}

static void load_profile(struct profiles *profiles, const char *folder, const char *file,
                         struct faults *faults)
{
    struct loaded *loaded = &profiles->items[profiles->count];
    struct profile *profile = &loaded->profile;
    loaded->memory = config_memory_create();
    char *path = mem_format("%s/%s", folder, file);
    size_t before = faults_count(faults);
    config_load(path, &profile_table, profile, loaded->memory, faults);
    complete(profile, path, loaded->memory, faults, faults_count(faults) == before);
    profile->id = config_memory_string(loaded->memory, file);
    profile->id[strlen(file) - (sizeof(suffix) - 1)] = '\0';
    if (!option_is_id(profile->id)) {
        faults_add(faults, (struct origin){.file = path}, NULL,
                   "the file name is no id, wants 1..63 of a-z, 0-9, _ and - before .conf");
    }
    if (faults_count(faults) != before) {
        empty(profile);
    }
    warn_of_old_words(profile);
    profiles->ids[profiles->count++] = profile->id;
    free(path);
}

/* '-' sorts before '.', so files sorted by name are not quite profiles sorted by id. */
static int compare_profiles(const void *one, const void *other)
{
    return strcmp(((const struct profile *)one)->id, ((const struct profile *)other)->id);
}

static void sort(struct profiles *profiles)
{
    if (profiles->count == 0) {
        return;
    }
    qsort(profiles->items, profiles->count, sizeof(*profiles->items), compare_profiles);
    for (size_t i = 0; i < profiles->count; i++) {
        profiles->ids[i] = profiles->items[i].profile.id;
    }
}

struct profiles *profiles_load(const char *folder, struct faults *faults)
{
    struct profiles *profiles = mem_alloc(sizeof(*profiles));
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, is_profile_file, compare_entries);
    if (count < 0) {
        faults_add(faults, (struct origin){.file = folder}, NULL,
                   "cannot be read: %s, wants the folder of device profiles",
                   strerrordesc_np(errno));
        count = 0;
    }
    if (count > PROFILES_MAX) {
        faults_add(faults, (struct origin){.file = folder}, NULL,
                   "holds %d profiles, at most %d are allowed", count, PROFILES_MAX);
    }
    size_t room = count > PROFILES_MAX ? PROFILES_MAX : (size_t)count;
    profiles->items = mem_alloc_array(room + 1, sizeof(*profiles->items));
    profiles->ids = mem_alloc_array(room + 1, sizeof(*profiles->ids));
    for (int i = 0; i < count; i++) {
        if ((size_t)i < room) {
            load_profile(profiles, folder, entries[i]->d_name, faults);
        }
        free(entries[i]);
    }
    free(entries);
    sort(profiles);
    return profiles;
}

void profiles_destroy(struct profiles *profiles)
{
    if (!profiles) {
        return;
    }
    for (size_t i = 0; i < profiles->count; i++) {
        config_memory_destroy(profiles->items[i].memory);
    }
    free(profiles->items);
    free(profiles->ids);
    free(profiles);
}

static int compare_id(const void *id, const void *element)
{
    return strcmp(id, ((const struct profile *)element)->id);
}

const struct profile *profiles_find(const struct profiles *profiles, const char *id)
{
    return bsearch(id, profiles->items, profiles->count, sizeof(*profiles->items), compare_id);
}

size_t profiles_count(const struct profiles *profiles)
{
    return profiles->count;
}

const struct profile *profiles_at(const struct profiles *profiles, size_t index)
{
    return &profiles->items[index].profile;
}

void profiles_use(struct profiles *profiles, const char *id)
{
    struct loaded *loaded =
        bsearch(id, profiles->items, profiles->count, sizeof(*profiles->items), compare_id);
    if (loaded != NULL) {
        loaded->is_used = true;
    }
}

void profiles_forget_unused(struct profiles *profiles)
{
    size_t kept = 0;
    for (size_t i = 0; i < profiles->count; i++) {
        struct loaded *loaded = &profiles->items[i];
        if (loaded->is_used) {
            profiles->items[kept] = *loaded;
            profiles->ids[kept++] = loaded->profile.id;
        } else {
            config_memory_destroy(loaded->memory);
        }
    }
    profiles->count = kept;
    profiles->ids[kept] = NULL;
}

const char *const *profiles_ids(const struct profiles *profiles)
{
    return profiles->ids;
}

void profile_destroy(struct profile *profile)
{
    if (profile == NULL) {
        return;
    }
    struct profile_point *points = profile->points.items;
    struct profile_helper *helpers = profile->helpers.items;
    for (size_t i = 0; i < profile->points.count; i++) {
        free(points[i].name);
        free(points[i].not_implemented.items);
        free(points[i].write.switches.items);
    }
    for (size_t i = 0; i < profile->helpers.count; i++) {
        free(helpers[i].name);
    }
    free(points);
    free(helpers);
    free(profile->barriers.items);
    free(profile);
}
