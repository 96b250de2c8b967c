/* SPDX-License-Identifier: Apache-2.0 */
/* bad_registers: lingtan bad-registers: what devices refuse, and asking it again. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/remote/client.h"
#include "cli/remote/show.h"

static const char path[] = "/api/v1/bad-registers";

static void add_registers(struct table *table, const json_t *row)
{
    int64_t first = member_integer(row, "first");
    int64_t last = member_integer(row, "last");
    if (first == last) {
        table_add_format(table, STYLE_NONE, "%lld", (long long)first);
    } else {
        table_add_format(table, STYLE_NONE, "%lld-%lld", (long long)first, (long long)last);
    }
}

/* What the device does instead of giving them. */
static void add_fault(struct table *table, const json_t *row)
{
    const char *quality = member_string(row, "quality");
    if (strcmp(quality, "timeout") == 0) {
        table_add(table, STYLE_NONE, "no answer");
    } else if (strcmp(quality, "bad_reply") == 0) {
        table_add(table, STYLE_NONE, "too few");
    } else {
        table_add_format(table, STYLE_NONE, "exception %lld",
                         (long long)member_integer(row, "exception"));
    }
}

/* In how long, at the latest by the time somebody could look again. */
static void add_next_try(struct table *table, const json_t *row, int64_t now_us)
{
    struct text text = {0};
    int64_t next_us = member_time_us(row, "next_try");
    text_add_string(&text, next_us <= now_us ? "next polls" : "in ");
    if (next_us > now_us) {
        text_add_age(&text, next_us - now_us);
    }
    table_add_text(table, STYLE_NONE, &text);
}

static void fill(struct table *table, const json_t *rows, int64_t now_us)
{
    size_t i = 0;
    json_t *row = NULL;
    json_array_foreach(rows, i, row)
    {
        bool is_split = strcmp(member_string(row, "kind"), "not_together") == 0;
        struct text text = {0};
        table_add(table, STYLE_NONE, member_string(row, "device"));
        table_add_format(table, STYLE_NONE, "%lld", (long long)member_integer(row, "unit"));
        table_add_format(table, STYLE_NONE, "%lld", (long long)member_integer(row, "function"));
        add_registers(table, row);
        table_add(table, STYLE_NONE, is_split ? "not in one request" : "not read");
        add_fault(table, row);
        text_add_age_of(&text, member_time_us(row, "since"), now_us);
        table_add_text(table, STYLE_NONE, &text);
        add_next_try(table, row, now_us);
    }
}

static int retry(const struct cli *cli)
{
    json_t *root = NULL;
    char *device_path = mem_format("%s/%s", path, cli->retry);
    int code = client_post(cli, device_path, "{}", &root);
    free(device_path);
    if (code == EXIT_OK && cli->is_json) {
        json_dumpf(root, stdout, JSON_COMPACT);
        putchar('\n');
    } else if (code == EXIT_OK) {
        printf("%s is asked again with its next polls\n", cli->retry);
    }
    json_decref(root);
    return code;
}

int bad_registers_run(const struct cli *cli)
{
    static const struct table_column columns[] = {
        {"device", false}, {"unit", true},    {"function", true}, {"registers", true},
        {"kept", false},   {"answer", false}, {"since", true},    {"asked again", false},
    };
    if (cli->retry != NULL) {
        return retry(cli);
    }
    const struct show list = {path,    "bad_registers",
                              columns, ARRAY_SIZE(columns),
                              fill,    "none: the devices give all that is asked of them"};
    return show_list(cli, &list);
}
