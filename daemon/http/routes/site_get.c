/* SPDX-License-Identifier: Apache-2.0 */
/* site_get: GET /api/v1/site. The nodes are given flat by the configuration and shown as a tree. */
#include <string.h>

#include "http/routes/routes.h"
#include "http/server/server.h"
#include "http/server/writer.h"
#include "site/time_zone.h"

enum {
    DEPTH_MAX = 32, /* the configuration check lets no circle through; this is the second lock */
};

static void write_nodes(struct writer *writer, const struct site *site, const char *parent,
                        int depth);

static void write_node(struct writer *writer, const struct site *site,
                       const struct node_config *node, int depth)
{
    writer_open(writer, '{');
    writer_field_string(writer, "id", node->id);
    writer_field_string(writer, "name", node->name);
    writer_field_string(writer, "kind", node->kind);
    writer_field_real(writer, "area_m2", node->area_m2);
    writer_field_int(writer, "headcount", node->headcount);
    writer_field_string(writer, "category", node->category);
    write_nodes(writer, site, node->id, depth + 1);
    writer_close(writer, '}');
}

static void write_nodes(struct writer *writer, const struct site *site, const char *parent,
                        int depth)
{
    const struct node_config *nodes = site->nodes.items;
    writer_field_open(writer, "nodes", '[');
    for (size_t i = 0; i < site->nodes.count && depth < DEPTH_MAX; i++) {
        if (strcmp(nodes[i].parent, parent) == 0) {
            write_node(writer, site, &nodes[i], depth);
        }
    }
    writer_close(writer, ']');
}

void site_get(struct request *request)
{
    const struct site *site = request->http->view.site;
    char zone[TIME_ZONE_SIZE];
    bool is_given = site->time_zone && site->time_zone[0] != '\0';
    struct writer writer = {.text = request_json(request, 200)};
    request->answer.is_tagged = true;
    writer_open(&writer, '{');
    writer_field_string(&writer, "id", site->id);
    writer_field_string(&writer, "name", site->name);
    writer_field_string(&writer, "time_zone",
                        is_given ? site->time_zone : time_zone_of_system(zone));
    write_nodes(&writer, site, "", 0);
    writer_close(&writer, '}');
}
