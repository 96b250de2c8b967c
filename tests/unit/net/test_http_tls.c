/* SPDX-License-Identifier: Apache-2.0 */
/* http_client over TLS, against openssl's own server: whom it trusts, and what it says when it does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "net/http_client.h"
#include "support/support.h"
#include "unit/net/pki.h"
#include "unit/net/servers.h"

static char *folder;

/* Debian's OpenSSL refuses old TLS by itself: here it must be us, so it is told to be lenient. */
static void make_openssl_lenient(void)
{
    static const char text[] = "openssl_conf = a\n[a]\nssl_conf = b\n[b]\nsystem_default = c\n"
                               "[c]\nMinProtocol = TLSv1\nCipherString = ALL:@SECLEVEL=0\n";
    char *path = test_pki_path(folder, "lenient.cnf");
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    setenv("OPENSSL_CONF", path, 1);
    free(path);
}

static int make_certificates(void **state)
{
    (void)state;
    folder = test_pki_create();
    make_openssl_lenient();
    return 0;
}

static int remove_certificates(void **state)
{
    (void)state;
    test_folder_remove(folder);
    return 0;
}

struct server {
    pid_t pid;
    uint16_t port;
};

/* extra: more words of openssl s_server, at most four. */
static struct server server_start(const char *name, const char *const *extra)
{
    struct server server = {.port = test_free_port()};
    char *port = mem_format("%u", server.port);
    char *cert = mem_format("%s/%s.pem", folder, name);
    char *key = mem_format("%s/%s.key", folder, name);
    const char *argv[16] = {"openssl", "s_server", "-quiet", "-www", "-accept",
                            port,      "-cert",    cert,     "-key", key};
    for (size_t i = 0; extra && extra[i]; i++) {
        argv[10 + i] = extra[i];
    }
    server.pid = test_spawn(argv, NULL);
    assert_true(test_wait_for_port(server.port));
    free(key);
    free(cert);
    free(port);
    return server;
}

/* Asks once and stops the server; the response's error alone is good afterwards. */
static int ask(struct server *server, const char *host, const struct http_client_options *options,
               struct http_response *response)
{
    struct http_client *client = NULL;
    assert_int_equal(http_client_create(options, &client), 0);
    char *url = mem_format("https://%s:%u/", host, server->port);
    const struct http_request request = {.method = "GET", .url = url};
    *response = (struct http_response){0};
    int result = http_client_send(client, &request, response);
    http_client_destroy(client);
    test_kill(&server->pid, SIGKILL);
    free(url);
    return result;
}

static void assert_trusted(const char *host, const struct http_client_options *options)
{
    struct server server = server_start("server", NULL);
    struct http_response response;
    if (ask(&server, host, options, &response) != 0) {
        fail_msg("%s", response.error);
    }
    assert_int_equal(response.status, 200);
}

static void assert_refused(const char *name, const struct http_client_options *options,
                           const char *words)
{
    struct server server = server_start(name, NULL);
    struct http_response response;
    assert_int_equal(ask(&server, "127.0.0.1", options, &response), -EKEYREJECTED);
    if (!strstr(response.error, words)) {
        fail_msg("%s", response.error);
    }
}

static void test_trusts_its_ca(void **state)
{
    (void)state;
    char *ca = test_pki_path(folder, "ca.pem");
    assert_trusted("127.0.0.1", &(struct http_client_options){.ca_file = ca});
    if (test_has_localhost()) {
        assert_trusted("localhost", &(struct http_client_options){.ca_file = ca});
    }
    free(ca);
}

static void test_refuses_strangers(void **state)
{
    (void)state;
    char *ca = test_pki_path(folder, "ca.pem");
    char *other = test_pki_path(folder, "other-ca.pem");
    const struct http_client_options with_ca = {.ca_file = ca};
    assert_refused("server", &(struct http_client_options){0},
                   "no CA that we trust: check ca_file");
    assert_refused("server", &(struct http_client_options){.ca_file = other}, "check ca_file");
    assert_refused("self", &with_ca, "check ca_file");
    assert_refused("elsewhere", &with_ca, "is not for this name");
    assert_refused("expired", &with_ca, "has expired");
    free(other);
    free(ca);
}

static void test_insecure_is_told_to_believe(void **state)
{
    (void)state;
    assert_trusted("127.0.0.1", &(struct http_client_options){.is_insecure = true});
}

static void test_client_certificate(void **state)
{
    (void)state;
    char *ca = test_pki_path(folder, "ca.pem");
    char *cert = test_pki_path(folder, "client.pem");
    char *key = test_pki_path(folder, "client.key");
    const char *const extra[] = {"-Verify", "1", "-verify_return_error", "-CAfile", ca, NULL};
    struct http_response response;
    struct server server = server_start("server", extra);
    struct http_client_options options = {.ca_file = ca};
    assert_int_equal(ask(&server, "127.0.0.1", &options, &response), -EKEYREJECTED);
    assert_non_null(strstr(response.error, "client certificate (cert_file)"));
    server = server_start("server", extra);
    options.cert_file = cert;
    options.key_file = key;
    if (ask(&server, "127.0.0.1", &options, &response) != 0) {
        fail_msg("%s", response.error);
    }
    free(key);
    free(cert);
    free(ca);
}

static void test_files_that_do_not_fit(void **state)
{
    (void)state;
    char *key = test_pki_path(folder, "client.key");
    assert_refused("server", &(struct http_client_options){.ca_file = "/nowhere/ca.pem"},
                   "/nowhere/ca.pem");
    assert_refused("server",
                   &(struct http_client_options){
                       .is_insecure = true, .cert_file = "/nowhere/c.pem", .key_file = key},
                   "/nowhere/c.pem");
    free(key);
}

static void test_old_tls_is_refused(void **state)
{
    (void)state;
    const char *const extra[] = {"-tls1_1", "-cipher", "ALL:@SECLEVEL=0", NULL};
    struct server server = server_start("server", extra);
    struct http_response response;
    struct http_client_options options = {.is_insecure = true};
    assert_int_equal(ask(&server, "127.0.0.1", &options, &response), -EKEYREJECTED);
    assert_non_null(strstr(response.error, "TLS"));
}

/* https is never given up for http. */
static void test_peer_without_tls(void **state)
{
    (void)state;
    struct test_influx influx;
    test_influx_init(&influx, NULL);
    test_influx_start(&influx);
    struct server server = {.port = influx.port};
    struct http_response response;
    assert_int_equal(ask(&server, "127.0.0.1", &(struct http_client_options){0}, &response),
                     -EKEYREJECTED);
    assert_non_null(strstr(response.error, "does not speak TLS"));
    test_influx_finish(&influx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trusts_its_ca),
        cmocka_unit_test(test_refuses_strangers),
        cmocka_unit_test(test_insecure_is_told_to_believe),
        cmocka_unit_test(test_client_certificate),
        cmocka_unit_test(test_files_that_do_not_fit),
        cmocka_unit_test(test_old_tls_is_refused),
        cmocka_unit_test(test_peer_without_tls),
    };
    return cmocka_run_group_tests(tests, make_certificates, remove_certificates);
}
