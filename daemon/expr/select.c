/* SPDX-License-Identifier: Apache-2.0 */
/* select: sets: the devices of a class, of a node and all below it, or of a pattern of ids, and the point of each. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "expr/draft.h"

struct selection {
    struct draft *draft;
    struct step *step;
    int device_class;              /* -1 = any */
    const char *pattern;           /* of ids; NULL = any */
    bool *is_inside;               /* by node; NULL = anywhere */
    const char *item;              /* a pattern */
    size_t devices;                /* that were selected, with or without the point */
    const struct device *a_device; /* one of them without it */
    bool is_mixed;
};

/* '*' stands for any characters, '?' for one. */
static bool matches(const char *pattern, const char *name)
{
    const char *star = NULL;
    const char *retry = NULL;
    while (*name) {
        if (*pattern == '*') {
            star = pattern++;
            retry = name;
        } else if (*pattern == '?' || *pattern == *name) {
            pattern++;
            name++;
        } else if (star) {
            pattern = star + 1;
            name = ++retry;
        } else {
            return false;
        }
    }
    return pattern[strspn(pattern, "*")] == '\0';
}

static size_t find_node(const struct expr_scope *scope, const char *id)
{
    size_t i = 0;
    while (i < scope->node_count && strcmp(scope->nodes[i].id, id) != 0) {
        i++;
    }
    return i;
}

/* Marks the node and all below it. */
static bool *mark_inside(const struct expr_scope *scope, size_t top)
{
    bool *is_inside = mem_alloc_array(scope->node_count, sizeof(*is_inside));
    is_inside[top] = true;
    for (bool is_changed = true; is_changed;) {
        is_changed = false;
        for (size_t i = 0; i < scope->node_count; i++) {
            size_t parent =
                is_inside[i] ? scope->node_count : find_node(scope, scope->nodes[i].parent);
            if (parent < scope->node_count && is_inside[parent]) {
                is_inside[i] = true;
                is_changed = true;
            }
        }
    }
    return is_inside;
}

static bool is_selected(const struct selection *selection, const struct device *device)
{
    if (selection->device_class >= 0 && (int)device->device_class != selection->device_class) {
        return false;
    }
    if (selection->pattern && !matches(selection->pattern, device->id)) {
        return false;
    }
    if (selection->is_inside) {
        const struct expr_scope *scope = selection->draft->scope;
        size_t node = find_node(scope, device->node);
        return node < scope->node_count && selection->is_inside[node];
    }
    return true;
}

static bool same_type(const struct type *one, const struct type *other)
{
    return one->kind == other->kind &&
           (one->kind != EXPR_NUMBER || unit_is_equal(&one->unit, &other->unit));
}

static void mixed_types(struct selection *selection, const struct point *point)
{
    if (!selection->is_mixed) {
        selection->is_mixed = true;
        draft_fault(selection->draft, selection->step->item.at,
                    "%s means values of more than one unit, as %s: the members of a set have one",
                    selection->item, point->name);
    }
}

static void add_member(struct selection *selection, size_t device, const struct point *point,
                       size_t item)
{
    struct type type;
    struct step *step = selection->step;
    if (!type_of_point(point, &type)) {
        mixed_types(selection, point);
        return;
    }
    if (step->members > 0 && !same_type(&type, &step->type)) {
        mixed_types(selection, point);
        return;
    }
    step->type = type;
    step->members++;
    draft_add_slot(selection->draft, (struct expr_slot){.owner = (uint32_t)device,
                                                        .item = (uint16_t)item,
                                                        .source = EXPR_POINT});
}

static void add_device(struct selection *selection, size_t index)
{
    const struct device *device = selection->draft->scope->devices[index];
    uint32_t before = selection->step->members;
    selection->devices++;
    for (size_t i = 0; i < device->point_count; i++) {
        if (matches(selection->item, device->points[i].name)) {
            add_member(selection, index, &device->points[i], i);
        }
    }
    if (selection->step->members == before) {
        selection->a_device = device;
    }
}

/* ---- What the text says ---- */

static bool read_class(struct selection *selection)
{
    const struct step *step = selection->step;
    const char *word = draft_word(selection->draft, step->class_word);
    selection->device_class = -1;
    if (step->class_word.name == 0) {
        return true;
    }
    for (int i = 0; device_class_words[i]; i++) {
        if (strcmp(device_class_words[i], word) == 0) {
            selection->device_class = i;
            return true;
        }
    }
    struct text allowed = {0};
    for (int i = 0; device_class_words[i]; i++) {
        text_add_format(&allowed, "%s%s", i > 0 ? ", " : "", device_class_words[i]);
    }
    char *nearest = names_nearest(word, device_class_words);
    draft_fault(selection->draft, step->class_word.at,
                "no class of devices is named %s%s; there are %s", word, nearest, allowed.data);
    free(nearest);
    text_finish(&allowed);
    return false;
}

