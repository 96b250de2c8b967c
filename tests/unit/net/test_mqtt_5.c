/* SPDX-License-Identifier: Apache-2.0 */
/* mqtt_client in MQTT 5 against a real mosquitto: limits that the broker announces, answers with a reason, the will. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "support/support.h"
#include "unit/net/mqtt_rig.h"
#include "unit/net/servers.h"

struct scene {
    struct test_broker broker;
    struct rig rig;
};

static void scene_init(struct scene *scene, const char *extra_lines)
{
    test_broker_init(&scene->broker, extra_lines);
    test_broker_start(&scene->broker);
    rig_init(&scene->rig, "127.0.0.1", scene->broker.port, 0);
    scene->rig.options.protocol = MQTT_5;
}

static void connect_to(struct scene *scene)
{
    rig_open(&scene->rig, NULL, NULL);
    rig_connect(&scene->rig);
    assert_string_equal(mqtt_client_reason(scene->rig.client), "");
    assert_int_equal(mqtt_client_state(scene->rig.client), MQTT_CLIENT_UP);
}

static void scene_finish(struct scene *scene)
{
    rig_finish(&scene->rig);
    test_broker_finish(&scene->broker);
}

static int publish(struct rig *rig, const char *topic, const char *payload, size_t length)
{
    const struct mqtt_message message = {
        .topic = topic, .payload = payload, .length = length, .qos = 1};
    int id = 0;
    int result = mqtt_client_publish(rig->client, &message, &id);
    mqtt_client_flush(rig->client);
    return result;
}

static void wait_answers(struct rig *rig, size_t count)
{
    for (int i = 0; i < 400 && rig->acked_count < count; i++) {
        rig_work(rig);
    }
    assert_int_equal(rig->acked_count, count);
}

static void test_content_type(void **state)
{
    (void)state;
    struct scene scene;
    scene_init(&scene, NULL);
    scene.rig.options.content_type = "application/json";
    char *log = mem_format("%s/typed", scene.broker.folder);
    char *command = mem_format(
        "exec mosquitto_sub -V 5 -h 127.0.0.1 -p %u -t '#' -C 1 -W 20 -d -F '|%%C %%p' > %s",
        scene.broker.port, log);
    const char *const argv[] = {"stdbuf", "-oL", "sh", "-c", command, NULL};
    pid_t pid = test_spawn(argv, NULL);
    connect_to(&scene);
    char *content = mem_dup_string("");
    for (int i = 0; i < 1000 && !strstr(content, "|application/json {}"); i++) {
        assert_int_equal(publish(&scene.rig, "t", "{}", 2), 0);
        rig_work(&scene.rig);
        usleep(10000);
        free(content);
        content = test_read_file(log);
    }
    assert_non_null(strstr(content, "|application/json {}"));
    test_kill(&pid, SIGTERM);
    free(content);
    free(command);
    free(log);
    scene_finish(&scene);
}

/* Exactly to the byte, and nothing larger ever leaves. */
static void test_maximum_packet(void **state)
{
    (void)state;
    struct scene scene;
    scene_init(&scene, "allow_anonymous true\nmax_packet_size 200\n");
    connect_to(&scene);
    char payload[300];
    memset(payload, 'x', sizeof(payload));
    /* type 1, length 2, topic 2 + 1, number 2, properties 1 */
    enum { LARGEST = 200 - 9 };
    assert_int_equal(publish(&scene.rig, "t", payload, LARGEST + 1), -EMSGSIZE);
    assert_int_equal(publish(&scene.rig, "t", payload, LARGEST), 0);
    wait_answers(&scene.rig, 1);
    assert_int_equal(scene.rig.answer, MQTT_ACCEPTED);
    assert_int_equal(mqtt_client_state(scene.rig.client), MQTT_CLIENT_UP);
    scene_finish(&scene);
}

