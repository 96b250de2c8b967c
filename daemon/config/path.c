/* SPDX-License-Identifier: Apache-2.0 */
/* path: a path that a file names. */
#include <string.h>

#include "base/mem.h"
#include "config/config.h"

char *config_path_beside(const char *from, const char *path)
{
    const char *slash = strrchr(from, '/');
    if (path[0] == '/' || !slash) {
        return mem_dup_string(path);
    }
    return mem_format("%.*s/%s", (int)(slash - from), from, path);
}
