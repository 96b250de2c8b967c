/* SPDX-License-Identifier: Apache-2.0 */
/* whole_file: a file that others see as it was or as it is now, never a part, also after a crash. Any thread. */
#ifndef LINGTAN_BASE_WHOLE_FILE_H
#define LINGTAN_BASE_WHOLE_FILE_H

#include <stddef.h>
#include <sys/types.h>

#include <lingtan/error.h>

/* Writes beside it and renames. owner: a descriptor whose owner the file gets when root writes (the folder of the daemon's
 * user), -1 = whoever writes. Returns 0 or a negative errno; then nothing was changed. */
int whole_file_write(const char *path, mode_t mode, int owner, const char *bytes,
                     size_t length) MUST_USE;

#endif
