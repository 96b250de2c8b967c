/* SPDX-License-Identifier: Apache-2.0 */
/* error_code: what programs go by when a request is refused; the English words beside it are for people and may change.
 * docs/openapi.yaml lists them: a word that stands here stays. */
#ifndef LINGTAN_HTTP_ERROR_CODE_H
#define LINGTAN_HTTP_ERROR_CODE_H

enum error_code {
    ERROR_BAD_PARAMETER,
    ERROR_UNKNOWN_PARAMETER,
    ERROR_REPEATED_PARAMETER,
    ERROR_MISSING_PARAMETER,
    ERROR_BAD_BODY,
    ERROR_UNKNOWN_ALARM,
    ERROR_ALARM_ENDS_BY_ITSELF,
    ERROR_FILTER_DEVICE, /* unknown_device, as a parameter */
    ERROR_FILTER_NODE,
    ERROR_WRONG_TOKEN,
    ERROR_ROLE_TOO_LOW,
    ERROR_PROXIED,
    ERROR_FOREIGN_HOST,
    ERROR_FOREIGN_ORIGIN,
    ERROR_SOCKET_ONLY,
    ERROR_UNKNOWN_PATH,
    ERROR_UNKNOWN_DEVICE,
    ERROR_UNKNOWN_POINT,
    ERROR_UNKNOWN_LINE,
    ERROR_METHOD_NOT_ALLOWED,
    ERROR_BODY_TOO_LARGE,
    ERROR_URL_TOO_LONG,
    ERROR_NOT_DECLARED_JSON,
    ERROR_EXCEPTION,
    ERROR_BAD_REPLY,
    ERROR_SHORT_REPLY,
    ERROR_LINE_DOWN,
    ERROR_LINE_BUSY,
    ERROR_UNIT_PUT_OFF,
    ERROR_READ_NOT_DONE,
    ERROR_TOO_MANY_REQUESTS,
    ERROR_TOO_MANY_QUERIES,
    ERROR_TOO_MANY_STREAMS,
    ERROR_MAIN_THREAD,
    ERROR_NO_JOURNAL,
    ERROR_JOURNAL_UNREADABLE,
    ERROR_STORE_CANNOT_WRITE,
    ERROR_STOPPING,
    ERROR_NO_REPLY,
    ERROR_CODE_COUNT
};

struct error_row {
    const char *word;
    unsigned status; /* of HTTP */
};
extern const struct error_row error_rows[ERROR_CODE_COUNT];

#endif
