/* SPDX-License-Identifier: Apache-2.0 */
/* test_http_names: a host name with two addresses, the first of which takes connections and ends them: the second gets its
 * turn, and is kept. The name server is this file: the program's own getaddrinfo stands before the library's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/http_client.h"

enum { TRIES_MAX = 60, KEPT = 10 };

static struct addrinfo *make_info(const char *address, const char *service, struct addrinfo *next)
{
    struct addrinfo *info = mem_alloc(sizeof(*info));
    struct sockaddr_in *v4 = mem_alloc(sizeof(*v4));
    v4->sin_family = AF_INET;
    v4->sin_port = htons((uint16_t)strtoul(service, NULL, 10));
    assert_int_equal(inet_pton(AF_INET, address, &v4->sin_addr), 1);
    *info = (struct addrinfo){.ai_family = AF_INET,
                              .ai_socktype = SOCK_STREAM,
                              .ai_protocol = IPPROTO_TCP,
                              .ai_addr = (struct sockaddr *)(void *)v4,
                              .ai_addrlen = sizeof(*v4),
                              .ai_next = next};
    return info;
}

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                struct addrinfo **out)
{
    (void)name, (void)hints;
    *out = make_info("127.0.0.2", service, make_info("127.0.0.1", service, NULL));
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

/* One connection after the other: a request is answered, or not, and the connection ended. */
struct end {
    pthread_t thread;
    int listen_fd;
    uint16_t port;
    bool answers;
    atomic_uint clients;
};

static void *serve(void *context)
{
    static const char answer[] = "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n";
    struct end *end = context;
    int fd = accept(end->listen_fd, NULL, NULL);
    while (fd >= 0) {
        char request[2048];
        atomic_fetch_add(&end->clients, 1);
        if (end->answers && read(fd, request, sizeof(request)) > 0) {
            (void)!write(fd, answer, sizeof(answer) - 1);
        }
        close(fd);
        fd = accept(end->listen_fd, NULL, NULL);
    }
    return NULL;
}

static void end_start(struct end *end, const char *host, uint16_t port, bool answers)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    socklen_t size = sizeof(address);
    assert_int_equal(inet_pton(AF_INET, host, &address.sin_addr), 1);
    end->answers = answers;
    atomic_init(&end->clients, 0);
    end->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(end->listen_fd, (struct sockaddr *)&address, size), 0);
    assert_int_equal(getsockname(end->listen_fd, (struct sockaddr *)&address, &size), 0);
    end->port = ntohs(address.sin_port);
    assert_int_equal(listen(end->listen_fd, 8), 0);
    assert_int_equal(pthread_create(&end->thread, NULL, serve, end), 0);
}

static void end_stop(struct end *end)
{
    shutdown(end->listen_fd, SHUT_RDWR);
    pthread_join(end->thread, NULL);
    close(end->listen_fd);
}

static void each_address_gets_its_turn(void **state)
{
    (void)state;
    struct end good;
    struct end bad;
    end_start(&good, "127.0.0.1", 0, true);
    end_start(&bad, "127.0.0.2", good.port, false);
    struct http_client *client = NULL;
    assert_int_equal(http_client_create(&(struct http_client_options){0}, &client), 0);
    char url[64];
    snprintf(url, sizeof(url), "http://two.example:%u/", good.port);
    const struct http_request request = {.method = "GET", .url = url};
    struct http_response response = {0};
    unsigned tries = 0;
    while (http_client_send(client, &request, &response) != 0 && tries < TRIES_MAX) {
        tries++;
    }
    assert_in_range(tries, 1, TRIES_MAX - 1);
    for (unsigned i = 0; i < KEPT; i++) {
        assert_int_equal(http_client_send(client, &request, &response), 0);
    }
    assert_int_equal(atomic_load(&good.clients), KEPT + 1);
    http_client_destroy(client);
    end_stop(&bad);
    end_stop(&good);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_address_gets_its_turn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
