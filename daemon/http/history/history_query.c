/* SPDX-License-Identifier: Apache-2.0 */
/* history_query: its end. */
#include "http/history/history_query.h"

#include <stdlib.h>

void history_query_finish(struct history_query *query)
{
    free(query->device);
    free(query->point);
    free(query->unit);
    *query = (struct history_query){0};
}
