/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of http by themselves: names, sockets, files, JSON, metrics; and the table of routes against its
 * description. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "http/routes/metrics.h"
#include "http/routes/routes.h"
#include "http/server/error_code.h"
#include "http/server/listen.h"
#include "http/server/origin.h"
#include "http/server/path.h"
#include "http/server/stream_ring.h"
#include "http/server/writer.h"

static int setup(void **state)
{
    char *folder = mem_dup_string("/tmp/lingtan-parts.XXXXXX");
    assert_non_null(mkdtemp(folder));
    *state = folder;
    return 0;
}

static int teardown(void **state)
{
    assert_int_equal(rmdir(*state), 0); /* whatever was made has been removed */
    free(*state);
    return 0;
}

static void knows_loopback_addresses(void **state)
{
    (void)state;
    assert_true(address_is_loopback("127.0.0.1"));
    assert_true(address_is_loopback("127.9.8.7"));
    assert_true(address_is_loopback("::1"));
    assert_true(address_is_loopback("localhost"));
    static const char *const others[] = {"0.0.0.0",    "::",      "192.168.1.5",      "128.0.0.1",
                                         "127.0.0.1 ", "",        "::ffff:127.0.0.1", "fe80::1",
                                         "localhost.", "127.0.1", "example.org"};
    for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
        assert_false(address_is_loopback(others[i]));
    }
}

static void listens_on_loopback_only(void **state)
{
    int fd = -1;
    int second = -1;
    int port = 0;
    int taken = 0;
    (void)state;
    assert_int_equal(listen_tcp("0.0.0.0", 0, &fd, &port), -EINVAL);
    assert_int_equal(listen_tcp("127.0.0.1", 0, &fd, &port), 0);
    assert_true(port > 0);
    assert_int_equal(listen_tcp("127.0.0.1", port, &second, &taken), -EADDRINUSE);
    close(fd);
}

static void replaces_only_dead_sockets(void **state)
{
    char *path = mem_format("%s/sock", (const char *)*state);
    int fd = -1;
    int second = -1;
    struct stat status;
    assert_int_equal(listen_local(path, &fd), 0);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0660);
    assert_int_equal(listen_local(path, &second), -EADDRINUSE);
    close(fd); /* as after a crash: the file stays, nobody listens */
    assert_int_equal(listen_local(path, &fd), 0);
    close(fd);
    assert_int_equal(unlink(path), 0);
    int file = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    close(file);
    assert_int_equal(listen_local(path, &fd), -EEXIST);
    assert_int_equal(unlink(path), 0);
    free(path);
}

static void makes_the_last_folder_of_a_socket(void **state)
{
    char *folder = mem_format("%s/run", (const char *)*state);
    char *path = mem_format("%s/sock", folder);
    char *deep = mem_format("%s/a/b/sock", folder);
    char long_path[300];
    int fd = -1;
    assert_int_equal(listen_local(path, &fd), 0);
    close(fd);
    assert_int_equal(listen_local(deep, &fd), -ENOENT);
    memset(long_path, 'x', sizeof(long_path) - 1);
    long_path[sizeof(long_path) - 1] = '\0';
    assert_int_equal(listen_local(long_path, &fd), -ENAMETOOLONG);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0);
    free(deep);
    free(path);
    free(folder);
}

static void writes_the_port_file_whole(void **state)
{
    char *path = mem_format("%s/port", (const char *)*state);
    char *missing = mem_format("%s/none/port", (const char *)*state);
    char text[16] = "";
    assert_int_equal(port_file_write(path, 8080), 0);
    assert_int_equal(port_file_write(path, 80), 0);
    FILE *file = fopen(path, "re");
    assert_non_null(fgets(text, sizeof(text), file));
    fclose(file);
    assert_string_equal(text, "80\n");
    assert_int_equal(port_file_write(missing, 80), -ENOENT);
    assert_int_equal(unlink(path), 0);
    free(missing);
    free(path);
}

