/* SPDX-License-Identifier: Apache-2.0 */
/* mqtt_client over TLS, against a real mosquitto with good and bad certificates. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "support/support.h"
#include "unit/net/mqtt_rig.h"
#include "unit/net/pki.h"
#include "unit/net/servers.h"

static char *folder;

struct scene {
    struct test_broker broker;
    char ca_file[300];
    char cert_file[300];
    char key_file[300];
    struct tls_files files;
    struct rig rig;
};

static void name_file(char (*path)[300], const char *name)
{
    snprintf(*path, sizeof(*path), "%s/%s", folder, name);
}

/* A broker with that certificate, and a client that trusts ca and calls it host. */
static void scene_init(struct scene *scene, const char *certificate, const char *ca,
                       const char *host, const char *extra_lines)
{
    *scene = (struct scene){0};
    char *lines = mem_format("allow_anonymous true\ncafile %s/ca.pem\ncertfile %s/%s.pem\n"
                             "keyfile %s/%s.key\n%s",
                             folder, folder, certificate, folder, certificate, extra_lines);
    test_broker_init(&scene->broker, lines);
    free(lines);
    test_broker_start(&scene->broker);
    name_file(&scene->ca_file, ca);
    scene->files.ca_file = scene->ca_file;
    rig_init(&scene->rig, host, scene->broker.port, 0);
    scene->rig.options.tls = &scene->files;
}

static void scene_finish(struct scene *scene)
{
    rig_finish(&scene->rig);
    test_broker_finish(&scene->broker);
}

static void give_certificate(struct scene *scene, const char *certificate, const char *key)
{
    name_file(&scene->cert_file, certificate);
    name_file(&scene->key_file, key);
    scene->files.cert_file = scene->cert_file;
    scene->files.key_file = scene->key_file;
}

static void connect_to(struct scene *scene)
{
    rig_open(&scene->rig, NULL, NULL);
    rig_connect(&scene->rig);
}

static void publish(struct rig *rig, size_t length)
{
    char *payload = mem_alloc(length + 1);
    memset(payload, 'x', length);
    const struct mqtt_message message = {
        .topic = "t", .payload = payload, .length = length, .qos = 1};
    int id = 0;
    assert_int_equal(mqtt_client_publish(rig->client, &message, &id), 0);
    mqtt_client_flush(rig->client);
    size_t before = rig->acked_count;
    for (int i = 0; i < 400 && rig->acked_count == before; i++) {
        rig_work(rig);
    }
    assert_int_equal(rig->acked_count, before + 1);
    free(payload);
}

static void assert_refused(const char *certificate, const char *ca, const char *host,
                           const char *reason)
{
    struct scene scene;
    scene_init(&scene, certificate, ca, host, "");
    connect_to(&scene);
    rig_assert_closed(&scene.rig, MQTT_TROUBLE_REFUSED, reason);
    scene_finish(&scene);
}

static void test_publishes(void **state)
{
    (void)state;
    static const char *const hosts[] = {"127.0.0.1", "localhost"};
    const size_t count = test_has_localhost() ? 2 : 1;
    for (size_t i = 0; i < count; i++) {
        struct scene scene;
        scene_init(&scene, "server", "ca.pem", hosts[i], "");
        connect_to(&scene);
        assert_string_equal(mqtt_client_reason(scene.rig.client), "");
        assert_int_equal(mqtt_client_state(scene.rig.client), MQTT_CLIENT_UP);
        assert_true(scene.rig.rounds < 50); /* it sleeps while it waits for the far end */
        publish(&scene.rig, 5);
        publish(&scene.rig, 3000000); /* more than the socket takes at once */
        scene_finish(&scene);
    }
}

static void test_wrong_authority(void **state)
{
    (void)state;
    assert_refused("server", "other-ca.pem", "127.0.0.1", "from no CA that we trust");
}

static void test_system_authorities(void **state)
{
    (void)state;
    struct scene scene;
    scene_init(&scene, "server", "ca.pem", "127.0.0.1", "");
    scene.files.ca_file = "";
    connect_to(&scene);
    rig_assert_closed(&scene.rig, MQTT_TROUBLE_REFUSED, "from no CA that we trust");
    scene_finish(&scene);
}

static void test_wrong_name(void **state)
{
    (void)state;
    assert_refused("elsewhere", "ca.pem", "127.0.0.1", "is not for 127.0.0.1");
    assert_refused("elsewhere", "ca.pem", "127.0.0.1", "is not for 127.0.0.1");
}

static void test_expired(void **state)
{
    (void)state;
    assert_refused("expired", "ca.pem", "127.0.0.1", "its certificate expired on 20");
}

static void test_client_certificate(void **state)
{
    (void)state;
    struct scene scene;
    scene_init(&scene, "server", "ca.pem", "127.0.0.1", "require_certificate true\n");
    connect_to(&scene);
    assert_int_equal(mqtt_client_state(scene.rig.client), MQTT_CLIENT_CLOSED);
    assert_non_null(strstr(mqtt_client_reason(scene.rig.client), "(cert_file)?"));
    give_certificate(&scene, "expired.pem", "expired.key");
    connect_to(&scene);
    assert_int_equal(mqtt_client_state(scene.rig.client), MQTT_CLIENT_CLOSED);
    assert_non_null(strstr(mqtt_client_reason(scene.rig.client), "cert_file"));
    give_certificate(&scene, "client.pem", "client.key");
    connect_to(&scene);
    assert_int_equal(mqtt_client_state(scene.rig.client), MQTT_CLIENT_UP);
    publish(&scene.rig, 5);
    scene_finish(&scene);
}

