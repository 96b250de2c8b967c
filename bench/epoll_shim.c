/* SPDX-License-Identifier: Apache-2.0 */
/* epoll_shim: preloaded where valgrind counts instructions. valgrind 3.19 does not know epoll_pwait2, so the lines' thread
 * would never sleep under it; here it sleeps in whole milliseconds instead. */
#include <stddef.h>
#include <sys/epoll.h>
#include <time.h>

int epoll_pwait2(int fd, struct epoll_event *events, int max, const struct timespec *timeout,
                 const sigset_t *mask)
{
    int wait_ms = -1;
    if (timeout != NULL) {
        wait_ms = (int)(timeout->tv_sec * 1000 + (timeout->tv_nsec + 999999) / 1000000);
    }
    return epoll_pwait(fd, events, max, wait_ms, mask);
}
