/* SPDX-License-Identifier: Apache-2.0 */
/* http_client: against a peer on a socket that answers whatever the test wants, so that every kind of failure is real. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/http_client.h"
#include "support/support.h"
#include "unit/net/servers.h"
#include <lingtan/clock.h>

/* One peer: answers `answer` to each request, `times` times on as many connections as the client makes. */
struct peer {
    int listener;
    uint16_t port;
    const char *answer; /* NULL = close without a word, "" = stay silent until the client leaves */
    int times;
    int connections;
    char request[8192]; /* the last one */
    pthread_t thread;
};

static size_t read_request(int fd, char *out, size_t size)
{
    size_t length = 0;
    for (;;) {
        out[length] = '\0';
        const char *end = strstr(out, "\r\n\r\n");
        const char *header = strcasestr(out, "content-length:");
        size_t body = header && end ? strtoul(header + 15, NULL, 10) : 0;
        if (end && length >= (size_t)(end + 4 - out) + body) {
            return length;
        }
        ssize_t got = read(fd, out + length, size - 1 - length);
        if (got <= 0) {
            return 0;
        }
        length += (size_t)got;
    }
}

static void *serve(void *context)
{
    struct peer *peer = context;
    while (peer->times > 0) {
        int fd = accept(peer->listener, NULL, NULL);
        peer->connections++;
        while (peer->times > 0 && read_request(fd, peer->request, sizeof(peer->request)) > 0) {
            peer->times--;
            if (!peer->answer) {
                break;
            }
            ssize_t written = send(fd, peer->answer, strlen(peer->answer), MSG_NOSIGNAL);
            assert_int_equal(written, strlen(peer->answer));
            char byte;
            if (!peer->answer[0] && read(fd, &byte, 1) <= 0) {
                break;
            }
        }
        close(fd);
    }
    return NULL;
}

static void peer_start(struct peer *peer, const char *answer, int times, const char *socket_path)
{
    *peer = (struct peer){.answer = answer, .times = times};
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_un local = {.sun_family = AF_UNIX};
    socklen_t length = sizeof(address);
    if (socket_path) {
        snprintf(local.sun_path, sizeof(local.sun_path), "%s", socket_path);
        peer->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(bind(peer->listener, (struct sockaddr *)&local, sizeof(local)), 0);
    } else {
        peer->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(bind(peer->listener, (struct sockaddr *)&address, length), 0);
        getsockname(peer->listener, (struct sockaddr *)&address, &length);
        peer->port = ntohs(address.sin_port);
    }
    assert_int_equal(listen(peer->listener, 8), 0);
    assert_int_equal(pthread_create(&peer->thread, NULL, serve, peer), 0);
}

static void peer_stop(struct peer *peer)
{
    pthread_join(peer->thread, NULL);
    close(peer->listener);
}

static struct http_client *make_client(const struct http_client_options *options)
{
    struct http_client *client = NULL;
    assert_int_equal(http_client_create(options, &client), 0);
    return client;
}

static int get(struct http_client *client, uint16_t port, struct http_response *response)
{
    char url[64];
    snprintf(url, sizeof(url), "http://127.0.0.1:%u/x?y=1", port);
    const struct http_request request = {.method = "GET", .url = url};
    memset(response, 0, sizeof(*response));
    return http_client_send(client, &request, response);
}

static void test_reuses_its_connection(void **state)
{
    (void)state;
    struct peer peer;
    peer_start(&peer, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 3, NULL);
    struct http_client *client = make_client(&(struct http_client_options){0});
    struct http_response response;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(get(client, peer.port, &response), 0);
        assert_int_equal(response.status, 200);
        assert_string_equal(response.body, "hello");
        assert_int_equal(response.length, 5);
    }
    http_client_destroy(client);
    peer_stop(&peer);
    assert_int_equal(peer.connections, 1);
    assert_non_null(strstr(peer.request, "GET /x?y=1 HTTP/1.1\r\n"));
    assert_null(strstr(peer.request, "Authorization"));
}

