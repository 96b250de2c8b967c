/* SPDX-License-Identifier: Apache-2.0 */
/* acknowledge: lingtan acknowledge. */
#include <stdlib.h>

#include "cli/remote/client.h"

/* {} = all; NULL when an argument is no UTF-8. The caller frees. */
static char *build_body(const struct cli *cli)
{
    json_t *root = json_object();
    json_t *alarms = json_array();
    int error = 0;
    for (int i = 0; i < cli->argument_count; i++) {
        error |= json_array_append_new(alarms, json_string(cli->arguments[i]));
    }
    if (cli->argument_count > 0) {
        error |= json_object_set(root, "alarms", alarms);
    }
    char *body = error == 0 ? json_dumps(root, JSON_COMPACT) : NULL;
    json_decref(alarms);
    json_decref(root);
    return body;
}

static void print(const struct cli *cli, const json_t *root)
{
    const json_t *alarms = json_object_get(root, "acknowledged");
    size_t i = 0;
    json_t *alarm = NULL;
    json_array_foreach(alarms, i, alarm)
    {
        printf("acknowledged %s\n", json_string_value(alarm));
    }
    if (json_array_size(alarms) == 0) {
        puts(cli->argument_count == 0 ? "no alarm stands"
                                      : "no such alarm stands: lingtan status names those that do");
    }
}

int acknowledge_run(const struct cli *cli)
{
    json_t *root = NULL;
    char *body = build_body(cli);
    if (!body) {
        fputs("lingtan: ALARM must be UTF-8\n", stderr);
        return EXIT_USAGE;
    }
    int code = client_post(cli, "/api/v1/store/acknowledge", body, &root);
    free(body);
    if (code == EXIT_OK && cli->is_json) {
        json_dumpf(root, stdout, JSON_COMPACT);
        putchar('\n');
    } else if (code == EXIT_OK) {
        print(cli, root);
    }
    json_decref(root);
    return code;
}
