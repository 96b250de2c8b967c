/* SPDX-License-Identifier: Apache-2.0 */
/* influx_client: /write and, once, CREATE DATABASE. Behaviour as of InfluxDB 1.6; VictoriaMetrics answers alike. */
#include "sinks/influx_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/mem.h"
#include "base/text.h"
#include "net/http_client.h"
#include "net/secret.h"

struct influx_client {
    const struct influx_options *options;
    struct http_client *http; /* NULL before the first open */
    char *write_url;
    char *query_url;
    char *create_query; /* as a form */
};

/* InfluxQL quotes identifiers in double quotes, with backslash escapes inside. */
static char *make_create_query(const char *database)
{
    struct text query = {0};
    text_add_string(&query, "CREATE DATABASE \"");
    for (const char *c = database; *c; c++) {
        if (*c == '"' || *c == '\\') {
            text_add_char(&query, '\\');
        }
        text_add_char(&query, *c);
    }
    text_add_char(&query, '"');
    struct text form = {0};
    text_add_string(&form, "q=");
    http_add_escaped(&form, query.data);
    text_finish(&query);
    return text_take(&form);
}

struct influx_client *influx_client_create(const struct influx_options *options)
{
    struct influx_client *client = mem_alloc(sizeof(*client));
    client->options = options;
    size_t length = strlen(options->url);
    while (length > 0 && options->url[length - 1] == '/') {
        length--;
    }
    struct text url = {0};
    text_add(&url, options->url, length);
    text_add_string(&url, "/write?precision=u&db=");
    http_add_escaped(&url, options->database);
    client->write_url = text_take(&url);
    client->query_url = mem_format("%.*s/query", (int)length, options->url);
    client->create_query = make_create_query(options->database);
    return client;
}

void influx_client_destroy(struct influx_client *client)
{
    if (!client) {
        return;
    }
    http_client_destroy(client->http);
    free(client->write_url);
    free(client->query_url);
    free(client->create_query);
    free(client);
}

static void answer_with(struct influx_answer *answer, enum influx_verdict verdict,
                        const char *reason)
{
    *answer = (struct influx_answer){.verdict = verdict};
    snprintf(answer->reason, sizeof(answer->reason), "%.299s", reason);
}

int influx_client_open(struct influx_client *client, struct influx_answer *answer)
{
    http_client_destroy(client->http);
    client->http = NULL;
    char password[SECRET_SIZE] = "";
    const char *path = client->options->password_file;
    int result = path[0] ? secret_read(path, password, sizeof(password)) : 0;
    if (result < 0) {
        answer_with(answer, INFLUX_REFUSED, "");
        snprintf(answer->reason, sizeof(answer->reason),
                 "cannot read the password from %.100s (influx.password_file): %s", path,
                 strerrordesc_np(-result));
        return result;
    }
    const struct http_client_options options = {.username = client->options->username,
                                                .password = password};
    result = http_client_create(&options, &client->http);
    explicit_bzero(password, sizeof(password));
    if (result < 0) {
        answer_with(answer, INFLUX_REFUSED, "the HTTP library does not start");
    }
    return result;
}

/* The server's own words: {"error": "..."}, or the first line of what it sent. */
static void read_error(const struct http_response *response, char *out, size_t size)
{
    json_t *object = json_loadb(response->body, response->length, 0, NULL);
    const char *words = json_string_value(json_object_get(object, "error"));
    if (words) {
        snprintf(out, size, "%s", words);
    } else {
        size_t length = strcspn(response->body, "\r\n");
        snprintf(out, size, "%.*s", (int)(length < size ? length : size - 1), response->body);
    }
    json_decref(object);
}

static size_t read_dropped(const char *error)
{
    const char *word = strstr(error, "dropped=");
    return word ? strtoul(word + strlen("dropped="), NULL, 10) : 0;
}

static enum influx_verdict verdict_of(int status)
{
    switch (status) {
    case 200:
    case 204:
        return INFLUX_WRITTEN;
    case 400:
    case 422:
        return INFLUX_BAD_LINES;
    case 413:
        return INFLUX_TOO_LARGE;
    case 429:
        return INFLUX_TROUBLED;
    default:
        return status >= 500 ? INFLUX_TROUBLED : INFLUX_REFUSED;
    }
}

static void judge(const struct influx_client *client, const struct http_response *response,
                  struct influx_answer *answer)
{
    char words[200];
    read_error(response, words, sizeof(words));
    answer_with(answer, verdict_of(response->status), words);
    answer->dropped = read_dropped(words);
    const char *url = client->options->url;
    if (response->status == 401 || response->status == 403) {
        snprintf(answer->reason, sizeof(answer->reason),
                 "%.80s denies access (%d %.100s): check influx.username and influx.password_file",
                 url, response->status, words);
    } else if (answer->verdict == INFLUX_REFUSED || answer->verdict == INFLUX_TROUBLED) {
        snprintf(answer->reason, sizeof(answer->reason), "%.80s answers %d %.150s", url,
                 response->status, words);
    }
}

static int post(struct influx_client *client, const char *url, const char *body, size_t length,
                struct http_response *response, struct influx_answer *answer)
{
    static const char *const headers[] = {"Content-Type: text/plain; charset=utf-8", NULL};
    const struct http_request request = {.method = "POST",
                                         .url = url,
                                         .headers = url == client->write_url ? headers : NULL,
                                         .body = body,
                                         .body_length = length};
    int result = http_client_send(client->http, &request, response);
    if (result < 0) {
        answer_with(answer, result == -EINVAL ? INFLUX_REFUSED : INFLUX_UNREACHABLE,
                    response->error);
        return result;
    }
    judge(client, response, answer);
    return 0;
}

/* True when the database is there now. */
static bool create_database(struct influx_client *client, struct influx_answer *answer)
{
    struct http_response response;
    if (post(client, client->query_url, client->create_query, strlen(client->create_query),
             &response, answer) < 0) {
        return false;
    }
    bool is_error = strstr(response.body, "\"error\"") != NULL;
    if (response.status == 200 && !is_error) {
        return true;
    }
    char words[200];
    read_error(&response, words, sizeof(words));
    answer_with(answer, INFLUX_REFUSED, "");
    snprintf(answer->reason, sizeof(answer->reason),
             "there is no database \"%.60s\" and it cannot be created: %d %.150s",
             client->options->database, response.status, words);
    return false;
}

void influx_client_write(struct influx_client *client, const char *lines, size_t length,
                         struct influx_answer *answer)
{
    struct http_response response;
    int result = post(client, client->write_url, lines, length, &response, answer);
    if (result == 0 && response.status == 404 && strstr(response.body, "database not found") &&
        create_database(client, answer)) {
        result = post(client, client->write_url, lines, length, &response, answer);
    }
    (void)result; /* answer says it */
}