/* The files are read at each connect: a new authority is known without a restart. */
static void test_rollover(void **state)
{
    (void)state;
    struct scene scene;
    scene_init(&scene, "server", "rolling.pem", "127.0.0.1", "");
    char *command = mem_format("cp '%s/other-ca.pem' '%s'", folder, scene.ca_file);
    const char *const stale[] = {"sh", "-c", command, NULL};
    pid_t pid = test_spawn(stale, NULL);
    while (access(scene.ca_file, R_OK) != 0) {
        usleep(1000);
    }
    usleep(50000);
    test_kill(&pid, SIGTERM);
    connect_to(&scene);
    rig_assert_closed(&scene.rig, MQTT_TROUBLE_REFUSED, "from no CA that we trust");
    free(command);
    char *good = NULL;
    good = mem_format("%s/ca.pem", folder);
    assert_int_equal(rename(good, scene.ca_file), 0);
    connect_to(&scene);
    assert_int_equal(mqtt_client_state(scene.rig.client), MQTT_CLIENT_UP);
    assert_int_equal(rename(scene.ca_file, good), 0);
    free(good);
    mqtt_client_close(scene.rig.client);
    int64_t start_us = clock_mono_us(clock_real());
    assert_int_equal(mqtt_client_open(scene.rig.client, NULL, NULL), -EINVAL);
    assert_true(clock_mono_us(clock_real()) - start_us < 1000000);
    rig_assert_closed(&scene.rig, MQTT_TROUBLE_REFUSED, "rolling.pem: No such file");
    scene_finish(&scene);
}

/* TLS to a listener in the clear, and the other way round: no fallback, and a hint. */
static void test_mixed_up(void **state)
{
    (void)state;
    struct scene scene;
    scene_init(&scene, "server", "ca.pem", "127.0.0.1", "");
    scene.rig.options.tls = NULL;
    connect_to(&scene);
    rig_assert_closed(&scene.rig, MQTT_TROUBLE_NETWORK, "does it want TLS");
    scene_finish(&scene);
    struct test_broker plain;
    test_broker_init(&plain, NULL);
    test_broker_start(&plain);
    rig_init(&scene.rig, "127.0.0.1", plain.port, 0);
    scene.rig.options.tls = &(struct tls_files){0};
    connect_to(&scene);
    assert_int_equal(mqtt_client_state(scene.rig.client), MQTT_CLIENT_CLOSED);
    assert_non_null(strstr(mqtt_client_reason(scene.rig.client), "TLS"));
    rig_finish(&scene.rig);
    test_broker_finish(&plain);
}

/* TLS 1.1 is refused although the far end insists on it. */
static void test_old_version(void **state)
{
    (void)state;
    uint16_t port = test_free_port();
    char *command =
        mem_format("exec openssl s_server -quiet -accept 127.0.0.1:%u -cert '%s/server.pem' "
                   "-key '%s/server.key' -tls1_1 -cipher DEFAULT@SECLEVEL=0",
                   port, folder, folder);
    const char *const argv[] = {"sh", "-c", command, NULL};
    pid_t pid = test_spawn(argv, NULL);
    assert_true(test_wait_for_port(port));
    char ca_file[300];
    name_file(&ca_file, "ca.pem");
    struct rig rig;
    rig_init(&rig, "127.0.0.1", port, 0);
    rig.options.tls = &(struct tls_files){.ca_file = ca_file};
    rig_open(&rig, NULL, NULL);
    rig_connect(&rig);
    rig_assert_closed(&rig, MQTT_TROUBLE_REFUSED, "version");
    rig_finish(&rig);
    test_kill(&pid, SIGTERM);
    free(command);
}

/* The kernel accepts, nobody answers our hello: neither blocked nor busy. */
static void test_silent_peer(void **state)
{
    (void)state;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(address);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, length), 0);
    assert_int_equal(listen(listener, 8), 0);
    getsockname(listener, (struct sockaddr *)&address, &length);
    struct rig rig;
    rig_init(&rig, "127.0.0.1", ntohs(address.sin_port), 1000);
    rig.options.tls = &(struct tls_files){0};
    rig_open(&rig, NULL, NULL);
    rig_connect(&rig);
    rig_assert_closed(&rig, MQTT_TROUBLE_NETWORK, "no answer in time");
    assert_true(rig.rounds < 100);
    rig_finish(&rig);
    close(listener);
}

static int make_folder(void **state)
{
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    folder = test_pki_create();
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    test_folder_remove(folder);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_publishes),
        cmocka_unit_test(test_wrong_authority),
        cmocka_unit_test(test_system_authorities),
        cmocka_unit_test(test_wrong_name),
        cmocka_unit_test(test_expired),
        cmocka_unit_test(test_client_certificate),
        cmocka_unit_test(test_rollover),
        cmocka_unit_test(test_mixed_up),
        cmocka_unit_test(test_old_version),
        cmocka_unit_test(test_silent_peer),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
