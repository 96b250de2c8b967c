/* SPDX-License-Identifier: Apache-2.0 */
/* whole_file: a temporary file beside it, on the disk before it takes the name. */
#include "base/whole_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

static int write_all(int fd, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t written = write(fd, bytes, length);
        if (written < 0) {
            return -errno;
        }
        bytes += written;
        length -= (size_t)written;
    }
    return fsync(fd) < 0 ? -errno : 0;
}

static int give_to(int fd, int owner)
{
    struct stat status;
    if (owner < 0 || geteuid() != 0) {
        return 0;
    }
    return fstat(owner, &status) < 0 || fchown(fd, status.st_uid, status.st_gid) < 0 ? -errno : 0;
}

int whole_file_write(const char *path, mode_t mode, int owner, const char *bytes, size_t length)
{
    char *temporary = mem_format("%s.XXXXXX", path);
    int fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0) {
        int error = -errno;
        free(temporary);
        return error;
    }
    int error = fchmod(fd, mode) < 0 ? -errno : give_to(fd, owner);
    error = error < 0 ? error : write_all(fd, bytes, length);
    if (close(fd) < 0 && error == 0) {
        error = -errno;
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
