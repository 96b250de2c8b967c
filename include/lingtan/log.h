/* SPDX-License-Identifier: Apache-2.0 */
/* log: what a person must know. Implemented by daemon/base.
 *
 * error = someone must act; warning = degraded, heals itself; notice = a state changed; info; debug. The function that
 * decides what to do logs, once; functions that return an error do not log it. Goes to journald (with the fields LINE
 * and DEVICE) when stderr is journald's stream, else to stderr. Any thread. */
#ifndef LINGTAN_LOG_H
#define LINGTAN_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include <lingtan/clock.h>
#include <lingtan/error.h>

enum log_level {
    LOG_LEVEL_ERROR = 3, /* the numbers of syslog */
    LOG_LEVEL_WARNING = 4,
    LOG_LEVEL_NOTICE = 5,
    LOG_LEVEL_INFO = 6,
    LOG_LEVEL_DEBUG = 7,
};

extern const char *const
    log_level_words[]; /* "error", "warning", ..., NULL: for option tables, index = level - 3 */

/* Call once, before any thread starts. Messages less urgent than level are dropped. */
void log_setup(enum log_level level);
void log_set_level(enum log_level level); /* later on; any thread */

/* From now on a thread of its own writes, so that whoever logs never waits for a slow disk, pipe or journald. 4096
 * messages may wait; what comes while so many do is lost, counted and told. Call after log_setup, before other threads. */
void log_start(void);

/* Writes what waits, for 2 s at most, and ends the thread. Call when the other threads have ended. */
void log_stop(void);

/* Whom a message is about; either may be NULL. Strings are borrowed for the call. */
struct log_subject {
    const char *line;
    const char *device;
};

void log_about(enum log_level level, struct log_subject subject, const char *format, ...)
    PRINTF_LIKE(3, 4);
void log_error(const char *format, ...) PRINTF_LIKE(1, 2);
void log_warning(const char *format, ...) PRINTF_LIKE(1, 2);
void log_notice(const char *format, ...) PRINTF_LIKE(1, 2);
void log_info(const char *format, ...) PRINTF_LIKE(1, 2);
void log_debug(const char *format, ...) PRINTF_LIKE(1, 2);

/* One message per period: log_limit_pass is true when the message may be written, and then *suppressed holds how many
 * were not since the last. Zero-initialised apart from period_us. One thread per limit. */
struct log_limit {
    int64_t period_us;
    int64_t next_us;
    uint64_t held;
};

bool log_limit_pass(struct log_limit *limit, const struct clock *clock, uint64_t *suppressed);

#endif
