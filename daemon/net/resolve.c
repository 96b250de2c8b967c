/* SPDX-License-Identifier: Apache-2.0 */
/* resolve: getaddrinfo on a detached thread; the answer is shared by two references, the caller's and the thread's. */
#include "net/resolve.h"

#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"

enum {
    ADDRESS_MAX = 8,
};

struct resolve {
    atomic_uint references;
    atomic_bool is_done; /* everything below is written before it becomes true, and never after */
    int fd;
    char *host;
    size_t count;
    char addresses[ADDRESS_MAX][RESOLVE_SIZE];
    char error[160];
};

static void add_addresses(struct resolve *resolve, const struct addrinfo *list)
{
    for (const struct addrinfo *at = list; at && resolve->count < ADDRESS_MAX; at = at->ai_next) {
        if (getnameinfo(at->ai_addr, at->ai_addrlen, resolve->addresses[resolve->count],
                        RESOLVE_SIZE, NULL, 0, NI_NUMERICHOST) == 0) {
            resolve->count++;
        }
    }
}

static int look_up(struct resolve *resolve, int flags)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = flags};
    struct addrinfo *list = NULL;
    int code = getaddrinfo(resolve->host, NULL, &hints, &list);
    if (code == 0) {
        add_addresses(resolve, list);
        freeaddrinfo(list);
    }
    return code;
}

static void tell_done(struct resolve *resolve)
{
    atomic_store(&resolve->is_done, true);
    const uint64_t one = 1;
    ssize_t written = write(resolve->fd, &one, sizeof(one));
    (void)written; /* an eventfd below its limit takes it */
}

static void *run(void *context)
{
    struct resolve *resolve = context;
    int code = look_up(resolve, 0);
    if (code != 0) {
        snprintf(resolve->error, sizeof(resolve->error), "cannot resolve the name %.63s: %s",
                 resolve->host, gai_strerror(code));
    }
    tell_done(resolve);
    resolve_release(resolve);
    return NULL;
}

static int start_thread(struct resolve *resolve)
{
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    atomic_fetch_add(&resolve->references, 1);
    pthread_t thread;
    int error = pthread_create(&thread, &attributes, run, resolve);
    pthread_attr_destroy(&attributes);
    if (error != 0) {
        atomic_fetch_sub(&resolve->references, 1);
    }
    return -error;
}

int resolve_start(const char *host, struct resolve **out)
{
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (fd < 0) {
        return -errno;
    }
    struct resolve *resolve = mem_alloc(sizeof(*resolve));
    atomic_init(&resolve->references, 1);
    resolve->fd = fd;
    resolve->host = mem_dup_string(host);
    int result = 0;
    if (look_up(resolve, AI_NUMERICHOST) == 0) {
        tell_done(resolve);
    } else {
        result = start_thread(resolve);
    }
    if (result < 0) {
        resolve_release(resolve);
        return result;
    }
    *out = resolve;
    return 0;
}

void resolve_release(struct resolve *resolve)
{
    if (!resolve || atomic_fetch_sub(&resolve->references, 1) != 1) {
        return;
    }
    close(resolve->fd);
    free(resolve->host);
    free(resolve);
}

int resolve_fd(const struct resolve *resolve)
{
    return resolve->fd;
}

bool resolve_is_done(const struct resolve *resolve)
{
    return atomic_load(&resolve->is_done);
}

size_t resolve_count(const struct resolve *resolve)
{
    return resolve->count;
}

const char *resolve_address(const struct resolve *resolve, size_t index)
{
    return resolve->addresses[index];
}

const char *resolve_error(const struct resolve *resolve)
{
    return resolve->error;
}
