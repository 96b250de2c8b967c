/* SPDX-License-Identifier: Apache-2.0 */
/* request: parameters and answers. */
#include "http/server/request.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "http/server/waiting.h"
#include "http/server/writer.h"

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
    free(request->id);
    if (request->work) {
        request->work_free(request->work);
    }
    text_finish(&request->body);
    answer_finish(&request->answer);
    waiting_room_unref(request->room);
    free(request);
}

const char *request_parameter(const struct request *request, const char *name)
{
    for (size_t i = 0; i < request->parameter_count; i++) {
        if (strcmp(request->parameters[i].name, name) == 0) {
            return request->parameters[i].value;
        }
    }
    return NULL;
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

void answer_finish(struct answer *answer)
{
    text_finish(&answer->body);
    *answer = (struct answer){0};
}

static struct text *json_start(struct answer *answer, unsigned status)
{
    text_clear(&answer->body);
    answer->status = status;
    answer->content_type = "application/json";
    return &answer->body;
}

struct text *request_json(struct request *request, unsigned status)
{
    return json_start(&request->answer, status);
}

static struct writer refuse(struct answer *answer, enum error_code code, const char *allowed,
                            const char *format, va_list args) PRINTF_LIKE(4, 0);
static struct writer refuse(struct answer *answer, enum error_code code, const char *allowed,
                            const char *format, va_list args)
{
    const struct error_row *row = &error_rows[code];
    char *what = mem_format_args(format, args);
    struct writer writer = {.text = json_start(answer, row->status)};
    writer_open(&writer, '{');
    writer_field_open(&writer, "error", '{');
    writer_field_string(&writer, "code", row->word);
    writer_field_string(&writer, "what", what);
    writer_field_string(&writer, "allowed", allowed);
    free(what);
    return writer;
}

struct writer answer_refuse_start(struct answer *answer, enum error_code code, const char *allowed,
                                  const char *what, ...)
{
    va_list args;
    va_start(args, what);
    struct writer writer = refuse(answer, code, allowed, what, args);
    va_end(args);
    return writer;
}

void answer_refuse_end(struct writer *writer)
{
    writer_close(writer, '}');
    writer_close(writer, '}');
}

void answer_refuse(struct answer *answer, enum error_code code, const char *allowed,
                   const char *what, ...)
{
    va_list args;
    va_start(args, what);
    struct writer writer = refuse(answer, code, allowed, what, args);
    va_end(args);
    answer_refuse_end(&writer);
}

void request_refuse(struct request *request, enum error_code code, const char *allowed,
                    const char *what, ...)
{
    va_list args;
    va_start(args, what);
    struct writer writer = refuse(&request->answer, code, allowed, what, args);
    va_end(args);
    answer_refuse_end(&writer);
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
