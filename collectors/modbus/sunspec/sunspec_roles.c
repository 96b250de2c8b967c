/* SPDX-License-Identifier: Apache-2.0 */
/* sunspec_roles: what becomes of each model of a chain. A common model begins a device of its own with all that follows
 * it; within that, models that tell the same in different forms are one device, the same model twice is two. */
#include "collectors/modbus/sunspec/sunspec_profile.h"

const char *const sunspec_use_words[] = {"read", "duplicate", "skipped", "empty", "unknown", NULL};

struct casting {
    const struct sunspec_chain *chain;
    struct sunspec_role *roles;
};

static enum sunspec_topic topic_of(const struct sunspec_role *role)
{
    return role->model != NULL ? (enum sunspec_topic)role->model->topic : SUNSPEC_OTHER;
}

static bool measures(const struct sunspec_role *role)
{
    enum sunspec_topic topic = topic_of(role);
    return topic == SUNSPEC_INVERTER || topic == SUNSPEC_METER;
}

/* The models of one common model: [first, end). */
struct section {
    size_t first;
    size_t end;
};

static struct section section_of(const struct casting *casting, size_t index)
{
    struct section section = {.first = index, .end = index + 1};
    while (section.first > 0 && topic_of(&casting->roles[section.first]) != SUNSPEC_IDENTITY) {
        section.first--;
    }
    while (section.end < casting->chain->count &&
           topic_of(&casting->roles[section.end]) != SUNSPEC_IDENTITY) {
        section.end++;
    }
    return section;
}

static enum sunspec_holding holding_of(const struct casting *casting, size_t index)
{
    return sunspec_model_holds(casting->roles[index].model, casting->chain->places[index].length);
}

/* A model that is cut short gives way to any that is whole; one that holds nothing is no rival at all. */
static int rank_of(const struct casting *casting, size_t index)
{
    switch (holding_of(casting, index)) {
    case SUNSPEC_HOLDS_NOTHING:
        return -1;
    case SUNSPEC_HOLDS_SOME:
        return 0;
    case SUNSPEC_HOLDS_ALL:
        break;
    }
    return casting->roles[index].model->rank;
}

/* Whether another model of the section tells the same and is preferred: by rank, or since it came first. */
static bool is_outdone(const struct casting *casting, size_t index)
{
    const struct sunspec_role *role = &casting->roles[index];
    enum sunspec_topic topic = topic_of(role);
    struct section section = section_of(casting, index);
    int rank = rank_of(casting, index);
    if (topic == SUNSPEC_OTHER || topic == SUNSPEC_IDENTITY) {
        return false;
    }
    for (size_t i = section.first; i < section.end; i++) {
        const struct sunspec_role *other = &casting->roles[i];
        bool is_rival = topic_of(other) == topic && other->model->id != role->model->id;
        int rival = is_rival ? rank_of(casting, i) : -1;
        if (rival > rank || (is_rival && rival == rank && i < index)) {
            return true;
        }
    }
    return false;
}

static void set_use(const struct casting *casting, size_t index)
{
    struct sunspec_role *role = &casting->roles[index];
    if (role->model == NULL) {
        role->use = SUNSPEC_USE_UNKNOWN;
    } else if (role->model->point_count == 0 && role->model->block_point_count == 0) {
        role->use = SUNSPEC_USE_SKIPPED;
    } else if (holding_of(casting, index) == SUNSPEC_HOLDS_NOTHING) {
        role->use = SUNSPEC_USE_EMPTY;
    } else {
        role->use = is_outdone(casting, index) ? SUNSPEC_USE_DUPLICATE : SUNSPEC_USE_READ;
    }
}

static bool counts(const struct sunspec_role *role)
{
    return measures(role) && role->use == SUNSPEC_USE_READ;
}

/* What only adds to a measuring model belongs to the inverter before it, or else to the first device of its section. */
static unsigned device_of(const struct casting *casting, size_t index)
{
    struct section section = section_of(casting, index);
    for (size_t i = index; i > section.first; i--) {
        const struct sunspec_role *role = &casting->roles[i - 1];
        if (counts(role) && topic_of(role) == SUNSPEC_INVERTER) {
            return role->device;
        }
    }
    for (size_t i = section.first; i < section.end; i++) {
        if (counts(&casting->roles[i])) {
            return casting->roles[i].device;
        }
    }
    return 1;
}

void sunspec_roles(const struct sunspec_chain *chain, struct sunspec_role roles[SUNSPEC_MODELS_MAX])
{
    struct casting casting = {.chain = chain, .roles = roles};
    unsigned devices = 0;
    for (size_t i = 0; i < chain->count; i++) {
        roles[i] = (struct sunspec_role){.model = sunspec_model_find(chain->places[i].id)};
    }
    for (size_t i = 0; i < chain->count; i++) {
        set_use(&casting, i);
        roles[i].device = counts(&roles[i]) ? ++devices : 0;
    }
    for (size_t i = 0; i < chain->count; i++) {
        roles[i].device = roles[i].device > 0 ? roles[i].device : device_of(&casting, i);
    }
}
