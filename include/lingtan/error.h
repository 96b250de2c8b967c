/* SPDX-License-Identifier: Apache-2.0 */
/* error: the one convention for failure. Header only.
 *
 * A function that can fail returns int: 0 or a negative errno; results leave by the last out parameter, written only on
 * success. Foreign codes are translated in the one file that includes the foreign header. Running out of memory aborts
 * (base/mem.h). A device that fails is data, not an error: its readings carry a quality (lingtan/reading.h). */
#ifndef LINGTAN_ERROR_H
#define LINGTAN_ERROR_H

#include <errno.h>

#define MUST_USE __attribute__((warn_unused_result))
#define PRINTF_LIKE(string, first) __attribute__((__format__(__printf__, string, first)))

#endif
