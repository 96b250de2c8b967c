/* SPDX-License-Identifier: Apache-2.0 */
/* What is no proper request, what comes from elsewhere, what is too much, and stopping in the middle of work. After
 * each the server must still answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "unit/http/world.h"

static int setup(void **state)
{
    struct world *world = mem_alloc(sizeof(*world));
    world_start(world, false);
    *state = world;
    return 0;
}

static void assert_alive(const struct world *world)
{
    struct reply reply = world_ask(world, "GET", "/healthz", NULL);
    assert_int_equal(reply.status, 200);
    reply_finish(&reply);
}

static int teardown(void **state)
{
    assert_alive(*state);
    world_stop(*state);
    free(*state);
    return 0;
}

static int status_of(const struct world *world, const char *request)
{
    struct reply reply = world_raw(world, request, strlen(request));
    int status = reply.status;
    reply_finish(&reply);
    return status;
}

static int status_with(const struct world *world, const char *headers)
{
    char *request = mem_format("GET /api/v1/site HTTP/1.1\r\nConnection: close\r\n%s\r\n", headers);
    int status = status_of(world, request);
    free(request);
    return status;
}

static void lets_loopback_names_in(void **state)
{
    static const char *const hosts[] = {"localhost",      "LOCALHOST:80", "127.0.0.1",
                                        "127.3.2.1:8080", "[::1]",        "[::1]:8080"};
    for (size_t i = 0; i < ARRAY_SIZE(hosts); i++) {
        char *header = mem_format("Host: %s\r\n", hosts[i]);
        assert_int_equal(status_with(*state, header), 200);
        free(header);
    }
}

static void keeps_other_names_out(void **state)
{
    static const char *const hosts[] = {
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "10.0.0.5",
        "0.0.0.0",
        "[::]",
        "[::1].evil.example",
        "localhost:80x",
        "128.0.0.1",
        "lingtan",
        "127.0.0.1:80:80",
        "",
        "127.0.0.1@evil",
        "localhost ,evil",
    };
    for (size_t i = 0; i < ARRAY_SIZE(hosts); i++) {
        char *header = mem_format("Host: %s\r\n", hosts[i]);
        int status = status_with(*state, header);
        if (status != 403) {
            print_error("Host: %s -> %d\n", hosts[i], status);
        }
        assert_int_equal(status, 403);
        free(header);
    }
    assert_int_equal(status_with(*state, ""), 403);
    assert_int_equal(status_of(*state, "GET /metrics HTTP/1.0\r\n\r\n"), 403);
}

static void keeps_proxies_and_foreign_pages_out(void **state)
{
    static const char *const headers[] = {
        "Forwarded: for=10.0.0.1",     "X-Forwarded-For: 10.0.0.1",
        "x-forwarded-proto: https",    "X-Forwarded-Anything: 1",
        "X-Real-IP: 127.0.0.1",        "Via: 1.1 squid",
        "Origin: http://evil.example", "Origin: null",
        "CF-Connecting-IP: 1.2.3.4",
    };
    for (size_t i = 0; i < ARRAY_SIZE(headers); i++) {
        char *request = mem_format("Host: localhost\r\n%s\r\n", headers[i]);
        int status = status_with(*state, request);
        if (status != 403) {
            print_error("%s -> %d\n", headers[i], status);
        }
        assert_int_equal(status, 403);
        free(request);
    }
    assert_int_equal(status_with(*state, "Host: localhost\r\nOrigin: http://localhost:8080\r\n"),
                     200);
}

/* The socket's file mode is the guard there: no name is asked for. */
static void asks_no_name_on_the_unix_socket(void **state)
{
    static const char request[] = "GET /api/v1/site HTTP/1.1\r\nHost: anything\r\nX-Forwarded-For: "
                                  "x\r\nConnection: close\r\n\r\n";
    int fd = world_connect_local(*state);
    send_all(fd, request, strlen(request));
    struct reply reply = receive_all(fd);
    close(fd);
    assert_int_equal(reply.status, 200);
    reply_finish(&reply);
}

static void wants_json_declared(void **state)
{
    static const char body[] = "{\"line\":\"l1\",\"unit\":1,\"address\":1}";
    static const char *const types[] = {"", "Content-Type: text/plain\r\n",
                                        "Content-Type: application/x-www-form-urlencoded\r\n"};
    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        char *request = mem_format("POST /api/v1/read HTTP/1.1\r\nHost: localhost\r\nConnection: "
                                   "close\r\n%sContent-Length: %zu\r\n\r\n%s",
                                   types[i], strlen(body), body);
        assert_int_equal(status_of(*state, request), 415);
        free(request);
    }
}

