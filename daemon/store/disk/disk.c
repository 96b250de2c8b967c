/* SPDX-License-Identifier: Apache-2.0 */
/* disk: folders, the lock, free space, the reserve file, and databases with their side files. */
#include "store/disk/disk.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/mem.h"

enum {
    FOLDER_MODE = 0750,
    FILE_MODE = 0640,
};

static int make_one(const char *path)
{
    struct stat info;
    if (mkdir(path, FOLDER_MODE) == 0) {
        return 0;
    }
    const int error = errno;
    if (stat(path, &info) == 0) {
        return S_ISDIR(info.st_mode) ? 0 : -ENOTDIR;
    }
    return -error;
}

int disk_make_folder(const char *path)
{
    char *copy = mem_dup_string(path);
    int error = 0;
    for (char *at = copy; error == 0 && *at != '\0'; at++) {
        if (*at == '/' && at != copy) {
            *at = '\0';
            error = make_one(copy);
            *at = '/';
        }
    }
    free(copy);
    return error < 0 ? error : make_one(path);
}

int disk_sync_folder(const char *path)
{
    const int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return -errno;
    }
    const int error = fsync(fd) < 0 ? -errno : 0;
    close(fd);
    return error;
}

int disk_lock(const char *path, int *fd)
{
    const int lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, FILE_MODE);
    if (lock < 0) {
        return -errno;
    }
    if (flock(lock, LOCK_EX | LOCK_NB) < 0) {
        const int error = errno == EWOULDBLOCK ? EBUSY : errno;
        close(lock);
        return -error;
    }
    *fd = lock;
    return 0;
}

int64_t disk_free_bytes(const char *path)
{
    struct statvfs info;
    if (statvfs(path, &info) < 0) {
        return INT64_MAX;
    }
    return (int64_t)info.f_bavail * (int64_t)info.f_frsize;
}

int64_t disk_file_bytes(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 ? (int64_t)info.st_size : 0;
}

bool disk_exists(const char *path)
{
    struct stat info;
    return lstat(path, &info) == 0;
}

int disk_reserve(const char *path, int64_t bytes)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, FILE_MODE);
    if (fd < 0) {
        return -errno;
    }
    const int error = posix_fallocate(fd, 0, bytes);
    close(fd);
    if (error != 0) {
        unlink(path);
    }
    return -error;
}

static int remove_beside(const char *path, const char *ending)
{
    char *name = mem_format("%s%s", path, ending);
    const int error = unlink(name) < 0 && errno != ENOENT ? -errno : 0;
    free(name);
    return error;
}

/* A reader keeps the inode alive for as long as its sink is down, so the room is given back by cutting the file. Never
 * do that to the shared-memory file: it is mapped, and touching what was cut kills the process. */
int disk_remove_database(const char *path)
{
    const int fd = open(path, O_WRONLY | O_CLOEXEC);
    const int error = unlink(path) < 0 && errno != ENOENT ? -errno : 0;
    if (fd >= 0) {
        const int ignored = error == 0 ? ftruncate(fd, 0) : 0;
        (void)ignored;
        close(fd);
    }
    const int wal_error = remove_beside(path, "-wal");
    const int shm_error = remove_beside(path, "-shm");
    if (error < 0) {
        return error;
    }
    return wal_error < 0 ? wal_error : shm_error;
}

int disk_set_aside(const char *path, const char *suffix)
{
    char *target = mem_format("%s%s", path, suffix);
    char *wal = mem_format("%s-wal", path);
    char *wal_target = mem_format("%s-wal", target);
    int error = rename(path, target) < 0 ? -errno : 0;
    if (error == 0 && rename(wal, wal_target) < 0 && errno != ENOENT) {
        error = -errno;
    }
    free(wal_target);
    free(wal);
    free(target);
    return error < 0 ? error : remove_beside(path, "-shm");
}
