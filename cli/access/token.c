/* SPDX-License-Identifier: Apache-2.0 */
/* token: lingtan token: the tokens by which programs are known to the API. Works on the daemon's file, whether or not the
 * daemon runs: it reads the file again with the next request. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "access/token_file.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/screen/table.h"
#include "config/config.h"
#include <lingtan/clock.h>

struct http_places {
    char *token_file;
};

struct main_places {
    struct http_places http;
};

static const struct option http_rows[] = {
    {.name = "token_file",
     .type = OPTION_STRING,
     .offset = offsetof(struct http_places, token_file),
     .fallback = "/var/lib/lingtan/tokens",
     .help = "The tokens."},
};

static const struct option_table http_places_table = {
    .name = "http",
    .size = sizeof(struct http_places),
    .rows = http_rows,
    .count = ARRAY_SIZE(http_rows),
    .help = "The place of the tokens.",
};

static const struct option main_rows[] = {
    {.name = "http",
     .type = OPTION_GROUP,
     .offset = offsetof(struct main_places, http),
     .table = &http_places_table,
     .help = "The API."},
};

static const struct option_table main_table = {
    .name = "lingtan",
    .size = sizeof(struct main_places),
    .rows = main_rows,
    .count = ARRAY_SIZE(main_rows),
    .help = "The place of the tokens.",
};

/* What else the main file holds is not judged here: it is unknown to this table. The caller frees. */
static char *find_path(const char *config)
{
    struct main_places places = {0};
    if (access(config, R_OK) != 0) {
        fprintf(stderr, "lingtan: cannot read %s: %s; name the main file with --config\n", config,
                strerror(errno));
        return NULL;
    }
    struct config_memory *memory = config_memory_create();
    struct faults *unjudged = faults_create();
    config_load(config, &main_table, &places, memory, unjudged);
    faults_destroy(unjudged);
    char *path = mem_dup_string(places.http.token_file ? places.http.token_file : "");
    config_memory_destroy(memory);
    if (path[0] == '\0') {
        fprintf(stderr, "lingtan: http.token_file of %s is empty: no token is kept\n", config);
        free(path);
        return NULL;
    }
    return path;
}

static int fail(int error, const char *why)
{
    bool is_others = (error == -EACCES || error == -EPERM) && geteuid() != 0;
    fprintf(stderr, "lingtan: %s%s\n", why,
            is_others ? "; the file is the daemon's: try it with sudo" : "");
    return EXIT_FAILED;
}

static bool make_row(const struct cli *cli, const char *name, struct token_row *row)
{
    *row = (struct token_row){.made_us = clock_wall_us(clock_real())};
    if (!token_name_is_good(name)) {
        fputs("lingtan: NAME wants 1 to 63 of a-z A-Z 0-9 . _ -\n", stderr);
        return false;
    }
    if (!cli->role || !role_parse(cli->role, &row->role)) {
        fprintf(stderr, "lingtan: token add wants --role, one of %s\n", role_list);
        return false;
    }
    (void)snprintf(row->name, sizeof(row->name), "%s", name);
    return true;
}

static int add(const struct cli *cli, const char *path, const char *name)
{
    char token[TOKEN_TEXT_SIZE];
    char why[TOKEN_WHY_SIZE];
    struct token_row row;
    if (!make_row(cli, name, &row)) {
        return EXIT_USAGE;
    }
    int error = token_make(token);
    if (error < 0) {
        return fail(error, "the kernel gives no random numbers");
    }
    digest_sha256(token, strlen(token), row.digest);
    error = token_file_add(path, &row, why);
    if (error < 0) {
        return fail(error, why);
    }
    puts(token);
    fputs("lingtan: this is the only time that the token is shown; programs send it as\n"
          "Authorization: Bearer TOKEN\n",
          stderr);
    return EXIT_OK;
}

static void print(const struct cli *cli, const struct token_list *list)
{
    static const struct table_column columns[] = {
        {"name", false}, {"role", false}, {"made", false}};
    struct table table;
    struct text text = {0};
    table_init(&table, columns, ARRAY_SIZE(columns));
    for (size_t i = 0; i < list->count; i++) {
        table_add(&table, STYLE_NONE, list->rows[i].name);
        table_add(&table, STYLE_NONE, role_words[list->rows[i].role]);
        text_add_time(&text, list->rows[i].made_us);
        table_add_text(&table, STYLE_NONE, &text);
    }
    table_print(&table, cli->has_colour, stdout);
    table_finish(&table);
    text_finish(&text);
}

static void print_json(const struct token_list *list)
{
    json_t *tokens = json_array();
    struct text text = {0};
    for (size_t i = 0; i < list->count; i++) {
        text_clear(&text);
        text_add_time(&text, list->rows[i].made_us);
        json_array_append_new(tokens,
                              json_pack("{s:s, s:s, s:s}", "name", list->rows[i].name, "role",
                                        role_words[list->rows[i].role], "made", text.data));
    }
    json_t *root = json_pack("{s:o}", "tokens", tokens);
    json_dumpf(root, stdout, JSON_COMPACT);
    putchar('\n');
    json_decref(root);
    text_finish(&text);
}

static int list_all(const struct cli *cli, const char *path)
{
    char why[TOKEN_WHY_SIZE];
    struct token_list list = {0};
    int error = token_file_read(path, &list, why);
    if (error < 0 && error != -ENOENT) {
        return fail(error, why);
    }
    if (cli->is_json) {
        print_json(&list);
    } else {
        print(cli, &list);
    }
    token_list_finish(&list);
    return EXIT_OK;
}

static int drop(const char *path, const char *name)
{
    char why[TOKEN_WHY_SIZE];
    int error = token_file_remove(path, name, why);
    if (error < 0) {
        return fail(error, why);
    }
    printf("removed %s: the next request that brings it gets 401\n", name);
    return EXIT_OK;
}

/* Before any file is read: a mistyped word is not to be answered with a missing file. */
static bool is_understood(const struct cli *cli)
{
    const char *what = cli->arguments[0];
    bool is_add = strcmp(what, "add") == 0;
    bool has_name = cli->argument_count > 1;
    if (cli->role && !is_add) {
        fputs("lingtan: --role belongs to token add\n", stderr);
        return false;
    }
    if (has_name ? is_add || strcmp(what, "remove") == 0 : strcmp(what, "list") == 0) {
        return true;
    }
    fputs("lingtan: usage: lingtan token add NAME --role ROLE, token list, token remove NAME\n",
          stderr);
    return false;
}

static int run(const struct cli *cli, const char *path)
{
    const char *what = cli->arguments[0];
    if (strcmp(what, "list") == 0) {
        return list_all(cli, path);
    }
    const char *name = cli->arguments[1];
    return strcmp(what, "add") == 0 ? add(cli, path, name) : drop(path, name);
}

int token_run(const struct cli *cli)
{
    if (!is_understood(cli)) {
        return EXIT_USAGE;
    }
    char *path = find_path(cli->config);
    int code = path ? run(cli, path) : EXIT_FAILED;
    free(path);
    return code;
}
