/* SPDX-License-Identifier: Apache-2.0 */
/* health_get: GET /healthz and /readyz, in plain text for probes. */
#include "http/routes/routes.h"
#include "http/server/server.h"

static void answer_text(struct request *request, unsigned status, const char *text)
{
    text_clear(&request->answer.body);
    text_add_string(&request->answer.body, text);
    text_add_char(&request->answer.body, '\n');
    request->answer.status = status;
    request->answer.content_type = "text/plain; charset=utf-8";
}

/* It lives, and says which way in is closed. */
static void answer_alive(struct request *request)
{
    struct door_status rows[DOORS_MAX];
    size_t count = doors_status(request->http->doors, rows);
    struct text text = {0};
    text_add_string(&text, "ok");
    for (size_t i = 0; i < count; i++) {
        if (rows[i].why[0] != '\0') {
            text_add_format(&text, "\n%s is %s: %s", rows[i].place,
                            rows[i].is_open ? "open, but" : "closed", rows[i].why);
        }
    }
    answer_text(request, 200, text.data);
    text_finish(&text);
}

void healthz_get(struct request *request)
{
    if (!request_on_main(request, answer_alive)) {
        answer_text(request, 503, "the main thread does not answer");
    }
}

static void answer_ready(struct request *request)
{
    const struct http_view *view = &request->http->view;
    char why[160] = "";
    bool is_ready = view->is_ready(view->context, why, sizeof(why));
    answer_text(request, is_ready ? 200 : 503, is_ready ? "ready" : why);
}

void readyz_get(struct request *request)
{
    if (!request_on_main(request, answer_ready)) {
        answer_text(request, 503, "the main thread does not answer");
    }
}