static void writes_json(void **state)
{
    struct text text = {0};
    struct writer writer = {.text = &text};
    (void)state;
    writer_open(&writer, '{');
    writer_field_string(&writer, "a\"b", "x\n\\");
    writer_field_real(&writer, "real", 230.1);
    writer_field_real(&writer, "nan", (double)NAN);
    writer_field_real(&writer, "inf", -(double)INFINITY);
    writer_field_open(&writer, "list", '[');
    writer_open(&writer, '[');
    writer_close(&writer, ']');
    writer_int(&writer, INT64_MIN);
    writer_uint(&writer, UINT64_MAX);
    writer_null(&writer);
    writer_close(&writer, ']');
    writer_field_bool(&writer, "yes", true);
    writer_field_time(&writer, "never", 0);
    writer_field_time(&writer, "then", 1700000000123000);
    writer_close(&writer, '}');
    assert_string_equal(text.data,
                        "{\"a\\\"b\":\"x\\n\\\\\",\"real\":230.1,\"nan\":null,\"inf\":null,"
                        "\"list\":[[],-9223372036854775808,18446744073709551615,null],\"yes\":true,"
                        "\"never\":null,\"then\":\"2023-11-14T22:13:20.123Z\"}");
    text_finish(&text);
}

static void writes_metrics(void **state)
{
    struct text text = {0};
    const struct label labels[] = {{"a", "x\"y\\z\n"}, {"b", ""}, {NULL, NULL}};
    (void)state;
    metric_family(&text, "m_total", METRIC_COUNTER, "Help.");
    metric_sample(&text, "m_total", labels, 12345678901.0);
    metric_single(&text, "g", METRIC_GAUGE, "G.", (double)NAN);
    assert_string_equal(text.data, "# HELP m_total Help.\n# TYPE m_total counter\n"
                                   "m_total{a=\"x\\\"y\\\\z\\n\",b=\"\"} 12345678901\n"
                                   "# HELP g G.\n# TYPE g gauge\ng NaN\n");
    text_finish(&text);
}

static void knows_forwarding_headers(void **state)
{
    (void)state;
    assert_true(header_is_forwarding("forwarded"));
    assert_true(header_is_forwarding("X-Forwarded-For"));
    assert_true(header_is_forwarding("x-forwarded"));
    assert_false(header_is_forwarding("Host"));
    assert_false(header_is_forwarding("X-Forward"));
    assert_false(header_is_forwarding("Accept"));
}

static void cleans_what_it_repeats(void **state)
{
    char out[8];
    (void)state;
    assert_string_equal(printable("a\nb\x80\"c", out, sizeof(out)), "a?b?\"c");
    assert_string_equal(printable("0123456789", out, sizeof(out)), "0123456");
}

/* The paths and methods of docs/openapi.yaml: "  /path:" and "    get:" below it. */
static size_t described_routes(char described[][96], size_t max)
{
    FILE *file = fopen(LINGTAN_SOURCE_FOLDER "/docs/openapi.yaml", "re");
    assert_non_null(file);
    char line[512];
    char path[64] = "";
    char method[16] = "";
    size_t count = 0;
    while (fgets(line, sizeof(line), file)) {
        char word[64] = "";
        if (sscanf(line, "  %63[^: ]:", word) != 1) {
            continue;
        }
        size_t indent = strspn(line, " ");
        if (indent == 2) {
            (void)snprintf(path, sizeof(path), "%s", word);
        } else if (indent == 4 && path[0] == '/' && count < max) {
            (void)snprintf(method, sizeof(method), "%.15s", word);
            for (char *c = method; *c != '\0'; c++) {
                *c = (char)(*c - ('a' <= *c && *c <= 'z' ? 'a' - 'A' : 0));
            }
            (void)snprintf(described[count++], 96, "%s %s", method, path);
        }
    }
    fclose(file);
    return count;
}

