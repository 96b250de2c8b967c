/* SPDX-License-Identifier: Apache-2.0 */
/* response: body, file or stream, with its headers. */
#include "http/server/response.h"

#include <string.h>
#include <unistd.h>

#include "http/routes/routes.h"
#include "http/server/server.h"
#include <lingtan/log.h>

enum {
    STREAM_TIMEOUT_S = 300, /* a stream whose client has not read a byte for so long is over */
    STREAM_BLOCK = 16 * 1024,
};

static struct MHD_Response *stream_response(struct request *request)
{
    MHD_set_connection_option(request->connection, MHD_CONNECTION_OPTION_TIMEOUT,
                              (unsigned)STREAM_TIMEOUT_S);
    struct MHD_Response *response = MHD_create_response_from_callback(
        MHD_SIZE_UNKNOWN, STREAM_BLOCK, stream_read, request->stream, stream_end);
    if (response) {
        /* Up to the end of the connection, in no chunks: stream_read writes to the socket. */
        (void)MHD_set_response_options(response, MHD_RF_HTTP_1_0_COMPATIBLE_STRICT, MHD_RO_END);
    }
    return response;
}

static struct MHD_Response *file_response(struct answer *answer)
{
    struct MHD_Response *response = MHD_create_response_from_fd64(answer->file_size, answer->file);
    answer->has_file = response == NULL; /* else the file is the response's now */
    return response;
}

static struct MHD_Response *response_create(struct request *request)
{
    if (request->stream) {
        return stream_response(request);
    }
    if (request->answer.has_file) {
        return file_response(&request->answer);
    }
    size_t size = request->answer.body.length;
    return MHD_create_response_from_buffer(size, text_take(&request->answer.body),
                                           MHD_RESPMEM_MUST_FREE);
}

/* What the client has already is not sent again. */
static void settle_tag(struct request *request)
{
    struct answer *answer = &request->answer;
    if (!answer->is_tagged || answer->status != 200) {
        return;
    }
    if (answer->etag[0] == '\0') {
        etag_of_body(&answer->body, answer->etag);
    }
    const char *known = request_header(request, MHD_HTTP_HEADER_IF_NONE_MATCH);
    if (!known || !etag_is_listed(known, answer->etag)) {
        return;
    }
    answer->status = 304;
    text_clear(&answer->body);
    if (answer->has_file) {
        close(answer->file);
        answer->has_file = false;
    }
}

static bool has_header(const struct answer *answer, const char *name)
{
    for (size_t i = 0; i < answer->header_count; i++) {
        if (strcmp(answer->headers[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

static void add_own_headers(struct MHD_Response *response, const struct answer *answer)
{
    for (size_t i = 0; i < answer->header_count; i++) {
        MHD_add_response_header(response, answer->headers[i].name, answer->headers[i].value);
    }
    if (answer->is_tagged && answer->etag[0] != '\0') {
        MHD_add_response_header(response, MHD_HTTP_HEADER_ETAG, answer->etag);
    }
    if (!has_header(answer, MHD_HTTP_HEADER_CACHE_CONTROL)) {
        MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL,
                                answer->is_tagged ? "private, no-cache" : "no-store");
    }
}

static void add_headers(struct MHD_Response *response, const struct request *request)
{
    const struct answer *answer = &request->answer;
    if (answer->content_type) {
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, answer->content_type);
    }
    add_own_headers(response, answer);
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    if (request->allow[0] != '\0') {
        MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, request->allow);
    }
    if (answer->status == 401) {
        MHD_add_response_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE,
                                "Bearer realm=\"lingtan\"");
    }
    if (answer->status == 503) {
        MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, "2");
    }
    if (request->must_close) {
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    }
}

static void record(const struct request *request)
{
    const struct answer *answer = &request->answer;
    char who[PRINCIPAL_WORDS_SIZE];
    if (!request->route || !route_changes(request->route) || answer->status >= 300) {
        return;
    }
    (void)principal_words(&request->principal, who);
    if (answer->deed) {
        log_notice("%s by %s: %s", answer->deed, who, answer->detail ? answer->detail : "");
    } else {
        log_notice("http: %s %s by %s", request->route->method, request->path, who);
    }
}

enum MHD_Result response_send(struct request *request)
{
    settle_tag(request);
    unsigned status = request->answer.status;
    struct MHD_Response *response = response_create(request);
    if (!response) {
        stream_end(request->stream);
        request->stream = NULL;
        return MHD_NO;
    }
    request->stream = NULL; /* the response's now */
    add_headers(response, request);
    record(request);
    atomic_fetch_add(&request->http->counts.answers[status / 100 % 6], 1);
    enum MHD_Result result = MHD_queue_response(request->connection, status, response);
    MHD_destroy_response(response);
    return result;
}
