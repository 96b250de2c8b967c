/* SPDX-License-Identifier: Apache-2.0 */
/* names: points, nodes and variables of a text are looked up in the scope; what is not found gets the nearest name. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "config/config.h"
#include "expr/draft.h"

char *names_nearest(const char *wrong, const char *const *words)
{
    const char *nearest = nearest_word(wrong, words);
    return nearest ? mem_format("; did you mean %s?", nearest) : mem_dup_string("");
}

static char *nearest_device(const struct expr_scope *scope, const char *wrong)
{
    const char **words = mem_alloc_array(scope->device_count + 1, sizeof(*words));
    for (size_t i = 0; i < scope->device_count; i++) {
        words[i] = scope->devices[i]->id;
    }
    char *nearest = names_nearest(wrong, words);
    free(words);
    return nearest;
}

static char *nearest_point(const struct device *device, const char *wrong)
{
    const char **words = mem_alloc_array((size_t)device->point_count + 1, sizeof(*words));
    for (size_t i = 0; i < device->point_count; i++) {
        words[i] = device->points[i].name;
    }
    char *nearest = names_nearest(wrong, words);
    free(words);
    return nearest;
}

static char *nearest_item(const struct expr_item *items, size_t count, const char *wrong)
{
    const char **words = mem_alloc_array(count + 1, sizeof(*words));
    for (size_t i = 0; i < count; i++) {
        words[i] = items[i].name;
    }
    char *nearest = names_nearest(wrong, words);
    free(words);
    return nearest;
}

static char *nearest_node(const struct expr_scope *scope, const char *wrong)
{
    const char **words = mem_alloc_array(scope->node_count + 1, sizeof(*words));
    for (size_t i = 0; i < scope->node_count; i++) {
        words[i] = scope->nodes[i].id;
    }
    char *nearest = names_nearest(wrong, words);
    free(words);
    return nearest;
}

/* A minus without spaces is part of a name: that is the usual reason why a name is not known. */
static const char *minus_hint(const char *name, bool is_quoted)
{
    return !is_quoted && strchr(name, '-') ? "; a minus between two values has spaces around it"
                                           : "";
}

static int find_device(const struct expr_scope *scope, const char *id, size_t *index)
{
    if (scope->find_device) {
        return scope->find_device(scope->context, id, index);
    }
    for (size_t i = 0; i < scope->device_count; i++) {
        if (strcmp(scope->devices[i]->id, id) == 0) {
            *index = i;
            return 0;
        }
    }
    return -ENOENT;
}

const struct expr_node *names_node(struct draft *draft, struct word word, size_t *index)
{
    const struct expr_scope *scope = draft->scope;
    const char *id = draft_word(draft, word);
    for (size_t i = 0; i < scope->node_count; i++) {
        if (strcmp(scope->nodes[i].id, id) == 0) {
            *index = i;
            return &scope->nodes[i];
        }
    }
    char *nearest = nearest_node(scope, id);
    draft_fault(draft, word.at, "no node has the id %s%s", id, nearest);
    free(nearest);
    return NULL;
}

static void put_slot(struct draft *draft, struct step *step, enum expr_source source, size_t owner,
                     size_t item)
{
    step->slot = (uint32_t)draft->slot_count;
    draft_add_slot(draft, (struct expr_slot){.owner = (uint32_t)owner,
                                             .item = (uint16_t)item,
                                             .source = (uint8_t)source});
}

static bool type_of_unit(const char *unit, struct type *out)
{
    struct unit_wrong wrong;
    struct type type = {.kind = EXPR_NUMBER};
    if (unit[0] == '\0' || strcmp(unit, "bool") == 0) {
        type.kind = unit[0] ? EXPR_BOOLEAN : EXPR_STATE;
    } else if (unit_parse(unit, strlen(unit), &type.unit, &wrong) < 0) {
        return false;
    }
    *out = type;
    return true;
}

bool type_of_point(const struct point *point, struct type *out)
{
    if (point->quantity->kind == QUANTITY_TEXT) {
        return false;
    }
    return type_of_unit(point->quantity->unit, out);
}

