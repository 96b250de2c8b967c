/* SPDX-License-Identifier: Apache-2.0 */
/* status: lingtan status and lingtan sinks. */
#include <string.h>

#include "base/mem.h"
#include "cli/remote/client.h"
#include "cli/remote/show.h"
#include <lingtan/clock.h>

static void row(const char *title, struct text *text)
{
    printf("%-10s %s\n", title, text->data ? text->data : "");
    text_clear(text);
}

static void show_head(const struct cli *cli, const json_t *root, struct text *text)
{
    const char *name = member_string(root, "site_name");
    bool is_ready = json_is_true(json_object_get(root, "ready"));
    text_add_string(text, style_start(is_ready ? STYLE_GOOD : STYLE_BAD, cli->has_colour));
    text_add_string(text, is_ready ? "ready" : "NOT READY: ");
    text_add_string(text, member_string(root, "not_ready_because"));
    text_add_string(text, style_start(STYLE_NONE, cli->has_colour));
    row("daemon", text);
    text_add_format(text, "%s, up ", member_string(root, "version"));
    text_add_age(text, member_integer(root, "uptime_s") * 1000000);
    row("version", text);
    text_add_format(text, "%s  %s", member_string(root, "site"), name);
    row("site", text);
}

static void show_counts(const json_t *counts, struct text *text)
{
    text_add_format(text, "%lld of %lld up", (long long)member_integer(counts, "lines_up"),
                    (long long)member_integer(counts, "lines"));
    row("lines", text);
    text_add_format(text, "%lld of %lld online, %lld OFFLINE, %lld points",
                    (long long)member_integer(counts, "devices_online"),
                    (long long)member_integer(counts, "devices"),
                    (long long)member_integer(counts, "devices_offline"),
                    (long long)member_integer(counts, "points"));
    if (member_integer(counts, "bad_registers") > 0) {
        text_add_format(text, ", %lld refused (lingtan bad-registers)",
                        (long long)member_integer(counts, "bad_registers"));
    }
    row("devices", text);
    text_add_format(text, "%lld in %lld batches", (long long)member_integer(counts, "readings"),
                    (long long)member_integer(counts, "batches"));
    const char *quality = NULL;
    json_t *count = NULL;
    json_object_foreach(json_object_get(counts, "readings_by_quality"), quality, count)
    {
        if (json_integer_value(count) > 0 && strcmp(quality, "ok") != 0) {
            text_add_format(text, ", %lld %s", (long long)json_integer_value(count), quality);
        }
    }
    row("readings", text);
}

static void show_store(const json_t *store, struct text *text)
{
    int64_t oldest_us = member_time_us(store, "oldest_day");
    text_add_string(text, "journal ");
    text_add_bytes(text, member_integer(store, "journal_bytes"));
    if (oldest_us != 0) {
        text_add_format(text, " since %.10s", member_string(store, "oldest_day"));
    }
    text_add_string(text, ", last commit took ");
    text_add_duration(text, member_integer(store, "last_commit_us"));
    int64_t dropped = member_integer(store, "dropped");
    if (dropped > 0) {
        text_add_format(text, ", %lld batches LOST", (long long)dropped);
    }
    row("store", text);
}

static void show_sinks(const json_t *sinks, int64_t now_us, struct text *text)
{
    size_t i = 0;
    json_t *sink = NULL;
    json_array_foreach(sinks, i, sink)
    {
        text_add_format(text, "%s %s", member_string(sink, "name"), member_string(sink, "state"));
        if (member_integer(sink, "backlog") > 0) {
            text_add_format(text, ", %lld batches behind",
                            (long long)member_integer(sink, "backlog"));
        }
        if (member_time_us(sink, "oldest") != 0) {
            text_add_string(text, ", waiting for one ");
            text_add_age(text, now_us - member_time_us(sink, "oldest"));
            text_add_string(text, " old");
        }
        if (member_string(sink, "reason")[0] != '\0') {
            text_add_format(text, ": %s", member_string(sink, "reason"));
        }
        row("sink", text);
    }
}

/* Nothing when all is well. */
static void show_clock(const json_t *clock, struct text *text)
{
    const json_t *steps = json_object_get(clock, "steps");
    size_t count = json_array_size(steps);
    if (json_is_false(json_object_get(clock, "trusted"))) {
        text_add_string(text,
                        "not synchronised: readings are marked untrusted; start an NTP client, "
                        "or set clock.trust");
        row("clock", text);
    }
    if (count > 0) {
        const json_t *last = json_array_get(steps, count - 1);
        text_add_format(text, "stepped %lld times, last by %+.3f s to %s",
                        (long long)member_integer(clock, "step_count"),
                        (double)member_integer(last, "by_ms") / 1e3, member_string(last, "to"));
        row("clock", text);
    }
}

