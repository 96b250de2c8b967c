/* SPDX-License-Identifier: Apache-2.0 */
/* site_write: a copy of a site file whose lines lead elsewhere. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
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

static int write_file(int fd, const struct site *site)
{
    FILE *out = fdopen(fd, "w");
    if (!out) {
        int error = -errno;
        (void)close(fd);
        return error;
    }
    config_print(&site_table, site, out);
    int error = fflush(out) != 0 || fsync(fileno(out)) < 0 ? -errno : 0;
    if (fclose(out) != 0 && error == 0) {
        error = -errno;
    }
    return error;
}

/* Readers see the old file or the new one, never a part. */
static int replace_file(const char *path, const struct site *site)
{
    char *temporary = mem_format("%s.XXXXXX", path);
    int error = 0;
    int fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0) {
        error = -errno;
        free(temporary);
        return error;
    }
    error = fchmod(fd, 0644) < 0 ? -errno : 0;
    if (error < 0) {
        (void)close(fd);
    } else {
        error = write_file(fd, site);
    }
    if (error == 0 && rename(temporary, path) < 0) {
        error = -errno;
    }
    if (error < 0) {
        (void)unlink(temporary);
    }
    free(temporary);
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