static bool read_node(struct selection *selection)
{
    const struct step *step = selection->step;
    size_t top = 0;
    if (step->node.name == 0) {
        return true;
    }
    if (!names_node(selection->draft, step->node, &top)) {
        return false;
    }
    selection->is_inside = mark_inside(selection->draft->scope, top);
    return true;
}

static void tell_nothing(struct selection *selection)
{
    const struct step *step = selection->step;
    struct draft *draft = selection->draft;
    int length = (int)(step->item.at - 1 - step->start);
    if (selection->devices == 0) {
        draft_fault(draft, step->at, "%.*s is no device of this site", length,
                    draft->text + step->start);
        return;
    }
    const struct device *device = selection->a_device;
    const char **words = mem_alloc_array((size_t)device->point_count + 1, sizeof(*words));
    for (size_t i = 0; i < device->point_count; i++) {
        words[i] = device->points[i].name;
    }
    char *nearest = names_nearest(selection->item, words);
    draft_fault(draft, step->item.at, "none of the %zu devices %.*s has a point %s%s",
                selection->devices, length, draft->text + step->start, selection->item, nearest);
    free(nearest);
    free(words);
}

static void check_members(struct selection *selection)
{
    struct step *step = selection->step;
    if (selection->is_mixed) {
        step->members = 0;
    } else if (step->members == 0) {
        tell_nothing(selection);
    } else if (step->members > EXPR_MEMBERS_MAX) {
        draft_fault(selection->draft, step->at, "a set of %u members; at most %d",
                    (unsigned)step->members, EXPR_MEMBERS_MAX);
        step->members = 0;
    }
    if (step->members == 0) {
        step->type = (struct type){.kind = KIND_WRONG};
    }
    step->type.is_set = true;
}

void select_members(struct draft *draft, struct step *step)
{
    struct selection selection = {.draft = draft, .step = step};
    step->slot = (uint32_t)draft->slot_count;
    step->type = (struct type){.kind = KIND_WRONG, .is_set = true};
    bool is_known = read_class(&selection);
    is_known = read_node(&selection) && is_known;
    if (is_known) {
        /* Words are borrowed from here on: none is kept any more. */
        selection.pattern = step->owner.name > 0 ? draft_word(draft, step->owner) : NULL;
        selection.item = draft_word(draft, step->item);
        for (size_t i = 0; i < draft->scope->device_count; i++) {
            if (is_selected(&selection, draft->scope->devices[i])) {
                add_device(&selection, i);
            }
        }
        check_members(&selection);
    }
    free(selection.is_inside);
}

/* ---- Several sets in one argument ---- */

static bool same_word(const struct draft *draft, struct word one, struct word other)
{
    return strcmp(draft_word(draft, one), draft_word(draft, other)) == 0;
}

static bool same_selection(const struct draft *draft, const struct step *one,
                           const struct step *other)
{
    return same_word(draft, one->owner, other->owner) && same_word(draft, one->node, other->node) &&
           same_word(draft, one->class_word, other->class_word);
}

/* Is there one member a device? They stand in the order of devices. */
static bool is_one_each(const struct draft *draft, const struct step *set)
{
    for (uint32_t i = 1; i < set->members; i++) {
        if (draft->slots[set->slot + i].owner == draft->slots[set->slot + i - 1].owner) {
            return false;
        }
    }
    return true;
}

static bool has_owner(const struct draft *draft, const struct step *set, uint32_t owner)
{
    uint32_t low = 0;
    uint32_t high = set->members;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (draft->slots[set->slot + middle].owner < owner) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < set->members && draft->slots[set->slot + low].owner == owner;
}

/* Keeps the members of `set` whose devices are in `other`. */
static void keep_common(struct draft *draft, struct step *set, const struct step *other)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < set->members; i++) {
        struct expr_slot slot = draft->slots[set->slot + i];
        if (has_owner(draft, other, slot.owner)) {
            draft->slots[set->slot + kept++] = slot;
        }
    }
    set->members = kept;
}

static bool can_join(struct draft *draft, const struct step *first, const struct step *set)
{
    if (!same_selection(draft, first, set)) {
        draft_fault(draft, set->at,
                    "two different sets in one calculation: which members belong together is not "
                    "known; both must be %.*s",
                    (int)(first->item.at - 1 - first->start), draft->text + first->start);
        return false;
    }
    if (!is_one_each(draft, first) || !is_one_each(draft, set)) {
        draft_fault(draft, set->at,
                    "a device has more than one value here: which belong together is not known");
        return false;
    }
    return true;
}

uint32_t select_join(struct draft *draft, const uint32_t *sets, size_t count)
{
    struct step *first = &draft->steps[sets[0]];
    for (size_t i = 1; i < count; i++) {
        if (!can_join(draft, first, &draft->steps[sets[i]])) {
            return 0;
        }
        keep_common(draft, first, &draft->steps[sets[i]]);
    }
    for (size_t i = 1; i < count; i++) {
        keep_common(draft, &draft->steps[sets[i]], first);
    }
    if (first->members == 0) {
        draft_fault(draft, first->at, "no device has all the points of this calculation");
    }
    return first->members;
}