/* Only what is amiss: who reads this came in by one of them. */
static void show_doors(const struct cli *cli, const json_t *doors, struct text *text)
{
    size_t i = 0;
    json_t *door = NULL;
    json_array_foreach(doors, i, door)
    {
        if (member_string(door, "why")[0] != '\0') {
            bool is_open = json_is_true(json_object_get(door, "open"));
            text_add_format(text, "%s %s%s%s: %s", member_string(door, "place"),
                            style_start(STYLE_BAD, cli->has_colour),
                            is_open ? "open, BUT" : "CLOSED",
                            style_start(STYLE_NONE, cli->has_colour), member_string(door, "why"));
            row("http", text);
        }
    }
}

static void show_alarms(const struct cli *cli, const json_t *alarms, struct text *text)
{
    size_t i = 0;
    json_t *alarm = NULL;
    struct text standing = {0};
    json_array_foreach(alarms, i, alarm)
    {
        text_add_format(text, "%s%s%s: %s", style_start(STYLE_BAD, cli->has_colour),
                        member_string(alarm, "id"), style_start(STYLE_NONE, cli->has_colour),
                        member_string(alarm, "what"));
        row("ALARM", text);
        if (member_string(alarm, "why")[0] != '\0') {
            text_add_string(text, member_string(alarm, "why"));
            row("", text);
        }
        if (json_is_true(json_object_get(alarm, "stands"))) {
            text_add_format(&standing, " %s", member_string(alarm, "id"));
        }
    }
    if (standing.length > 0) {
        text_add_format(text, "when seen to: lingtan acknowledge%s", standing.data);
        row("", text);
    }
    text_finish(&standing);
}

int status_run(const struct cli *cli)
{
    static const char path[] = "/api/v1/status";
    if (cli->is_json) {
        return client_print(cli, path);
    }
    json_t *root = NULL;
    int code = client_get(cli, path, &root);
    if (code != EXIT_OK) {
        return code;
    }
    struct text text = {0};
    show_head(cli, root, &text);
    show_counts(json_object_get(root, "counts"), &text);
    show_store(json_object_get(root, "store"), &text);
    show_sinks(json_object_get(root, "sinks"), clock_wall_us(clock_real()), &text);
    show_clock(json_object_get(root, "clock"), &text);
    show_doors(cli, json_object_get(root, "doors"), &text);
    show_alarms(cli, json_object_get(root, "alarms"), &text);
    text_finish(&text);
    json_decref(root);
    return EXIT_OK;
}

static enum style state_style(const char *state)
{
    return strcmp(state, "up") == 0 ? STYLE_GOOD : STYLE_BAD;
}

static void fill_sinks(struct table *table, const json_t *sinks, int64_t now_us)
{
    struct text text = {0};
    size_t i = 0;
    json_t *sink = NULL;
    json_array_foreach(sinks, i, sink)
    {
        const char *state = member_string(sink, "state");
        table_add(table, STYLE_NONE, member_string(sink, "name"));
        table_add(table, state_style(state), state);
        table_add_format(table, STYLE_NONE, "%lld", (long long)member_integer(sink, "backlog"));
        if (member_time_us(sink, "oldest") != 0) {
            text_add_age(&text, now_us - member_time_us(sink, "oldest"));
        }
        table_add_text(table, STYLE_NONE, &text);
        table_add_format(table, STYLE_NONE, "%lld", (long long)member_integer(sink, "sent"));
        table_add_format(table, STYLE_NONE, "%lld", (long long)member_integer(sink, "rejected"));
        table_add(table, STYLE_NONE, member_string(sink, "reason"));
    }
}

int sinks_run(const struct cli *cli)
{
    static const struct table_column columns[] = {
        {"sink", false}, {"state", false},   {"behind", true}, {"oldest", true},
        {"sent", true},  {"rejected", true}, {"why", false},
    };
    const struct show list = {
        "/api/v1/sinks",     "sinks",    columns,
        ARRAY_SIZE(columns), fill_sinks, "none: the configuration has neither mqtt nor influx"};
    return show_list(cli, &list);
}
