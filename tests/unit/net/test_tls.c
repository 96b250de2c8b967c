/* SPDX-License-Identifier: Apache-2.0 */
/* tls: what is told of files that cannot be used. Handshakes are tried in test_mqtt_tls.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/tls.h"
#include "support/support.h"
#include "unit/net/pki.h"
#include "unit/net/servers.h"

static char *folder;

static const char *in_folder(const char *name)
{
    static char paths[4][300];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
    return path;
}

static void assert_fault(const char *ca, const char *cert, const char *key, const char *option,
                         const char *words)
{
    const struct tls_files files = {.ca_file = ca, .cert_file = cert, .key_file = key};
    const char *told = NULL;
    char reason[200] = "";
    assert_int_equal(tls_check(&files, &told, reason, sizeof(reason)), -EINVAL);
    assert_string_equal(told, option);
    if (!strstr(reason, words)) {
        fail_msg("\"%s\" does not say \"%s\"", reason, words);
    }
    struct tls *tls = NULL;
    if (!strstr(words, "expired")) { /* the far end judges that */
        assert_int_equal(tls_create(&files, "localhost", reason, sizeof(reason), &tls), -EINVAL);
        assert_non_null(strstr(reason, words));
    }
}

static void test_good_files(void **state)
{
    (void)state;
    const struct tls_files files[] = {
        {0},
        {.ca_file = "", .cert_file = "", .key_file = ""},
        {.ca_file = in_folder("ca.pem"),
         .cert_file = in_folder("client.pem"),
         .key_file = in_folder("client.key")},
    };
    for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
        const char *option = NULL;
        char reason[200] = "";
        assert_int_equal(tls_check(&files[i], &option, reason, sizeof(reason)), 0);
        struct tls *tls = NULL;
        assert_int_equal(tls_create(&files[i], "localhost", reason, sizeof(reason), &tls), 0);
        assert_null(tls_trouble(tls));
        tls_destroy(tls);
    }
}

static void test_trusted(void **state)
{
    (void)state;
    assert_fault("/nonexistent/ca.pem", "", "", "ca_file", "/nonexistent/ca.pem: No such file");
    assert_fault(folder, "", "", "ca_file", "is a folder");
    assert_fault(in_folder("ca.key"), "", "", "ca_file", "has no certificate");
}

static void test_own(void **state)
{
    (void)state;
    const char *cert = in_folder("client.pem");
    assert_fault("", cert, "", "key_file", "is missing");
    assert_fault("", "", in_folder("client.key"), "cert_file", "is missing");
    assert_fault("", cert, in_folder("absent.key"), "key_file", "No such file");
    assert_fault("", cert, in_folder("server.key"), "key_file", "is not the key of cert_file");
    assert_fault("", cert, cert, "key_file", "has no key");
    assert_fault("", in_folder("client.key"), in_folder("client.key"), "cert_file",
                 "has no certificate");
    assert_fault("", in_folder("expired.pem"), in_folder("expired.key"), "cert_file",
                 "has expired");
}

/* OpenSSL must not ask on the terminal. */
static void test_passphrase(void **state)
{
    (void)state;
    const char *const argv[] = {"openssl",
                                "pkcs8",
                                "-topk8",
                                "-in",
                                in_folder("client.key"),
                                "-out",
                                in_folder("locked.key"),
                                "-passout",
                                "pass:sesame",
                                NULL};
    pid_t pid = test_spawn(argv, NULL);
    assert_true(pid > 0);
    for (int i = 0; i < 1000; i++) {
        char *content = test_read_file(in_folder("locked.key"));
        bool is_done = strstr(content, "END ENCRYPTED") != NULL;
        free(content);
        if (is_done) {
            break;
        }
        usleep(10000);
    }
    test_kill(&pid, 15);
    assert_fault("", in_folder("client.pem"), in_folder("locked.key"), "key_file", "passphrase");
}

/* A name without a slash is a credential; outside the service nothing can be said of it. */
static void test_credential(void **state)
{
    (void)state;
    assert_int_equal(unsetenv("CREDENTIALS_DIRECTORY"), 0);
    const struct tls_files files = {.cert_file = in_folder("client.pem"), .key_file = "client.key"};
    char reason[200] = "";
    assert_int_equal(tls_check(&files, NULL, reason, sizeof(reason)), 0);
    assert_int_equal(setenv("CREDENTIALS_DIRECTORY", folder, 1), 0);
    assert_int_equal(tls_check(&files, NULL, reason, sizeof(reason)), 0);
    assert_int_equal(setenv("CREDENTIALS_DIRECTORY", "/nonexistent", 1), 0);
    assert_fault("", files.cert_file, "client.key", "key_file", "/nonexistent/client.key");
    unsetenv("CREDENTIALS_DIRECTORY");
}

static int make_folder(void **state)
{
    (void)state;
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
        cmocka_unit_test(test_good_files), cmocka_unit_test(test_trusted),
        cmocka_unit_test(test_own),        cmocka_unit_test(test_passphrase),
        cmocka_unit_test(test_credential),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
