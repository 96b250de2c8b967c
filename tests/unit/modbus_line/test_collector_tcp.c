/* SPDX-License-Identifier: Apache-2.0 */
/* test_collector_tcp: the collector against servers on loopback: libmodbus, and those that close, refuse, stay silent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "collectors/modbus/modbus.h"
#include "rig.h"
#include "server.h"
#include "support/support.h"
#include <lingtan/clock.h>

static void add_tcp(struct rig *rig, const char *host, int port)
{
    struct line_config *line = rig_add(rig, LINE_TCP);
    line->host = (char *)host;
    line->port = port;
}

static void reads_from_libmodbus(void **state)
{
    (void)state;
    struct server server;
    struct rig rig;
    server_start(&server, SERVER_GOOD, 0);
    rig_init(&rig);
    add_tcp(&rig, "127.0.0.1", server.port);
    rig_start(&rig, 1);
    rig_wait(&rig, 0, QUALITY_OK, 5);
    assert_int_equal(rig_last(&rig, 0), 1007);
    struct line_status status = rig_status(&rig, 0);
    assert_int_equal(status.state, LINE_UP);
    assert_int_equal(status.errors.timeouts, 0);
    assert_true(status.round_trip_p50_us > 0);
    assert_true(status.last_good_wall_us > 0);
    struct device_status device;
    assert_int_equal(modbus_collector.devices(rig.instance, &device, 1), 1);
    assert_int_equal(device.health, DEVICE_ONLINE);
    assert_string_equal(device.device->id, "line-0");
    rig_finish(&rig);
    server_stop(&server);
}

static void carries_commands(void **state)
{
    (void)state;
    struct server server;
    struct rig rig;
    server_start(&server, SERVER_GOOD, 0);
    rig_init(&rig);
    add_tcp(&rig, "127.0.0.1", server.port);
    rig_start(&rig, 1);
    struct command *command = rig_read(&rig, 0, 100, 125);
    assert_int_equal(command->error, 0);
    assert_int_equal(command->registers[0], 1100);
    assert_int_equal(command->registers[124], 1224);
    free(command);
    command = rig_read(&rig, 0, 60000, 2);
    assert_int_equal(command->error, -EREMOTEIO);
    assert_int_equal(command->exception, 2);
    *command = (struct command){.line = "line-0", .unit = 1, .function = 6, .quantity = 1};
    assert_int_equal(modbus_collector.command(rig.instance, command), -EINVAL);
    command->function = 3;
    command->quantity = 126;
    assert_int_equal(modbus_collector.command(rig.instance, command), -EINVAL);
    command->quantity = 1;
    command->line[5] = '9';
    assert_int_equal(modbus_collector.command(rig.instance, command), -ENOENT);
    modbus_collector.stop(rig.instance);
    command->line[5] = '0';
    assert_int_equal(modbus_collector.command(rig.instance, command), -ESHUTDOWN);
    free(command);
    rig_finish(&rig);
    server_stop(&server);
}

static void survives_a_server_that_closes(void **state)
{
    (void)state;
    struct server server;
    struct rig rig;
    server_start(&server, SERVER_CLOSES, 0);
    rig_init(&rig);
    add_tcp(&rig, "127.0.0.1", server.port);
    rig_start(&rig, 1);
    rig_wait(&rig, 0, QUALITY_OK, 8);
    assert_int_equal(rig_count(&rig, 0, QUALITY_TIMEOUT), 0);
    assert_int_equal(rig_status(&rig, 0).errors.connects, 0);
    assert_true(atomic_load(&server.clients) >= 8);
    rig_finish(&rig);
    server_stop(&server);
}

static void backs_off_when_refused_and_returns(void **state)
{
    (void)state;
    struct server server;
    struct rig rig;
    int port = server_free_port();
    rig_init(&rig);
    add_tcp(&rig, "127.0.0.1", port);
    rig_start(&rig, 1);
    rig_wait_state(&rig, 0, LINE_DOWN);
    assert_string_equal(rig_status(&rig, 0).last_error, "Connection refused");
    rig_wait(&rig, 0, QUALITY_TIMEOUT, 2);
    server_start(&server, SERVER_GOOD, port);
    rig_wait(&rig, 0, QUALITY_OK, 2);
    assert_int_equal(rig_status(&rig, 0).state, LINE_UP);
    rig_finish(&rig);
    server_stop(&server);
}

static void a_silent_server_is_a_timeout(void **state)
{
    (void)state;
    struct server server;
    struct rig rig;
    server_start(&server, SERVER_SILENT, 0);
    rig_init(&rig);
    add_tcp(&rig, "127.0.0.1", server.port);
    rig_start(&rig, 1);
    rig_wait(&rig, 0, QUALITY_TIMEOUT, 2);
    assert_int_equal(rig_status(&rig, 0).state, LINE_UP);
    rig_finish(&rig);
    server_stop(&server);
}

static void a_server_that_hangs_up_is_down(void **state)
{
    (void)state;
    struct server server;
    struct rig rig;
    server_start(&server, SERVER_HANGS_UP, 0);
    rig_init(&rig);
    add_tcp(&rig, "127.0.0.1", server.port);
    rig_start(&rig, 1);
    rig_wait_state(&rig, 0, LINE_DOWN);
    rig_wait(&rig, 0, QUALITY_TIMEOUT, 1);
    assert_true(atomic_load(&server.clients) <= 3);
    rig_finish(&rig);
    server_stop(&server);
}

/* The profile says that its device never echoes the transaction id; other devices are held to it. */
static void takes_any_id_where_the_profile_says_so(void **state)
{
    (void)state;
    struct server server;
    struct server other;
    struct rig rig;
    server_start(&server, SERVER_BLIND, 0);
    server_start(&other, SERVER_BLIND, 0);
    rig_init(&rig);
    add_tcp(&rig, "127.0.0.1", server.port);
    rig.devices[0].profile = "blind";
    add_tcp(&rig, "127.0.0.1", other.port);
    rig_start(&rig, 1);
    rig_wait(&rig, 0, QUALITY_OK, 5);
    assert_int_equal(rig_last(&rig, 0), 1007);
    rig_wait(&rig, 1, QUALITY_TIMEOUT, 1);
    assert_int_equal(rig_status(&rig, 0).errors.timeouts, 0);
    assert_int_equal(rig_status(&rig, 1).replies, 0);
    rig_finish(&rig);
    server_stop(&server);
    server_stop(&other);
}

