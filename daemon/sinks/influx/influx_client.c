/* SPDX-License-Identifier: Apache-2.0 */
/* influx_client: /write and, once, CREATE DATABASE (v1); /api/v2/write (v2). Behaviour as of InfluxDB 1.6 and
 * VictoriaMetrics 1.79. */
#include "sinks/influx/influx_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "net/gzip.h"
#include "net/secret.h"
#include <lingtan/log.h>

enum {
    AUTHORIZATION_SIZE = SECRET_SIZE + 32,
};

struct influx_client {
    const struct influx_options *options;
    const atomic_bool *is_cancelled;
    struct http_client *http; /* NULL before the first open */
    char *write_url;
    char *query_url;                        /* v1 */
    char *create_query;                     /* v1: as a form */
    char authorization[AUTHORIZATION_SIZE]; /* v2: the header, "" = none */
    struct gzip *gzip;                      /* NULL = plain */
    struct text packed;
    bool is_plain;      /* this server refuses gzip: until the next open */
    bool is_gzip_taken; /* a packed body was written since then */
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

static char *make_write_url(const struct influx_options *options, size_t base_length)
{
    struct text url = {0};
    text_add(&url, options->url, base_length);
    if (options->api == INFLUX_V1) {
        text_add_string(&url, "/write?precision=u&db=");
        http_add_escaped(&url, options->database);
        return text_take(&url);
    }
    text_add_string(&url, "/api/v2/write?precision=us&bucket=");
    http_add_escaped(&url, options->bucket);
    if (options->org[0]) {
        text_add_string(&url, "&org=");
        http_add_escaped(&url, options->org);
    }
    return text_take(&url);
}

struct influx_client *influx_client_create(const struct influx_options *options,
                                           const atomic_bool *is_cancelled)
{
    struct influx_client *client = mem_alloc(sizeof(*client));
    client->options = options;
    client->is_cancelled = is_cancelled;
    size_t length = strlen(options->url);
    while (length > 0 && options->url[length - 1] == '/') {
        length--;
    }
    client->write_url = make_write_url(options, length);
    client->query_url = mem_format("%.*s/query", (int)length, options->url);
    client->create_query = make_create_query(options->database);
    client->gzip = options->gzip ? gzip_create() : NULL;
    return client;
}

void influx_client_destroy(struct influx_client *client)
{
    if (!client) {
        return;
    }
    http_client_destroy(client->http);
    gzip_destroy(client->gzip);
    text_finish(&client->packed);
    explicit_bzero(client->authorization, sizeof(client->authorization));
    free(client->write_url);
    free(client->query_url);
    free(client->create_query);
    free(client);
}

static int read_secret(const char *path, const char *option, char *out,
                       struct influx_answer *answer)
{
    int result = path[0] ? secret_read(path, out, SECRET_SIZE) : 0;
    if (result < 0) {
        influx_answer_set(answer, INFLUX_REFUSED, "cannot read %.100s (influx.%s): %s", path,
                          option, strerrordesc_np(-result));
    }
    return result;
}

static int read_token(struct influx_client *client, struct influx_answer *answer)
{
    char token[SECRET_SIZE] = "";
    client->authorization[0] = '\0';
    if (client->options->api != INFLUX_V2) {
        return 0;
    }
    int result = read_secret(client->options->token_file, "token_file", token, answer);
    if (result == 0 && token[0]) {
        snprintf(client->authorization, sizeof(client->authorization), "Authorization: Token %s",
                 token);
    }
    explicit_bzero(token, sizeof(token));
    return result;
}

/* curl alone would name neither the option nor what to do. */
static int check_tls(const struct influx_options *options, struct influx_answer *answer)
{
    const char *option = NULL;
    char reason[200];
    const struct tls_files files = influx_tls_files(options);
    if (!influx_is_https(options) || tls_check(&files, &option, reason, sizeof(reason)) == 0) {
        return 0;
    }
    influx_answer_set(answer, INFLUX_REFUSED, "influx.%s: %s", option, reason);
    return -EINVAL;
}

static int create_http(struct influx_client *client, const char *password)
{
    const struct influx_options *options = client->options;
    char *key_file = options->key_file[0] ? secret_path(options->key_file) : NULL;
    const struct http_client_options settings = {.username = options->username,
                                                 .password = password,
                                                 .ca_file = options->ca_file,
                                                 .cert_file = options->cert_file,
                                                 .key_file = key_file,
                                                 .is_insecure = options->tls_insecure,
                                                 .is_cancelled = client->is_cancelled};
    int result = http_client_create(&settings, &client->http);
    free(key_file);
    return result;
}

int influx_client_open(struct influx_client *client, struct influx_answer *answer)
{
    const struct influx_options *options = client->options;
    http_client_destroy(client->http);
    client->http = NULL;
    client->is_plain = !client->gzip;
    client->is_gzip_taken = false;
    char password[SECRET_SIZE] = "";
    int result = read_secret(options->password_file, "password_file", password, answer);
    if (result == 0) {
        result = read_token(client, answer);
    }
    if (result == 0) {
        result = check_tls(options, answer);
    }
    if (result == 0) {
        result = create_http(client, password);
        if (result < 0) {
            influx_answer_set(answer, INFLUX_REFUSED, "the HTTP library does not start");
        }
    }
    explicit_bzero(password, sizeof(password));
    return result;
}

static int post(struct influx_client *client, const struct http_request *request,
                struct http_response *response, struct influx_answer *answer)
{
    int result = http_client_send(client->http, request, response);
    if (result < 0) {
        bool needs_a_person = result == -EINVAL || result == -EKEYREJECTED;
        bool is_given_up = result == -ECANCELED; /* by us: that says nothing of the lines */
        influx_answer_set(answer,
                          needs_a_person ? INFLUX_REFUSED
                          : is_given_up  ? INFLUX_BUSY
                                         : INFLUX_UNREACHABLE,
                          "%s", response->error);
        return result;
    }
    influx_answer_read(answer, client->options, response);
    return 0;
}

static int post_lines(struct influx_client *client, const char *body, size_t length, bool is_packed,
                      struct http_response *response, struct influx_answer *answer)
{
    const char *headers[4] = {"Content-Type: text/plain; charset=utf-8"};
    size_t count = 1;
    if (client->authorization[0]) {
        headers[count++] = client->authorization;
    }
    if (is_packed) {
        headers[count++] = "Content-Encoding: gzip";
    }
    const struct http_request request = {.method = "POST",
                                         .url = client->write_url,
                                         .headers = headers,
                                         .body = body,
                                         .body_length = length};
    return post(client, &request, response, answer);
}

/* A server without gzip says so (415), or takes the body for bad lines (400): then plain lines tell which it is. */
static int post_packed(struct influx_client *client, const char *lines, size_t length,
                       struct http_response *response, struct influx_answer *answer)
{
    gzip_pack(client->gzip, lines, length, &client->packed);
    int result =
        post_lines(client, client->packed.data, client->packed.length, true, response, answer);
    if (result < 0 || client->is_gzip_taken) {
        return result;
    }
    const int status = response->status;
    client->is_gzip_taken = answer->verdict == INFLUX_WRITTEN;
    if (status != 400 && status != 415) {
        return 0;
    }
    result = post_lines(client, lines, length, false, response, answer);
    if (result == 0 && answer->verdict == INFLUX_WRITTEN) {
        client->is_plain = true;
        log_warning("influx: %s does not take gzip (%d): plain lines until the next connection",
                    client->options->url, status);
    }
    return result;
}

static int post_any(struct influx_client *client, const char *lines, size_t length,
                    struct http_response *response, struct influx_answer *answer)
{
    if (client->is_plain || length == 0) {
        return post_lines(client, lines, length, false, response, answer);
    }
    return post_packed(client, lines, length, response, answer);
}

/* True when the database is there now. */
static bool create_database(struct influx_client *client, struct influx_answer *answer)
{
    struct http_response response;
    const struct http_request request = {.method = "POST",
                                         .url = client->query_url,
                                         .body = client->create_query,
                                         .body_length = strlen(client->create_query)};
    if (post(client, &request, &response, answer) < 0) {
        return false;
    }
    bool is_error = strstr(response.body, "\"error\"") != NULL;
    if (response.status == 200 && !is_error) {
        return true;
    }
    char words[200];
    influx_answer_words(&response, words, sizeof(words));
    influx_answer_set(answer, INFLUX_REFUSED,
                      "there is no database \"%.60s\" and it cannot be created: %d %.150s",
                      client->options->database, response.status, words);
    return false;
}

void influx_client_write(struct influx_client *client, const char *lines, size_t length,
                         struct influx_answer *answer)
{
    struct http_response response;
    if (post_any(client, lines, length, &response, answer) < 0) {
        return; /* answer says why */
    }
    bool is_v1 = client->options->api == INFLUX_V1;
    if (is_v1 && response.status == 404 && strstr(response.body, "database not found") &&
        create_database(client, answer)) {
        int result = post_any(client, lines, length, &response, answer);
        (void)result; /* answer says it */
    } else if (!is_v1 && length == 0 && response.status == 400 &&
               strstr(response.body, "\"invalid\"")) {
        /* InfluxDB 2 has let us in and only misses the lines. */
        influx_answer_set(answer, INFLUX_WRITTEN, "%s", "");
    }
}
