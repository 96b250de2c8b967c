/* SPDX-License-Identifier: Apache-2.0 */
/* http_client: curl's easy interface behind our own words. Every CURLcode is translated here and goes no further. */
#include "net/http_client.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "base/mem.h"

/* What OpenSSL says of a certificate (X509_V_ERR_...). */
enum verify_result {
    VERIFY_NOT_YET_VALID = 9,
    VERIFY_EXPIRED = 10,
    VERIFY_SELF_SIGNED = 18,
    VERIFY_SELF_SIGNED_IN_CHAIN = 19,
    VERIFY_NO_ISSUER = 20,
    VERIFY_NO_FIRST_ISSUER = 21,
};

struct http_client {
    CURL *curl;
    char *socket_path;
    char *username;
    char *password;
    char *ca_file;
    char *cert_file;
    char *key_file;
    bool is_insecure;
    int64_t connect_timeout_ms;
    int64_t total_timeout_ms;
    const atomic_bool *is_cancelled;
    struct text body;
    bool has_failed; /* the last request had no answer, */
    bool was_moved;  /* or an earlier one, and another address of the name was found to work */
    /* of the request that runs */
    const struct http_request *request;
    bool is_stopped; /* on_data said so */
    bool is_too_long;
    char curl_error[CURL_ERROR_SIZE];
};

static pthread_once_t global_once = PTHREAD_ONCE_INIT;
static CURLcode global_code;

static void global_init(void)
{
    global_code = curl_global_init(CURL_GLOBAL_DEFAULT);
}

static char *dup_nonempty(const char *text)
{
    return text && text[0] ? mem_dup_string(text) : NULL;
}

int http_client_create(const struct http_client_options *options, struct http_client **out)
{
    pthread_once(&global_once, global_init);
    if (global_code != CURLE_OK) {
        return -ENOTSUP;
    }
    CURL *curl = curl_easy_init();
    if (!curl) {
        return -ENOMEM;
    }
    struct http_client *client = mem_alloc(sizeof(*client));
    client->curl = curl;
    client->socket_path = dup_nonempty(options->socket_path);
    client->username = dup_nonempty(options->username);
    client->password = dup_nonempty(options->password);
    client->ca_file = dup_nonempty(options->ca_file);
    client->cert_file = dup_nonempty(options->cert_file);
    client->key_file = dup_nonempty(options->key_file);
    client->is_insecure = options->is_insecure;
    client->connect_timeout_ms = options->connect_timeout_ms ? options->connect_timeout_ms : 3000;
    client->total_timeout_ms = options->total_timeout_ms ? options->total_timeout_ms : 10000;
    client->is_cancelled = options->is_cancelled;
    *out = client;
    return 0;
}

void http_client_destroy(struct http_client *client)
{
    if (!client) {
        return;
    }
    curl_easy_cleanup(client->curl);
    if (client->password) {
        explicit_bzero(client->password, strlen(client->password));
    }
    free(client->password);
    free(client->username);
    free(client->socket_path);
    free(client->ca_file);
    free(client->cert_file);
    free(client->key_file);
    text_finish(&client->body);
    free(client);
}

/* Answers that are no success are collected even from a stream, so that the reason can be shown. */
static bool is_streamed(const struct http_client *client)
{
    long status = 0;
    curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &status);
    return client->request->on_data && status >= 200 && status < 300;
}

static size_t on_bytes(char *bytes, size_t size, size_t count, void *context)
{
    struct http_client *client = context;
    size_t length = size * count;
    if (is_streamed(client)) {
        client->is_stopped = !client->request->on_data(client->request->context, bytes, length);
        return client->is_stopped ? CURL_WRITEFUNC_ERROR : length;
    }
    if (client->body.length + length > HTTP_CLIENT_BODY_MAX) {
        client->is_too_long = true;
        return CURL_WRITEFUNC_ERROR;
    }
    text_add(&client->body, bytes, length);
    return length;
}

static void set_method(struct http_client *client, const struct http_request *request)
{
    CURL *curl = client->curl;
    if (strcmp(request->method, "HEAD") == 0) {
        curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
        return;
    }
    if (request->body || strcmp(request->method, "POST") == 0) {
        curl_easy_setopt(curl, CURLOPT_POST, 1L);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->body ? request->body : "");
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_length);
    }
    if (strcmp(request->method, "GET") != 0 && strcmp(request->method, "POST") != 0) {
        curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
    }
}

static void set_target(struct http_client *client, const struct http_request *request)
{
    CURL *curl = client->curl;
    curl_easy_setopt(curl, CURLOPT_URL, request->url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    if (client->socket_path) {
        curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, client->socket_path);
    }
    if (client->username) {
        curl_easy_setopt(curl, CURLOPT_USERNAME, client->username);
        curl_easy_setopt(curl, CURLOPT_PASSWORD, client->password ? client->password : "");
    }
}

