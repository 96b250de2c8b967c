/* SPDX-License-Identifier: Apache-2.0 */
/* answer: headers, JSON, refusals, tags. */
#include "http/server/answer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/digest.h"

enum { ETAG_BYTES = 16 };

void answer_finish(struct answer *answer)
{
    for (size_t i = 0; i < answer->header_count; i++) {
        free(answer->headers[i].name);
        free(answer->headers[i].value);
    }
    if (answer->has_file) {
        close(answer->file);
    }
    free(answer->deed);
    free(answer->detail);
    text_finish(&answer->body);
    *answer = (struct answer){0};
}

void answer_add_header(struct answer *answer, const char *name, const char *value)
{
    if (answer->header_count < ANSWER_HEADERS_MAX) {
        answer->headers[answer->header_count++] =
            (struct answer_header){mem_dup_string(name), mem_dup_string(value)};
    }
}

void answer_set_cookie(struct answer *answer, const char *name, const char *value,
                       int64_t max_age_s, bool is_secure)
{
    char *cookie = mem_format("%s=%s; Path=/; Max-Age=%lld; HttpOnly; SameSite=Strict%s", name,
                              value, (long long)max_age_s, is_secure ? "; Secure" : "");
    answer_add_header(answer, "Set-Cookie", cookie);
    free(cookie);
}

struct text *answer_json(struct answer *answer, unsigned status)
{
    text_clear(&answer->body);
    answer->status = status;
    answer->content_type = "application/json";
    return &answer->body;
}

static struct writer refuse(struct answer *answer, enum error_code code, const char *allowed,
                            const char *format, va_list args) PRINTF_LIKE(4, 0);
static struct writer refuse(struct answer *answer, enum error_code code, const char *allowed,
                            const char *format, va_list args)
{
    const struct error_row *row = &error_rows[code];
    char *what = mem_format_args(format, args);
    struct writer writer = {.text = answer_json(answer, row->status)};
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

void answer_refuse_args(struct answer *answer, enum error_code code, const char *allowed,
                        const char *what, va_list args)
{
    struct writer writer = refuse(answer, code, allowed, what, args);
    answer_refuse_end(&writer);
}

void answer_refuse(struct answer *answer, enum error_code code, const char *allowed,
                   const char *what, ...)
{
    va_list args;
    va_start(args, what);
    answer_refuse_args(answer, code, allowed, what, args);
    va_end(args);
}

void etag_of_body(const struct text *body, char out[static ETAG_SIZE])
{
    uint8_t digest[DIGEST_SIZE];
    char hex[DIGEST_HEX_SIZE];
    digest_sha256(body->data ? body->data : "", body->length, digest);
    digest_hex(digest, hex);
    (void)snprintf(out, ETAG_SIZE, "\"%.*s\"", 2 * ETAG_BYTES, hex);
}

/* Tags have no commas of ours, so that the list can be cut at them. */
bool etag_is_listed(const char *header, const char *etag)
{
    static const char gaps[] = " \t,";
    size_t length = 0;
    for (const char *at = header + strspn(header, gaps); *at;
         at += length, at += strspn(at, gaps)) {
        length = strcspn(at, gaps);
        size_t weak = strncmp(at, "W/", 2) == 0 ? 2 : 0;
        bool is_it = length - weak == strlen(etag) && memcmp(at + weak, etag, length - weak) == 0;
        if (is_it || (length == 1 && at[0] == '*')) {
            return true;
        }
    }
    return false;
}