static void resolve_point(struct draft *draft, struct step *step)
{
    const struct expr_scope *scope = draft->scope;
    const char *id = draft_word(draft, step->owner);
    const char *name = draft_word(draft, step->item);
    size_t index = 0;
    if (find_device(scope, id, &index) < 0) {
        char *nearest = nearest_device(scope, id);
        draft_fault(draft, step->owner.at, "no device has the id %s%s%s", id, nearest,
                    minus_hint(id, step->owner.is_quoted));
        free(nearest);
        return;
    }
    const struct device *device = scope->devices[index];
    const struct point *point = device_find_point(device, name);
    if (!point) {
        char *nearest = nearest_point(device, name);
        const char *hint = strchr(name, '*') ? "; several points of one device are a set: "
                                               "devices(ID).\"NAME*\""
                                             : minus_hint(name, step->item.is_quoted);
        draft_fault(draft, step->item.at, "device %s has no point %s%s%s", id, name, nearest, hint);
        free(nearest);
    } else if (!type_of_point(point, &step->type)) {
        draft_fault(draft, step->item.at,
                    "%s is a text; only numbers and states are calculated with", name);
    } else {
        put_slot(draft, step, EXPR_POINT, index, (size_t)(point - device->points));
    }
}

/* The index of an item, or SIZE_MAX. */
static size_t find_item(const struct expr_item *items, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(items[i].name, name) == 0) {
            return i;
        }
    }
    return SIZE_MAX;
}

static bool set_item_type(struct draft *draft, struct step *step, const struct expr_item *item)
{
    if (!type_of_unit(item->unit, &step->type)) {
        draft_fault(draft, step->at, "%s is said to be in %s, which is no unit", item->name,
                    item->unit);
        return false;
    }
    return true;
}

static void resolve_node(struct draft *draft, struct step *step)
{
    size_t index = 0;
    const struct expr_node *node = names_node(draft, step->node, &index);
    if (!node) {
        return;
    }
    const char *name = draft_word(draft, step->item);
    size_t item = find_item(node->items, node->item_count, name);
    if (item == SIZE_MAX) {
        char *nearest = nearest_item(node->items, node->item_count, name);
        draft_fault(draft, step->item.at,
                    "node %s has no value %s%s; the points of its devices are node(%s).*.%s%s",
                    node->id, name, nearest, node->id, name,
                    minus_hint(name, step->item.is_quoted));
        free(nearest);
    } else if (set_item_type(draft, step, &node->items[item])) {
        put_slot(draft, step, EXPR_NODE, index, item);
    }
}

static void unknown_variable(struct draft *draft, const struct step *step, const char *name)
{
    const struct expr_scope *scope = draft->scope;
    struct unit unit;
    struct unit_wrong wrong;
    if (unit_parse(name, strlen(name), &unit, &wrong) == 0) {
        draft_fault(draft, step->at, "%s is a unit and stands behind a number: 1 %s", name, name);
        return;
    }
    char *nearest = nearest_item(scope->variables, scope->variable_count, name);
    draft_fault(draft, step->at, "no variable is named %s%s%s; a point is device.point", name,
                nearest, minus_hint(name, false));
    free(nearest);
}

static void resolve_variable(struct draft *draft, struct step *step)
{
    const struct expr_scope *scope = draft->scope;
    const char *name = draft_word(draft, step->owner);
    size_t index = find_item(scope->variables, scope->variable_count, name);
    if (index == SIZE_MAX) {
        unknown_variable(draft, step, name);
    } else if (set_item_type(draft, step, &scope->variables[index])) {
        put_slot(draft, step, EXPR_VARIABLE, index, 0);
    }
}

void names_resolve(struct draft *draft, struct step *step)
{
    step->type = (struct type){.kind = KIND_WRONG};
    if (step->kind == STEP_POINT) {
        resolve_point(draft, step);
    } else if (step->kind == STEP_NODE) {
        resolve_node(draft, step);
    } else {
        resolve_variable(draft, step);
    }
}
