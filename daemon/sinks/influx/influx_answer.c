/* SPDX-License-Identifier: Apache-2.0 */
/* influx_answer: statuses and words of InfluxDB 1.x and 2.x, VictoriaMetrics, and of proxies before them. */
#include "sinks/influx/influx_answer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

void influx_answer_set(struct influx_answer *answer, enum influx_verdict verdict,
                       const char *format, ...)
{
    *answer = (struct influx_answer){.verdict = verdict};
    va_list args;
    va_start(args, format);
    vsnprintf(answer->reason, sizeof(answer->reason), format, args);
    va_end(args);
}

/* {"error": "..."} is v1, {"code": "...", "message": "..."} v2. */
void influx_answer_words(const struct http_response *response, char *out, size_t size)
{
    json_t *object = json_loadb(response->body, response->length, 0, NULL);
    const char *words = json_string_value(json_object_get(object, "message"));
    if (!words) {
        words = json_string_value(json_object_get(object, "error"));
    }
    if (words) {
        snprintf(out, size, "%s", words);
    } else {
        size_t length = strcspn(response->body, "\r\n");
        snprintf(out, size, "%.*s", (int)(length < size ? length : size - 1), response->body);
    }
    json_decref(object);
}

static size_t read_dropped(const char *words)
{
    const char *word = strstr(words, "dropped=");
    return word ? strtoul(word + strlen("dropped="), NULL, 10) : 0;
}

static bool blames_lines(const char *words)
{
    return strstr(words, "partial write") || strstr(words, "unable to parse") ||
           strstr(words, "field type conflict") || strstr(words, "error in line");
}

static enum influx_verdict verdict_of(int status)
{
    switch (status) {
    case 200:
    case 204:
        return INFLUX_WRITTEN;
    case 400:
    case 422:
        return INFLUX_BAD_LINES;
    case 413:
        return INFLUX_TOO_LARGE;
    case 429:
    case 503:
        return INFLUX_BUSY;
    case 502:
    case 504:
        return INFLUX_UNREACHABLE;
    case 401:
    case 403:
    case 404:
    case 407:
        return INFLUX_REFUSED;
    default:
        return status < 400 ? INFLUX_REFUSED : INFLUX_FAILED;
    }
}

static const char *access_advice(const struct influx_options *options)
{
    return options->api == INFLUX_V2 ? "check influx.token_file"
                                     : "check influx.username and influx.password_file";
}

static const char *absent_advice(const struct influx_options *options)
{
    return options->api == INFLUX_V2
               ? "make the bucket there, or check influx.org, influx.bucket and influx.url"
               : "check influx.url and influx.api";
}

void influx_answer_read(struct influx_answer *answer, const struct influx_options *options,
                        const struct http_response *response)
{
    char words[200];
    const int status = response->status;
    const char *url = options->url;
    influx_answer_words(response, words, sizeof(words));
    influx_answer_set(answer, verdict_of(status), "%.80s answers %d %.150s", url, status, words);
    answer->dropped = read_dropped(words);
    answer->blames_lines = blames_lines(words);
    if (answer->verdict == INFLUX_WRITTEN) {
        answer->reason[0] = '\0';
    } else if (answer->blames_lines) {
        snprintf(answer->reason, sizeof(answer->reason), "%s", words);
    } else if (status == 401 || status == 403) {
        snprintf(answer->reason, sizeof(answer->reason), "%.80s denies access (%d %.100s): %s", url,
                 status, words, access_advice(options));
    } else if (status == 404) {
        snprintf(answer->reason, sizeof(answer->reason), "%.80s answers 404 %.100s: %s", url, words,
                 absent_advice(options));
    } else if (response->redirect) {
        snprintf(answer->reason, sizeof(answer->reason),
                 "%.80s points elsewhere (%d %.120s): set influx.url to where it really is", url,
                 status, response->redirect);
    }
}
