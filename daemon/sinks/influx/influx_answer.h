/* SPDX-License-Identifier: Apache-2.0 */
/* influx_answer: what a server's answer to a write means for the lines. */
#ifndef LINGTAN_SINKS_INFLUX_ANSWER_H
#define LINGTAN_SINKS_INFLUX_ANSWER_H

#include <stdbool.h>
#include <stddef.h>

#include "net/http_client.h"
#include "sinks/influx/influx.h"

enum influx_verdict {
    INFLUX_WRITTEN,
    INFLUX_BAD_LINES, /* some lines are refused; good ones of the same request may be written */
    INFLUX_TOO_LARGE, /* fewer lines at once, please */
    INFLUX_BUSY,      /* 429, 503: later, please */
    INFLUX_FAILED, /* 500 and what nobody knows: its own trouble, or a line that it stumbles over */
    INFLUX_UNREACHABLE, /* no answer, of itself or of what is behind a proxy */
    INFLUX_REFUSED,     /* a person must act: access, address, database, certificate */
};

struct influx_answer {
    enum influx_verdict verdict;
    bool blames_lines; /* its words speak of lines, not of the request */
    size_t dropped;    /* how many lines the server says it refused, 0 = it does not say */
    char reason[300];  /* for people, "" when written */
};

/* An answer that we give ourselves. */
void influx_answer_set(struct influx_answer *answer, enum influx_verdict verdict,
                       const char *format, ...) PRINTF_LIKE(3, 4);

/* An answer that came, whatever its status. */
void influx_answer_read(struct influx_answer *answer, const struct influx_options *options,
                        const struct http_response *response);

/* The server's own words: of its JSON, or the first line of what it sent. */
void influx_answer_words(const struct http_response *response, char *out, size_t size);

#endif
