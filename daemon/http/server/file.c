/* SPDX-License-Identifier: Apache-2.0 */
/* file: opened part by part from the folder down, never through a link. */
#include "http/server/file.h"

#include <fcntl.h>
#include <microhttpd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "http/server/request.h"

enum { NAME_SIZE = 256 };

static const char policy[] = "default-src 'self'; img-src 'self' data:; style-src 'self' "
                             "'unsafe-inline'; object-src 'none'; "
                             "base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

static const struct {
    const char *ending;
    const char *type;
} types[] = {
    {".html", "text/html; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".json", "application/json"},
    {".map", "application/json"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".jpg", "image/jpeg"},
    {".webp", "image/webp"},
    {".ico", "image/x-icon"},
    {".woff2", "font/woff2"},
    {".webmanifest", "application/manifest+json"},
    {".txt", "text/plain; charset=utf-8"},
};

static const char *type_of(const char *name)
{
    size_t length = strlen(name);
    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        size_t ending = strlen(types[i].ending);
        if (length > ending && strcmp(name + length - ending, types[i].ending) == 0) {
            return types[i].type;
        }
    }
    return "application/octet-stream";
}

/* No hidden file, nothing upwards. */
static bool part_is_good(const struct path_part *part)
{
    return part->length > 0 && part->length < NAME_SIZE && part->at[0] != '.' &&
           !memchr(part->at, '\\', part->length);
}

/* Goes down to the last folder of the path. Gives it open, or a negative errno. */
static int open_folder(const char *folder, const struct path *path)
{
    char name[NAME_SIZE];
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (size_t i = 0; fd >= 0 && i + 1 < path->count; i++) {
        const struct path_part *part = &path->parts[i];
        (void)snprintf(name, sizeof(name), "%.*s", (int)part->length, part->at);
        int next = part_is_good(part)
                       ? openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
                       : -1;
        close(fd);
        fd = next;
    }
    return fd;
}

static bool open_regular(int folder, const char *name, struct answer *answer)
{
    struct stat status;
    int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return false;
    }
    if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode)) {
        close(fd);
        return false;
    }
    answer->has_file = true;
    answer->file = fd;
    answer->file_size = (uint64_t)status.st_size;
    (void)snprintf(answer->etag, sizeof(answer->etag), "\"%llx-%llx-%llx\"",
                   (unsigned long long)status.st_size & 0xFFFFFFFF,
                   (unsigned long long)status.st_mtim.tv_sec,
                   (unsigned long long)status.st_mtim.tv_nsec);
    return true;
}

static bool takes_gzip(const struct request *request)
{
    const char *header = request_header(request, MHD_HTTP_HEADER_ACCEPT_ENCODING);
    const char *found = header ? strstr(header, "gzip") : NULL;
    return found && strncmp(found, "gzip;q=0", 8) != 0;
}

static bool open_packed(struct request *request, int folder, const char *name)
{
    char packed[NAME_SIZE + 3];
    (void)snprintf(packed, sizeof(packed), "%s.gz", name);
    bool is_there = takes_gzip(request) && open_regular(folder, packed, &request->answer);
    if (is_there) {
        answer_add_header(&request->answer, MHD_HTTP_HEADER_CONTENT_ENCODING, "gzip");
    }
    return is_there;
}

static bool open_file(struct request *request, const char *folder, const struct path *path)
{
    const struct path_part *last = &path->parts[path->count - 1];
    char name[NAME_SIZE] = "index.html";
    if (last->length > 0) {
        if (!part_is_good(last)) {
            return false;
        }
        (void)snprintf(name, sizeof(name), "%.*s", (int)last->length, last->at);
    }
    int fd = open_folder(folder, path);
    if (fd < 0) {
        return false;
    }
    bool is_open = open_packed(request, fd, name) || open_regular(fd, name, &request->answer);
    request->answer.content_type = type_of(name);
    close(fd);
    return is_open;
}

static bool is_lasting(const struct path *path)
{
    static const char assets[] = "assets";
    return path->count > 1 && path->parts[0].length == strlen(assets) &&
           memcmp(path->parts[0].at, assets, strlen(assets)) == 0;
}

void file_get(struct request *request, const char *folder, const char *path)
{
    struct answer *answer = &request->answer;
    struct path parts;
    if (!path_split(path, false, &parts) || !open_file(request, folder, &parts)) {
        request_refuse(
            request, ERROR_UNKNOWN_PATH,
            "a path of docs/openapi.yaml, as /api/v1/status, or a file of http.web_folder",
            "there is nothing at %s", path);
        return;
    }
    answer->status = 200;
    answer->is_tagged = true;
    answer_add_header(answer, MHD_HTTP_HEADER_VARY, "Accept-Encoding");
    answer_add_header(answer, "Content-Security-Policy", policy);
    answer_add_header(answer, "Referrer-Policy", "no-referrer");
    answer_add_header(answer, MHD_HTTP_HEADER_CACHE_CONTROL,
                      is_lasting(&parts) ? "public, max-age=31536000, immutable" : "no-cache");
}