static void set_tls(const struct http_client *client)
{
    CURL *curl = client->curl;
    curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, client->is_insecure ? 0L : 1L);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, client->is_insecure ? 0L : 2L);
    if (client->ca_file) {
        /* Those of the file alone, not the system's besides. */
        curl_easy_setopt(curl, CURLOPT_CAINFO, client->ca_file);
        curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
    }
    if (client->cert_file) {
        curl_easy_setopt(curl, CURLOPT_SSLCERT, client->cert_file);
        curl_easy_setopt(curl, CURLOPT_SSLKEY, client->key_file);
    }
}

/* curl asks at least once a second, also while it waits. */
static int on_progress(void *context, curl_off_t down_total, curl_off_t down, curl_off_t up_total,
                       curl_off_t up)
{
    (void)down_total, (void)down, (void)up_total, (void)up;
    const struct http_client *client = context;
    return atomic_load(client->is_cancelled);
}

static void set_behaviour(struct http_client *client)
{
    CURL *curl = client->curl;
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "lingtan/" LINGTAN_VERSION);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)client->connect_timeout_ms);
    if (client->total_timeout_ms > 0) {
        curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)client->total_timeout_ms);
    }
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_bytes);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, client);
    client->curl_error[0] = '\0';
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, client->curl_error);
    if (client->is_cancelled) {
        curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
        curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
        curl_easy_setopt(curl, CURLOPT_XFERINFODATA, client);
    }
}

/* curl goes on to the next address of a name only where a connect fails. After a request that had no answer the name is asked
 * for anew, by a new handle that remembers nothing, and its addresses are tried in an order by chance; the order in which
 * one worked is kept. */
static void begin_anew(struct http_client *client)
{
    CURL *fresh = client->has_failed ? curl_easy_init() : NULL;
    if (fresh) {
        curl_easy_cleanup(client->curl);
        client->curl = fresh;
    } else {
        curl_easy_reset(client->curl); /* resets the options, keeps the connection */
    }
    curl_easy_setopt(client->curl, CURLOPT_DNS_SHUFFLE_ADDRESSES, client->has_failed ? 1L : 0L);
    if (client->has_failed || client->was_moved) {
        curl_easy_setopt(client->curl, CURLOPT_DNS_CACHE_TIMEOUT, -1L);
    }
}

static void note_end(struct http_client *client, CURLcode code)
{
    long status = 0;
    curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &status);
    if (code == CURLE_ABORTED_BY_CALLBACK) {
        return; /* by us */
    }
    bool has_answer = code == CURLE_OK || status != 0;
    client->was_moved |= has_answer && client->has_failed;
    client->has_failed = !has_answer;
}

static struct curl_slist *list_headers(const struct http_request *request)
{
    /* Without this curl waits a second for "100 Continue" before it sends a large body. */
    struct curl_slist *list = curl_slist_append(NULL, "Expect:");
    for (size_t i = 0; request->headers && request->headers[i]; i++) {
        struct curl_slist *longer = curl_slist_append(list, request->headers[i]);
        if (!longer) {
            break;
        }
        list = longer;
    }
    return list;
}

/* Who is asked, for messages: "127.0.0.1:8086" of a URL, or the path of the socket. No user name or password. */
static void name_peer(const struct http_client *client, const char *url, char *out, size_t size)
{
    if (client->socket_path) {
        snprintf(out, size, "%s", client->socket_path);
        return;
    }
    const char *start = strstr(url, "://");
    start = start ? start + 3 : url;
    size_t length = strcspn(start, "/?#");
    const char *at = memrchr(start, '@', length);
    if (at) {
        length -= (size_t)(at + 1 - start);
        start = at + 1;
    }
    snprintf(out, size, "%.*s", (int)(length < size ? length : size - 1), start);
}

static int explain_connect(const struct http_client *client, const char *peer, char *error,
                           size_t size)
{
    long os_error = 0;
    curl_easy_getinfo(client->curl, CURLINFO_OS_ERRNO, &os_error);
    if (os_error == ECONNREFUSED) {
        snprintf(error, size, "connection refused by %s", peer);
        return -ECONNREFUSED;
    }
    if (client->socket_path && (os_error == ENOENT || os_error == 0)) {
        snprintf(error, size, "there is no socket %s", peer);
        return -ENOENT;
    }
    const char *words = os_error ? strerrordesc_np((int)os_error) : NULL;
    snprintf(error, size, "cannot connect to %s: %.200s", peer, words ? words : client->curl_error);
    return os_error == EACCES ? -EACCES : -EHOSTUNREACH;
}

