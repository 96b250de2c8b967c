/* SPDX-License-Identifier: Apache-2.0 */
/* mqtt_client: against a real mosquitto, and against peers that are silent, absent or rude. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "support/support.h"
#include "unit/net/mqtt_rig.h"
#include "unit/net/servers.h"

static bool has_line(const char *file, const char *line)
{
    for (int i = 0; i < 1000; i++) {
        char *content = test_read_file(file);
        bool has = strstr(content, line) != NULL;
        free(content);
        if (has) {
            return true;
        }
        usleep(10000);
    }
    return false;
}

static void test_publishes(void **state)
{
    struct test_broker *broker = *state;
    struct test_subscriber subscriber;
    char *file = mem_format("%s/publishes", broker->folder);
    test_subscriber_start(&subscriber, broker, file, 1);
    struct rig rig;
    rig_init(&rig, "127.0.0.1", broker->port, 0);
    rig_open(&rig, NULL, NULL);
    rig_connect(&rig);
    assert_int_equal(mqtt_client_state(rig.client), MQTT_CLIENT_UP);
    assert_string_equal(mqtt_client_reason(rig.client), "");
    int ids[3];
    for (int i = 0; i < 3; i++) {
        const struct mqtt_message message = {
            .topic = "t/x", .payload = "hello", .length = (size_t)i + 1, .qos = 1};
        assert_int_equal(mqtt_client_publish(rig.client, &message, &ids[i]), 0);
    }
    mqtt_client_flush(rig.client);
    while (rig.acked_count < 3) {
        rig_work(&rig);
    }
    assert_memory_equal(rig.acked, ids, sizeof(ids));
    assert_true(has_line(subscriber.file, "|t/x 0 1 hel\n"));
    int id = 0;
    const struct mqtt_message bad = {.topic = "a/+/b", .payload = "", .length = 0, .qos = 1};
    assert_int_equal(mqtt_client_publish(rig.client, &bad, &id), -EINVAL);
    mqtt_client_disconnect(rig.client);
    assert_int_equal(mqtt_client_publish(rig.client, &bad, &id), -ENOTCONN);
    rig_finish(&rig);
    test_subscriber_stop(&subscriber);
    free(file);
}

static void test_will(void **state)
{
    struct test_broker *broker = *state;
    struct test_subscriber subscriber;
    char *file = mem_format("%s/will", broker->folder);
    test_subscriber_start(&subscriber, broker, file, 1);
    const struct mqtt_message will = {
        .topic = "will", .payload = "gone", .length = 4, .qos = 1, .is_retained = true};
    struct rig rig;
    rig_init(&rig, "127.0.0.1", broker->port, 0);
    rig.options.will = &will;
    rig_open(&rig, NULL, NULL);
    rig_connect(&rig);
    mqtt_client_disconnect(rig.client); /* a proper goodbye: no will */
    rig_open(&rig, NULL, NULL);
    rig_connect(&rig);
    const struct mqtt_message mark = {.topic = "mark", .payload = "m", .length = 1, .qos = 1};
    int id = 0;
    assert_int_equal(mqtt_client_publish(rig.client, &mark, &id), 0);
    mqtt_client_flush(rig.client);
    assert_true(has_line(subscriber.file, "|mark"));
    char *before = test_read_file(subscriber.file);
    assert_null(strstr(before, "|will"));
    free(before);
    mqtt_client_close(rig.client);
    assert_true(has_line(subscriber.file, "|will 0 1 gone"));
    rig_finish(&rig);
    test_subscriber_stop(&subscriber);
    free(file);
}

/* "two.test" has two addresses, and the broker is at the second one only. */
int __real_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
                       struct addrinfo **out);
int __wrap_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
                       struct addrinfo **out);

int __wrap_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
                       struct addrinfo **out)
{
    bool is_two = strcmp(host, "two.test") == 0 && !(hints->ai_flags & AI_NUMERICHOST);
    int code = __real_getaddrinfo(is_two ? "127.0.0.2" : host, service, hints, out);
    if (code == 0 && is_two) {
        code = __real_getaddrinfo("127.0.0.1", service, hints, &(*out)->ai_next);
    }
    return code;
}

static void test_names_reach_every_address(void **state)
{
    struct test_broker *broker = *state;
    struct rig rig;
    rig_init(&rig, "two.test", broker->port, 0);
    rig_open(&rig, NULL, NULL);
    rig_connect(&rig);
    assert_int_equal(mqtt_client_state(rig.client), MQTT_CLIENT_UP);
    rig_finish(&rig);
}

