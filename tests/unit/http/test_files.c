/* SPDX-License-Identifier: Apache-2.0 */
/* Files of the web folder, what is kept and asked for again by its tag, and what is never served. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "unit/http/world.h"

static void put(const struct world *world, const char *name, const char *content)
{
    char *path = mem_format("%s/%s", world->options.web_folder, name);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_true(fputs(content, file) >= 0);
    assert_int_equal(fclose(file), 0);
    free(path);
}

static void put_folder(const struct world *world, const char *name)
{
    char *path = mem_format("%s/%s", world->options.web_folder, name);
    assert_int_equal(mkdir(path, 0755), 0);
    free(path);
}

static void put_link(const struct world *world, const char *name, const char *target)
{
    char *path = mem_format("%s/%s", world->options.web_folder, name);
    assert_int_equal(symlink(target, path), 0);
    free(path);
}

static int setup(void **state)
{
    struct world *world = mem_alloc(sizeof(*world));
    world_start(world, false);
    put_folder(world, "");
    put_folder(world, "assets");
    put_folder(world, "assets/.hidden");
    put(world, "index.html", "<p>page</p>");
    put(world, "assets/main-1a2b.js", "run()");
    put(world, "assets/main-1a2b.js.gz", "packed");
    put(world, "assets/.hidden/x.js", "no");
    put(world, ".secret", "no");
    put(world, "empty.css", "");
    put_link(world, "link.html", "index.html");
    put_link(world, "out", "..");
    *state = world;
    return 0;
}

static int teardown(void **state)
{
    world_stop(*state);
    free(*state);
    return 0;
}

static void assert_has(const struct reply *reply, const char *header)
{
    if (!strstr(reply->bytes, header)) {
        fail_msg("lacks %s: %s", header, reply->bytes);
    }
}

static void serves_the_page(void **state)
{
    struct reply reply = world_ask(*state, "GET", "/", NULL);
    assert_int_equal(reply.status, 200);
    assert_string_equal(reply.body, "<p>page</p>");
    assert_has(&reply, "Content-Type: text/html; charset=utf-8\r\n");
    assert_has(&reply, "Cache-Control: no-cache\r\n");
    assert_has(&reply, "Content-Length: 11\r\n");
    assert_has(&reply, "Content-Security-Policy: default-src 'self';");
    assert_has(&reply, "X-Content-Type-Options: nosniff\r\n");
    reply_finish(&reply);
    reply = world_ask(*state, "GET", "/assets/main-1a2b.js", NULL);
    assert_string_equal(reply.body, "run()");
    assert_has(&reply, "Content-Type: text/javascript; charset=utf-8\r\n");
    assert_has(&reply, "Cache-Control: public, max-age=31536000, immutable\r\n");
    reply_finish(&reply);
    reply = world_ask(*state, "GET", "/empty.css", NULL);
    assert_int_equal(reply.status, 200);
    assert_string_equal(reply.body, "");
    reply_finish(&reply);
    reply = world_ask(*state, "HEAD", "/index.html", NULL);
    assert_int_equal(reply.status, 200);
    assert_string_equal(reply.body, "");
    assert_has(&reply, "Content-Length: 11\r\n");
    reply_finish(&reply);
    reply = world_ask_local(*state, "GET", "/index.html", NULL);
    assert_string_equal(reply.body, "<p>page</p>");
    reply_finish(&reply);
}

static void sends_the_packed_file_to_who_takes_it(void **state)
{
    static const char path[] = "/assets/main-1a2b.js";
    struct reply reply = world_ask_with(*state, "GET", path, "Accept-Encoding: br, gzip\r\n", NULL);
    assert_string_equal(reply.body, "packed");
    assert_has(&reply, "Content-Encoding: gzip\r\n");
    assert_has(&reply, "Content-Type: text/javascript; charset=utf-8\r\n");
    assert_has(&reply, "Vary: Accept-Encoding\r\n");
    reply_finish(&reply);
    reply = world_ask_with(*state, "GET", path, "Accept-Encoding: gzip;q=0\r\n", NULL);
    assert_string_equal(reply.body, "run()");
    assert_null(strstr(reply.bytes, "Content-Encoding"));
    reply_finish(&reply);
}

static void serves_nothing_else(void **state)
{
    static const char *const paths[] = {
        "/none.html",
        "/.secret",
        "/assets",
        "/assets/",
        "/assets/.hidden/x.js",
        "/link.html",
        "/out/port",
        "/out/web/index.html",
        "/../port",
        "/%2e%2e/port",
        "/..%2fport",
        "/assets/../../port",
        "//index.html",
        "/assets//main-1a2b.js",
        "/index.html/",
        "/%5c..%5cport",
    };
    for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
        struct reply reply = world_ask(*state, "GET", paths[i], NULL);
        if (reply.status != 404) {
            fail_msg("%s: %d", paths[i], reply.status);
        }
        assert_has(&reply, "unknown_path");
        reply_finish(&reply);
    }
    struct reply reply = world_ask(*state, "POST", "/index.html", "{}");
    assert_int_equal(reply.status, 404);
    reply_finish(&reply);
    reply = world_ask(*state, "GET", "/api/v1/index.html", NULL);
    assert_int_equal(reply.status, 404);
    reply_finish(&reply);
}

static char *tag_of(const struct reply *reply)
{
    const char *at = strstr(reply->bytes, "ETag: ");
    assert_non_null(at);
    at += strlen("ETag: ");
    return mem_format("If-None-Match: %.*s\r\n", (int)strcspn(at, "\r"), at);
}

static void what_is_known_is_not_sent_again(void **state)
{
    static const char *const paths[] = {"/index.html", "/api/v1/site", "/api/v1/points"};
    struct world *world = *state;
    for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
        struct reply reply = world_ask(world, "GET", paths[i], NULL);
        char *known = tag_of(&reply);
        reply_finish(&reply);
        reply = world_ask_with(world, "GET", paths[i], known, NULL);
        assert_int_equal(reply.status, 304);
        assert_string_equal(reply.body, "");
        assert_has(&reply, "ETag: \"");
        reply_finish(&reply);
        reply = world_ask_with(world, "GET", paths[i], "If-None-Match: \"other\"\r\n", NULL);
        assert_int_equal(reply.status, 200);
        reply_finish(&reply);
        free(known);
    }
    struct reply reply = world_ask(world, "GET", "/index.html", NULL);
    char *known = tag_of(&reply);
    reply_finish(&reply);
    usleep(20000);
    put(world, "index.html", "<p>more</p>"); /* as long as before */
    reply = world_ask_with(world, "GET", "/index.html", known, NULL);
    assert_int_equal(reply.status, 200);
    assert_string_equal(reply.body, "<p>more</p>");
    reply_finish(&reply);
    free(known);
}

static void no_folder(struct world *world)
{
    world->options.web_folder[0] = '\0';
}

static void without_a_folder_there_is_the_api_only(void **state)
{
    (void)state;
    struct world world;
    world_start_with(&world, no_folder);
    struct reply reply = world_ask(&world, "GET", "/", NULL);
    assert_int_equal(reply.status, 404);
    assert_has(&reply, "unknown_path");
    reply_finish(&reply);
    world_stop(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(serves_the_page, setup, teardown),
        cmocka_unit_test_setup_teardown(sends_the_packed_file_to_who_takes_it, setup, teardown),
        cmocka_unit_test_setup_teardown(serves_nothing_else, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_known_is_not_sent_again, setup, teardown),
        cmocka_unit_test(without_a_folder_there_is_the_api_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
