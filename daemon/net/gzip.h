/* SPDX-License-Identifier: Apache-2.0 */
/* gzip: packs bodies for the far end (zlib lives only in this folder). Fast rather than small: each value is packed
 * once a second. */
#ifndef LINGTAN_NET_GZIP_H
#define LINGTAN_NET_GZIP_H

#include <stddef.h>

#include "base/text.h"

struct gzip;

struct gzip *gzip_create(void);
void gzip_destroy(struct gzip *gzip); /* NULL-safe */

/* Replaces what is in `out` by the packed bytes. */
void gzip_pack(struct gzip *gzip, const char *bytes, size_t length, struct text *out);

#endif
