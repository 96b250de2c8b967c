/* SPDX-License-Identifier: Apache-2.0 */
/* disturb: preloaded into the daemon by tests of whole programs. What stands in the file that LINGTAN_DISTURB names, a
 * struct control that the test writes, happens at once: the disk under the data folder hangs or is full, the wall clock
 * is another. Nothing of it is reachable without the preload. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

struct control {
    int64_t wall_us; /* added to the wall clock */
    int32_t hangs;   /* as long as it is not 0, nothing reaches the disk */
    int32_t error;   /* errno of every write to the disk; 0 = none */
    int32_t
        kernel; /* what the kernel says of its clock: 0 = its own word, 1 = synchronised, 2 = not */
    int32_t unused;
    char folder[4096]; /* what is "the disk": every path that begins so */
};

static const volatile struct control *control;

__attribute__((constructor)) static void take_control(void)
{
    const char *path = getenv("LINGTAN_DISTURB");
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0) {
        return;
    }
    void *mapped = mmap(NULL, sizeof(struct control), PROT_READ, MAP_SHARED, fd, 0);
    close(fd);
    control = mapped == MAP_FAILED ? NULL : mapped;
}

static int is_on_disk(int fd)
{
    char name[64];
    char path[4096] = "";
    const char *folder = (const char *)control->folder;
    snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
    return readlink(name, path, sizeof(path) - 1) > 0 && strncmp(path, folder, strlen(folder)) == 0;
}

static void wait_for_disk(int fd)
{
    while (control && control->hangs && is_on_disk(fd)) {
        const struct timespec pause = {.tv_nsec = 20000000};
        nanosleep(&pause, NULL);
    }
}

EXPORT int fsync(int fd)
{
    wait_for_disk(fd);
    return (int)syscall(SYS_fsync, fd);
}

EXPORT int fdatasync(int fd)
{
    wait_for_disk(fd);
    return (int)syscall(SYS_fdatasync, fd);
}

EXPORT ssize_t pwrite64(int fd, const void *data, size_t size, off64_t offset)
{
    if (control && control->error && is_on_disk(fd)) {
        errno = control->error;
        return -1;
    }
    return syscall(SYS_pwrite64, fd, data, size, offset);
}

EXPORT ssize_t pwrite(int fd, const void *data, size_t size, off_t offset)
{
    return pwrite64(fd, data, size, offset);
}

EXPORT int clock_gettime(clockid_t id, struct timespec *now)
{
    long failed = syscall(SYS_clock_gettime, id, now);
    if (failed == 0 && id == CLOCK_REALTIME && control && control->wall_us) {
        int64_t us = (int64_t)now->tv_sec * 1000000 + now->tv_nsec / 1000 + control->wall_us;
        *now = (struct timespec){.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000};
    }
    return (int)failed;
}

EXPORT int adjtimex(struct timex *state)
{
    int word = (int)syscall(SYS_adjtimex, state);
    if (control && control->kernel == 1) {
        return TIME_OK;
    }
    return control && control->kernel == 2 ? TIME_ERROR : word;
}
