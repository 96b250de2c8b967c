/* SPDX-License-Identifier: Apache-2.0 */
/* influx over https, to an influxd that speaks it itself. What certificates do is in test_http_tls.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "support/support.h"
#include "unit/net/pki.h"
#include "unit/sinks/influx_scene.h"

struct scene {
    struct influx_scene influx;
    char *pki;
    char *url;
    char *ca_file;
};

static void scene_init(struct scene *scene, const char *certificate)
{
    scene->pki = test_pki_create();
    char *lines = mem_format("https-enabled = true\nhttps-certificate = \"%s/%s.pem\"\n"
                             "https-private-key = \"%s/%s.key\"\n",
                             scene->pki, certificate, scene->pki, certificate);
    influx_scene_init(&scene->influx, lines);
    free(lines);
    scene->ca_file = test_pki_path(scene->pki, "ca.pem");
    scene->url = mem_format("https://127.0.0.1:%u", scene->influx.influx.port);
    scene->influx.options.url = scene->url;
    scene->influx.options.ca_file = scene->ca_file;
    influx_scene_trust(&scene->influx, scene->url);
}

static void scene_finish(struct scene *scene)
{
    influx_scene_finish(&scene->influx);
    test_folder_remove(scene->pki);
    free(scene->url);
    free(scene->ca_file);
}

static void test_over_tls(void **state)
{
    (void)state;
    struct scene scene;
    scene_init(&scene, "server");
    struct rig *rig = &scene.influx.rig;
    rig_start(rig, true);
    rig_wait_state(rig, SINK_UP);
    for (uint64_t i = 1; i <= 5; i++) {
        rig_make(rig, 200);
        rig_wait_cursor(rig, i * 200);
    }
    influx_assert_count(&scene.influx, 1000);
    assert_int_equal(runner_status(rig->runner).sessions, 1);
    scene_finish(&scene);
}

static void assert_stays_down(struct scene *scene, const char *words)
{
    struct rig *rig = &scene->influx.rig;
    rig_start(rig, true);
    rig_make(rig, 10);
    rig_wait_state(rig, SINK_DOWN);
    const struct runner_status status = runner_status(rig->runner);
    if (!strstr(status.reason, words)) {
        fail_msg("%s", status.reason);
    }
    assert_int_equal(status.cursor, 0);
    assert_int_equal(status.rejected, 0);
    rig_stop(rig);
}

static void test_certificates_that_are_refused(void **state)
{
    (void)state;
    struct scene scene;
    scene_init(&scene, "elsewhere");
    assert_stays_down(&scene, "is not for this name");
    scene.influx.options.ca_file = "/nowhere/ca.pem";
    assert_stays_down(&scene, "influx.ca_file: cannot read /nowhere/ca.pem");
    scene.influx.options.ca_file = "";
    assert_stays_down(&scene, "check ca_file");
    scene_finish(&scene);
}

/* http to a server that wants https, and the other way round: told, and nothing is set aside. */
static void test_wrong_scheme(void **state)
{
    (void)state;
    struct scene scene;
    scene_init(&scene, "server");
    char *plain = mem_format("http://127.0.0.1:%u", scene.influx.influx.port);
    scene.influx.options.url = plain;
    assert_stays_down(&scene, "HTTP");
    free(plain);
    scene_finish(&scene);
}

static void fill(struct influx_options *options, struct config_memory *memory)
{
    config_defaults(&influx_table, options, memory);
    options->url = "https://127.0.0.1:8086";
}

static void assert_fault(const struct influx_options *options, const char *key, const char *words)
{
    struct faults *faults = faults_create();
    influx_check(options, true, (struct origin){.file = "lingtan.conf"}, faults);
    if (!key) {
        assert_int_equal(faults_count(faults), 0);
    } else {
        assert_int_equal(faults_count(faults), 1);
        assert_non_null(strstr(faults_line(faults, 0), key));
        if (!strstr(faults_line(faults, 0), words)) {
            fail_msg("%s", faults_line(faults, 0));
        }
    }
    faults_destroy(faults);
}

/* What --check can know. */
static void test_faults_of_options(void **state)
{
    (void)state;
    struct config_memory *memory = config_memory_create();
    char *pki = test_pki_create();
    char *ca = test_pki_path(pki, "ca.pem");
    char *key = test_pki_path(pki, "client.key");
    char *cert = test_pki_path(pki, "client.pem");
    struct influx_options options;
    fill(&options, memory);
    assert_fault(&options, NULL, NULL);
    options.ca_file = ca;
    options.cert_file = cert;
    assert_fault(&options, "influx.key_file", "is missing");
    options.key_file = key;
    assert_fault(&options, NULL, NULL);
    options.key_file = ca;
    assert_fault(&options, "influx.key_file", ca);
    fill(&options, memory);
    options.ca_file = "/nowhere/ca.pem";
    assert_fault(&options, "influx.ca_file", "cannot read /nowhere/ca.pem");
    options.url = "http://127.0.0.1:8086";
    assert_fault(&options, "influx.ca_file", "wants https://");
    fill(&options, memory);
    options.url = "ftp://127.0.0.1";
    assert_fault(&options, "influx.url", "wants http://... or https://");
    fill(&options, memory);
    options.token_file = "/nowhere/token";
    assert_fault(&options, "influx.token_file", "wants api = \"v2\"");
    options.api = INFLUX_V2;
    assert_fault(&options, "influx.token_file", "cannot read /nowhere/token");
    options.username = "me";
    assert_fault(&options, "influx.token_file", "wants one of them");
    free(cert);
    free(key);
    free(ca);
    test_folder_remove(pki);
    config_memory_destroy(memory);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_over_tls),
        cmocka_unit_test(test_certificates_that_are_refused),
        cmocka_unit_test(test_wrong_scheme),
        cmocka_unit_test(test_faults_of_options),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
