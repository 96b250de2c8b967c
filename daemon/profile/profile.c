/* SPDX-License-Identifier: Apache-2.0 */
/* profile: the folder of register maps, each file read by itself so that one bad file hides nothing of the others. */
#include <lingtan/profile.h>

#include <dirent.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "config/compare.h"
#include "config/memory.h"
#include "config/option.h"
#include "profile/profile_parts.h"
#include <lingtan/log.h>

enum {
    PROFILES_MAX = 10000,
};

/* Each with its own memory, so that it can be forgotten, and outlive the others. */
struct loaded {
    struct profile profile; /* first: a profile that was loaded is one of these */
    struct config_memory *memory;
    atomic_uint references;
    bool is_used;
};

struct profiles {
    struct loaded **items; /* by id */
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
    struct loaded *loaded = mem_alloc(sizeof(*loaded));
    struct profile *profile = &loaded->profile;
    atomic_init(&loaded->references, 1);
    profiles->items[profiles->count] = loaded;
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
    return strcmp((*(struct loaded *const *)one)->profile.id,
                  (*(struct loaded *const *)other)->profile.id);
}

static void sort(struct profiles *profiles)
{
    if (profiles->count == 0) {
        return;
    }
    qsort(profiles->items, profiles->count, sizeof(*profiles->items), compare_profiles);
    for (size_t i = 0; i < profiles->count; i++) {
        profiles->ids[i] = profiles->items[i]->profile.id;
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
        profile_release(&profiles->items[i]->profile);
    }
    free(profiles->items);
    free(profiles->ids);
    free(profiles);
}

static int compare_id(const void *id, const void *element)
{
    return strcmp(id, (*(struct loaded *const *)element)->profile.id);
}

static struct loaded **find(const struct profiles *profiles, const char *id)
{
    return bsearch(id, profiles->items, profiles->count, sizeof(struct loaded *), compare_id);
}

const struct profile *profiles_find(const struct profiles *profiles, const char *id)
{
    struct loaded **found = find(profiles, id);
    return found != NULL ? &(*found)->profile : NULL;
}

const struct profile *profile_hold(const struct profile *profile)
{
    atomic_fetch_add_explicit(&((struct loaded *)profile)->references, 1, memory_order_relaxed);
    return profile;
}

/* Memory orders as in batch_unref. */
void profile_release(const struct profile *profile)
{
    struct loaded *loaded = (struct loaded *)profile;
    if (profile != NULL &&
        atomic_fetch_sub_explicit(&loaded->references, 1, memory_order_acq_rel) == 1) {
        config_memory_destroy(loaded->memory);
        free(loaded);
    }
}

void profiles_share(struct profiles *profiles, const struct profiles *earlier)
{
    for (size_t i = 0; i < profiles->count; i++) {
        struct loaded **known = find(earlier, profiles->ids[i]);
        struct loaded *loaded = profiles->items[i];
        if (known != NULL && *known != loaded &&
            config_is_same(&profile_table, &(*known)->profile, &loaded->profile)) {
            (void)profile_hold(&(*known)->profile);
            profile_release(&loaded->profile);
            profiles->items[i] = *known;
            profiles->ids[i] = (*known)->profile.id;
        }
    }
}

size_t profiles_count(const struct profiles *profiles)
{
    return profiles->count;
}

const struct profile *profiles_at(const struct profiles *profiles, size_t index)
{
    return &profiles->items[index]->profile;
}

void profiles_use(struct profiles *profiles, const char *id)
{
    struct loaded **loaded = find(profiles, id);
    if (loaded != NULL) {
        (*loaded)->is_used = true;
    }
}

void profiles_forget_unused(struct profiles *profiles)
{
    size_t kept = 0;
    for (size_t i = 0; i < profiles->count; i++) {
        struct loaded *loaded = profiles->items[i];
        if (loaded->is_used) {
            profiles->items[kept] = loaded;
            profiles->ids[kept++] = loaded->profile.id;
        } else {
            profile_release(&loaded->profile);
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
