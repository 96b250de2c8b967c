/* SPDX-License-Identifier: Apache-2.0 */
/* show: a list of the API as a table, or as it came with --json. */
#ifndef LINGTAN_CLI_SHOW_H
#define LINGTAN_CLI_SHOW_H

#include <jansson.h>

#include "cli/cli.h"
#include "cli/screen/table.h"

struct show {
    const char *path;   /* "/api/v1/devices" */
    const char *member; /* of the answer: the list */
    const struct table_column *columns;
    size_t column_count;
    void (*fill)(struct table *table, const json_t *rows, int64_t now_us); /* wall */
    const char *when_empty; /* the sentence instead of a table without rows */
};

/* An enum exit_code. */
int show_list(const struct cli *cli, const struct show *show);

#endif
