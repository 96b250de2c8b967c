/* SPDX-License-Identifier: Apache-2.0 */
/* gate: origin, route, parameters, principal, role, body. */
#include "http/server/gate.h"

#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "access/token_book.h"
#include "base/mem.h"
#include "http/routes/routes.h"
#include "http/server/origin.h"
#include "http/server/server.h"

static const char bearer[] = "Bearer ";

static enum MHD_Result check_header(void *context, enum MHD_ValueKind kind, const char *name,
                                    const char *value)
{
    struct request *request = context;
    (void)kind;
    char shown[64];
    if (header_is_forwarding(name)) {
        request_refuse(request, ERROR_PROXIED,
                       "connect directly to the daemon's loopback address or its Unix socket",
                       "the request came through a proxy (header %s): refused until logins exist",
                       printable(name, shown, sizeof(shown)));
        return MHD_NO;
    }
    if (strcasecmp(name, MHD_HTTP_HEADER_ORIGIN) == 0 && (!value || !origin_is_loopback(value))) {
        request_refuse(request, ERROR_FOREIGN_ORIGIN,
                       "pages served from this machine's loopback address",
                       "the request was made by a page from elsewhere (Origin %s)",
                       printable(value ? value : "", shown, sizeof(shown)));
        return MHD_NO;
    }
    return MHD_YES;
}

static bool origin_passes(struct request *request)
{
    char shown[64];
    const char *host =
        MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_HOST);
    if (!host || !host_is_loopback(host)) {
        request_refuse(request, ERROR_FOREIGN_HOST, "localhost, 127.0.0.1 or [::1], with any port",
                       "the Host header \"%s\" is not a name of the loopback interface: refused "
                       "against DNS rebinding",
                       printable(host ? host : "", shown, sizeof(shown)));
    } else {
        MHD_get_connection_values(request->connection, MHD_HEADER_KIND, check_header, request);
    }
    if (request->answer.status != 0) {
        atomic_fetch_add(&request->http->counts.foreign, 1);
        return false;
    }
    return true;
}

static bool parameter_is_known(const struct route *route, const char *name)
{
    const char *const *known = route->parameters;
    while (known && *known && strcmp(*known, name) != 0) {
        known++;
    }
    return known && *known;
}

static void refuse_parameter(struct request *request, const char *name)
{
    char shown[64];
    struct text allowed = {0};
    const char *const *known = request->route->parameters;
    for (size_t i = 0; known && known[i]; i++) {
        text_add_format(&allowed, "%s%s", i ? ", " : "", known[i]);
    }
    request_refuse(request, ERROR_UNKNOWN_PARAMETER, allowed.data ? allowed.data : "no parameters",
                   "unknown parameter %s", printable(name, shown, sizeof(shown)));
    text_finish(&allowed);
}

static enum MHD_Result take_parameter(void *context, enum MHD_ValueKind kind, const char *name,
                                      const char *value)
{
    struct request *request = context;
    (void)kind;
    if (!parameter_is_known(request->route, name)) {
        refuse_parameter(request, name);
        return MHD_NO;
    }
    if (request_parameter(request, name) || request->parameter_count == REQUEST_PARAMETERS_MAX) {
        request_refuse(request, ERROR_REPEATED_PARAMETER, "each parameter once",
                       "the parameter %s is given twice", name);
        return MHD_NO;
    }
    request->parameters[request->parameter_count++] =
        (struct parameter){mem_dup_string(name), mem_dup_string(value ? value : "")};
    return MHD_YES;
}

static void take_variables(struct request *request, const struct route_found *found)
{
    for (size_t i = 0; i < found->variable_count; i++) {
        const struct route_variable *variable = &found->variables[i];
        request->variables[request->variable_count++] =
            (struct parameter){mem_format("%.*s", (int)variable->name.length, variable->name.at),
                               mem_format("%.*s", (int)variable->value.length, variable->value.at)};
    }
}

/* The page: whatever is no API. */
static bool is_file(const struct request *request, const char *method, const char *url)
{
    return request->http->options->web_folder[0] != '\0' && strncmp(url, "/api/", 5) != 0 &&
           (strcmp(method, MHD_HTTP_METHOD_GET) == 0 || request->is_head);
}

