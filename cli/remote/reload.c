/* SPDX-License-Identifier: Apache-2.0 */
/* reload: lingtan reload. */
#include <stdlib.h>

#include "cli/remote/client.h"

static void print_row(const json_t *row)
{
    const char *line = member_string(row, "line");
    const char *why = member_string(row, "why");
    printf("%s %s %s%s%s%s%s\n", member_string(row, "change"), member_string(row, "what"),
           member_string(row, "id"), line[0] ? " on " : "", line, why[0] ? ": " : "", why);
}

static void print_restart(const json_t *root)
{
    size_t i = 0;
    json_t *key = NULL;
    json_array_foreach(json_object_get(root, "needs_restart"), i, key)
    {
        printf("needs a restart: %s\n", json_string_value(key));
    }
}

static void print_report(const json_t *root)
{
    const json_t *rows = json_object_get(root, "changes");
    size_t i = 0;
    json_t *row = NULL;
    json_array_foreach(rows, i, row)
    {
        print_row(row);
    }
    if (json_is_true(json_object_get(root, "nodes_changed"))) {
        puts("changed nodes");
    }
    print_restart(root);
    const bool is_applied = json_is_true(json_object_get(root, "applied"));
    printf("%s; unchanged: lines %.0f, devices %.0f\n",
           is_applied ? "reloaded" : "nothing was changed yet",
           member_number(root, "unchanged_lines"), member_number(root, "unchanged_devices"));
}

/* Each fault on a line of its own, as lingtand --check has them. */
static void print_refusal(const json_t *refusal, const char *why)
{
    size_t i = 0;
    json_t *fault = NULL;
    json_array_foreach(json_object_get(json_object_get(refusal, "error"), "faults"), i, fault)
    {
        fprintf(stderr, "%s\n", json_string_value(fault));
    }
    fprintf(stderr, "lingtan: %s\n", why);
}

int reload_run(const struct cli *cli)
{
    char why[512];
    int status = 0;
    json_t *root = NULL;
    const int code = client_ask(cli, "/api/v1/reload", cli->is_dry ? "{\"dry_run\":true}" : "{}",
                                &status, &root, why, sizeof(why));
    if (code != EXIT_OK) {
        print_refusal(root, why);
    } else if (cli->is_json) {
        json_dumpf(root, stdout, JSON_COMPACT);
        putchar('\n');
    } else {
        print_report(root);
    }
    json_decref(root);
    return code;
}