static void test_receive_maximum(void **state)
{
    (void)state;
    struct scene scene;
    scene_init(&scene, "allow_anonymous true\nmax_inflight_messages 7\n");
    connect_to(&scene);
    assert_int_equal(mqtt_client_receive_maximum(scene.rig.client), 7);
    for (int i = 0; i < 50; i++) {
        assert_int_equal(publish(&scene.rig, "t", "x", 1), 0); /* more than it takes at once */
    }
    wait_answers(&scene.rig, 50);
    scene_finish(&scene);
}

static void test_answers(void **state)
{
    (void)state;
    char *folder = test_folder_create();
    char *path = mem_format("%s/acl", folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("topic readwrite allowed\n", file);
    fclose(file);
    char *lines =
        mem_format("allow_anonymous true\nmax_queued_messages 100\nmessage_size_limit 100\n"
                   "acl_file %s\n",
                   path);
    struct scene scene;
    scene_init(&scene, lines);
    connect_to(&scene);
    assert_int_equal(publish(&scene.rig, "allowed", "x", 1), 0);
    wait_answers(&scene.rig, 1);
    assert_int_equal(scene.rig.answer, MQTT_ACCEPTED);
    assert_int_equal(publish(&scene.rig, "other", "x", 1), 0);
    wait_answers(&scene.rig, 2);
    assert_int_equal(scene.rig.answer, MQTT_HELD);
    assert_non_null(strstr(scene.rig.words, "access list"));
    char payload[101] = {0};
    assert_int_equal(publish(&scene.rig, "allowed", payload, sizeof(payload)), 0);
    wait_answers(&scene.rig, 3);
    assert_int_equal(scene.rig.answer, MQTT_TOO_LARGE);
    scene_finish(&scene);
    free(lines);
    free(path);
    test_folder_remove(folder);
}

static void test_will_and_password(void **state)
{
    (void)state;
    struct scene scene;
    scene_init(&scene, NULL);
    struct test_subscriber subscriber;
    char *file = mem_format("%s/will", scene.broker.folder);
    test_subscriber_start(&subscriber, &scene.broker, file, 1);
    const struct mqtt_message will = {
        .topic = "will", .payload = "gone", .length = 4, .qos = 1, .is_retained = true};
    scene.rig.options.will = &will;
    connect_to(&scene);
    mqtt_client_close(scene.rig.client);
    bool has = false;
    for (int i = 0; i < 1000 && !has; i++) {
        char *content = test_read_file(subscriber.file);
        has = strstr(content, "|will 0 1 gone") != NULL;
        free(content);
        usleep(10000);
    }
    assert_true(has);
    test_subscriber_stop(&subscriber);
    free(file);
    scene_finish(&scene);
    scene_init(&scene, "allow_anonymous false\n");
    rig_open(&scene.rig, "nobody", "nothing");
    rig_connect(&scene.rig);
    rig_assert_closed(&scene.rig, MQTT_TROUBLE_REFUSED, "not authorised");
    scene_finish(&scene);
}

/* What mosquitto 2.0.11 does not do: it answers one CONNECT with these bytes and closes. */
struct rare_broker {
    const unsigned char *answer;
    size_t length;
    size_t rest; /* of it, later */
    int listener;
    pthread_t thread;
};

static void *answer_once(void *context)
{
    const struct rare_broker *broker = context;
    unsigned char request[200];
    int fd = accept(broker->listener, NULL, NULL);
    ssize_t got = read(fd, request, sizeof(request));
    ssize_t put = write(fd, broker->answer, broker->length);
    if (broker->rest) {
        usleep(300000); /* we are up by then */
        put = write(fd, broker->answer + broker->length, broker->rest);
    }
    close(fd);
    return got > 0 && put > 0 ? context : NULL;
}

static void open_rare(struct rare_broker *broker, struct rig *rig)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    broker->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(broker->listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(broker->listener, 8), 0);
    getsockname(broker->listener, (struct sockaddr *)&address, &size);
    assert_int_equal(pthread_create(&broker->thread, NULL, answer_once, broker), 0);
    rig_init(rig, "127.0.0.1", ntohs(address.sin_port), 0);
    rig->options.protocol = MQTT_5;
    rig_open(rig, NULL, NULL);
}

