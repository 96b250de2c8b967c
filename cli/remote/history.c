/* SPDX-License-Identifier: Apache-2.0 */
/* history: lingtan history. */
#include "cli/remote/history.h"

#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "cli/remote/client.h"
#include "cli/screen/table.h"
#include "net/http_client.h"
#include <lingtan/clock.h>

bool history_time(const char *given, int64_t now_us, int64_t *out)
{
    static const struct {
        char letter;
        int64_t seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
    char *end = NULL;
    errno = 0;
    long long number = strtoll(given, &end, 10);
    for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
        if (errno == 0 && end != given && number >= 0 && number <= 1000000000 &&
            end[0] == units[i].letter && end[1] == '\0') {
            *out = now_us - number * units[i].seconds * 1000000;
            return true;
        }
    }
    return time_parse(given, out) == 0;
}

static bool add_time(struct text *path, const char *name, const char *given, int64_t now_us)
{
    int64_t time_us = 0;
    if (!given) {
        return true;
    }
    if (!history_time(given, now_us, &time_us)) {
        fprintf(stderr,
                "lingtan: --%s \"%s\" is no time: ISO 8601 with zone (2026-11-23T08:00+08:00), "
                "milliseconds since 1970, or how long ago (90s, 30m, 6h, 7d)\n",
                name, given);
        return false;
    }
    text_add_format(path, "&%s=%lld", name, (long long)(time_us / 1000));
    return true;
}

static bool build_path(const struct cli *cli, struct text *path)
{
    int64_t now_us = clock_wall_us(clock_real());
    text_add_string(path, "/api/v1/history?device=");
    http_add_escaped(path, cli->arguments[0]);
    text_add_string(path, "&point=");
    http_add_escaped(path, cli->arguments[1]);
    text_add_format(path, "&limit=%lld", (long long)cli->limit);
    return add_time(path, "from", cli->from, now_us) && add_time(path, "to", cli->to, now_us);
}

void history_add_time(struct text *text, int64_t time_us)
{
    char shown[40];
    time_t seconds = (time_t)(time_us / 1000000);
    struct tm tm = {0};
    localtime_r(&seconds, &tm);
    strftime(shown, sizeof(shown), "%Y-%m-%d %H:%M:%S", &tm);
    text_add_format(text, "%s.%03d", shown, (int)(time_us / 1000 % 1000));
}

static void fill(struct table *table, const json_t *root)
{
    const char *unit = member_string(root, "unit");
    struct text text = {0};
    size_t i = 0;
    json_t *row = NULL;
    json_array_foreach(json_object_get(root, "readings"), i, row)
    {
        const json_t *value = json_array_get(row, 1);
        const char *quality = json_string_value(json_array_get(row, 2));
        history_add_time(&text, json_integer_value(json_array_get(row, 0)));
        table_add_text(table, STYLE_NONE, &text);
        if (json_is_number(value)) {
            /* All digits: here the exact value is what is wanted. */
            text_add_float(&text, json_number_value(value), 0);
            text_add_format(&text, " %s", unit_shown(unit));
        } else if (json_is_string(value)) {
            /* A device's own words: nothing that a terminal would obey. */
            text_add_clipped(&text, json_string_value(value), SIZE_MAX);
        } else {
            text_add_char(&text, '-');
        }
        table_add_text(table, STYLE_NONE, &text);
        bool is_ok = !quality || strcmp(quality, "ok") == 0;
        table_add(table, is_ok ? STYLE_NONE : STYLE_WARN, is_ok ? "" : quality);
    }
}

static void print(const struct cli *cli, const json_t *root)
{
    static const struct table_column columns[] = {
        {"time (local)", false}, {"value", true}, {"quality", false}};
    struct table table;
    table_init(&table, columns, ARRAY_SIZE(columns));
    fill(&table, root);
    table_print(&table, cli->has_colour, stdout);
    size_t count = table.cell_count / table.column_count;
    table_finish(&table);
    if (json_is_true(json_object_get(root, "truncated"))) {
        fprintf(stderr, "lingtan: only the first %zu readings; go on with --from %s\n", count,
                member_string(root, "next"));
    } else if (count == 0) {
        fprintf(stderr, "lingtan: no readings from %s to %s\n", member_string(root, "from"),
                member_string(root, "to"));
    }
}

int history_run(const struct cli *cli)
{
    struct text path = {0};
    json_t *root = NULL;
    int code = EXIT_USAGE;
    if (build_path(cli, &path)) {
        code = cli->is_json ? client_print(cli, path.data) : client_get(cli, path.data, &root);
    }
    if (root) {
        print(cli, root);
    }
    json_decref(root);
    text_finish(&path);
    return code;
}