static void speaks_rtu_over_tcp(void **state)
{
    (void)state;
    struct server server;
    struct rig rig;
    server_start(&server, SERVER_RTU_ON_TCP, 0);
    rig_init(&rig);
    rig_add(&rig, LINE_RTU_OVER_TCP)->port = server.port;
    rig_start(&rig, 1);
    rig_wait(&rig, 0, QUALITY_OK, 5);
    assert_int_equal(rig_last(&rig, 0), 1007);
    assert_int_equal(atomic_load(&server.clients), 1);
    rig_finish(&rig);
    server_stop(&server);
}

static void asks_for_names(void **state)
{
    (void)state;
    if (!test_has_localhost()) {
        print_message("skipped: this machine does not know the name localhost\n");
        skip();
    }
    struct server server;
    struct rig rig;
    server_start(&server, SERVER_GOOD, 0);
    rig_init(&rig);
    add_tcp(&rig, "localhost", server.port);
    add_tcp(&rig, "no-such-host.invalid", 502);
    rig_start(&rig, 1);
    rig_wait(&rig, 0, QUALITY_OK, 2);
    rig_wait_state(&rig, 1, LINE_DOWN);
    assert_true(strlen(rig_status(&rig, 1).last_error) > 0);
    rig_finish(&rig);
    server_stop(&server);
}

