/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP: any bytes as the body of POST /api/v1/read. There is no server: the main loop has stopped, so a body that is
 * good gets 503 where the line would be asked, and any other one 400. */
#include <jansson.h>

#include "base/loop.h"
#include "fuzz/fuzz.h"
#include "http/routes/routes.h"
#include "http/server/server.h"

static struct http *get_http(void)
{
    static struct http http;
    if (!http.room) {
        fuzz_require(loop_create(clock_real(), &http.view.loop) == 0, "a loop can be created");
        loop_quit(http.view.loop, 0);
        fuzz_require(loop_run(http.view.loop) == 0, "a loop that was told to stop does");
        http.room = waiting_room_create();
    }
    return &http;
}

static void check_answer(const struct answer *answer)
{
    json_error_t error;
    json_t *root = json_loadb(answer->body.data, answer->body.length, 0, &error);
    const json_t *said = json_object_get(root, "error");
    fuzz_require(answer->status == 400 || answer->status == 503, "a body is refused or asked for");
    fuzz_require(json_is_string(json_object_get(said, "code")) &&
                     json_is_string(json_object_get(said, "what")) &&
                     json_is_string(json_object_get(said, "allowed")),
                 "a refusal says what is wrong and what is allowed");
    json_decref(root);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct http *http = get_http();
    struct request *request = request_create(http, http->room);
    text_add(&request->body, (const char *)data, size <= REQUEST_BODY_MAX ? size : 0);
    read_post(request);
    check_answer(&request->answer);
    request_unref(request);
    return 0;
}
