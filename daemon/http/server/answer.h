/* SPDX-License-Identifier: Apache-2.0 */
/* answer: what a handler gives back: a status, headers, cookies, and a body or an open file. Whoever holds it owns it. */
#ifndef LINGTAN_HTTP_ANSWER_H
#define LINGTAN_HTTP_ANSWER_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "http/server/error_code.h"
#include "http/server/writer.h"
#include <lingtan/error.h>

enum {
    ANSWER_HEADERS_MAX = 12,
    ETAG_SIZE = 40, /* with its quotes */
};

struct answer_header {
    char *name;
    char *value;
};

struct answer {
    unsigned status; /* 0 = none yet */
    const char *content_type;
    struct text body;
    struct answer_header headers[ANSWER_HEADERS_MAX]; /* beside those that every answer has */
    size_t header_count;
    bool is_tagged;       /* may be kept and asked for again with If-None-Match */
    char etag[ETAG_SIZE]; /* "" = made of the body */
    bool has_file;        /* instead of the body */
    int file;
    uint64_t file_size;
    char *
        deed; /* of a route that changes something, for the log: what was done, and to what; NULL = the path tells */
    char *detail;
};

void answer_finish(struct answer *answer); /* back to all-zero */

/* Copies; at most 12, one of a name each but cookies. The value has no line end. */
void answer_add_header(struct answer *answer, const char *name, const char *value);

/* Seen by no script, sent to nobody else: HttpOnly, SameSite=Strict, Path=/. max_age_s 0 ends it at once. */
void answer_set_cookie(struct answer *answer, const char *name, const char *value,
                       int64_t max_age_s, bool is_secure);

/* Starts a JSON answer and returns its empty body. */
struct text *answer_json(struct answer *answer, unsigned status);

/* {"error":{"code":...,"what":...,"allowed":...}}; what is wrong, and what is allowed or to be done. */
void answer_refuse(struct answer *answer, enum error_code code, const char *allowed,
                   const char *what, ...) PRINTF_LIKE(4, 5);
void answer_refuse_args(struct answer *answer, enum error_code code, const char *allowed,
                        const char *what, va_list args) PRINTF_LIKE(4, 0);
/* The same with more fields, which the caller writes in between. */
struct writer answer_refuse_start(struct answer *answer, enum error_code code, const char *allowed,
                                  const char *what, ...) PRINTF_LIKE(4, 5);
void answer_refuse_end(struct writer *writer);

/* The tag of a body, in quotes. */
void etag_of_body(const struct text *body, char out[static ETAG_SIZE]);
/* Whether a header If-None-Match has the tag, weak or not, or a star. */
bool etag_is_listed(const char *header, const char *etag);

#endif
