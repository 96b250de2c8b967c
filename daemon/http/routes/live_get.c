/* SPDX-License-Identifier: Apache-2.0 */
/* live_get: GET /api/v1/live. */
#include "http/live.h"
#include "http/routes/routes.h"
#include "http/server/server.h"

void live_get(struct request *request)
{
    struct live_filter filter;
    if (live_filter_read(request, &filter) == 0) {
        struct writer writer = {.text = request_json(request, 200)};
        live_write_snapshot(&writer, &request->http->view, &filter);
    }
}
