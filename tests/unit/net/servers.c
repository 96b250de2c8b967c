/* SPDX-License-Identifier: Apache-2.0 */
/* servers: fork, exec, wait for the port. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/net/servers.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "support/support.h"

static struct sockaddr_in loopback(uint16_t port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

/* Below the ports that the kernel gives to connections: there, a connection of another test may take it meanwhile. */
uint16_t test_free_port(void)
{
    enum { FIRST = 10000, COUNT = 22000 };
    uint16_t port = 0;
    int error = -1;
    for (int try = 0; try < 100 && error != 0; try++) {
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        uint16_t random = 0;
        assert_int_equal(getrandom(&random, sizeof(random), 0), sizeof(random));
        port = (uint16_t)(FIRST + random % COUNT);
        struct sockaddr_in address = loopback(port);
        error = bind(fd, (struct sockaddr *)&address, sizeof(address));
        close(fd);
    }
    assert_int_equal(error, 0);
    return port;
}

static void become(const char *const *argv, const char *output)
{
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    int in = open("/dev/null", O_RDONLY);
    int out = open(output ? output : "/dev/null", O_WRONLY | O_CREAT | O_APPEND, 0600);
    dup2(in, 0);
    dup2(out, 1);
    dup2(out, 2);
    /* A library's socket that lives on in here would never be seen closed by its far end. */
    close_range(3, ~0U, 0);
    execvp(argv[0], (char *const *)argv);
    _exit(127);
}

pid_t test_spawn(const char *const *argv, const char *output)
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        become(argv, output);
    }
    setpgid(pid, pid);
    return pid;
}

void test_kill(pid_t *pid, int signal)
{
    if (*pid > 0) {
        kill(-*pid, signal);
        waitpid(*pid, NULL, 0);
    }
    *pid = 0;
}

static bool is_listening(void *context)
{
    struct sockaddr_in address = loopback(*(uint16_t *)context);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool is = connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
    close(fd);
    return is;
}

bool test_wait_for_port(uint16_t port)
{
    return test_wait_until(is_listening, &port);
}

static void write_file(const char *path, const char *content)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(content, file);
    assert_int_equal(fclose(file), 0);
}

void test_broker_init(struct test_broker *broker, const char *extra_lines)
{
    *broker = (struct test_broker){.port = test_free_port(), .folder = test_folder_create()};
    char *path = mem_format("%s/mosquitto.conf", broker->folder);
    /* Queues without limit: the broker must not shed what the test counts. */
    char *content =
        mem_format("listener %u 127.0.0.1\nuser root\npersistence false\nmax_queued_messages 0\n"
                   "max_inflight_messages 0\nset_tcp_nodelay true\n%s",
                   broker->port, extra_lines ? extra_lines : "allow_anonymous true\n");
    write_file(path, content);
    free(content);
    free(path);
}

void test_broker_start(struct test_broker *broker)
{
    char *path = mem_format("%s/mosquitto.conf", broker->folder);
    char *output = mem_format("%s/mosquitto.log", broker->folder);
    const char *const argv[] = {"/usr/sbin/mosquitto", "-c", path, NULL};
    broker->pid = test_spawn(argv, output);
    free(output);
    free(path);
    assert_true(test_wait_for_port(broker->port));
}

void test_broker_finish(struct test_broker *broker)
{
    test_kill(&broker->pid, SIGTERM);
    test_folder_remove(broker->folder);
    *broker = (struct test_broker){0};
}

static bool has_suback(void *context)
{
    char *log = test_read_file(context);
    bool has = strstr(log, "received SUBACK") != NULL;
    free(log);
    return has;
}

void test_subscriber_start(struct test_subscriber *subscriber, const struct test_broker *broker,
                           const char *file, int qos)
{
    char port[8];
    snprintf(port, sizeof(port), "%u", broker->port);
    char *log = mem_format("%s.log", file);
    unlink(log);
    char *command = mem_format("exec mosquitto_sub -h 127.0.0.1 -p %s -t '#' -q %d -d "
                               "-F '|%%t %%r %%q %%p' > '%s' 2>&1",
                               port, qos, log);
    const char *const argv[] = {"stdbuf", "-oL", "sh", "-c", command, NULL};
    subscriber->pid = test_spawn(argv, NULL);
    subscriber->file = mem_dup_string(log);
    assert_true(test_wait_until(has_suback, log));
    free(command);
    free(log);
}

void test_subscriber_stop(struct test_subscriber *subscriber)
{
    test_kill(&subscriber->pid, SIGTERM);
    free(subscriber->file);
    subscriber->file = NULL;
}

void test_influx_init(struct test_influx *influx, const char *extra_lines)
{
    *influx = (struct test_influx){.port = test_free_port(), .folder = test_folder_create()};
    const char *folder = influx->folder;
    char *path = mem_format("%s/influxdb.conf", folder);
    char *content = mem_format("reporting-disabled = true\nbind-address = \"127.0.0.1:%u\"\n"
                               "[meta]\ndir = \"%s/meta\"\n"
                               "[data]\ndir = \"%s/data\"\nwal-dir = \"%s/wal\"\n"
                               "[monitor]\nstore-enabled = false\n"
                               "[http]\nbind-address = \"127.0.0.1:%u\"\nlog-enabled = false\n"
                               "%s",
                               test_free_port(), folder, folder, folder, influx->port,
                               extra_lines ? extra_lines : "");
    write_file(path, content);
    free(content);
    free(path);
}

void test_influx_start(struct test_influx *influx)
{
    char *path = mem_format("%s/influxdb.conf", influx->folder);
    char *output = mem_format("%s/influxd.log", influx->folder);
    const char *const argv[] = {"influxd", "-config", path, NULL};
    influx->pid = test_spawn(argv, output);
    free(output);
    free(path);
    assert_true(test_wait_for_port(influx->port));
}

void test_influx_finish(struct test_influx *influx)
{
    test_kill(&influx->pid, SIGTERM);
    test_folder_remove(influx->folder);
    *influx = (struct test_influx){0};
}

void test_victoria_init(struct test_victoria *victoria)
{
    *victoria = (struct test_victoria){.port = test_free_port(), .folder = test_folder_create()};
}

void test_victoria_start(struct test_victoria *victoria)
{
    char *data = mem_format("-storageDataPath=%s/data", victoria->folder);
    char *address = mem_format("-httpListenAddr=127.0.0.1:%u", victoria->port);
    char *output = mem_format("%s/victoria.log", victoria->folder);
    const char *const argv[] = {
        "victoria-metrics",          data, address, "-dedup.minScrapeInterval=1ms",
        "-memory.allowedBytes=64MB", NULL};
    victoria->pid = test_spawn(argv, output);
    free(output);
    free(address);
    free(data);
    assert_true(test_wait_for_port(victoria->port));
}

void test_victoria_finish(struct test_victoria *victoria)
{
    test_kill(&victoria->pid, SIGKILL);
    test_folder_remove(victoria->folder);
    *victoria = (struct test_victoria){0};
}

char *test_read_file(const char *path)
{
    struct text text = {0};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    char buffer[65536];
    ssize_t got = 0;
    while (fd >= 0 && (got = read(fd, buffer, sizeof(buffer))) > 0) {
        text_add(&text, buffer, (size_t)got);
    }
    if (fd >= 0) {
        close(fd);
    }
    return text_take(&text);
}