static void test_post_with_password(void **state)
{
    (void)state;
    struct peer peer;
    peer_start(&peer, "HTTP/1.1 204 No Content\r\n\r\n", 1, NULL);
    struct http_client *client =
        make_client(&(struct http_client_options){.username = "energy", .password = "open sesame"});
    char url[64];
    snprintf(url, sizeof(url), "http://127.0.0.1:%u/write", peer.port);
    static const char *const headers[] = {"Content-Type: text/plain", NULL};
    const struct http_request request = {
        .method = "POST", .url = url, .headers = headers, .body = "a\nb\n", .body_length = 4};
    struct http_response response;
    assert_int_equal(http_client_send(client, &request, &response), 0);
    assert_int_equal(response.status, 204);
    assert_string_equal(response.body, "");
    http_client_destroy(client);
    peer_stop(&peer);
    assert_non_null(strstr(peer.request, "POST /write"));
    assert_non_null(strstr(peer.request, "Basic ZW5lcmd5Om9wZW4gc2VzYW1l"));
    assert_non_null(strstr(peer.request, "Content-Type: text/plain"));
    assert_non_null(strstr(peer.request, "\r\n\r\na\nb\n"));
    assert_null(strstr(peer.request, "100-continue"));
}

static void test_unix_socket(void **state)
{
    (void)state;
    char *folder = test_folder_create();
    char *path = mem_format("%s/api.sock", folder);
    struct http_client *client = make_client(&(struct http_client_options){.socket_path = path});
    struct http_response response;
    assert_int_equal(get(client, 80, &response), -ENOENT);
    assert_non_null(strstr(response.error, path));
    struct peer peer;
    peer_start(&peer, "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno", 1, path);
    assert_int_equal(get(client, 80, &response), 0);
    assert_int_equal(response.status, 404);
    assert_string_equal(response.body, "no");
    http_client_destroy(client);
    peer_stop(&peer);
    free(path);
    test_folder_remove(folder);
}

static void test_refused(void **state)
{
    (void)state;
    uint16_t port = test_free_port();
    struct http_client *client = make_client(&(struct http_client_options){0});
    struct http_response response;
    assert_int_equal(get(client, port, &response), -ECONNREFUSED);
    char expected[64];
    snprintf(expected, sizeof(expected), "connection refused by 127.0.0.1:%u", port);
    assert_string_equal(response.error, expected);
    http_client_destroy(client);
}

static void test_silent_peer(void **state)
{
    (void)state;
    struct peer peer;
    peer_start(&peer, "", 1, NULL);
    struct http_client *client =
        make_client(&(struct http_client_options){.total_timeout_ms = 300});
    struct http_response response;
    int64_t start_us = clock_mono_us(clock_real());
    assert_int_equal(get(client, peer.port, &response), -ETIMEDOUT);
    assert_true(clock_mono_us(clock_real()) - start_us >= 250000);
    assert_non_null(strstr(response.error, "no answer from 127.0.0.1:"));
    http_client_destroy(client);
    peer_stop(&peer);
}

static void test_peer_that_hangs_up(void **state)
{
    (void)state;
    struct peer peer;
    peer_start(&peer, NULL, 1, NULL);
    struct http_client *client = make_client(&(struct http_client_options){0});
    struct http_response response;
    assert_int_equal(get(client, peer.port, &response), -ECONNRESET);
    assert_non_null(strstr(response.error, "closed the connection"));
    http_client_destroy(client);
    peer_stop(&peer);
}

static void test_bad_urls(void **state)
{
    (void)state;
    struct http_client *client = make_client(&(struct http_client_options){0});
    static const char *const urls[] = {"ftp://127.0.0.1/x", "http://"};
    for (size_t i = 0; i < 2; i++) {
        const struct http_request request = {.method = "GET", .url = urls[i]};
        struct http_response response;
        assert_int_equal(http_client_send(client, &request, &response), -EINVAL);
        assert_non_null(strstr(response.error, urls[i]));
    }
    http_client_destroy(client);
    http_client_destroy(NULL);
}

