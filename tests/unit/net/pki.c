/* SPDX-License-Identifier: Apache-2.0 */
/* pki: one script for openssl, since that is how an administrator makes them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/net/pki.h"

#include <stdlib.h>
#include <sys/wait.h>

#include "base/mem.h"
#include "support/support.h"
#include "unit/net/servers.h"

/* `openssl ca` alone can make a certificate of the past. */
static const char script[] =
    "set -e; cd \"$0\"\n"
    "key() { openssl ecparam -name prime256v1 -genkey -noout -out $1.key; }\n"
    "root() { key $1; openssl req -new -x509 -key $1.key -subj /CN=$1 -days 30 -out $1.pem; }\n"
    "signed() { key $1; openssl req -new -key $1.key -subj /CN=$1 -out $1.csr; echo $2 >$1.ext\n"
    "  openssl x509 -req -in $1.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 -extfile "
    "$1.ext"
    " -out $1.pem; }\n"
    "root ca; root other-ca; root self\n"
    "signed server subjectAltName=IP:127.0.0.1,DNS:localhost\n"
    "signed elsewhere subjectAltName=DNS:meter.test\n"
    "signed client extendedKeyUsage=clientAuth\n"
    "key expired; openssl req -new -key expired.key -subj /CN=expired -out expired.csr\n"
    "touch index.txt; echo 01 >serial\n"
    "printf '[ca]\\ndefault_ca=x\\n[x]\\ndatabase=index.txt\\nserial=serial\\nnew_certs_dir=.\\n"
    "policy=p\\ndefault_md=sha256\\nx509_extensions=e\\n[p]\\ncommonName=supplied\\n"
    "[e]\\nsubjectAltName=IP:127.0.0.1\\n' >ca.cnf\n"
    "openssl ca -batch -config ca.cnf -cert ca.pem -keyfile ca.key -startdate 20200101000000Z"
    " -enddate 20210101000000Z -in expired.csr -out expired.pem -notext\n";

char *test_pki_create(void)
{
    char *folder = test_folder_create();
    const char *const argv[] = {"sh", "-c", script, folder, NULL};
    char *log = test_pki_path(folder, "openssl.log");
    pid_t pid = test_spawn(argv, log);
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (status != 0) {
        fail_msg("openssl: %s", test_read_file(log));
    }
    free(log);
    return folder;
}

char *test_pki_path(const char *folder, const char *name)
{
    return mem_format("%s/%s", folder, name);
}
