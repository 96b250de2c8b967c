/* SPDX-License-Identifier: Apache-2.0 */
/* request: its life, what it brought, and its answer. */
#include "http/server/request.h"

#include <microhttpd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "http/server/waiting.h"

struct request *request_create(struct http *http, struct waiting_room *room)
{
    struct request *request = mem_alloc(sizeof(*request));
    atomic_init(&request->references, 1);
    request->http = http;
    request->room = waiting_room_ref(room);
    return request;
}

struct request *request_ref(struct request *request)
{
    atomic_fetch_add(&request->references, 1);
    return request;
}

void request_unref(struct request *request)
{
    if (!request || atomic_fetch_sub(&request->references, 1) != 1) {
        return;
    }
    for (size_t i = 0; i < request->parameter_count; i++) {
        free(request->parameters[i].name);
        free(request->parameters[i].value);
    }
    for (size_t i = 0; i < request->variable_count; i++) {
        free(request->variables[i].name);
        free(request->variables[i].value);
    }
    if (request->work) {
        request->work_free(request->work);
    }
    text_finish(&request->body);
    answer_finish(&request->answer);
    waiting_room_unref(request->room);
    free(request);
}

static const char *find(const struct parameter *rows, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(rows[i].name, name) == 0) {
            return rows[i].value;
        }
    }
    return NULL;
}

const char *request_parameter(const struct request *request, const char *name)
{
    return find(request->parameters, request->parameter_count, name);
}

const char *request_variable(const struct request *request, const char *name)
{
    return find(request->variables, request->variable_count, name);
}

const char *request_header(const struct request *request, const char *name)
{
    return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

int request_fd(const struct request *request)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    return info ? info->connect_fd : -1;
}

const char *request_cookie(const struct request *request, const char *name)
{
    return MHD_lookup_connection_value(request->connection, MHD_COOKIE_KIND, name);
}

int request_parameter_int(struct request *request, const char *name, int64_t min, int64_t max,
                          int64_t fallback, int64_t *out)
{
    const char *value = request_parameter(request, name);
    if (!value) {
        *out = fallback;
        return 0;
    }
    char *end = NULL;
    errno = 0;
    long long number = strtoll(value, &end, 10);
    if (errno != 0 || end == value || *end != '\0' || number < min || number > max) {
        char shown[64];
        char allowed[96];
        (void)snprintf(allowed, sizeof(allowed), "a whole number from %lld to %lld", (long long)min,
                       (long long)max);
        request_refuse(request, ERROR_BAD_PARAMETER, allowed, "%s=%s is not allowed", name,
                       printable(value, shown, sizeof(shown)));
        return -EINVAL;
    }
    *out = number;
    return 0;
}

struct text *request_json(struct request *request, unsigned status)
{
    return answer_json(&request->answer, status);
}

void request_refuse(struct request *request, enum error_code code, const char *allowed,
                    const char *what, ...)
{
    va_list args;
    va_start(args, what);
    answer_refuse_args(&request->answer, code, allowed, what, args);
    va_end(args);
}

const char *printable(const char *input, char *out, size_t size)
{
    size_t length = 0;
    for (; input[length] != '\0' && length + 1 < size; length++) {
        char c = input[length];
        out[length] = c < ' ' || c > '~' ? '?' : c;
    }
    out[length] = '\0';
    return out;
}
