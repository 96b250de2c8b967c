/* SPDX-License-Identifier: Apache-2.0 */
/* origin: does a request over TCP come from a program on this machine? Until logins exist nothing else is let in: a
 * page in a browser must not get here under a foreign name (DNS rebinding), nor another machine through a proxy. */
#ifndef LINGTAN_HTTP_ORIGIN_H
#define LINGTAN_HTTP_ORIGIN_H

#include <stdbool.h>

/* "localhost", "127.x.x.x", "[::1]", each with any port or none. */
bool host_is_loopback(const char *host);

/* The Origin header of a browser: a URL on a loopback host. */
bool origin_is_loopback(const char *origin);

/* Forwarded, Via, X-Forwarded-*, X-Real-IP and their like. */
bool header_is_forwarding(const char *name);

#endif
