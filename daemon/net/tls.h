/* SPDX-License-Identifier: Apache-2.0 */
/* tls: the client's side of TLS 1.2 and later (OpenSSL lives only in this folder). The far end is always verified:
 * its certificate must lead to a CA that we trust and name the host that we were told. */
#ifndef LINGTAN_NET_TLS_H
#define LINGTAN_NET_TLS_H

#include <stdbool.h>
#include <stddef.h>

#include <lingtan/error.h>

/* PEM files; "" or NULL = none. The key's file is found like a secret (net/secret.h). */
struct tls_files {
    const char *ca_file;   /* those we trust; none = the system's */
    const char *cert_file; /* our certificate, its chain behind it */
    const char *key_file;  /* of our certificate, without a passphrase */
};

/* Can these files be used now? -EINVAL with a reason that names the file; *option is then the name of the option that
 * is to blame. A key that is a systemd credential is not looked for outside its service. */
int tls_check(const struct tls_files *files, const char **option, char *reason,
              size_t size) MUST_USE;

/* The settings of one connection. One thread. */
struct tls;

/* Reads the files: they may have changed since the last connection. host: a name or a numeric address, copied.
 * -EINVAL with a reason. */
int tls_create(const struct tls_files *files, const char *host, char *reason, size_t size,
               struct tls **out) MUST_USE;
void tls_destroy(struct tls *tls); /* NULL-safe; not before the connection is gone */

void *tls_context(struct tls *tls); /* SSL_CTX, borrowed */

/* Why the handshake failed, for people; NULL when it is not to blame. */
const char *tls_trouble(const struct tls *tls);

#endif
