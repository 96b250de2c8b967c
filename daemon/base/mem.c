/* SPDX-License-Identifier: Apache-2.0 */
/* mem: allocation that succeeds or ends the process, so that no caller carries a path that cannot be tested. */
#include "base/mem.h"

#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Says why with write alone: stdio may want memory itself. */
static void fail(const char *why)
{
    ssize_t ignored = write(STDERR_FILENO, why, strlen(why));
    (void)ignored;
    abort();
}

static void *check(void *memory)
{
    if (memory == NULL) {
        fail("error: out of memory\n");
    }
    return memory;
}

void *mem_alloc(size_t size)
{
    return check(calloc(1, size > 0 ? size : 1));
}

void *mem_alloc_array(size_t count, size_t size)
{
    if (count == 0 || size == 0) {
        return mem_alloc(1);
    }
    return check(calloc(count, size));
}

void *mem_grow(void *old, size_t count, size_t size)
{
    size_t bytes = 0;
    if (__builtin_mul_overflow(count, size, &bytes)) {
        fail("error: a request for memory overflows\n");
    }
    return check(realloc(old, bytes > 0 ? bytes : 1));
}

void mem_trim(void)
{
    malloc_trim(0);
}

char *mem_dup_string(const char *text)
{
    if (text == NULL) {
        return NULL;
    }
    size_t size = strlen(text) + 1;
    return memcpy(mem_alloc(size), text, size);
}

char *mem_format(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = mem_format_args(format, args);
    va_end(args);
    return text;
}

char *mem_format_args(const char *format, va_list args)
{
    char *text = NULL;
    if (vasprintf(&text, format, args) < 0) {
        fail("error: out of memory\n");
    }
    return text;
}
