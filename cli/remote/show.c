/* SPDX-License-Identifier: Apache-2.0 */
/* show: asks, fills, prints. */
#include "cli/remote/show.h"

#include "cli/remote/client.h"
#include <lingtan/clock.h>

static void print_rows(const struct cli *cli, const struct show *show, const json_t *rows)
{
    struct table table;
    table_init(&table, show->columns, show->column_count);
    show->fill(&table, rows, clock_wall_us(clock_real()));
    table_print(&table, cli->has_colour, stdout);
    table_finish(&table);
}

int show_list(const struct cli *cli, const struct show *show)
{
    if (cli->is_json) {
        return client_print(cli, show->path);
    }
    json_t *root = NULL;
    int code = client_get(cli, show->path, &root);
    if (code != EXIT_OK) {
        return code;
    }
    const json_t *rows = json_object_get(root, show->member);
    if (json_array_size(rows) == 0) {
        puts(show->when_empty);
    } else {
        print_rows(cli, show, rows);
    }
    json_decref(root);
    return EXIT_OK;
}
