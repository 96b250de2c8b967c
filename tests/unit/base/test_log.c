/* SPDX-License-Identifier: Apache-2.0 */
/* log: what arrives on stderr, read back through a pipe. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"

#include <lingtan/clock.h>
#include <lingtan/log.h>

enum { THREADS = 4, MESSAGES_EACH = 200 };

static int saved_stderr;
static int pipe_fds[2];

static int redirect(void **state)
{
    (void)state;
    saved_stderr = dup(STDERR_FILENO);
    return pipe2(pipe_fds, O_CLOEXEC) == 0 && dup2(pipe_fds[1], STDERR_FILENO) >= 0 ? 0 : -1;
}

static int restore(void **state)
{
    (void)state;
    dup2(saved_stderr, STDERR_FILENO);
    close(saved_stderr);
    close(pipe_fds[0]);
    close(pipe_fds[1]);
    unsetenv("JOURNAL_STREAM");
    return 0;
}

static void assert_line(const char *expected)
{
    char buffer[1024] = {0};
    fcntl(pipe_fds[0], F_SETFL, O_NONBLOCK);
    if (read(pipe_fds[0], buffer, sizeof(buffer) - 1) < 0) {
        buffer[0] = '\0';
    }
    assert_string_equal(buffer, expected);
}

static void test_levels_and_subjects(void **state)
{
    (void)state;
    log_setup(LOG_LEVEL_DEBUG);
    log_error("port %d is taken", 8080);
    assert_line("error: port 8080 is taken\n");
    log_warning("slow");
    assert_line("warning: slow\n");
    log_notice("up");
    assert_line("notice: up\n");
    log_info("%s", "plain % text");
    assert_line("info: plain % text\n");
    log_debug("detail");
    assert_line("debug: detail\n");
    log_about(LOG_LEVEL_NOTICE, (struct log_subject){.line = "gate", .device = "m1"}, "offline");
    assert_line("notice: [gate/m1] offline\n");
    log_about(LOG_LEVEL_NOTICE, (struct log_subject){.line = "gate"}, "down");
    assert_line("notice: [gate] down\n");
    log_about(LOG_LEVEL_NOTICE, (struct log_subject){.device = "m1"}, "offline");
    assert_line("notice: [m1] offline\n");
}

static void test_drops_less_urgent(void **state)
{
    (void)state;
    log_setup(LOG_LEVEL_WARNING);
    log_notice("not now");
    log_debug("nor this");
    assert_line("");
    log_warning("this");
    assert_line("warning: this\n");
}

/* A device whose name holds a line break must not be able to forge a message. */
static void test_one_message_is_one_line(void **state)
{
    (void)state;
    log_setup(LOG_LEVEL_INFO);
    log_info("model is %s", "A\nerror: forged\x1b[2J");
    assert_line("info: model is A error: forged [2J\n");
}

static void test_keeps_errno(void **state)
{
    (void)state;
    log_setup(LOG_LEVEL_INFO);
    errno = ENOENT;
    log_info("cannot open");
    assert_int_equal(errno, ENOENT);
    assert_line("info: cannot open\n");
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    assert_true(full >= 0 && dup2(full, STDERR_FILENO) >= 0);
    errno = ENOENT;
    log_info("nobody can read this");
    assert_int_equal(errno, ENOENT);
    close(full);
}

/* The variable is inherited by every child; only the numbers of the stream tell whether stderr still is it. */
static void test_foreign_journal_stream(void **state)
{
    (void)state;
    setenv("JOURNAL_STREAM", "1:1", 1);
    log_setup(LOG_LEVEL_INFO);
    log_info("still on stderr");
    assert_line("info: still on stderr\n");
    setenv("JOURNAL_STREAM", "nonsense", 1);
    log_setup(LOG_LEVEL_INFO);
    log_info("here too");
    assert_line("info: here too\n");
}