static void bounds_urls_and_headers(void **state)
{
    static const size_t lengths[] = {2000, 2100, 20000, 40000, 200000};
    static const int statuses[][2] = {{404, 404}, {414, 414}, {414, 414}, {414, 431}, {414, 431}};
    for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
        struct text request = {0};
        text_add_string(&request, "GET /");
        for (size_t j = 0; j < lengths[i]; j++) {
            text_add_char(&request, 'a');
        }
        text_add_string(&request, " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        struct reply reply = world_raw(*state, request.data, request.length);
        assert_true(reply.status == statuses[i][0] || reply.status == statuses[i][1]);
        reply_finish(&reply);
        text_finish(&request);
    }
    struct text headers = {0};
    text_add_string(&headers, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n");
    for (size_t i = 0; i < 5000; i++) {
        text_add_format(&headers, "X-Filler-%zu: 0123456789\r\n", i);
    }
    text_add_string(&headers, "\r\n");
    struct reply reply = world_raw(*state, headers.data, headers.length);
    assert_int_equal(reply.status, 431);
    reply_finish(&reply);
    text_finish(&headers);
}

static void bounds_bodies(void **state)
{
    struct text body = {0};
    for (size_t i = 0; i < 70000; i++) {
        text_add_char(&body, ' ');
    }
    struct reply reply = world_ask(*state, "POST", "/api/v1/read", body.data);
    assert_int_equal(reply.status, 413);
    reply_finish(&reply);
    /* In chunks nobody says beforehand how long it is. */
    struct text request = {0};
    text_add_string(&request, "POST /api/v1/read HTTP/1.1\r\nHost: localhost\r\nConnection: "
                              "close\r\nContent-Type: application/json\r\nTransfer-Encoding: "
                              "chunked\r\n\r\n");
    for (int i = 0; i < 10; i++) {
        text_add_string(&request, "2710\r\n");
        text_add(&request, body.data, 10000);
        text_add_string(&request, "\r\n");
    }
    text_add_string(&request, "0\r\n\r\n");
    reply = world_raw(*state, request.data, request.length);
    assert_int_equal(reply.status, 413);
    reply_finish(&reply);
    text_finish(&request);
    text_finish(&body);
}

/* A claimed length is refused before a byte of it is read; a GET with a body is answered all the same. */
static void looks_at_the_length_first(void **state)
{
    assert_int_equal(status_of(*state, "POST /api/v1/read HTTP/1.1\r\nHost: localhost\r\n"
                                       "Content-Type: application/json\r\n"
                                       "Content-Length: 99999999999\r\n\r\n"),
                     413);
    assert_int_equal(status_of(*state, "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: "
                                       "close\r\nContent-Length: 5\r\n\r\nhello"),
                     200);
    assert_int_equal(status_of(*state, "GET /healthz HTTP/1.1\r\nHost: evil\r\nConnection: "
                                       "close\r\nContent-Length: 5\r\n\r\nhello"),
                     403);
}

/* What can be no good request: no answer, or one that says so. The end of the client's side comes together with its
 * last bytes, and must be seen: otherwise such clients pile up to the limit. */
static void assert_refused(const struct world *world, const void *bytes, size_t length)
{
    int fd = world_connect_tcp(world);
    send_all(fd, bytes, length);
    shutdown(fd, SHUT_WR);
    struct reply reply = receive_all(fd);
    close(fd);
    assert_true(reply.status == 0 || reply.status >= 400);
    reply_finish(&reply);
}

static void survives_nonsense(void **state)
{
    static const char *const requests[] = {
        "",
        "\r\n\r\n\r\n",
        "GET\r\n\r\n",
        "GET /\r\n\r\n",
        "GET / HTTP/9.9\r\nHost: localhost\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n",
        "POST /api/v1/read HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{",
        "POST /api/v1/read HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
        "GET http://localhost/healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        "GET /api/v1/live?%%%=%zz&&==&a HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        "GET /api/v1/devices/%00%ff%fe HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        "G\001T /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
        ": :\r\n: :\r\n\r\n",
    };
    for (size_t i = 0; i < ARRAY_SIZE(requests); i++) {
        assert_refused(*state, requests[i], strlen(requests[i]));
    }
}

static void survives_random_bytes(void **state)
{
    unsigned seed = 20261123;
    for (int round = 0; round < 200; round++) {
        char bytes[600];
        size_t length = (size_t)rand_r(&seed) % sizeof(bytes);
        for (size_t i = 0; i < length; i++) {
            bytes[i] = (char)rand_r(&seed);
        }
        if (round % 2 == 0 && length > 30) {
            memcpy(bytes, "GET /api/v1/live?device= HTTP/1.1", 24);
        }
        assert_refused(*state, bytes, length);
    }
}

/* Bytes one by one, and clients that say nothing: others are served meanwhile. */
static void serves_others_beside_slow_clients(void **state)
{
    struct world *world = *state;
    static const char request[] =
        "GET /api/v1/site HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    int silent[20];
    for (size_t i = 0; i < ARRAY_SIZE(silent); i++) {
        silent[i] = world_connect_tcp(world);
        send_all(silent[i], request, i);
    }
    int slow = world_connect_tcp(world);
    for (size_t i = 0; i < strlen(request); i++) {
        send_all(slow, request + i, 1);
        usleep(1000);
        if (i % 16 == 0) {
            assert_alive(world);
        }
    }
    struct reply reply = receive_all(slow);
    assert_int_equal(reply.status, 200);
    reply_finish(&reply);
    close(slow);
    for (size_t i = 0; i < ARRAY_SIZE(silent); i++) {
        close(silent[i]);
    }
}

static void *ask_often(void *context)
{
    uintptr_t good = 0;
    for (int i = 0; i < 5; i++) {
        struct reply reply =
            world_ask(context, "GET", i % 2 == 0 ? "/api/v1/live" : "/metrics", NULL);
        good += reply.status == 200;
        reply_finish(&reply);
    }
    return (void *)good;
}

static void serves_a_hundred_at_once(void **state)
{
    pthread_t threads[100];
    for (size_t i = 0; i < ARRAY_SIZE(threads); i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, ask_often, *state), 0);
    }
    for (size_t i = 0; i < ARRAY_SIZE(threads); i++) {
        void *good = NULL;
        pthread_join(threads[i], &good);
        assert_int_equal((uintptr_t)good, 5);
    }
}