/* An address whose other end takes connections and ends them, as a proxy does whose own broker is gone. */
struct shutter {
    pthread_t thread;
    int listen_fd;
    atomic_uint clients;
};

static void *shut(void *context)
{
    struct shutter *shutter = context;
    int fd = accept(shutter->listen_fd, NULL, NULL);
    while (fd >= 0) {
        atomic_fetch_add(&shutter->clients, 1);
        close(fd);
        fd = accept(shutter->listen_fd, NULL, NULL);
    }
    return NULL;
}

static void shutter_begin(struct shutter *shutter, uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1)};
    atomic_init(&shutter->clients, 0);
    shutter->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(shutter->listen_fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(shutter->listen_fd, 8), 0);
    assert_int_equal(pthread_create(&shutter->thread, NULL, shut, shutter), 0);
}

static void shutter_end(struct shutter *shutter)
{
    shutdown(shutter->listen_fd, SHUT_RDWR);
    pthread_join(shutter->thread, NULL);
    close(shutter->listen_fd);
}

static void test_an_address_that_takes_and_closes_is_passed_over(void **state)
{
    struct test_broker *broker = *state;
    struct shutter shutter;
    struct rig rig;
    shutter_begin(&shutter, broker->port);
    rig_init(&rig, "two.test", broker->port, 0);
    rig_open(&rig, NULL, NULL);
    rig_connect(&rig);
    assert_int_equal(mqtt_client_state(rig.client), MQTT_CLIENT_CLOSED);
    for (unsigned i = 0; i < 3; i++) { /* and the one that works is kept */
        rig_open(&rig, NULL, NULL);
        rig_connect(&rig);
        assert_int_equal(mqtt_client_state(rig.client), MQTT_CLIENT_UP);
        mqtt_client_disconnect(rig.client);
    }
    assert_int_equal(atomic_load(&shutter.clients), 1);
    rig_finish(&rig);
    shutter_end(&shutter);
}

static void test_nobody_there(void **state)
{
    (void)state;
    struct rig rig;
    rig_init(&rig, "127.0.0.1", test_free_port(), 0);
    rig_open(&rig, NULL, NULL);
    rig_connect(&rig);
    rig_assert_closed(&rig, MQTT_TROUBLE_NETWORK, "Connection refused");
    rig_finish(&rig);
}

static void test_unknown_name(void **state)
{
    (void)state;
    struct rig rig;
    rig_init(&rig, "no-such-broker.invalid", 1883, 3000);
    rig_open(&rig, NULL, NULL);
    rig_connect(&rig);
    rig_assert_closed(&rig, MQTT_TROUBLE_NETWORK, "no-such-broker.invalid");
    rig_finish(&rig);
}

static int listen_on(uint16_t *port, int backlog)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(address);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, length), 0);
    assert_int_equal(listen(fd, backlog), 0);
    getsockname(fd, (struct sockaddr *)&address, &length);
    *port = ntohs(address.sin_port);
    return fd;
}

/* A listener whose queue is full does not answer SYN: the nearest thing to a black hole on loopback. */
static void test_black_hole(void **state)
{
    (void)state;
    uint16_t port = 0;
    int listener = listen_on(&port, 0);
    int fillers[8];
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    for (size_t i = 0; i < 8; i++) {
        fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        int result = connect(fillers[i], (struct sockaddr *)&address, sizeof(address));
        (void)result; /* in progress, for most of them for ever */
    }
    struct rig rig;
    rig_init(&rig, "127.0.0.1", port, 700);
    int64_t start_us = clock_mono_us(clock_real());
    rig_open(&rig, NULL, NULL);
    rig_connect(&rig);
    assert_true(clock_mono_us(clock_real()) - start_us >= 600000);
    rig_assert_closed(&rig, MQTT_TROUBLE_NETWORK, "no answer in time");
    rig_finish(&rig);
    for (size_t i = 0; i < 8; i++) {
        close(fillers[i]);
    }
    close(listener);
}

static void test_peer_without_a_word(void **state)
{
    (void)state;
    uint16_t port = 0;
    int listener = listen_on(&port, 8); /* the kernel accepts, nobody answers CONNECT */
    struct rig rig;
    rig_init(&rig, "127.0.0.1", port, 500);
    rig_open(&rig, NULL, NULL);
    rig_connect(&rig);
    rig_assert_closed(&rig, MQTT_TROUBLE_NETWORK, "no answer in time");
    rig_finish(&rig);
    close(listener);
}

