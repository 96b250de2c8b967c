/* SPDX-License-Identifier: Apache-2.0 */
/* Who asks, and what that one may: the uid on the socket, tokens, nobody. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "access/token_file.h"
#include "base/mem.h"
#include "http/routes/routes.h"
#include "unit/http/world.h"

static const char bad_registers[] = "/api/v1/bad-registers/m1";

static int setup(void **state)
{
    struct world *world = mem_alloc(sizeof(*world));
    world_start(world, false);
    *state = world;
    return 0;
}

static int teardown(void **state)
{
    world_stop(*state);
    free(*state);
    return 0;
}

/* The header that carries a new token of the role. */
static char *make_token(const struct world *world, const char *name, enum role role)
{
    char token[TOKEN_TEXT_SIZE];
    char why[TOKEN_WHY_SIZE];
    struct token_row row = {.role = role, .made_us = 1};
    (void)snprintf(row.name, sizeof(row.name), "%s", name);
    assert_int_equal(token_make(token), 0);
    digest_sha256(token, strlen(token), row.digest);
    assert_int_equal(token_file_add(world->options.token_file, &row, why), 0);
    return mem_format("Authorization: Bearer %s\r\n", token);
}

static void assert_principal(struct reply *take_reply, const char *name, const char *role,
                             const char *known_by)
{
    assert_int_equal(take_reply->status, 200);
    json_t *root = json_loads(take_reply->body, 0, NULL);
    assert_non_null(root);
    assert_string_equal(string_at(root, "name"), name);
    assert_string_equal(string_at(root, "role"), role);
    assert_string_equal(string_at(root, "known_by"), known_by);
    json_decref(root);
    reply_finish(take_reply);
}

static void says_who_asks(void **state)
{
    static const char path[] = "/api/v1/principal";
    struct world *world = *state;
    char uid[32];
    (void)snprintf(uid, sizeof(uid), "uid %u", (unsigned)getuid());
    struct reply reply = world_ask(world, "GET", path, NULL);
    assert_principal(&reply, "anonymous", "viewer", "nothing");
    reply = world_ask_local(world, "GET", path, NULL);
    assert_principal(&reply, uid, "admin", "uid");
    for (int role = 0; role < ROLE_COUNT; role++) {
        char *header = make_token(world, role_words[role], (enum role)role);
        reply = world_ask_with(world, "GET", path, header, NULL);
        assert_principal(&reply, role_words[role], role_words[role], "token");
        free(header);
    }
}

static void assert_refused(struct reply *take_reply, int status, const char *code,
                           const char *remedy)
{
    if (take_reply->status != status) {
        print_error("%s\n", take_reply->bytes);
    }
    assert_int_equal(take_reply->status, status);
    json_t *root = json_loads(take_reply->body, 0, NULL);
    const json_t *error = json_object_get(root, "error");
    assert_string_equal(string_at(error, "code"), code);
    assert_non_null(strstr(string_at(error, "allowed"), remedy));
    json_decref(root);
    reply_finish(take_reply);
}

static void a_wrong_token_is_401(void **state)
{
    struct world *world = *state;
    static const char *const headers[] = {
        "Authorization: Bearer lt_0123\r\n", "Authorization: Bearer \r\n",
        "Authorization: Basic YTpi\r\n",     "Authorization: \r\n",
        "Authorization: lt_0123\r\n",
    };
    for (int with_file = 0; with_file < 2; with_file++) {
        for (size_t i = 0; i < ARRAY_SIZE(headers); i++) {
            struct reply reply = world_ask_with(world, "GET", "/api/v1/site", headers[i], NULL);
            assert_non_null(strstr(reply.bytes, "WWW-Authenticate: Bearer"));
            assert_refused(&reply, 401, "wrong_token", "lingtan token add");
        }
        free(make_token(world, with_file ? "other" : "some", ROLE_ADMIN));
    }
}

static void too_low_a_role_is_403(void **state)
{
    struct world *world = *state;
    char *viewer = make_token(world, "wall", ROLE_VIEWER);
    char *engineer = make_token(world, "fitter", ROLE_ENGINEER);
    struct reply reply = world_ask_with(world, "POST", bad_registers, viewer, "{}");
    assert_non_null(strstr(reply.body, "token wall (viewer)"));
    assert_refused(&reply, 403, "role_too_low", "--role engineer");
    reply = world_ask(world, "POST", bad_registers, "{}");
    assert_refused(&reply, 403, "socket_only", "lingtan token add");
    assert_int_equal(atomic_load(&world->retries), 0);
    reply = world_ask_with(world, "POST", bad_registers, engineer, "{}");
    assert_int_equal(reply.status, 200);
    assert_non_null(strstr(reply.body, "\"by\":\"fitter\""));
    reply_finish(&reply);
    assert_int_equal(atomic_load(&world->retries), 1);
    free(viewer);
    free(engineer);
}

/* Each row at each role: refused below its own, and let through from there on. */
static void each_route_wants_the_role_of_its_row(void **state)
{
    struct world *world = *state;
    for (int role = 0; role < ROLE_COUNT; role++) {
        char *header = make_token(world, role_words[role], (enum role)role);
        for (size_t i = 0; i < route_count; i++) {
            if (strstr(routes[i].path, "stream")) {
                continue;
            }
            bool is_post = strcmp(routes[i].method, "POST") == 0;
            struct reply reply = world_ask_with(world, routes[i].method, routes[i].path, header,
                                                is_post ? "[]" : NULL);
            bool is_refused = reply.status == 403;
            if (is_refused != (role < (int)routes[i].role)) {
                fail_msg("%s %s as %s: %d", routes[i].method, routes[i].path, role_words[role],
                         reply.status);
            }
            reply_finish(&reply);
        }
        free(header);
    }
}

static void a_removed_token_ends_at_once(void **state)
{
    struct world *world = *state;
    char why[TOKEN_WHY_SIZE];
    char *header = make_token(world, "gone", ROLE_ADMIN);
    struct reply reply = world_ask_with(world, "GET", "/api/v1/site", header, NULL);
    assert_int_equal(reply.status, 200);
    reply_finish(&reply);
    assert_int_equal(token_file_remove(world->options.token_file, "gone", why), 0);
    reply = world_ask_with(world, "GET", "/api/v1/site", header, NULL);
    assert_int_equal(reply.status, 401);
    reply_finish(&reply);
    free(header);
}

/* A token lets nobody in from elsewhere. */
static void a_token_is_no_way_round_the_origin(void **state)
{
    struct world *world = *state;
    char *token = make_token(world, "far", ROLE_ADMIN);
    char *header = mem_format("%sX-Forwarded-For: 10.0.0.1\r\n", token);
    struct reply reply = world_ask_with(world, "GET", "/api/v1/site", header, NULL);
    assert_refused(&reply, 403, "proxied", "directly");
    free(header);
    free(token);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(says_who_asks, setup, teardown),
        cmocka_unit_test_setup_teardown(a_wrong_token_is_401, setup, teardown),
        cmocka_unit_test_setup_teardown(too_low_a_role_is_403, setup, teardown),
        cmocka_unit_test_setup_teardown(each_route_wants_the_role_of_its_row, setup, teardown),
        cmocka_unit_test_setup_teardown(a_removed_token_ends_at_once, setup, teardown),
        cmocka_unit_test_setup_teardown(a_token_is_no_way_round_the_origin, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