/* A /run of our own, for journald's socket has one place only. False where that is not permitted. */
static bool enter_private_run(void)
{
    if (unshare(CLONE_NEWNS | (geteuid() == 0 ? 0 : CLONE_NEWUSER)) != 0) {
        return false;
    }
    return mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("tmpfs", "/run", "tmpfs", 0, NULL) == 0 && mkdir("/run/systemd", 0755) == 0 &&
           mkdir("/run/systemd/journal", 0755) == 0;
}

static int open_journal_socket(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "/run/systemd/journal/socket"};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    return bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 ? fd : -1;
}

static bool has_field(const char *datagram, const char *field)
{
    const char *found = strstr(datagram, field);
    return found != NULL && (found == datagram || found[-1] == '\n');
}

/* Runs in a child: 0 = as it should be, 77 = cannot be tried here. */
static int check_journal(void)
{
    struct stat status;
    char stream[64];
    char datagram[4096] = {0};
    if (!enter_private_run()) {
        return 77;
    }
    int fd = open_journal_socket();
    fstat(STDERR_FILENO, &status);
    snprintf(stream, sizeof(stream), "%llu:%llu", (unsigned long long)status.st_dev,
             (unsigned long long)status.st_ino);
    setenv("JOURNAL_STREAM", stream, 1);
    log_setup(LOG_LEVEL_INFO);
    log_about(LOG_LEVEL_WARNING, (struct log_subject){.line = "gate", .device = "m1"}, "no reply");
    bool is_whole = recv(fd, datagram, sizeof(datagram) - 1, 0) > 0 &&
                    has_field(datagram, "MESSAGE=no reply\n") &&
                    has_field(datagram, "PRIORITY=4\n") && has_field(datagram, "LINE=gate\n") &&
                    has_field(datagram, "DEVICE=m1\n");
    memset(datagram, 0, sizeof(datagram));
    log_info("started");
    is_whole = is_whole && recv(fd, datagram, sizeof(datagram) - 1, 0) > 0 &&
               has_field(datagram, "PRIORITY=6\n") && !has_field(datagram, "LINE=");
    close(fd);
    return is_whole ? 0 : 1;
}

static void test_journal_gets_fields(void **state)
{
    (void)state;
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        _exit(check_journal());
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77) {
        skip();
    }
    assert_int_equal(status, 0);
    assert_line("");
}

static void *write_messages(void *context)
{
    for (int i = 0; i < MESSAGES_EACH; i++) {
        log_info("%s", (const char *)context);
    }
    return NULL;
}

static void test_threads_do_not_mix(void **state)
{
    (void)state;
    static const char *const words[THREADS] = {"aaaaaaaa", "bbbbbbbb", "cccccccc", "dddddddd"};
    pthread_t threads[THREADS];
    log_setup(LOG_LEVEL_INFO);
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, write_messages, (void *)words[i]), 0);
    }
    fcntl(pipe_fds[0], F_SETFL, 0);
    for (size_t i = 0; i < THREADS * MESSAGES_EACH; i++) {
        char line[15 + 1] = {0};
        assert_int_equal(read(pipe_fds[0], line, 15), 15);
        assert_memory_equal(line, "info: ", 6);
        assert_int_equal(line[14], '\n');
        assert_int_equal(strspn(line + 6, (char[]){line[6], '\0'}), 8);
    }
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
}

/* All that stands in a pipe, without waiting. */
static char *drain(void)
{
    const size_t size = 4 << 20;
    char *all = mem_alloc(size);
    size_t length = 0;
    fcntl(pipe_fds[0], F_SETFL, O_NONBLOCK);
    ssize_t count = 0;
    while (length < size - 1 && (count = read(pipe_fds[0], all + length, size - 1 - length)) > 0) {
        length += (size_t)count;
    }
    return all;
}

static void test_thread_writes_all_in_order(void **state)
{
    (void)state;
    log_setup(LOG_LEVEL_INFO);
    log_start();
    log_about(LOG_LEVEL_ERROR, (struct log_subject){.line = "gate", .device = "m1"}, "first");
    log_about(LOG_LEVEL_ERROR, (struct log_subject){.device = "m1"}, "second");
    log_info("third");
    log_stop();
    log_info("without the thread");
    assert_line(
        "error: [gate/m1] first\nerror: [m1] second\ninfo: third\ninfo: without the thread\n");
}

