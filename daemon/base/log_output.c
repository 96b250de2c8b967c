/* SPDX-License-Identifier: Apache-2.0 */
/* log_output: to journald with fields when stderr is its stream, else one line per message to stderr. */
#include "base/log_output.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define SD_JOURNAL_SUPPRESS_LOCATION /* the message says what happened; our source lines do not */
#include <systemd/sd-journal.h>

#include "base/mem.h"
#include "base/text.h"

const char *const log_level_words[] = {"error", "warning", "notice", "info", "debug", NULL};

/* Written by log_output_setup before the first thread starts, read by all after. */
static bool is_journal;

/* systemd says which stream it connected; after a redirection of stderr the numbers no longer match. */
static bool stderr_is_journal(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    struct stat status;
    if (stream == NULL || fstat(STDERR_FILENO, &status) != 0) {
        return false;
    }
    char *ours = mem_format("%llu:%llu", (unsigned long long)status.st_dev,
                            (unsigned long long)status.st_ino);
    const bool is_same = strcmp(stream, ours) == 0;
    free(ours);
    return is_same;
}

static void write_all(const char *data, size_t length)
{
    while (length > 0) {
        ssize_t written = write(STDERR_FILENO, data, length);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            return;
        }
        data += written;
        length -= (size_t)written;
    }
}

static void write_stderr(enum log_level level, struct log_subject subject, const char *message)
{
    struct text text = {0};
    const bool has_both = subject.line != NULL && subject.device != NULL;
    text_add_format(&text, "%s: ", log_level_words[level - LOG_LEVEL_ERROR]);
    if (subject.line != NULL || subject.device != NULL) {
        text_add_format(&text, "[%s%s%s] ", subject.line != NULL ? subject.line : "",
                        has_both ? "/" : "", subject.device != NULL ? subject.device : "");
    }
    text_add_string(&text, message);
    text_add_char(&text, '\n');
    write_all(text.data, text.length);
    text_finish(&text);
}

static void add_field(struct text *fields, struct iovec *iov, int *count, const char *name,
                      const char *value)
{
    if (value == NULL) {
        return;
    }
    text_clear(fields);
    text_add_format(fields, "%s=%s", name, value);
    iov[*count].iov_len = fields->length;
    iov[*count].iov_base = text_take(fields);
    (*count)++;
}

static int send_journal(enum log_level level, struct log_subject subject, const char *message)
{
    struct text field = {0};
    struct iovec iov[4];
    int count = 0;
    const char priority[] = {(char)('0' + (int)level), '\0'};
    add_field(&field, iov, &count, "MESSAGE", message);
    add_field(&field, iov, &count, "PRIORITY", priority);
    add_field(&field, iov, &count, "LINE", subject.line);
    add_field(&field, iov, &count, "DEVICE", subject.device);
    int result = sd_journal_sendv(iov, count);
    for (int i = 0; i < count; i++) {
        free(iov[i].iov_base);
    }
    return result;
}

void log_output_setup(void)
{
    is_journal = stderr_is_journal();
}

void log_output(enum log_level level, struct log_subject subject, const char *message)
{
    if (!is_journal || send_journal(level, subject, message) < 0) {
        write_stderr(level, subject, message);
    }
}
