/* SPDX-License-Identifier: Apache-2.0 */
/* http_client: one HTTP conversation partner at a time, blocking (curl lives only in this folder).
 *
 * A client keeps its connection between requests. One thread a client; different clients on different threads are
 * fine. Redirects are not followed and proxies of the environment are ignored: what is configured is what is asked.
 * https wants TLS 1.2 or later, a certificate that leads to a CA we trust, and one that names the host of the URL. */
#ifndef LINGTAN_NET_HTTP_CLIENT_H
#define LINGTAN_NET_HTTP_CLIENT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include <lingtan/error.h>

enum {
    HTTP_CLIENT_BODY_MAX = 1024 * 1024,
};

struct http_client_options {
    const char *socket_path; /* ask over this Unix socket; NULL or "" = TCP */
    const char *username;    /* basic authentication; NULL or "" = none */
    const char *password;
    const char *ca_file;   /* https: PEM of those we trust; NULL or "" = the system's */
    const char *cert_file; /* PEM of our own certificate, its chain behind it; NULL or "" = none */
    const char *key_file;  /* PEM of its key */
    bool is_insecure;      /* https: whoever answers is believed */
    int64_t connect_timeout_ms;      /* 0 = 3 s */
    int64_t total_timeout_ms;        /* 0 = 10 s, -1 = none: for streams */
    const atomic_bool *is_cancelled; /* once true, requests end within a second; NULL = never */
};

/* A piece of a successful answer as it arrives; false ends the request, which then succeeds. */
typedef bool (*http_data_fn)(void *context, const char *bytes, size_t length);

struct http_request {
    const char *method; /* "GET", "POST", ... */
    const char *url;
    const char *const *headers; /* "Name: value", NULL-terminated; or NULL */
    const char *body;           /* borrowed for the call; NULL = none */
    size_t body_length;
    http_data_fn on_data; /* NULL: the answer is collected. Answers other than 2xx always are */
    void *context;
};

struct http_response {
    int status;
    const char *body; /* NUL-terminated, never NULL; borrowed until the next request */
    size_t length;
    const char *redirect; /* where an answer 3xx points to, NULL = nowhere; borrowed like body */
    char error[400];      /* after a failure: for people, "connection refused by 127.0.0.1:8086" */
};

struct http_client;

/* Copies the options. */
int http_client_create(const struct http_client_options *options,
                       struct http_client **out) MUST_USE;
void http_client_destroy(struct http_client *client);

/* 0 when an answer came, whatever its status. Else -ECONNREFUSED, -ENOENT (no such socket), -EHOSTUNREACH (name or
 * route), -ETIMEDOUT, -ECONNRESET, -EMSGSIZE (the answer is longer than HTTP_CLIENT_BODY_MAX), -EINVAL (URL), -EKEYREJECTED (one
 * side does not trust the other's certificate, or a file of ours is not usable: a person must act), -ECANCELED, -EPROTO; response->error then says it in words, and nothing else of the response is set. */
int http_client_send(struct http_client *client, const struct http_request *request,
                     struct http_response *response) MUST_USE;

/* Appends the string as one part of a URL's path or query: everything but letters, digits and -._~ as %XX. */
void http_add_escaped(struct text *text, const char *string);

#endif