/* A pipe that nobody empties holds nobody up; when somebody does, the first messages are there, and how many are not. */
static void test_full_pipe_holds_nobody_up(void **state)
{
    (void)state;
    enum { MANY = 20000 };
    log_setup(LOG_LEVEL_INFO);
    log_start();
    const int64_t start_us = clock_mono_us(clock_real());
    for (int i = 0; i < MANY; i++) {
        log_info("message %d of many that nobody reads", i);
    }
    assert_true(clock_mono_us(clock_real()) - start_us < 5000000);
    size_t lines = 0;
    unsigned long long lost = 0;
    int next = 0;
    while (lost + lines < MANY) {
        char *all = drain();
        char *rest = NULL;
        for (char *line = strtok_r(all, "\n", &rest); line != NULL;
             line = strtok_r(NULL, "\n", &rest)) {
            unsigned long long count = 0;
            int number = -1;
            if (sscanf(line, "warning: %llu messages of the log are lost", &count) == 1) {
                lost += count;
            } else if (sscanf(line, "info: message %d", &number) == 1) {
                assert_true(number >= next);
                next = number + 1;
                lines++;
            }
        }
        free(all);
        sched_yield();
    }
    assert_int_equal(lost + lines, MANY);
    assert_in_range(lines, 4096, MANY - 1);
    log_stop();
}

/* The end waits for a reader, but not for ever. In a child: what is stuck there stays stuck. */
static void test_end_with_a_full_pipe(void **state)
{
    (void)state;
    pid_t child = fork();
    if (child == 0) {
        log_setup(LOG_LEVEL_INFO);
        log_start();
        for (int i = 0; i < 10000; i++) {
            log_info("message %d of many that nobody reads", i);
        }
        const int64_t start_us = clock_mono_us(clock_real());
        log_stop();
        log_error("nor this");
        const int64_t took_us = clock_mono_us(clock_real()) - start_us;
        _exit(took_us >= 1900000 && took_us < 20000000 ? 0 : 1);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void test_limit(void **state)
{
    (void)state;
    struct fake_clock fake;
    struct log_limit limit = {.period_us = 1000};
    uint64_t suppressed = 99;
    fake_clock_init(&fake, 50, 0);
    assert_true(log_limit_pass(&limit, &fake.clock, &suppressed));
    assert_int_equal(suppressed, 0);
    fake_clock_advance(&fake, 999);
    assert_false(log_limit_pass(&limit, &fake.clock, &suppressed));
    assert_false(log_limit_pass(&limit, &fake.clock, &suppressed));
    fake_clock_advance(&fake, 1);
    assert_true(log_limit_pass(&limit, &fake.clock, &suppressed));
    assert_int_equal(suppressed, 2);
    fake_clock_advance(&fake, 5000);
    assert_true(log_limit_pass(&limit, &fake.clock, &suppressed));
    assert_int_equal(suppressed, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_levels_and_subjects, redirect, restore),
        cmocka_unit_test_setup_teardown(test_drops_less_urgent, redirect, restore),
        cmocka_unit_test_setup_teardown(test_one_message_is_one_line, redirect, restore),
        cmocka_unit_test_setup_teardown(test_keeps_errno, redirect, restore),
        cmocka_unit_test_setup_teardown(test_foreign_journal_stream, redirect, restore),
        cmocka_unit_test_setup_teardown(test_journal_gets_fields, redirect, restore),
        cmocka_unit_test_setup_teardown(test_threads_do_not_mix, redirect, restore),
        cmocka_unit_test_setup_teardown(test_thread_writes_all_in_order, redirect, restore),
        cmocka_unit_test_setup_teardown(test_full_pipe_holds_nobody_up, redirect, restore),
        cmocka_unit_test_setup_teardown(test_end_with_a_full_pipe, redirect, restore),
        cmocka_unit_test(test_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
