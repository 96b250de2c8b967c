/* SPDX-License-Identifier: Apache-2.0 */
/* site_write: a copy of a site file whose lines lead elsewhere. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "config/site.h"

static struct line_config *find_line(const struct site *site, const char *id)
{
    struct line_config *lines = site->lines.items;
    for (size_t i = 0; i < site->lines.count; i++) {
        if (!strcmp(lines[i].id, id)) {
            return &lines[i];
        }
    }
    return NULL;
}

/* Strings of the endpoints are only borrowed: the site is gone before they are. */
static int move_lines(const struct site *site, const struct line_endpoint *endpoints, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct line_config *line = find_line(site, endpoints[i].line);
        if (!line) {
            return -ENOENT;
        }
        if (endpoints[i].host) {
            line->host = (char *)endpoints[i].host;
        }
        if (endpoints[i].port > 0) {
            line->port = endpoints[i].port;
        }
        if (endpoints[i].path) {
            line->path = (char *)endpoints[i].path;
        }
    }
    return 0;
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
