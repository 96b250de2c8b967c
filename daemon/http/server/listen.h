/* SPDX-License-Identifier: Apache-2.0 */
/* listen: the sockets of the two doors, both on this machine only, and the file that tells the port. */
#ifndef LINGTAN_HTTP_LISTEN_H
#define LINGTAN_HTTP_LISTEN_H

#include <stdbool.h>
#include <stdint.h>

#include <lingtan/error.h>

/* "127.0.0.0/8", "::1" or "localhost". */
bool address_is_loopback(const char *address);
bool socket_path_fits(const char *path); /* at most 107 bytes */

/* A listening socket on a loopback address, -EINVAL on any other; port 0 takes a free one. *port is the one in use. */
int listen_tcp(const char *address, int64_t port, int *fd, int *port_in_use) MUST_USE;

/* A listening socket at path, mode 0660. What stands there is removed only when it is a socket on which nobody answers:
 * -EADDRINUSE when somebody does, -EEXIST when it is no socket. */
int listen_local(const char *path, int *fd) MUST_USE;

/* Whole or not at all. */
int port_file_write(const char *path, int port) MUST_USE;

#endif
