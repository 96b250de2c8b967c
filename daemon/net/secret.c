/* SPDX-License-Identifier: Apache-2.0 */
/* secret: one line of a file, read with plain read(2) so that no buffer keeps a copy. */
#include "net/secret.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

char *secret_path(const char *path)
{
    const char *folder = path[0] == '/' ? NULL : secure_getenv("CREDENTIALS_DIRECTORY");
    return folder ? mem_format("%s/%s", folder, path) : mem_dup_string(path);
}

static int open_secret(const char *path)
{
    char *full = secret_path(path);
    int fd = open(full, O_RDONLY | O_CLOEXEC);
    int result = fd < 0 ? -errno : fd;
    free(full);
    return result;
}

static ssize_t read_all(int fd, char *out, size_t size)
{
    size_t length = 0;
    while (length < size) {
        ssize_t got = read(fd, out + length, size - length);
        if (got < 0 && errno != EINTR) {
            return -errno;
        }
        if (got == 0) {
            break;
        }
        length += got > 0 ? (size_t)got : 0;
    }
    return (ssize_t)length;
}

int secret_read(const char *path, char *out, size_t size)
{
    int fd = open_secret(path);
    if (fd < 0) {
        return fd;
    }
    ssize_t got = read_all(fd, out, size - 1);
    close(fd);
    if (got < 0) {
        return (int)got;
    }
    out[got] = '\0';
    size_t length = strcspn(out, "\r\n");
    if (length == size - 1) {
        return -EMSGSIZE;
    }
    explicit_bzero(out + length, size - length);
    return length ? 0 : -ENODATA;
}