static int explain_certificate(const struct http_client *client, const char *peer, char *error,
                               size_t size)
{
    if (strstr(client->curl_error,
               "match")) { /* curl compares the name itself, before OpenSSL's verdict */
        snprintf(error, size,
                 "the certificate of %s is not for this name: use the name that it was made for",
                 peer);
        return -EKEYREJECTED;
    }
    long result = 0;
    curl_easy_getinfo(client->curl, CURLINFO_SSL_VERIFYRESULT, &result);
    switch (result) {
    case VERIFY_EXPIRED:
        snprintf(error, size, "the certificate of %s has expired: it must be renewed there", peer);
        break;
    case VERIFY_NOT_YET_VALID:
        snprintf(error, size, "the certificate of %s is not valid yet: check this computer's clock",
                 peer);
        break;
    case VERIFY_SELF_SIGNED:
    case VERIFY_SELF_SIGNED_IN_CHAIN:
    case VERIFY_NO_ISSUER:
    case VERIFY_NO_FIRST_ISSUER:
        snprintf(error, size, "the certificate of %s is from no CA that we trust: check ca_file",
                 peer);
        break;
    default:
        snprintf(error, size, "%s: %.200s", peer, client->curl_error);
        break;
    }
    return -EKEYREJECTED;
}

/* The end of a handshake or, with TLS 1.3, of the first request: the far end says no in an alert. */
static int explain_tls(const struct http_client *client, const char *peer, char *error, size_t size)
{
    const char *words = client->curl_error;
    if (strstr(words, "wrong version number") || strstr(words, "packet length too long")) {
        snprintf(error, size, "%s does not speak TLS: http instead of https?", peer);
    } else if (strstr(words, "alert")) {
        snprintf(error, size, "%s refuses our TLS: %.200s%s", peer, words,
                 client->cert_file ? "; check cert_file and key_file"
                                   : "; does it want a client certificate (cert_file)?");
    } else {
        snprintf(error, size, "no TLS with %s: %.200s", peer, words);
    }
    return -EKEYREJECTED;
}

static bool is_alert(const struct http_client *client)
{
    return strstr(client->curl_error, "alert") != NULL;
}

static int explain(const struct http_client *client, CURLcode code, const char *url, char *error,
                   size_t size)
{
    char peer[128];
    name_peer(client, url, peer, sizeof(peer));
    switch (code) {
    case CURLE_COULDNT_CONNECT:
        return explain_connect(client, peer, error, size);
    case CURLE_COULDNT_RESOLVE_HOST:
        snprintf(error, size, "cannot resolve the name of %s", peer);
        return -EHOSTUNREACH;
    case CURLE_OPERATION_TIMEDOUT:
        snprintf(error, size, "no answer from %s in time", peer);
        return -ETIMEDOUT;
    case CURLE_ABORTED_BY_CALLBACK:
        snprintf(error, size, "the request to %s was given up", peer);
        return -ECANCELED;
    case CURLE_PEER_FAILED_VERIFICATION:
        return explain_certificate(client, peer, error, size);
    case CURLE_SSL_CONNECT_ERROR:
        return explain_tls(client, peer, error, size);
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
        snprintf(error, size, "ca_file, cert_file or key_file: %.300s", client->curl_error);
        return -EKEYREJECTED;
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_PARTIAL_FILE:
        if (is_alert(client)) {
            return explain_tls(client, peer, error, size);
        }
        snprintf(error, size, "%s closed the connection", peer);
        return -ECONNRESET;
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
        snprintf(error, size, "\"%s\" is not a URL of http or https", url);
        return -EINVAL;
    default:
        snprintf(error, size, "%s: %.200s", peer,
                 client->curl_error[0] ? client->curl_error : curl_easy_strerror(code));
        return -EPROTO;
    }
}

static int judge(struct http_client *client, CURLcode code, struct http_response *response)
{
    if (client->is_too_long) {
        snprintf(response->error, sizeof(response->error), "the answer is longer than %d bytes",
                 HTTP_CLIENT_BODY_MAX);
        return -EMSGSIZE;
    }
    if (code != CURLE_OK && !client->is_stopped) {
        return explain(client, code, client->request->url, response->error,
                       sizeof(response->error));
    }
    long status = 0;
    curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &status);
    response->status = (int)status;
    response->body = client->body.data ? client->body.data : "";
    response->length = client->body.length;
    response->redirect = NULL;
    curl_easy_getinfo(client->curl, CURLINFO_REDIRECT_URL, &response->redirect);
    response->error[0] = '\0';
    return 0;
}

int http_client_send(struct http_client *client, const struct http_request *request,
                     struct http_response *response)
{
    begin_anew(client);
    client->request = request;
    client->is_stopped = false;
    client->is_too_long = false;
    text_clear(&client->body);
    set_target(client, request);
    set_method(client, request);
    set_tls(client);
    set_behaviour(client);
    struct curl_slist *headers = list_headers(request);
    curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER, headers);
    CURLcode code = curl_easy_perform(client->curl);
    note_end(client, code);
    int result = judge(client, code, response);
    curl_slist_free_all(headers);
    client->request = NULL;
    return result;
}

void http_add_escaped(struct text *text, const char *string)
{
    static const char hex[] = "0123456789ABCDEF";
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
    for (const unsigned char *c = (const unsigned char *)string; *c; c++) {
        if (strchr(plain, *c)) {
            text_add_char(text, (char)*c);
        } else {
            char escaped[3] = {'%', hex[*c >> 4], hex[*c & 15]};
            text_add(text, escaped, sizeof(escaped));
        }
    }
}
