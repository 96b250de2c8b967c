/* SPDX-License-Identifier: Apache-2.0 */
/* mem: memory that is there or the process is not. Out of memory aborts: systemd restarts a clean process, which is
 * safer than code paths nobody has run. Sizes that come from outside are bounded before they reach it. Any thread. */
#ifndef LINGTAN_BASE_MEM_H
#define LINGTAN_BASE_MEM_H

#include <stdarg.h>
#include <stddef.h>

#include <lingtan/error.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

void *mem_alloc(size_t size);                         /* zeroed */
void *mem_alloc_array(size_t count, size_t size);     /* zeroed; aborts on overflow */
void *mem_grow(void *old, size_t count, size_t size); /* realloc to count*size; not zeroed */
/* Gives back to the system what start-up needed and nobody does any more. */
void mem_trim(void);
char *mem_dup_string(const char *text); /* NULL gives NULL */
char *mem_format(const char *format, ...) PRINTF_LIKE(1, 2);
char *mem_format_args(const char *format, va_list args) PRINTF_LIKE(1, 0);

#endif
