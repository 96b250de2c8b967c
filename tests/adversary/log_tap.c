/* SPDX-License-Identifier: Apache-2.0 */
/* log_tap: see the header. */
#include "adversary/log_tap.h"

#include <stdarg.h>

#include <lingtan/log.h>

enum { KEPT = 12, LINE_SIZE = 200 };

static uint64_t count;
static char lines[KEPT][LINE_SIZE];

void log_tap_reset(void)
{
    count = 0;
}

uint64_t log_tap_count(void)
{
    return count;
}

void log_tap_print(FILE *out)
{
    for (uint64_t i = count > KEPT ? count - KEPT : 0; i < count; i++) {
        fprintf(out, "  log: %s\n", lines[i % KEPT]);
    }
}

static void keep(enum log_level level, const char *device, const char *format, va_list arguments)
    PRINTF_LIKE(3, 0);

static void keep(enum log_level level, const char *device, const char *format, va_list arguments)
{
    if (level > LOG_LEVEL_INFO) {
        return;
    }
    char *line = lines[count++ % KEPT];
    int size =
        snprintf(line, LINE_SIZE, "%s%s", device != NULL ? device : "", device != NULL ? ": " : "");
    vsnprintf(line + size, LINE_SIZE - (size_t)size, format, arguments);
}

void log_about(enum log_level level, struct log_subject subject, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    keep(level, subject.device, format, arguments);
    va_end(arguments);
}

#define WRAP(name, level)                                                                          \
    void name(const char *format, ...)                                                             \
    {                                                                                              \
        va_list arguments;                                                                         \
        va_start(arguments, format);                                                               \
        keep(level, NULL, format, arguments);                                                      \
        va_end(arguments);                                                                         \
    }

WRAP(log_error, LOG_LEVEL_ERROR)
WRAP(log_warning, LOG_LEVEL_WARNING)
WRAP(log_notice, LOG_LEVEL_NOTICE)
WRAP(log_info, LOG_LEVEL_INFO)

void log_debug(const char *format, ...)
{
    (void)format;
}

bool log_limit_pass(struct log_limit *limit, const struct clock *clock, uint64_t *suppressed)
{
    int64_t now_us = clock_mono_us(clock);
    if (now_us < limit->next_us) {
        limit->held++;
        return false;
    }
    *suppressed = limit->held;
    limit->held = 0;
    limit->next_us = now_us + limit->period_us;
    return true;
}
