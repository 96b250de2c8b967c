/* SPDX-License-Identifier: Apache-2.0 */
/* secret: a password or token from a file. Secrets never stand in the configuration itself. */
#ifndef LINGTAN_NET_SECRET_H
#define LINGTAN_NET_SECRET_H

#include <stddef.h>

#include <lingtan/error.h>

enum {
    SECRET_SIZE = 1024, /* with the final NUL */
};

/* Where it is, for free(): a path that is not absolute names a systemd credential, in $CREDENTIALS_DIRECTORY when that
 * is set. */
char *secret_path(const char *path);

/* Reads the first line of the file at secret_path. Whoever calls it wipes the buffer with explicit_bzero after use. -ENOENT,
 * -EACCES, ...; -ENODATA when the file is empty; -EMSGSIZE when the line does not fit. */
int secret_read(const char *path, char *out, size_t size) MUST_USE;

#endif