static void assert_answer(const unsigned char *answer, size_t length,
                          enum mqtt_client_trouble trouble, const char *reason)
{
    struct rare_broker broker = {.answer = answer, .length = length};
    struct rig rig;
    open_rare(&broker, &rig);
    while (mqtt_client_state(rig.client) != MQTT_CLIENT_CLOSED) {
        rig_work(&rig);
    }
    rig_assert_closed(&rig, trouble, reason);
    pthread_join(broker.thread, NULL);
    rig_finish(&rig);
    close(broker.listener);
}

/* One of MQTT 3.1.1 answers in its own way; both versions of "unacceptable protocol version". */
static void test_old_broker(void **state)
{
    (void)state;
    static const unsigned char old[] = {0x20, 2, 0, 1};
    static const unsigned char new[] = {0x20, 3, 0, 0x84, 0};
    assert_answer(old, sizeof(old), MQTT_TROUBLE_REFUSED, "does not speak MQTT 5");
    assert_answer(new, sizeof(new), MQTT_TROUBLE_REFUSED, "does not speak MQTT 5");
    assert_answer(old, 0, MQTT_TROUBLE_NETWORK, "or does it not speak MQTT 5");
}

static void test_reasons_of_closing(void **state)
{
    (void)state;
    static const unsigned char taken_over[] = {0x20, 3, 0, 0, 0, 0xe0, 2, 0x8e, 0};
    static const unsigned char too_large[] = {0x20, 3, 0, 0, 0, 0xe0, 2, 0x95, 0};
    assert_answer(taken_over, sizeof(taken_over), MQTT_TROUBLE_REFUSED,
                  "another client uses the client id \"lingtan-test\" too");
    assert_answer(too_large, sizeof(too_large), MQTT_TROUBLE_NETWORK, "larger than it takes");
}

/* We are the first to notice, by a message that cannot be sent: what the broker said lies there to be read. */
static void test_reason_behind_a_failed_message(void **state)
{
    (void)state;
    static const unsigned char taken_over[] = {0x20, 3, 0, 0, 0, 0xe0, 2, 0x8e, 0};
    struct rare_broker broker = {.answer = taken_over, .length = 5, .rest = 4};
    struct rig rig;
    open_rare(&broker, &rig);
    while (mqtt_client_state(rig.client) != MQTT_CLIENT_UP) {
        rig_work(&rig);
    }
    pthread_join(broker.thread, NULL);
    while (mqtt_client_state(rig.client) == MQTT_CLIENT_UP) {
        int result = publish(&rig, "topic", "payload", 7);
        assert_true(result == 0 || result == -ENOTCONN);
        usleep(10000);
    }
    rig_assert_closed(&rig, MQTT_TROUBLE_REFUSED, "another client uses the client id");
    rig_finish(&rig);
    close(broker.listener);
}

static size_t received_count;

static void on_received(void *context, const struct mqtt_message *message)
{
    (void)context;
    assert_string_equal(message->topic, "homeassistant/status");
    received_count++;
}

static void test_subscription(void **state)
{
    (void)state;
    for (int protocol = MQTT_3_1_1; protocol <= MQTT_5; protocol++) {
        struct scene scene;
        scene_init(&scene, NULL);
        scene.rig.options.protocol = (enum mqtt_protocol)protocol;
        scene.rig.options.subscription = "homeassistant/status";
        scene.rig.options.on_received = on_received;
        received_count = 0;
        for (int again = 0; again < 2; again++) {
            connect_to(&scene);
            for (int i = 0; i < 400 && received_count < 1; i++) {
                assert_int_equal(publish(&scene.rig, "homeassistant/status", "online", 6), 0);
                rig_work(&scene.rig);
            }
            assert_true(received_count > 0);
            received_count = 0;
        }
        scene_finish(&scene);
    }
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_content_type),
        cmocka_unit_test(test_maximum_packet),
        cmocka_unit_test(test_receive_maximum),
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_will_and_password),
        cmocka_unit_test(test_reasons_of_closing),
        cmocka_unit_test(test_reason_behind_a_failed_message),
        cmocka_unit_test(test_old_broker),
        cmocka_unit_test(test_subscription),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