static bool is_listed(char described[][96], size_t count, const char *wanted)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(described[i], wanted) == 0) {
            return true;
        }
    }
    return false;
}

static void openapi_describes_exactly_the_routes(void **state)
{
    static char described[100][96];
    (void)state;
    size_t count = described_routes(described, 100);
    for (size_t i = 0; i < route_count; i++) {
        char *wanted = mem_format("%s %s", routes[i].method, routes[i].path);
        if (!is_listed(described, count, wanted)) {
            print_error("docs/openapi.yaml lacks %s\n", wanted);
        }
        assert_true(is_listed(described, count, wanted));
        free(wanted);
    }
    assert_int_equal(count, route_count);
}

/* The words below "code:" and "enum:" in docs/openapi.yaml. */
static size_t described_codes(char described[][96], size_t max)
{
    FILE *file = fopen(LINGTAN_SOURCE_FOLDER "/docs/openapi.yaml", "re");
    assert_non_null(file);
    char line[512];
    size_t count = 0;
    bool is_within = false;
    while (fgets(line, sizeof(line), file)) {
        char word[96] = "";
        is_within |= strcmp(line, "            code:\n") == 0;
        if (is_within && count < max && sscanf(line, " - %95[a-z_0-9]", word) == 1) {
            memcpy(described[count++], word, sizeof(word));
        } else if (is_within && count > 0) {
            break;
        }
    }
    fclose(file);
    return count;
}

/* Both ways: a program must know each code, and one that never comes is a promise broken. */
static void openapi_lists_exactly_the_error_codes(void **state)
{
    static char described[100][96];
    (void)state;
    size_t count = described_codes(described, 100);
    for (size_t i = 0; i < ERROR_CODE_COUNT; i++) {
        assert_non_null(error_rows[i].word);
        assert_in_range(error_rows[i].status, 400, 599);
        if (!is_listed(described, count, error_rows[i].word)) {
            fail_msg("docs/openapi.yaml lacks the code %s", error_rows[i].word);
        }
    }
    for (size_t i = 0; i < count; i++) {
        bool is_known = false;
        for (size_t j = 0; j < ERROR_CODE_COUNT; j++) {
            is_known |= strcmp(error_rows[j].word, described[i]) == 0;
        }
        if (!is_known) {
            fail_msg("docs/openapi.yaml has the code %s, which is never given", described[i]);
        }
    }
}

/* docs/API.md is for people; it must not lack one either. */
static void the_page_names_every_route(void **state)
{
    static char page[64 * 1024];
    (void)state;
    FILE *file = fopen(LINGTAN_SOURCE_FOLDER "/docs/API.md", "re");
    assert_non_null(file);
    page[fread(page, 1, sizeof(page) - 1, file)] = '\0';
    fclose(file);
    for (size_t i = 0; i < route_count; i++) {
        const char *path = routes[i].path;
        const char *shown = strstr(page, path);
        if (!shown && strncmp(path, "/api/v1", 7) == 0) {
            shown = strstr(page, path + 7);
        }
        if (!shown) {
            print_error("docs/API.md lacks %s\n", path);
        }
        assert_non_null(shown);
    }
}

static void keeps_headers_and_cookies(void **state)
{
    struct answer answer = {0};
    (void)state;
    answer_add_header(&answer, "Vary", "Accept");
    answer_set_cookie(&answer, "session", "abc", 3600, true);
    answer_set_cookie(&answer, "old", "", 0, false);
    assert_int_equal(answer.header_count, 3);
    assert_string_equal(answer.headers[0].value, "Accept");
    assert_string_equal(answer.headers[1].name, "Set-Cookie");
    assert_string_equal(answer.headers[1].value,
                        "session=abc; Path=/; Max-Age=3600; HttpOnly; SameSite=Strict; Secure");
    assert_string_equal(answer.headers[2].value,
                        "old=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict");
    for (int i = 0; i < 2 * ANSWER_HEADERS_MAX; i++) {
        answer_add_header(&answer, "X", "y");
    }
    assert_int_equal(answer.header_count, ANSWER_HEADERS_MAX);
    answer_finish(&answer);
    assert_int_equal(answer.header_count, 0);
}