static void deals_lines_to_pools(void **state)
{
    (void)state;
    struct server servers[RIG_LINES_MAX];
    struct rig rig;
    rig_init(&rig);
    for (size_t i = 0; i < RIG_LINES_MAX; i++) {
        server_start(&servers[i], SERVER_GOOD, 0);
        add_tcp(&rig, "127.0.0.1", servers[i].port);
    }
    rig_start(&rig, 3);
    for (size_t i = 0; i < RIG_LINES_MAX; i++) {
        rig_wait(&rig, i, QUALITY_OK, 3);
        struct command *command = rig_read(&rig, i, 5, 1);
        assert_int_equal(command->registers[0], 1005);
        free(command);
    }
    rig_finish(&rig);
    for (size_t i = 0; i < RIG_LINES_MAX; i++) {
        server_stop(&servers[i]);
    }
}

/* An address of the test network 192.0.2.0/24, which nobody answers or routes: stopping while connecting. */
static void stops_while_connecting(void **state)
{
    (void)state;
    struct rig rig;
    rig_init(&rig);
    add_tcp(&rig, "192.0.2.1", 502);
    rig_start(&rig, 1);
    rig_finish(&rig);
}

/* A server whose queue of connections is full: no answer to our connect, as from a host that is switched off. */
static void a_connect_without_answer_times_out(void **state)
{
    (void)state;
    enum { CALLERS = 4 };
    int callers[CALLERS];
    struct sockaddr_in where = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(where);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&where, size), 0);
    assert_int_equal(listen(fd, 0), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&where, &size), 0);
    for (size_t i = 0; i < CALLERS; i++) {
        callers[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        (void)connect(callers[i], (struct sockaddr *)&where, size);
    }
    struct rig rig;
    rig_init(&rig);
    add_tcp(&rig, "127.0.0.1", ntohs(where.sin_port));
    rig.lines[0].connect_timeout_ms = 300;
    int64_t start_us = clock_mono_us(clock_real());
    rig_start(&rig, 1);
    rig_wait_state(&rig, 0, LINE_DOWN);
    assert_string_equal(rig_status(&rig, 0).last_error, "Connection timed out");
    /* our own deadline, not the kernel's of 15 s */
    assert_in_range(clock_mono_us(clock_real()) - start_us, 300000, 8000000);
    rig_wait(&rig, 0, QUALITY_TIMEOUT, 1);
    rig_finish(&rig);
    for (size_t i = 0; i < CALLERS; i++) {
        close(callers[i]);
    }
    close(fd);
}

static void take_cancelled(struct command *take_command)
{
    int *error = take_command->context;
    *error = take_command->error;
    free(take_command);
}

static void stopping_gives_commands_back(void **state)
{
    (void)state;
    struct server server;
    struct rig rig;
    server_start(&server, SERVER_SILENT, 0);
    rig_init(&rig);
    add_tcp(&rig, "127.0.0.1", server.port);
    rig.lines[0].response_timeout_ms = 60000;
    rig_start(&rig, 1);
    rig_wait_state(&rig, 0, LINE_UP);
    int error = 0;
    struct command *command = mem_alloc(sizeof(*command));
    *command = (struct command){.done = take_cancelled,
                                .context = &error,
                                .line = "line-0",
                                .unit = 1,
                                .function = 3,
                                .quantity = 1,
                                .expires_mono_us = INT64_MAX};
    assert_int_equal(modbus_collector.command(rig.instance, command), 0);
    modbus_collector.stop(rig.instance);
    assert_int_equal(error, -ECANCELED);
    rig_finish(&rig);
    server_stop(&server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_from_libmodbus),
        cmocka_unit_test(carries_commands),
        cmocka_unit_test(survives_a_server_that_closes),
        cmocka_unit_test(backs_off_when_refused_and_returns),
        cmocka_unit_test(a_silent_server_is_a_timeout),
        cmocka_unit_test(a_server_that_hangs_up_is_down),
        cmocka_unit_test(takes_any_id_where_the_profile_says_so),
        cmocka_unit_test(speaks_rtu_over_tcp),
        cmocka_unit_test(asks_for_names),
        cmocka_unit_test(deals_lines_to_pools),
        cmocka_unit_test(stops_while_connecting),
        cmocka_unit_test(a_connect_without_answer_times_out),
        cmocka_unit_test(stopping_gives_commands_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