/* More connections than the limit, all silent: they wait in the kernel, and the Unix socket stays open to us. */
static void keeps_the_unix_socket_apart(void **state)
{
    static const char request[] =
        "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    int silent[100];
    for (size_t i = 0; i < ARRAY_SIZE(silent); i++) {
        silent[i] = world_connect_tcp(*state);
    }
    int fd = world_connect_local(*state);
    send_all(fd, request, strlen(request));
    struct reply reply = receive_all(fd);
    assert_int_equal(reply.status, 200);
    reply_finish(&reply);
    close(fd);
    for (size_t i = 0; i < ARRAY_SIZE(silent); i++) {
        close(silent[i]);
    }
}

static void keeps_connections_alive(void **state)
{
    static const char first[] = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    static const char second[] = "POST /api/v1/read HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
                                 "application/json\r\nContent-Length: 35\r\n\r\n"
                                 "{\"line\":\"l1\",\"unit\":1,\"address\":1 }";
    static const char last[] =
        "GET /api/v1/site HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    int fd = world_connect_tcp(*state);
    for (int i = 0; i < 10; i++) {
        send_all(fd, first, strlen(first));
        send_all(fd, second, strlen(second));
    }
    send_all(fd, last, strlen(last));
    struct reply reply = receive_all(fd);
    close(fd);
    size_t answers = 0;
    for (const char *at = reply.bytes; (at = strstr(at, "HTTP/1.1 200")) != NULL; at++) {
        answers++;
    }
    assert_int_equal(answers, 21);
    reply_finish(&reply);
}

static void *read_held(void *context)
{
    struct reply reply =
        world_ask(context, "POST", "/api/v1/read", "{\"line\":\"l1\",\"unit\":1,\"address\":1}");
    uintptr_t status = (uintptr_t)reply.status;
    reply_finish(&reply);
    return (void *)status;
}

/* The line gives the command back long after the server is gone. */
static void stops_while_a_line_holds_a_read(void **state)
{
    (void)state;
    struct world *world = mem_alloc(sizeof(*world));
    pthread_t threads[3];
    world_start(world, false);
    atomic_store(&world->mode, COMMAND_HELD);
    struct command *held[3];
    for (size_t i = 0; i < ARRAY_SIZE(threads); i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, read_held, world), 0);
        while ((held[i] = atomic_exchange(&world->held, NULL)) == NULL) {
            usleep(1000);
        }
    }
    assert_alive(world); /* held reads keep no thread */
    int64_t started_ms = mono_ms();
    world_stop(world);
    assert_true(mono_ms() - started_ms < 2000);
    for (size_t i = 0; i < ARRAY_SIZE(threads); i++) {
        void *status = NULL;
        pthread_join(threads[i], &status);
        assert_true((uintptr_t)status == 503 || (uintptr_t)status == 0);
        held[i]->error = -ECANCELED;
        held[i]->done(held[i]);
    }
    free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(lets_loopback_names_in, setup, teardown),
        cmocka_unit_test_setup_teardown(keeps_other_names_out, setup, teardown),
        cmocka_unit_test_setup_teardown(keeps_proxies_and_foreign_pages_out, setup, teardown),
        cmocka_unit_test_setup_teardown(asks_no_name_on_the_unix_socket, setup, teardown),
        cmocka_unit_test_setup_teardown(wants_json_declared, setup, teardown),
        cmocka_unit_test_setup_teardown(bounds_urls_and_headers, setup, teardown),
        cmocka_unit_test_setup_teardown(bounds_bodies, setup, teardown),
        cmocka_unit_test_setup_teardown(looks_at_the_length_first, setup, teardown),
        cmocka_unit_test_setup_teardown(survives_nonsense, setup, teardown),
        cmocka_unit_test_setup_teardown(survives_random_bytes, setup, teardown),
        cmocka_unit_test_setup_teardown(serves_others_beside_slow_clients, setup, teardown),
        cmocka_unit_test_setup_teardown(serves_a_hundred_at_once, setup, teardown),
        cmocka_unit_test_setup_teardown(keeps_the_unix_socket_apart, setup, teardown),
        cmocka_unit_test_setup_teardown(keeps_connections_alive, setup, teardown),
        cmocka_unit_test(stops_while_a_line_holds_a_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