static void assert_route(const char *wanted, const char *method, const char *path,
                         const char *allow)
{
    struct route_found found;
    route_find(method, path, &found);
    assert_string_equal(found.route ? found.route->path : "none", wanted ? wanted : "none");
    assert_string_equal(found.allow, allow);
}

static void finds_routes(void **state)
{
    struct route_found found;
    (void)state;
    route_find("GET", "/api/v1/devices/m1", &found);
    assert_non_null(found.route);
    assert_string_equal(found.route->path, "/api/v1/devices/{id}");
    assert_int_equal(found.variable_count, 1);
    assert_memory_equal(found.variables[0].name.at, "id}", 3);
    assert_int_equal(found.variables[0].name.length, 2);
    assert_string_equal(found.variables[0].value.at, "m1");
    route_find("HEAD", "/metrics", &found);
    assert_non_null(found.route);
    assert_int_equal(found.variable_count, 0);
    assert_route(NULL, "POST", "/metrics", "GET, HEAD");
    assert_route(NULL, "GET", "/api/v1/read", "POST");
    assert_route(NULL, "GET", "/api/v1/devices/", "");
    assert_route(NULL, "GET", "/api/v1/devices/a/b", "");
    assert_route(NULL, "GET", "", "");
    assert_route(NULL, "GET", "metrics", "");
    assert_route(NULL, "GET", "/metrics/", "");
    assert_route("/api/v1/live/stream", "GET", "/api/v1/live/stream", "");
}

static void matches_templates(void **state)
{
    static const struct {
        const char *template;
        const char *path;
        bool matches;
    } cases[] = {
        {"/a/{id}/b", "/a/x/b", true},
        {"/a/{id}/b", "/a//b", false},
        {"/a/{id}/b", "/a/x/c", false},
        {"/a/{id}/b", "/a/x", false},
        {"/a/{id}/b", "/a/x/b/", false},
        {"/{x}/{y}", "/1/2", true},
        {"/{x}/{y}", "/1/", false},
        {"/", "/", true},
        {"/a", "/A", false},
        {"/a", "/{a}", false},
        {"/a/{id}", "/a/{id}", true},
        {"/a{id}", "/ax", false},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct path template;
        struct path path;
        assert_true(path_split(cases[i].template, true, &template));
        assert_true(path_split(cases[i].path, false, &path));
        if (path_matches(&template, &path) != cases[i].matches) {
            fail_msg("%s against %s", cases[i].path, cases[i].template);
        }
    }
    struct path path;
    assert_false(path_split("", false, &path));
    assert_false(path_split("a/b", false, &path));
    assert_false(path_split("/1/2/3/4/5/6/7/8/9/10/11/12/13", false, &path));
}

static void compares_tags(void **state)
{
    struct text body = {0};
    char tag[ETAG_SIZE];
    char other[ETAG_SIZE];
    (void)state;
    etag_of_body(&body, other);
    text_add_string(&body, "abc");
    etag_of_body(&body, tag);
    assert_string_equal(tag, "\"ba7816bf8f01cfea414140de5dae2223\"");
    assert_string_not_equal(tag, other);
    assert_true(etag_is_listed(tag, tag));
    assert_true(etag_is_listed("*", tag));
    assert_true(etag_is_listed("\"x\" , W/\"ba7816bf8f01cfea414140de5dae2223\"", tag));
    assert_false(etag_is_listed("", tag));
    assert_false(etag_is_listed("\"x\"", tag));
    assert_false(etag_is_listed("ba7816bf8f01cfea414140de5dae2223", tag));
    text_finish(&body);
}

