/* SPDX-License-Identifier: Apache-2.0 */
/* profile_fault: what is wrong with an item of a profile, said at its option. */
#include <stdarg.h>
#include <stdlib.h>

#include "base/mem.h"
#include "profile/profile_parts.h"

void profile_fault(struct faults *faults, struct origin origin, const char *list, size_t index,
                   const char *option, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *what = mem_format_args(format, args);
    va_end(args);
    char *key = mem_format("%s[%zu]%s%s", list, index, option ? "." : "", option ? option : "");
    faults_add(faults, origin, key, "%s", what);
    free(key);
    free(what);
}

void profile_point_fault(const struct profile_checking *check, size_t index, const char *option,
                         const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *what = mem_format_args(format, args);
    va_end(args);
    profile_fault(check->faults, check->points[index].origin, "points", index, option, "%s", what);
    free(what);
}

char *profile_hint(const char *wrong, const char *const *words)
{
    const char *near = nearest_word(wrong, words);
    return near ? mem_format(", nearest is %s", near) : mem_dup_string("");
}
