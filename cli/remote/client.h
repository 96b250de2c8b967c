/* SPDX-License-Identifier: Apache-2.0 */
/* client: questions to the daemon over its Unix socket. What goes wrong is told on stderr here. */
#ifndef LINGTAN_CLI_CLIENT_H
#define LINGTAN_CLI_CLIENT_H

#include <jansson.h>

#include "base/text.h"
#include "cli/cli.h"

/* Each gives an enum exit_code. path is within the API: "/api/v1/status". The caller owns *out. */
int client_get(const struct cli *cli, const char *path, json_t **out);
int client_post(const struct cli *cli, const char *path, const char *body, json_t **out);

/* Prints the API's answer as it came, with a newline. */
int client_print(const struct cli *cli, const char *path);

/* The same without a word on stderr, for screens: EXIT_FAILED or EXIT_UNREACHABLE with the reason in words. */
int client_try(const struct cli *cli, const char *path, json_t **out, char *why, size_t size);

/* The same with a body, for who acts on a refusal: *status is that of HTTP (0: there was no answer), *out the answer, or
 * the refusal as the API words it, or NULL. */
int client_ask(const struct cli *cli, const char *path, const char *body, int *status, json_t **out,
               char *why, size_t size);

/* Whether somebody listens on the daemon's socket: 0, -ENOENT, -ECONNREFUSED, -EACCES, ... */
int client_knock(const struct cli *cli);

/* Members of an object; the fallbacks when they are absent or something else. Strings are borrowed. */
const char *member_string(const json_t *object, const char *name); /* "" */
double member_number(const json_t *object, const char *name);      /* NaN */
int64_t member_integer(const json_t *object, const char *name);    /* 0 */
int64_t member_time_us(const json_t *object, const char *name);    /* 0 = none */

#endif
