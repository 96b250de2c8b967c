/* SPDX-License-Identifier: Apache-2.0 */
/* resolve: a host name to numeric addresses without holding up the caller. A dead name server keeps getaddrinfo busy
 * for half a minute; that wait happens on a thread of its own, which is left alone when nobody wants the answer any
 * more. */
#ifndef LINGTAN_NET_RESOLVE_H
#define LINGTAN_NET_RESOLVE_H

#include <stdbool.h>
#include <stddef.h>

#include <lingtan/error.h>

enum { RESOLVE_SIZE = 64 }; /* of an address: IPv6 with its zone */

struct resolve;

/* Numeric addresses are done at once and need no thread. */
int resolve_start(const char *host, struct resolve **out) MUST_USE;

/* Drops the answer, wherever it stands; never waits; NULL-safe. */
void resolve_release(struct resolve *resolve);

/* Readable when it is done. */
int resolve_fd(const struct resolve *resolve);
bool resolve_is_done(const struct resolve *resolve);

/* After it is done: numeric addresses in the order to try them, at most 8. */
size_t resolve_count(const struct resolve *resolve);
const char *resolve_address(const struct resolve *resolve, size_t index);
const char *resolve_error(const struct resolve *resolve); /* "" when there are addresses */

#endif