static void find_route(struct request *request, const char *method, const char *url)
{
    char shown[32];
    struct route_found found;
    request->is_head = strcmp(method, MHD_HTTP_METHOD_HEAD) == 0;
    (void)printable(url, request->path, sizeof(request->path));
    route_find(method, url, &found);
    request->route = found.route;
    memcpy(request->allow, found.allow, sizeof(request->allow));
    if (request->route) {
        take_variables(request, &found);
        MHD_get_connection_values(request->connection, MHD_GET_ARGUMENT_KIND, take_parameter,
                                  request);
    } else if (request->allow[0] != '\0') {
        request_refuse(request, ERROR_METHOD_NOT_ALLOWED, request->allow,
                       "the method %s is not allowed here",
                       printable(method, shown, sizeof(shown)));
    } else if (!is_file(request, method, url)) {
        request_refuse(request, ERROR_UNKNOWN_PATH,
                       "a path of docs/openapi.yaml, as /api/v1/status or /metrics",
                       "there is nothing at %s", request->path);
    }
}

static void learn_peer(struct request *request)
{
    struct ucred peer = {0};
    socklen_t size = sizeof(peer);
    if (getsockopt(request_fd(request), SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0) {
        request->principal.role = ROLE_ADMIN; /* who may open the socket is of the daemon's group */
        request->principal.known_by = KNOWN_UID;
        (void)snprintf(request->principal.name, sizeof(request->principal.name), "uid %u",
                       (unsigned)peer.uid);
    }
}

static void learn_token(struct request *request, const char *header)
{
    size_t length = strlen(bearer);
    if (strncasecmp(header, bearer, length) != 0 ||
        !token_book_find(request->http->tokens, header + length, &request->principal)) {
        request_refuse(
            request, ERROR_WRONG_TOKEN,
            "Authorization: Bearer TOKEN, as lingtan token add printed it; lingtan token "
            "list shows which there are",
            "the token is not known: it is mistyped, or it was removed");
    }
}

/* A token counts on the socket too: a program may want to be less than its user. */
static void identify(struct request *request, bool is_tcp)
{
    const char *header = request_header(request, MHD_HTTP_HEADER_AUTHORIZATION);
    request->principal = (struct principal){.name = "anonymous", .role = ROLE_VIEWER};
    if (header) {
        learn_token(request, header);
    } else if (!is_tcp) {
        learn_peer(request);
    }
}

static void check_role(struct request *request)
{
    const struct principal *principal = &request->principal;
    char words[PRINCIPAL_WORDS_SIZE];
    if (principal->role >= request->route->role) {
        return;
    }
    if (principal->known_by == KNOWN_NOT) {
        request_refuse(
            request, ERROR_SOCKET_ONLY,
            "the daemon's Unix socket (the command lingtan, or curl --unix-socket), or a "
            "token: lingtan token add NAME --role ROLE",
            "%s wants the role %s, and over TCP without a token nobody can be told from "
            "anybody else: that is read-only",
            request->route->path, role_words[request->route->role]);
        return;
    }
    char *allowed = mem_format("a token of the role %s or above: lingtan token add NAME --role %s",
                               role_words[request->route->role], role_words[request->route->role]);
    request_refuse(request, ERROR_ROLE_TOO_LOW, allowed, "%s wants the role %s, which %s has not",
                   request->route->path, role_words[request->route->role],
                   principal_words(principal, words));
    free(allowed);
}

static void refuse_body(struct request *request)
{
    request->must_close = true;
    request_refuse(request, ERROR_BODY_TOO_LARGE, "65536 bytes at the most",
                   "the request body is too large");
}

static void check_length(struct request *request)
{
    const char *length = MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND,
                                                     MHD_HTTP_HEADER_CONTENT_LENGTH);
    if (!length || strtoull(length, NULL, 10) <= REQUEST_BODY_MAX) {
        return;
    }
    request->must_close = true;
    if (request->answer.status == 0) {
        refuse_body(request);
    }
}

static void check_type(struct request *request)
{
    static const char json[] = "application/json";
    const char *type = MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND,
                                                   MHD_HTTP_HEADER_CONTENT_TYPE);
    if (strcmp(request->route->method, MHD_HTTP_METHOD_POST) == 0 &&
        (!type || strncasecmp(type, json, strlen(json)) != 0)) {
        request_refuse(request, ERROR_NOT_DECLARED_JSON, "Content-Type: application/json",
                       "the body must be declared as JSON");
    }
}

static void check_asked(struct request *request, bool is_tcp, const char *method, const char *url)
{
    find_route(request, method, url);
    if (request->answer.status == 0) {
        identify(request, is_tcp);
    }
    if (request->answer.status == 0 && request->route) {
        check_role(request);
    }
    if (request->answer.status == 0 && request->route) {
        check_type(request);
    }
}

void gate_check(struct request *request, bool is_tcp, const char *method, const char *url)
{
    if (request->url_size > REQUEST_URL_MAX) {
        request_refuse(request, ERROR_URL_TOO_LONG, "2048 bytes at the most",
                       "the URL is too long");
        return;
    }
    if (is_tcp && !origin_passes(request)) {
        return;
    }
    check_asked(request, is_tcp, method, url);
    check_length(request);
}
