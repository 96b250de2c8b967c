/* SPDX-License-Identifier: Apache-2.0 */
/* site_nodes: whether the nodes of a site are a tree. */
#include "site/site_parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static void check_nodes_unique(const struct site_checking *check)
{
    const struct site_index *ids = &check->node_ids;
    for (size_t i = 1; i < ids->count; i++) {
        const struct site_entry *entry = &ids->entries[i];
        if (!strcmp(entry->word, ids->entries[i - 1].word)) {
            const struct site_entry *first = site_index_find(ids, entry->word);
            char *place =
                site_place(check->nodes[first->number].origin, check->nodes[entry->number].origin);
            site_node_fault(check, entry->number, "id",
                            "is \"%s\", as on %s, wants an id of its own", entry->word, place);
            free(place);
        }
    }
}

char *site_node_hint(const struct site_checking *check, const char *id)
{
    const char *near = faults_is_full(check->faults) ? NULL : nearest_word(id, check->node_words);
    return near ? mem_format("is \"%s\", nearest is %s, wants the id of a node", id, near)
                : mem_format("is \"%s\", wants the id of a node", id);
}

/* Each node's parent as a place in nodes; SIZE_MAX = the site, or unknown. */
static size_t *find_parents(const struct site_checking *check)
{
    size_t count = check->site->nodes.count;
    size_t *parents = mem_alloc_array(count + 1, sizeof(*parents));
    for (size_t i = 0; i < count; i++) {
        const char *parent = check->nodes[i].parent;
        const struct site_entry *entry = site_index_find(&check->node_ids, parent);
        parents[i] = entry ? entry->number : SIZE_MAX;
        if (!entry && parent[0]) {
            char *hint = site_node_hint(check, parent);
            site_node_fault(check, i, "parent", "%s", hint);
            free(hint);
        }
    }
    return parents;
}

/* Follows parents from each node, leaving the walk's number on the way: meeting one's own number is a circle, meeting
 * another's is known ground. */
static void check_circles(const struct site_checking *check)
{
    size_t count = check->site->nodes.count;
    size_t *parents = find_parents(check);
    size_t *walks = mem_alloc_array(count + 1, sizeof(*walks));
    for (size_t i = 0; i < count; i++) {
        size_t at = i;
        while (at != SIZE_MAX && walks[at] == 0) {
            walks[at] = i + 1;
            at = parents[at];
        }
        if (at != SIZE_MAX && walks[at] == i + 1) {
            site_node_fault(
                check, at, "parent",
                "is \"%s\", which is part of this node itself, wants a way up to the site",
                check->nodes[at].parent);
        }
    }
    free(walks);
    free(parents);
}

void site_check_nodes(const struct site_checking *check)
{
    check_nodes_unique(check);
    check_circles(check);
}