static void add_event(struct stream_ring *ring, int number, int64_t mono_us)
{
    char *words = mem_format("event %d;%*s", number, number % 50, "");
    stream_ring_add(ring, NULL, words, strlen(words), mono_us);
    free(words);
}

static void assert_event(const struct stream_ring *ring, int number)
{
    char words[32];
    const struct stream_block *block = stream_ring_at(ring, (uint64_t)number);
    size_t index = (size_t)number - block->first;
    (void)snprintf(words, sizeof(words), "event %d;", number);
    assert_true(index < block->count);
    assert_memory_equal(block->bytes + stream_block_start(block, index), words, strlen(words));
}

/* What is shed is the oldest, and numbers go on without a hole. */
static void a_ring_keeps_the_newest(void **state)
{
    (void)state;
    enum { EVENTS = 5000, MEMORY = 200000 };
    struct stream_ring ring = {.bytes_max = MEMORY, .age_max_us = 1000000, .next = 1};
    struct stream_block *held = NULL;
    uint64_t oldest = 1;
    for (int i = 1; i <= EVENTS; i++) {
        struct stream_block *shed = NULL;
        while ((shed = stream_ring_shed(&ring, 60, i)) != NULL) {
            assert_int_equal(shed->first, oldest);
            oldest += shed->count;
            stream_block_unref(shed);
        }
        add_event(&ring, i, i);
        held = i == 10 ? stream_block_ref(stream_ring_at(&ring, 10)) : held;
        assert_true(ring.bytes <= MEMORY);
        assert_int_equal(stream_ring_first(&ring), oldest);
        assert_event(&ring, i);
        assert_event(&ring, (int)(oldest + (uint64_t)i) / 2);
    }
    assert_true(oldest > EVENTS / 2 && oldest < EVENTS - 300);
    assert_memory_equal(held->bytes, "event 1; event 2;", 17); /* long out of the ring */
    assert_int_equal(held->references, 1);
    stream_block_unref(held);
    /* By age: a block goes when its last event is too old. */
    stream_block_unref(stream_ring_shed(&ring, 1, (int64_t)oldest + 1000000 + STREAM_BLOCK_EVENTS));
    assert_true(stream_ring_first(&ring) > oldest);
    stream_ring_forget(&ring);
    assert_int_equal(stream_ring_first(&ring), EVENTS + 2);
    assert_int_equal(ring.bytes, 0);
    /* One that is longer than a block. */
    char *longest = mem_alloc(100001);
    memset(longest, 'x', 100000);
    stream_ring_add(&ring, NULL, longest, 100000, 1);
    add_event(&ring, EVENTS + 3, 1);
    assert_int_equal(stream_ring_at(&ring, EVENTS + 2)->length, 100000);
    assert_event(&ring, EVENTS + 3);
    free(longest);
    stream_ring_finish(&ring);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_loopback_addresses),
        cmocka_unit_test(listens_on_loopback_only),
        cmocka_unit_test_setup_teardown(replaces_only_dead_sockets, setup, teardown),
        cmocka_unit_test_setup_teardown(makes_the_last_folder_of_a_socket, setup, teardown),
        cmocka_unit_test_setup_teardown(writes_the_port_file_whole, setup, teardown),
        cmocka_unit_test(writes_json),
        cmocka_unit_test(writes_metrics),
        cmocka_unit_test(knows_forwarding_headers),
        cmocka_unit_test(cleans_what_it_repeats),
        cmocka_unit_test(openapi_describes_exactly_the_routes),
        cmocka_unit_test(openapi_lists_exactly_the_error_codes),
        cmocka_unit_test(the_page_names_every_route),
        cmocka_unit_test(finds_routes),
        cmocka_unit_test(matches_templates),
        cmocka_unit_test(compares_tags),
        cmocka_unit_test(keeps_headers_and_cookies),
        cmocka_unit_test(a_ring_keeps_the_newest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
