/* SPDX-License-Identifier: Apache-2.0 */
/* principal_get: GET /api/v1/principal: who asks, as the daemon knows it. A page shows by it what may be done. */
#include "http/routes/routes.h"

void principal_get(struct request *request)
{
    const struct principal *principal = &request->principal;
    struct writer writer = {.text = request_json(request, 200)};
    writer_open(&writer, '{');
    writer_field_string(&writer, "name", principal->name);
    writer_field_string(&writer, "role", role_words[principal->role]);
    writer_field_string(&writer, "known_by", known_by_words[principal->known_by]);
    writer_close(&writer, '}');
}
