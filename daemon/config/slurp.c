/* SPDX-License-Identifier: Apache-2.0 */
/* slurp: reads regular files only, and never more than it was allowed to. */
#include "config/slurp.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

static int check_kind(int fd, size_t max_size, size_t *size)
{
    struct stat status;
    if (fstat(fd, &status) < 0) {
        return -errno;
    }
    if (S_ISDIR(status.st_mode)) {
        return -EISDIR;
    }
    if (!S_ISREG(status.st_mode)) {
        return -ENOTSUP;
    }
    if (status.st_size > (off_t)max_size) {
        return -EFBIG;
    }
    *size = (size_t)status.st_size;
    return 0;
}

/* The file may shrink while it is read: then what was there is what counts. */
static int read_whole(int fd, char *bytes, size_t size, size_t *got)
{
    *got = 0;
    while (*got < size) {
        ssize_t count = read(fd, bytes + *got, size - *got);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            return -errno;
        }
        if (count == 0) {
            break;
        }
        *got += (size_t)count;
    }
    return 0;
}

int file_slurp(const char *path, size_t max_size, char **out, size_t *size)
{
    /* Without O_NONBLOCK opening a pipe waits for a writer. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        return -errno;
    }
    char *bytes = NULL;
    size_t wanted = 0;
    size_t got = 0;
    int error = check_kind(fd, max_size, &wanted);
    if (error == 0) {
        bytes = mem_alloc(wanted + 1);
        error = read_whole(fd, bytes, wanted, &got);
    }
    (void)close(fd);
    if (error < 0) {
        free(bytes);
        return error;
    }
    *out = bytes;
    *size = got;
    return 0;
}

const char *slurp_reason(int error)
{
    switch (error) {
    case -EISDIR:
        return "it is a folder";
    case -ENOTSUP:
        return "it is no regular file";
    case -EFBIG:
        return "it is too large, at most 16 MiB are allowed";
    default:
        return strerrordesc_np(-error);
    }
}
