/* SPDX-License-Identifier: Apache-2.0 */
/* client: one request and its answer as JSON. */
#include "cli/remote/client.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/http_client.h"

enum {
    ANSWER_MAX = 256 * 1024 * 1024, /* more comes from no daemon of ours */
    TIMEOUT_MS = 30000,
    SCREEN_TIMEOUT_MS = 3000, /* a screen must not freeze for longer */
};

struct exchange {
    const char *path;
    const char *body;   /* NULL = GET */
    int64_t timeout_ms; /* 0 = the usual */
    struct text answer;
    int status;      /* of HTTP */
    json_t *refusal; /* what came with a bad one */
    int code;
    char why[320];
};

static bool collect(void *context, const char *bytes, size_t length)
{
    struct text *answer = context;
    text_add(answer, bytes, length);
    return answer->length < ANSWER_MAX;
}

static void say_unreachable(const struct cli *cli, struct exchange *exchange, int error)
{
    const char *reason = strerror(-error);
    const char *advice = "is lingtand running? Try: systemctl status lingtand";
    if (error == -ENOENT || error == -ECONNREFUSED) {
        reason = error == -ENOENT ? "there is no such socket" : "nobody listens";
    } else if (error == -EACCES) {
        reason = "permission denied";
        advice = "ask for membership in the group lingtan, or use sudo";
    }
    exchange->code = EXIT_UNREACHABLE;
    (void)snprintf(exchange->why, sizeof(exchange->why),
                   "the daemon does not answer on %s: %s; %s, or name its socket with --socket or "
                   "LINGTAN_SOCKET",
                   cli->socket, reason, advice);
}

static void say_refused(struct exchange *exchange, const struct http_response *response)
{
    exchange->refusal = json_loadb(response->body, response->length, 0, NULL);
    const json_t *error = json_object_get(exchange->refusal, "error");
    const char *what = json_string_value(json_object_get(error, "what"));
    const char *allowed = json_string_value(json_object_get(error, "allowed"));
    exchange->code = EXIT_FAILED;
    (void)snprintf(exchange->why, sizeof(exchange->why), "%s%s%s",
                   what ? what : "the daemon refused without a reason",
                   allowed ? "; allowed: " : "", allowed ? allowed : "");
}

static void send_request(const struct cli *cli, struct http_client *client,
                         struct exchange *exchange)
{
    static const char *const headers[] = {"Content-Type: application/json", NULL};
    struct http_response response = {0};
    char *url = mem_format("http://localhost%s", exchange->path);
    const struct http_request request = {
        .method = exchange->body ? "POST" : "GET",
        .url = url,
        .headers = exchange->body ? headers : NULL,
        .body = exchange->body,
        .body_length = exchange->body ? strlen(exchange->body) : 0,
        .on_data = collect,
        .context = &exchange->answer,
    };
    int error = http_client_send(client, &request, &response);
    free(url);
    exchange->status = error < 0 ? 0 : response.status;
    if (error < 0) {
        say_unreachable(cli, exchange, error);
    } else if (response.status != 200) {
        say_refused(exchange, &response);
    }
}

static void run(const struct cli *cli, struct exchange *exchange)
{
    const struct http_client_options options = {
        .socket_path = cli->socket,
        .total_timeout_ms = exchange->timeout_ms > 0 ? exchange->timeout_ms : TIMEOUT_MS,
    };
    struct http_client *client = NULL;
    int error = http_client_create(&options, &client);
    if (error < 0) {
        say_unreachable(cli, exchange, error);
        return;
    }
    send_request(cli, client, exchange);
    http_client_destroy(client);
}

static void parse(struct exchange *exchange, json_t **out)
{
    json_error_t fault;
    *out = json_loadb(exchange->answer.data ? exchange->answer.data : "", exchange->answer.length,
                      0, &fault);
    if (!*out) {
        exchange->code = EXIT_FAILED;
        (void)snprintf(exchange->why, sizeof(exchange->why),
                       "the answer to %s is no JSON (%s): do lingtan and lingtand have the same "
                       "version?",
                       exchange->path, fault.text);
    }
}

static int ask(const struct cli *cli, struct exchange *exchange, json_t **out)
{
    run(cli, exchange);
    if (exchange->code == EXIT_OK) {
        parse(exchange, out);
    }
    text_finish(&exchange->answer);
    return exchange->code;
}

static int tell(const struct exchange *exchange)
{
    json_decref(exchange->refusal);
    if (exchange->code != EXIT_OK) {
        fprintf(stderr, "lingtan: %s\n", exchange->why);
    }
    return exchange->code;
}

int client_get(const struct cli *cli, const char *path, json_t **out)
{
    struct exchange exchange = {.path = path};
    (void)ask(cli, &exchange, out);
    return tell(&exchange);
}

int client_post(const struct cli *cli, const char *path, const char *body, json_t **out)
{
    struct exchange exchange = {.path = path, .body = body};
    (void)ask(cli, &exchange, out);
    return tell(&exchange);
}

int client_print(const struct cli *cli, const char *path)
{
    struct exchange exchange = {.path = path};
    run(cli, &exchange);
    if (exchange.code == EXIT_OK) {
        fwrite(exchange.answer.data, 1, exchange.answer.length, stdout);
        putchar('\n');
    }
    text_finish(&exchange.answer);
    return tell(&exchange);
}

int client_try(const struct cli *cli, const char *path, json_t **out, char *why, size_t size)
{
    struct exchange exchange = {.path = path, .timeout_ms = SCREEN_TIMEOUT_MS};
    int code = ask(cli, &exchange, out);
    json_decref(exchange.refusal);
    (void)snprintf(why, size, "%s", exchange.why);
    return code;
}

int client_ask(const struct cli *cli, const char *path, const char *body, int *status, json_t **out,
               char *why, size_t size)
{
    struct exchange exchange = {.path = path, .body = body};
    *out = NULL;
    int code = ask(cli, &exchange, out);
    *status = exchange.status;
    if (code != EXIT_OK) {
        *out = exchange.refusal;
    }
    (void)snprintf(why, size, "%s", exchange.why);
    return code;
}

int client_knock(const struct cli *cli)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(cli->socket) >= sizeof(address.sun_path)) {
        return -ENAMETOOLONG;
    }
    memcpy(address.sun_path, cli->socket, strlen(cli->socket) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return -errno;
    }
    int error = connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0 ? 0 : -errno;
    close(fd);
    return error;
}

const char *member_string(const json_t *object, const char *name)
{
    const char *value = json_string_value(json_object_get(object, name));
    return value ? value : "";
}

double member_number(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

int64_t member_integer(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

int64_t member_time_us(const json_t *object, const char *name)
{
    int64_t time_us = 0;
    const char *value = json_string_value(json_object_get(object, name));
    return value && time_parse(value, &time_us) == 0 ? time_us : 0;
}
