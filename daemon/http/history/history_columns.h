/* SPDX-License-Identifier: Apache-2.0 */
/* history_columns: what the store thinned, as JSON: an array for each column rather than an object for each row. */
#ifndef LINGTAN_HTTP_HISTORY_COLUMNS_H
#define LINGTAN_HTTP_HISTORY_COLUMNS_H

#include "http/server/writer.h"
#include "store/rollup/rollup.h"

/* {"time":[...],"min":[...],"max":[...],"mean":[...],"last":[...],"good":[...],"bad":[...],"worst":[...]} */
void history_columns_write(struct writer *writer, const struct rollup_answer *answer);

#endif