static void test_bounded_answer(void **state)
{
    (void)state;
    size_t length = HTTP_CLIENT_BODY_MAX + 1;
    char *answer =
        mem_format("HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%*s", length, (int)length, "x");
    struct peer peer;
    peer_start(&peer, answer, 1, NULL);
    struct http_client *client = make_client(&(struct http_client_options){0});
    /* The peer may get a reset while it still writes: let it. */
    const struct timeval patience = {.tv_sec = 5};
    setsockopt(peer.listener, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    struct http_response response;
    assert_int_equal(get(client, peer.port, &response), -EMSGSIZE);
    http_client_destroy(client);
    peer_stop(&peer);
    free(answer);
}

struct stream {
    char seen[64];
    size_t calls;
};

static bool on_data(void *context, const char *bytes, size_t length)
{
    struct stream *stream = context;
    strncat(stream->seen, bytes, length);
    stream->calls++;
    return strstr(stream->seen, "stop") == NULL;
}

static int stream_from(struct peer *peer, struct stream *stream, struct http_response *response)
{
    struct http_client *client = make_client(&(struct http_client_options){.total_timeout_ms = -1});
    char url[64];
    snprintf(url, sizeof(url), "http://127.0.0.1:%u/live", peer->port);
    const struct http_request request = {
        .method = "GET", .url = url, .on_data = on_data, .context = stream};
    int result = http_client_send(client, &request, response);
    assert_int_equal(response->status == 200 || stream->calls == 0, 1);
    http_client_destroy(client);
    return result;
}

static void test_stream_until_told_to_stop(void **state)
{
    (void)state;
    struct peer peer;
    /* Without a length the answer has no end but the end of the connection. */
    peer_start(&peer, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: stop\n\n", 1,
               NULL);
    struct stream stream = {0};
    struct http_response response;
    assert_int_equal(stream_from(&peer, &stream, &response), 0);
    assert_string_equal(stream.seen, "data: stop\n\n");
    peer_stop(&peer);
}

static void test_stream_shows_why_it_failed(void **state)
{
    (void)state;
    struct peer peer;
    peer_start(&peer, "HTTP/1.1 403 Forbidden\r\nContent-Length: 6\r\n\r\nno way", 1, NULL);
    struct stream stream = {0};
    struct http_client *client = make_client(&(struct http_client_options){0});
    char url[64];
    snprintf(url, sizeof(url), "http://127.0.0.1:%u/live", peer.port);
    const struct http_request request = {
        .method = "GET", .url = url, .on_data = on_data, .context = &stream};
    struct http_response response;
    assert_int_equal(http_client_send(client, &request, &response), 0);
    assert_int_equal(response.status, 403);
    assert_string_equal(response.body, "no way");
    assert_int_equal(stream.calls, 0);
    http_client_destroy(client);
    peer_stop(&peer);
}

static void test_escapes(void **state)
{
    (void)state;
    struct text text = {0};
    http_add_escaped(&text, "a-Z_0.~ &=\"/零");
    assert_string_equal(text.data, "a-Z_0.~%20%26%3D%22%2F%E9%9B%B6");
    text_finish(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reuses_its_connection),
        cmocka_unit_test(test_post_with_password),
        cmocka_unit_test(test_unix_socket),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_silent_peer),
        cmocka_unit_test(test_peer_that_hangs_up),
        cmocka_unit_test(test_bad_urls),
        cmocka_unit_test(test_bounded_answer),
        cmocka_unit_test(test_stream_until_told_to_stop),
        cmocka_unit_test(test_stream_shows_why_it_failed),
        cmocka_unit_test(test_escapes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
