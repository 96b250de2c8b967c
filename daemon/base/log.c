/* SPDX-License-Identifier: Apache-2.0 */
/* log: messages are made where something happens and, between log_start and log_stop, written by a thread of their own:
 * a log on a busy disk or behind a full pipe must not hold up a poll. */
#include <lingtan/log.h>

#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lingtan/mailbox.h>

#include "base/log_output.h"
#include "base/mem.h"

enum {
    WAITING_MAX = 4096,
    STOP_MAX_US = 2000000, /* a reader that takes nothing must not keep the daemon from ending */
};

struct message {
    enum log_level level;
    struct log_subject subject; /* either NULL or within text */
    char text[];                /* the message, the line's id, the device's id */
};

/* Written by log_setup, log_start and log_stop while no other thread runs, read by all; the level at any time. */
static struct {
    atomic_int level;        /* enum log_level */
    struct mailbox *waiting; /* struct message; NULL: written where it is made */
    pthread_t writer;
    atomic_bool has_ended;
    bool is_stuck; /* nobody takes what is written: nothing is, any more */
} state = {.level = LOG_LEVEL_INFO};

static struct message end_of_messages;

/* Text from devices and the network must not be able to begin a line of its own. */
static void flatten(char *message)
{
    for (char *at = message; *at != '\0'; at++) {
        if ((unsigned char)*at < 0x20 || *at == 0x7F) {
            *at = ' ';
        }
    }
}

static void tell_lost(uint64_t *told)
{
    const uint64_t lost = mailbox_stats(state.waiting).dropped;
    if (lost > *told) {
        char text[96];
        snprintf(text, sizeof(text),
                 "%llu messages of the log are lost: what takes it was too slow",
                 (unsigned long long)(lost - *told));
        log_output(LOG_LEVEL_WARNING, (struct log_subject){0}, text);
        *told = lost;
    }
}

static void *write_messages(void *context)
{
    (void)context;
    struct pollfd readable = {.fd = mailbox_fd(state.waiting), .events = POLLIN};
    uint64_t told = 0;
    while (true) {
        void *item = NULL;
        if (mailbox_take(state.waiting, &item, 1) == 0) {
            (void)poll(&readable, 1, -1);
            continue;
        }
        if (item == &end_of_messages) {
            atomic_store(&state.has_ended, true);
            return NULL;
        }
        struct message *message = item;
        log_output(message->level, message->subject, message->text);
        free(message);
        tell_lost(&told);
    }
}

static size_t size_of(const char *string)
{
    return string != NULL ? strlen(string) + 1 : 0;
}

/* Copies it to *at and moves that behind. */
static const char *put(char **at, const char *string)
{
    if (string == NULL) {
        return NULL;
    }
    const char *copy = memcpy(*at, string, size_of(string));
    *at += size_of(string);
    return copy;
}

static void hand_over(enum log_level level, struct log_subject subject, const char *text)
{
    struct message *message = mem_alloc(sizeof(*message) + size_of(text) + size_of(subject.line) +
                                        size_of(subject.device));
    char *at = message->text;
    (void)put(&at, text);
    message->level = level;
    message->subject = (struct log_subject){.line = put(&at, subject.line)};
    message->subject.device = put(&at, subject.device);
    if (mailbox_post(state.waiting, message) < 0) {
        free(message); /* counted by the mailbox, told by the writer */
    }
}

static void add(enum log_level level, struct log_subject subject, const char *format, va_list args)
    __attribute__((__format__(__printf__, 3, 0)));

static void add(enum log_level level, struct log_subject subject, const char *format, va_list args)
{
    if ((int)level > atomic_load_explicit(&state.level, memory_order_relaxed) ||
        level < LOG_LEVEL_ERROR || state.is_stuck) {
        return;
    }
    const int saved_errno = errno;
    char *message = mem_format_args(format, args);
    flatten(message);
    if (state.waiting != NULL) {
        hand_over(level, subject, message);
    } else {
        log_output(level, subject, message);
    }
    free(message);
    errno = saved_errno;
}

void log_setup(enum log_level level)
{
    atomic_store(&state.level, (int)level);
    log_output_setup();
}

void log_set_level(enum log_level level)
{
    atomic_store(&state.level, (int)level);
}

void log_start(void)
{
    atomic_store(&state.has_ended, false);
    state.waiting = mailbox_create("log", WAITING_MAX, MAILBOX_REFUSE, free);
    int error = pthread_create(&state.writer, NULL, write_messages, NULL);
    if (error != 0) {
        mailbox_destroy(state.waiting);
        state.waiting = NULL;
        log_warning("no thread for the log: %s; a slow disk or pipe holds up whoever logs",
                    strerror(error));
        return;
    }
    pthread_setname_np(state.writer, "log");
}

/* False when it still waits for a reader at the end of the time. */
static bool writer_ends(void)
{
    const int64_t until_us = clock_mono_us(clock_real()) + STOP_MAX_US;
    bool is_asked = false;
    while (!atomic_load(&state.has_ended) && clock_mono_us(clock_real()) < until_us) {
        const bool has_room = mailbox_stats(state.waiting).waiting < WAITING_MAX;
        is_asked = is_asked || (has_room && mailbox_post(state.waiting, &end_of_messages) == 0);
        (void)poll(NULL, 0, 1);
    }
    return atomic_load(&state.has_ended) && pthread_join(state.writer, NULL) == 0;
}

void log_stop(void)
{
    if (state.waiting == NULL) {
        return;
    }
    state.is_stuck = !writer_ends();
    if (!state.is_stuck) {
        mailbox_destroy(state.waiting);
        state.waiting = NULL;
    }
}

void log_about(enum log_level level, struct log_subject subject, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add(level, subject, format, args);
    va_end(args);
}

void log_error(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add(LOG_LEVEL_ERROR, (struct log_subject){0}, format, args);
    va_end(args);
}

void log_warning(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add(LOG_LEVEL_WARNING, (struct log_subject){0}, format, args);
    va_end(args);
}

void log_notice(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add(LOG_LEVEL_NOTICE, (struct log_subject){0}, format, args);
    va_end(args);
}

void log_info(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add(LOG_LEVEL_INFO, (struct log_subject){0}, format, args);
    va_end(args);
}

void log_debug(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add(LOG_LEVEL_DEBUG, (struct log_subject){0}, format, args);
    va_end(args);
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
