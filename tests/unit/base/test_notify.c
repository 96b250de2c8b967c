/* SPDX-License-Identifier: Apache-2.0 */
/* notify: what arrives on a private notification socket. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/notify.h"
#include "support/support.h"

struct manager {
    char *folder;
    int fd;
};

static int start(void **state)
{
    struct manager *manager = mem_alloc(sizeof(*manager));
    manager->folder = test_folder_create();
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof(address.sun_path), "%s/notify", manager->folder);
    manager->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (bind(manager->fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
        return -1;
    }
    setenv("NOTIFY_SOCKET", address.sun_path, 1);
    *state = manager;
    return 0;
}

static int stop(void **state)
{
    struct manager *manager = *state;
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
    close(manager->fd);
    test_folder_remove(manager->folder);
    free(manager);
    return 0;
}

static void assert_message(const struct manager *manager, const char *expected)
{
    char buffer[256] = {0};
    if (recv(manager->fd, buffer, sizeof(buffer) - 1, 0) < 0) {
        buffer[0] = '\0';
    }
    assert_string_equal(buffer, expected);
}

static void test_states(void **state)
{
    struct manager *manager = *state;
    notify_ready();
    assert_message(manager, "READY=1");
    notify_status("%d of %d devices online", 3, 4);
    assert_message(manager, "STATUS=3 of 4 devices online");
    notify_stopping();
    assert_message(manager, "STOPPING=1");
    assert_message(manager, "");
}

static void test_watchdog_pings_at_half_time(void **state)
{
    struct manager *manager = *state;
    struct fake_clock fake;
    struct loop *loop = NULL;
    setenv("WATCHDOG_USEC", "2000000", 1);
    fake_clock_init(&fake, 0, 0);
    assert_int_equal(loop_create(&fake.clock, &loop), 0);
    assert_int_equal(notify_watchdog_start(loop), 0);
    assert_message(manager, "WATCHDOG=1");
    for (int i = 0; i < 3; i++) {
        fake_clock_advance(&fake, 999999);
        assert_int_equal(loop_run_once(loop), 0);
        assert_message(manager, "");
        fake_clock_advance(&fake, 1);
        assert_int_equal(loop_run_once(loop), 0);
        assert_message(manager, "WATCHDOG=1");
    }
    notify_watchdog_stop();
    fake_clock_advance(&fake, 9000000);
    assert_int_equal(loop_run_once(loop), 0);
    assert_message(manager, "");
    loop_destroy(loop);
}

static void test_no_watchdog_when_none_is_asked_for(void **state)
{
    struct manager *manager = *state;
    struct loop *loop = NULL;
    assert_int_equal(loop_create(clock_real(), &loop), 0);
    assert_int_equal(notify_watchdog_start(loop), 0);
    assert_message(manager, "");
    notify_watchdog_stop();
    loop_destroy(loop);
}

static void test_nothing_without_systemd(void **state)
{
    (void)state;
    unsetenv("NOTIFY_SOCKET");
    notify_ready();
    notify_status("%s", "nobody listens");
    notify_stopping();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_states, start, stop),
        cmocka_unit_test_setup_teardown(test_watchdog_pings_at_half_time, start, stop),
        cmocka_unit_test_setup_teardown(test_no_watchdog_when_none_is_asked_for, start, stop),
        cmocka_unit_test(test_nothing_without_systemd),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
