/* SPDX-License-Identifier: Apache-2.0 */
/* The ways in: one that cannot be opened at the start leaves the other and everything else alone, says why it is closed,
 * and is opened when it can be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "config/config.h"
#include "unit/http/world.h"

enum { PATIENCE_MS = 20000 };

static struct {
    int fd;
    int port;
} taken;

/* Another program has the port. */
static void take_port(struct world *world)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    taken.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(taken.fd, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(taken.fd, 1), 0);
    assert_int_equal(getsockname(taken.fd, (struct sockaddr *)&address, &size), 0);
    taken.port = ntohs(address.sin_port);
    world->options.port = taken.port;
}

/* A file stands where the socket is to be. */
static void block_socket(struct world *world)
{
    FILE *file = fopen(world->socket, "we");
    assert_non_null(file);
    assert_int_equal(fclose(file), 0);
}

static void take_both(struct world *world)
{
    take_port(world);
    block_socket(world);
}

static void lose_port_file(struct world *world)
{
    free(world->options.port_file);
    world->options.port_file = mem_format("%s/later/port", world->folder);
}

static json_t *status_of(const struct world *world, bool is_local)
{
    struct reply reply = is_local ? world_ask_local(world, "GET", "/api/v1/status", NULL)
                                  : world_ask(world, "GET", "/api/v1/status", NULL);
    assert_int_equal(reply.status, 200);
    json_t *root = json_loads(reply.body, 0, NULL);
    assert_non_null(root);
    reply_finish(&reply);
    return root;
}

/* "closed: why", "open: why" or "open: " of a door. */
static void describe(const struct world *world, bool is_local, const char *name, char *out,
                     size_t size)
{
    json_t *root = status_of(world, is_local);
    size_t i = 0;
    json_t *door = NULL;
    out[0] = '\0';
    json_array_foreach(json_object_get(root, "doors"), i, door)
    {
        if (strcmp(json_string_value(json_object_get(door, "name")), name) == 0) {
            (void)snprintf(out, size, "%s: %s",
                           json_is_true(json_object_get(door, "open")) ? "open" : "closed",
                           json_string_value(json_object_get(door, "why")));
        }
    }
    json_decref(root);
}

static void await_open(const struct world *world, bool is_local, const char *name)
{
    char words[256] = "";
    int64_t until_ms = mono_ms() + PATIENCE_MS;
    while (strcmp(words, "open: ") != 0 && mono_ms() < until_ms) {
        usleep(20000);
        describe(world, is_local, name, words, sizeof(words));
    }
    assert_string_equal(words, "open: ");
}

static void assert_reply_has(struct reply reply, const char *part)
{
    assert_int_equal(reply.status, 200);
    if (!strstr(reply.body, part)) {
        fail_msg("no \"%s\" in: %s", part, reply.body);
    }
    reply_finish(&reply);
}

static void a_taken_port_is_opened_when_it_is_free(void **state)
{
    (void)state;
    struct world world;
    char words[256];
    world_start_with(&world, take_port);
    assert_int_equal(http_port(world.http), 0);
    world_post(&world, 0, 1, QUALITY_OK);
    world_wait_batches(&world, 1);
    describe(&world, true, "tcp", words, sizeof(words));
    assert_string_equal(words,
                        "closed: Address already in use; see who has it (ss -ltnp), or choose "
                        "another http.port, 0 for a free one");
    describe(&world, true, "socket", words, sizeof(words));
    assert_string_equal(words, "open: ");
    char *health =
        mem_format("ok\n127.0.0.1 port %d is closed: Address already in use", taken.port);
    assert_reply_has(world_ask_local(&world, "GET", "/healthz", NULL), health);
    assert_reply_has(world_ask_local(&world, "GET", "/metrics", NULL),
                     "\nlingtan_http_door_open{door=\"tcp\"} 0\n");
    assert_true(access(world.options.port_file, F_OK) < 0);
    close(taken.fd);
    await_open(&world, true, "tcp");
    assert_int_equal(http_port(world.http), taken.port);
    assert_int_equal(access(world.options.port_file, F_OK), 0);
    assert_reply_has(world_ask(&world, "GET", "/healthz", NULL), "ok\n");
    assert_reply_has(world_ask(&world, "GET", "/metrics", NULL),
                     "\nlingtan_http_door_open{door=\"tcp\"} 1\n");
    free(health);
    world_stop(&world);
}

static void a_blocked_socket_is_opened_when_it_can_be(void **state)
{
    (void)state;
    struct world world;
    char words[256];
    world_start_with(&world, block_socket);
    describe(&world, false, "socket", words, sizeof(words));
    assert_string_equal(
        words,
        "closed: there is a file which is no socket; remove it or choose another http.socket");
    assert_int_equal(unlink(world.socket), 0);
    await_open(&world, false, "socket");
    assert_reply_has(world_ask_local(&world, "GET", "/healthz", NULL), "ok\n");
    world_stop(&world);
}

/* The port is open all the same. */
static void a_port_file_is_written_when_it_can_be(void **state)
{
    (void)state;
    struct world world;
    char words[256];
    world_start_with(&world, lose_port_file);
    describe(&world, false, "tcp", words, sizeof(words));
    assert_memory_equal(words, "open: http.port_file ", strlen("open: http.port_file "));
    char *folder = mem_format("%s/later", world.folder);
    assert_int_equal(mkdir(folder, 0700), 0);
    await_open(&world, false, "tcp");
    assert_int_equal(access(world.options.port_file, F_OK), 0);
    free(folder);
    world_stop(&world);
}

/* Nobody can ask, and it still goes on and stops at once. */
static void stops_while_both_are_closed(void **state)
{
    (void)state;
    struct world world;
    world_start_with(&world, take_both);
    world_post(&world, 0, 1, QUALITY_OK);
    world_wait_batches(&world, 1);
    int64_t started_ms = mono_ms();
    world_stop(&world);
    assert_true(mono_ms() - started_ms < 900);
    close(taken.fd);
}

static size_t count_faults(const struct http_options *options)
{
    struct faults *faults = faults_create();
    http_check(options, (struct origin){.file = "x"}, faults);
    size_t count = faults_count(faults);
    faults_destroy(faults);
    return count;
}

static void what_can_never_be_opened_is_a_fault(void **state)
{
    (void)state;
    char path[200];
    memset(path, 'x', sizeof(path));
    path[sizeof(path) - 1] = '\0';
    struct http_options options = {.enabled = true, .listen = "127.0.0.1", .socket = ""};
    assert_int_equal(count_faults(&options), 0);
    options.listen = "0.0.0.0";
    assert_int_equal(count_faults(&options), 1);
    options.socket = path;
    assert_int_equal(count_faults(&options), 2);
    options.enabled = false;
    assert_int_equal(count_faults(&options), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_taken_port_is_opened_when_it_is_free),
        cmocka_unit_test(a_blocked_socket_is_opened_when_it_can_be),
        cmocka_unit_test(a_port_file_is_written_when_it_can_be),
        cmocka_unit_test(stops_while_both_are_closed),
        cmocka_unit_test(what_can_never_be_opened_is_a_fault),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
