/* SPDX-License-Identifier: Apache-2.0 */
/* history: times as a person types and reads them. */
#ifndef LINGTAN_CLI_HISTORY_H
#define LINGTAN_CLI_HISTORY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

/* ISO 8601 with zone, milliseconds since 1970, or how long before now: 90s, 30m, 6h, 7d. */
bool history_time(const char *given, int64_t now_us, int64_t *out);

/* Local time with milliseconds. */
void history_add_time(struct text *text, int64_t time_us);

#endif
