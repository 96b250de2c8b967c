/* SPDX-License-Identifier: Apache-2.0 */
/* site_write: a copy of a site file whose lines lead elsewhere. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/whole_file.h"
#include "site/site.h"
#include "site/site_index.h"

static void move_line(struct line_config *line, const struct line_endpoint *endpoint)
{
    if (endpoint->host) {
        line->host = (char *)endpoint->host;
    }
    if (endpoint->port > 0) {
        line->port = endpoint->port;
    }
    if (endpoint->path) {
        line->path = (char *)endpoint->path;
    }
}

/* Strings of the endpoints are only borrowed: the site is gone before they are. */
static int move_lines(const struct site *site, const struct line_endpoint *endpoints, size_t count)
{
    struct line_config *lines = site->lines.items;
    struct site_index ids = {0};
    for (size_t i = 0; i < site->lines.count; i++) {
        site_index_add(&ids, lines[i].id, i);
    }
    site_index_sort(&ids);
    int error = 0;
    for (size_t i = 0; i < count && error == 0; i++) {
        const struct site_entry *entry = site_index_find(&ids, endpoints[i].line);
        if (entry) {
            move_line(&lines[entry->number], &endpoints[i]);
        } else {
            error = -ENOENT;
        }
    }
    site_index_finish(&ids);
    return error;
}

static int replace_file(const char *path, const struct site *site)
{
    char *bytes = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&bytes, &length);
    if (!out) {
        return -errno;
    }
    config_print(&site_table, site, out);
    int error = fclose(out) != 0 ? -errno : whole_file_write(path, 0644, -1, bytes, length);
    free(bytes);
    return error;
}

int site_write_lines(const char *from_path, const char *to_path,
                     const struct line_endpoint *endpoints, size_t count, struct faults *faults)
{
    struct site site;
    struct config_memory *memory = config_memory_create();
    size_t before = faults_count(faults);
    site_load(from_path, &site, memory, faults);
    int error = faults_count(faults) == before ? move_lines(&site, endpoints, count) : -EINVAL;
    if (error == 0) {
        error = replace_file(to_path, &site);
    }
    config_memory_destroy(memory);
    return error;
}
