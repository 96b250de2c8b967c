/* SPDX-License-Identifier: Apache-2.0 */
/* test_collector_names: a host name with several addresses, some of which are no good: each gets its turn, and the one that
 * works is kept. The name server is this file: the program's own getaddrinfo stands before the library's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netdb.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "rig.h"
#include "server.h"

enum {
    NAMES_MAX = 2,
    CROWD = 4, /* more connects than an accept queue of none takes */
};

static struct {
    pthread_mutex_t mutex;
    const char *addresses[NAMES_MAX];
    size_t count;
    unsigned lookups;
    bool turns; /* the answer is another way round each time */
} names = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static struct addrinfo *make_info(const char *address)
{
    struct addrinfo *info = mem_alloc(sizeof(*info));
    struct sockaddr_in *v4 = mem_alloc(sizeof(*v4));
    v4->sin_family = AF_INET;
    assert_int_equal(inet_pton(AF_INET, address, &v4->sin_addr), 1);
    info->ai_family = AF_INET;
    info->ai_socktype = SOCK_STREAM;
    info->ai_addr = (struct sockaddr *)(void *)v4;
    info->ai_addrlen = sizeof(*v4);
    return info;
}

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                struct addrinfo **out)
{
    (void)name, (void)service, (void)hints;
    struct addrinfo *first = NULL;
    pthread_mutex_lock(&names.mutex);
    size_t from = names.turns ? names.lookups % names.count : 0;
    for (size_t i = names.count; i > 0; i--) {
        struct addrinfo *info = make_info(names.addresses[(from + i - 1) % names.count]);
        info->ai_next = first;
        first = info;
    }
    names.lookups++;
    pthread_mutex_unlock(&names.mutex);
    *out = first;
    return 0;
}

void freeaddrinfo(struct addrinfo *list)
{
    while (list != NULL) {
        struct addrinfo *next = list->ai_next;
        free(list->ai_addr);
        free(list);
        list = next;
    }
}

/* An address where nobody answers a connect: its accept queue is full. */
struct silence {
    int listen_fd;
    int crowd[CROWD];
};

static struct sockaddr_in at(const char *host, int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    assert_int_equal(inet_pton(AF_INET, host, &address.sin_addr), 1);
    return address;
}

static void silence_begin(struct silence *silence, const char *host, int port)
{
    struct sockaddr_in address = at(host, port);
    silence->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(silence->listen_fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(silence->listen_fd, 0), 0);
    for (size_t i = 0; i < CROWD; i++) {
        silence->crowd[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        (void)connect(silence->crowd[i], (struct sockaddr *)&address, sizeof(address));
    }
}

static void silence_end(struct silence *silence)
{
    for (size_t i = 0; i < CROWD; i++) {
        close(silence->crowd[i]);
    }
    close(silence->listen_fd);
}

/* An address whose other end takes connections and ends them, as a proxy does whose own server is gone. */
struct shutter {
    pthread_t thread;
    int listen_fd;
    atomic_uint clients;
};

static void *shut(void *context)
{
    struct shutter *shutter = context;
    int fd = accept(shutter->listen_fd, NULL, NULL);
    while (fd >= 0) {
        atomic_fetch_add(&shutter->clients, 1);
        close(fd);
        fd = accept(shutter->listen_fd, NULL, NULL);
    }
    return NULL;
}

static void shutter_begin(struct shutter *shutter, const char *host, int port)
{
    struct sockaddr_in address = at(host, port);
    atomic_init(&shutter->clients, 0);
    shutter->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(shutter->listen_fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(shutter->listen_fd, 8), 0);
    assert_int_equal(pthread_create(&shutter->thread, NULL, shut, shutter), 0);
}

static void shutter_end(struct shutter *shutter)
{
    shutdown(shutter->listen_fd, SHUT_RDWR);
    pthread_join(shutter->thread, NULL);
    close(shutter->listen_fd);
}

static void set_names(bool turns, size_t count, const char *const *addresses)
{
    pthread_mutex_lock(&names.mutex);
    for (size_t i = 0; i < count; i++) {
        names.addresses[i] = addresses[i];
    }
    names.count = count;
    names.turns = turns;
    names.lookups = 0;
    pthread_mutex_unlock(&names.mutex);
}

static void begin(struct rig *rig, const struct server *server)
{
    rig_init(rig);
    struct line_config *line = rig_add(rig, LINE_TCP);
    line->host = (char *)"meter.example";
    line->port = server->port;
    line->connect_timeout_ms = 500;
    rig_start(rig, 1);
}

static void an_address_that_is_silent_is_passed_over(void **state)
{
    (void)state;
    struct server server;
    struct silence silence;
    struct rig rig;
    server_start(&server, SERVER_GOOD, 0);
    silence_begin(&silence, "127.0.0.2", server.port);
    set_names(false, 2, (const char *const[]){"127.0.0.2", "127.0.0.1"});
    begin(&rig, &server);
    rig_wait(&rig, 0, QUALITY_OK, 5);
    assert_int_equal(rig_status(&rig, 0).errors.connects, 1);
    rig_finish(&rig);
    silence_end(&silence);
    server_stop(&server);
}

static void an_address_that_takes_and_closes_is_passed_over(void **state)
{
    (void)state;
    struct server server;
    struct shutter shutter;
    struct rig rig;
    server_start(&server, SERVER_GOOD, 0);
    shutter_begin(&shutter, "127.0.0.2", server.port);
    set_names(false, 2, (const char *const[]){"127.0.0.2", "127.0.0.1"});
    begin(&rig, &server);
    rig_wait(&rig, 0, QUALITY_OK, 5);
    assert_int_equal(atomic_load(&shutter.clients), 1);
    rig_finish(&rig);
    shutter_end(&shutter);
    server_stop(&server);
}

/* The server closes each connection behind its reply. */
static void the_address_that_works_is_kept(void **state)
{
    (void)state;
    struct server server;
    struct shutter shutter;
    struct rig rig;
    server_start(&server, SERVER_CLOSES, 0);
    shutter_begin(&shutter, "127.0.0.2", server.port);
    set_names(true, 2, (const char *const[]){"127.0.0.2", "127.0.0.1"});
    begin(&rig, &server);
    rig_wait(&rig, 0, QUALITY_OK, 12);
    assert_int_equal(atomic_load(&shutter.clients), 1);
    rig_finish(&rig);
    shutter_end(&shutter);
    server_stop(&server);
}

/* A name server that gives the addresses another way round each time must not lead to the same one for ever. */
static void the_turn_does_not_depend_on_the_order_of_an_answer(void **state)
{
    (void)state;
    struct server server;
    struct shutter shutter;
    struct rig rig;
    server_start(&server, SERVER_GOOD, 0);
    shutter_begin(&shutter, "127.0.0.2", server.port);
    set_names(true, 2, (const char *const[]){"127.0.0.2", "127.0.0.1"});
    begin(&rig, &server);
    rig_wait(&rig, 0, QUALITY_OK, 5);
    assert_int_equal(atomic_load(&shutter.clients), 1);
    rig_finish(&rig);
    shutter_end(&shutter);
    server_stop(&server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_that_is_silent_is_passed_over),
        cmocka_unit_test(an_address_that_takes_and_closes_is_passed_over),
        cmocka_unit_test(the_address_that_works_is_kept),
        cmocka_unit_test(the_turn_does_not_depend_on_the_order_of_an_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
