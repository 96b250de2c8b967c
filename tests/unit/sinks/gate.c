/* SPDX-License-Identifier: Apache-2.0 */
/* gate: reads a request, answers or passes it on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/sinks/gate.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"

struct request {
    struct text bytes;
    size_t head; /* bytes of the head with its blank line */
    size_t body_length;
    char path[512];
};

static bool read_some(int fd, struct text *text)
{
    char buffer[65536];
    ssize_t got = read(fd, buffer, sizeof(buffer));
    if (got > 0) {
        text_add(text, buffer, (size_t)got);
    }
    return got > 0;
}

static bool read_request(int fd, struct request *request)
{
    text_clear(&request->bytes);
    const char *end = NULL;
    while (!end) {
        if (!read_some(fd, &request->bytes)) {
            return false;
        }
        end = strstr(request->bytes.data, "\r\n\r\n");
    }
    request->head = (size_t)(end + 4 - request->bytes.data);
    const char *length = strcasestr(request->bytes.data, "content-length:");
    request->body_length = length && length < end ? strtoul(length + 15, NULL, 10) : 0;
    while (request->bytes.length < request->head + request->body_length) {
        if (!read_some(fd, &request->bytes)) {
            return false;
        }
    }
    return sscanf(request->bytes.data, "POST %511s", request->path) == 1;
}

static bool is_packed(const struct request *request)
{
    return memmem(request->bytes.data, request->head, "Content-Encoding: gzip", 22) != NULL;
}

/* Every line ends with its time. */
static bool has_old_line(const char *body, size_t length, int64_t old_us)
{
    const char *end = body + length;
    for (const char *line = body; line < end;) {
        const char *newline = memchr(line, '\n', (size_t)(end - line));
        const char *space = memrchr(line, ' ', (size_t)(newline - line));
        if (strtoll(space + 1, NULL, 10) < old_us) {
            return true;
        }
        line = newline + 1;
    }
    return false;
}

/* What the gate says itself; 0 = the server shall answer. */
static int own_answer(struct gate *gate, const struct request *request)
{
    if (!strstr(request->path, "/write?") || request->body_length == 0) {
        return 0;
    }
    atomic_fetch_add(&gate->requests, 1);
    const char *body = request->bytes.data + request->head;
    int poison = atomic_load(&gate->poison);
    size_t body_max = atomic_load(&gate->body_max);
    if (poison && memmem(body, request->body_length, "poison", 6)) {
        return poison;
    }
    int old_status = atomic_load(&gate->old_status);
    if (old_status && has_old_line(body, request->body_length, atomic_load(&gate->old_us))) {
        return old_status;
    }
    if (body_max && request->body_length > body_max) {
        return 413;
    }
    int gzip = is_packed(request) ? atomic_load(&gate->gzip) : 0;
    return gzip ? gzip : atomic_load(&gate->status);
}

static void pass_on(struct gate *gate, const struct request *request,
                    struct http_response *response)
{
    char *url = mem_format("http://127.0.0.1:%u%s", gate->server_port, request->path);
    const char *const headers[] = {is_packed(request) ? "Content-Encoding: gzip" : NULL, NULL};
    const struct http_request onward = {.method = "POST",
                                        .url = url,
                                        .headers = headers,
                                        .body = request->bytes.data + request->head,
                                        .body_length = request->body_length};
    if (http_client_send(gate->http, &onward, response) < 0) {
        *response = (struct http_response){
            .status = 502, .body = response->error, .length = strlen(response->error)};
    } else if (is_packed(request)) {
        atomic_fetch_add(&gate->packed, 1);
    }
    free(url);
}

/* False: it hangs up. */
static bool answer(struct gate *gate, int fd, const struct request *request)
{
    struct http_response response = {
        .status = own_answer(gate, request), .body = "out of order", .length = 12};
    if (response.status < 0) {
        return false;
    }
    if (response.status == 0) {
        pass_on(gate, request, &response);
        int lost = request->body_length > 0 ? atomic_load(&gate->lost) : 0;
        response.status = lost ? lost : response.status;
    }
    bool has_body = response.status != 204;
    struct text text = {0};
    text_add_format(&text, "HTTP/1.1 %d Answer\r\n", response.status);
    if (response.status == 301) {
        text_add_string(&text, "Location: http://127.0.0.1:9/\r\n");
    }
    if (has_body) {
        text_add_format(&text, "Content-Length: %zu\r\n", response.length);
    }
    text_add_string(&text, "\r\n");
    text_add(&text, response.body, has_body ? response.length : 0);
    ssize_t sent = send(fd, text.data, text.length, MSG_NOSIGNAL);
    (void)sent; /* the client may have left */
    text_finish(&text);
    return true;
}

static void *serve(void *context)
{
    struct gate *gate = context;
    struct request request = {0};
    for (;;) {
        int fd = accept4(gate->listener, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0) {
            break;
        }
        while (read_request(fd, &request) && answer(gate, fd, &request)) {
        }
        close(fd);
    }
    text_finish(&request.bytes);
    return NULL;
}

void gate_start(struct gate *gate, uint16_t server_port)
{
    *gate = (struct gate){.server_port = server_port};
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(address);
    gate->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(gate->listener, (struct sockaddr *)&address, length), 0);
    assert_int_equal(listen(gate->listener, 8), 0);
    getsockname(gate->listener, (struct sockaddr *)&address, &length);
    gate->port = ntohs(address.sin_port);
    assert_int_equal(http_client_create(&(struct http_client_options){0}, &gate->http), 0);
    assert_int_equal(pthread_create(&gate->thread, NULL, serve, gate), 0);
}

void gate_stop(struct gate *gate)
{
    shutdown(gate->listener, SHUT_RDWR);
    pthread_join(gate->thread, NULL);
    close(gate->listener);
    http_client_destroy(gate->http);
}
