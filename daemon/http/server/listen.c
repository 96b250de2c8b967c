/* SPDX-License-Identifier: Apache-2.0 */
/* listen: sockets on loopback and in the file system. */
#include "http/server/listen.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/whole_file.h"

enum {
    BACKLOG = 128,
};

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

/* Returns the size of the address, 0 when it is no loopback address. */
static socklen_t parse_address(const char *text, int64_t port, union address *out)
{
    const char *numeric = strcmp(text, "localhost") == 0 ? "127.0.0.1" : text;
    memset(out, 0, sizeof(*out));
    if (inet_pton(AF_INET, numeric, &out->v4.sin_addr) == 1) {
        out->v4.sin_family = AF_INET;
        out->v4.sin_port = htons((uint16_t)port);
        return ntohl(out->v4.sin_addr.s_addr) >> 24 == 127 ? sizeof(out->v4) : 0;
    }
    if (inet_pton(AF_INET6, numeric, &out->v6.sin6_addr) == 1) {
        out->v6.sin6_family = AF_INET6;
        out->v6.sin6_port = htons((uint16_t)port);
        return IN6_IS_ADDR_LOOPBACK(&out->v6.sin6_addr) ? sizeof(out->v6) : 0;
    }
    return 0;
}

bool address_is_loopback(const char *address)
{
    union address parsed;
    return parse_address(address, 0, &parsed) > 0;
}

static int bound_port(int fd)
{
    union address address = {0};
    socklen_t size = sizeof(address);
    if (getsockname(fd, &address.any, &size) < 0) {
        return -errno;
    }
    return ntohs(address.any.sa_family == AF_INET ? address.v4.sin_port : address.v6.sin6_port);
}

static int bind_tcp(int fd, const union address *address, socklen_t size)
{
    int one = 1;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (bind(fd, &address->any, size) < 0 || listen(fd, BACKLOG) < 0) {
        return -errno;
    }
    return bound_port(fd);
}

int listen_tcp(const char *address, int64_t port, int *fd, int *port_in_use)
{
    union address parsed;
    socklen_t size = parse_address(address, port, &parsed);
    if (size == 0) {
        return -EINVAL;
    }
    int sock = socket(parsed.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int bound = sock < 0 ? -errno : bind_tcp(sock, &parsed, size);
    if (bound < 0) {
        if (sock >= 0) {
            close(sock);
        }
        return bound;
    }
    *fd = sock;
    *port_in_use = bound;
    return 0;
}

static bool somebody_answers(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return true;
    }
    bool is_refused = connect(fd, (const struct sockaddr *)address, sizeof(*address)) < 0 &&
                      errno == ECONNREFUSED;
    close(fd);
    return !is_refused;
}

static int remove_stale(const struct sockaddr_un *address)
{
    struct stat status;
    if (lstat(address->sun_path, &status) < 0) {
        return errno == ENOENT ? 0 : -errno;
    }
    if (!S_ISSOCK(status.st_mode)) {
        return -EEXIST;
    }
    if (somebody_answers(address)) {
        return -EADDRINUSE;
    }
    return unlink(address->sun_path) < 0 && errno != ENOENT ? -errno : 0;
}

/* /run/lingtan is systemd's to make; by hand its last folder is made here. */
static void make_folder(const char *path)
{
    char *folder = mem_dup_string(path);
    char *slash = strrchr(folder, '/');
    if (slash && slash != folder) {
        *slash = '\0';
        (void)mkdir(folder, 0755);
    }
    free(folder);
}

static int bind_local(int fd, const struct sockaddr_un *address)
{
    int error = remove_stale(address);
    if (error < 0) {
        return error;
    }
    /* Nobody can connect before listen, so the mode is right from the start. */
    if (bind(fd, (const struct sockaddr *)address, sizeof(*address)) < 0) {
        return -errno;
    }
    if (chmod(address->sun_path, 0660) < 0 || listen(fd, BACKLOG) < 0) {
        error = -errno;
        unlink(address->sun_path);
    }
    return error;
}

bool socket_path_fits(const char *path)
{
    return strlen(path) < sizeof(((struct sockaddr_un *)NULL)->sun_path);
}

int listen_local(const char *path, int *fd)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (!socket_path_fits(path)) {
        return -ENAMETOOLONG;
    }
    memcpy(address.sun_path, path, strlen(path) + 1);
    make_folder(path);
    int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int error = sock < 0 ? -errno : bind_local(sock, &address);
    if (error < 0) {
        if (sock >= 0) {
            close(sock);
        }
        return error;
    }
    *fd = sock;
    return 0;
}

int port_file_write(const char *path, int port)
{
    char number[16];
    int length = snprintf(number, sizeof(number), "%d\n", port);
    return whole_file_write(path, 0644, -1, number, (size_t)length);
}
