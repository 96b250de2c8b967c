/* SPDX-License-Identifier: Apache-2.0 */
/* small_disk: see small_disk.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/store/small_disk.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/mem.h"
#include "store/disk/disk.h"

/* Once a process: the namespace is the test's own, and ends with it. */
static bool own_mounts(void)
{
    static bool is_tried;
    static bool is_owner;
    if (!is_tried) {
        is_tried = true;
        is_owner = (unshare(CLONE_NEWNS) == 0 || unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0) &&
                   mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
    }
    return is_owner;
}

bool mount_small_disk(struct scene *scene, const char *size)
{
    scene->is_mounted = own_mounts() && mount("tmpfs", scene->folder, "tmpfs", 0, size) == 0;
    if (!scene->is_mounted) {
        print_message("skipped: mounting a small tmpfs is not permitted here: %s\n",
                      strerror(errno));
        skip();
    }
    return scene->is_mounted;
}

static char *ballast_path(const struct scene *scene)
{
    return mem_format("%s/ballast", scene->folder);
}

/* Takes the disk but for so many bytes. */
void fill_disk(const struct scene *scene, int64_t leave)
{
    char *path = ballast_path(scene);
    char block[4096] = {1};
    const int fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0640);
    assert_true(fd >= 0);
    while (disk_free_bytes(scene->folder) > leave) {
        if (write(fd, block, sizeof(block)) != (ssize_t)sizeof(block)) {
            break;
        }
    }
    close(fd);
    free(path);
}

void empty_disk(const struct scene *scene)
{
    char *path = ballast_path(scene);
    assert_int_equal(unlink(path), 0);
    free(path);
}

void limit_files(rlim_t bytes)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes < limit.rlim_max ? bytes : limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}
