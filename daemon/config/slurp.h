/* SPDX-License-Identifier: Apache-2.0 */
/* slurp: a whole regular file into memory. Inside daemon/config only. */
#ifndef LINGTAN_CONFIG_SLURP_H
#define LINGTAN_CONFIG_SLURP_H

#include <stddef.h>

#include <lingtan/error.h>

/* Gives the bytes (free them). -EISDIR; -ENOTSUP: neither file nor directory (a pipe would hang us); -EFBIG: over
 * max_size bytes; else errno of open or read. */
int file_slurp(const char *path, size_t max_size, char **out, size_t *size) MUST_USE;

/* What goes after "cannot be read: ". Static. */
const char *slurp_reason(int error);

#endif