static void test_lost_connection(void **state)
{
    (void)state;
    struct test_broker own;
    test_broker_init(&own, NULL);
    test_broker_start(&own);
    struct rig rig;
    rig_init(&rig, "127.0.0.1", own.port, 0);
    rig_open(&rig, NULL, NULL);
    rig_connect(&rig);
    assert_int_equal(mqtt_client_state(rig.client), MQTT_CLIENT_UP);
    test_kill(&own.pid, SIGKILL);
    while (mqtt_client_state(rig.client) == MQTT_CLIENT_UP) {
        rig_work(&rig);
    }
    rig_assert_closed(&rig, MQTT_TROUBLE_NETWORK, "connection");
    test_broker_start(&own);
    rig_open(&rig, NULL, NULL);
    rig_connect(&rig);
    assert_int_equal(mqtt_client_state(rig.client), MQTT_CLIENT_UP);
    rig_finish(&rig);
    test_broker_finish(&own);
}

/* A broker that stops answering without closing: found by the missing answer to a ping. */
static void test_frozen_broker(void **state)
{
    (void)state;
    struct test_broker own;
    test_broker_init(&own, NULL);
    test_broker_start(&own);
    struct rig rig;
    rig_init(&rig, "127.0.0.1", own.port, 0);
    rig_open(&rig, NULL, NULL);
    rig_connect(&rig);
    kill(own.pid, SIGSTOP);
    int64_t start_us = clock_mono_us(clock_real());
    while (mqtt_client_state(rig.client) == MQTT_CLIENT_UP) {
        rig_work(&rig);
    }
    int64_t took_us = clock_mono_us(clock_real()) - start_us;
    rig_assert_closed(&rig, MQTT_TROUBLE_NETWORK, "did not answer a ping");
    assert_true(took_us < 20000000);
    rig_finish(&rig);
    test_kill(&own.pid, SIGKILL);
    test_broker_finish(&own);
}

static void test_password(void **state)
{
    (void)state;
    char *folder = test_folder_create();
    char *passwords = mem_format("%s/passwords", folder);
    const char *const argv[] = {"mosquitto_passwd", "-c",     "-b", passwords,
                                "energy",           "sesame", NULL};
    pid_t pid = test_spawn(argv, NULL);
    char *probe = NULL;
    for (int i = 0; i < 500 && (!probe || !strstr(probe, "energy:")); i++) {
        free(probe);
        usleep(10000);
        probe = test_read_file(passwords);
    }
    free(probe);
    test_kill(&pid, SIGTERM);
    char *extra = mem_format("allow_anonymous false\npassword_file %s\n", passwords);
    struct test_broker own;
    test_broker_init(&own, extra);
    test_broker_start(&own);
    struct rig rig;
    rig_init(&rig, "127.0.0.1", own.port, 0);
    rig_open(&rig, "energy", "wrong");
    rig_connect(&rig);
    rig_assert_closed(&rig, MQTT_TROUBLE_REFUSED, "not authorised");
    rig_open(&rig, "energy", "sesame");
    rig_connect(&rig);
    assert_int_equal(mqtt_client_state(rig.client), MQTT_CLIENT_UP);
    rig_finish(&rig);
    test_broker_finish(&own);
    free(extra);
    free(passwords);
    test_folder_remove(folder);
}

static struct test_broker shared;

static int start_shared(void **state)
{
    signal(SIGPIPE, SIG_IGN);
    test_broker_init(&shared, NULL);
    test_broker_start(&shared);
    *state = &shared;
    return 0;
}

static int finish_shared(void **state)
{
    test_broker_finish(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_publishes),
        cmocka_unit_test(test_will),
        cmocka_unit_test(test_names_reach_every_address),
        cmocka_unit_test(test_an_address_that_takes_and_closes_is_passed_over),
        cmocka_unit_test(test_nobody_there),
        cmocka_unit_test(test_unknown_name),
        cmocka_unit_test(test_black_hole),
        cmocka_unit_test(test_peer_without_a_word),
        cmocka_unit_test(test_lost_connection),
        cmocka_unit_test(test_frozen_broker),
        cmocka_unit_test(test_password),
    };
    return cmocka_run_group_tests(tests, start_shared, finish_shared);
}
