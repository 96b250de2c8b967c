/* SPDX-License-Identifier: Apache-2.0 */
/* rejects: appends "# time: reason" and the lines below it. */
#include "sinks/rejects.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"

enum {
    LOG_PERIOD_US = 60000000,
    SHOWN = 200, /* bytes of the first line in the log */
};

void rejects_init(struct rejects *rejects, const char *name, const char *path,
                  const struct clock *clock)
{
    *rejects = (struct rejects){
        .name = name, .path = path, .clock = clock, .limit = {.period_us = LOG_PERIOD_US}};
}

static uint64_t count_lines(const char *lines, size_t length)
{
    uint64_t count = 0;
    for (size_t i = 0; i < length; i++) {
        count += lines[i] == '\n';
    }
    return count;
}

static void keep_bounded(const struct rejects *rejects, int fd, size_t length)
{
    struct stat info;
    if (fstat(fd, &info) == 0 && info.st_size + (int64_t)length > REJECTS_FILE_MAX) {
        char *old = mem_format("%s.old", rejects->path);
        if (rename(rejects->path, old) < 0) {
            unlink(rejects->path);
        }
        free(old);
    }
}

static int open_file(const struct rejects *rejects, size_t length)
{
    enum { FLAGS = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC };
    int fd = open(rejects->path, FLAGS, 0640);
    if (fd < 0) {
        return -errno;
    }
    keep_bounded(rejects, fd, length);
    close(fd);
    fd = open(rejects->path, FLAGS, 0640);
    return fd < 0 ? -errno : fd;
}

static int append(const struct rejects *rejects, const char *lines, size_t length, const char *why)
{
    struct text text = {0};
    text_add_string(&text, "# ");
    text_add_time(&text, clock_wall_us(rejects->clock));
    text_add_format(&text, ": %.300s\n", why);
    size_t room = REJECTS_FILE_MAX - text.length;
    text_add(&text, lines, length < room ? length : room);
    int fd = open_file(rejects, text.length);
    int result = fd < 0 ? fd : 0;
    if (fd >= 0) {
        ssize_t written = write(fd, text.data, text.length);
        result = written == (ssize_t)text.length ? 0 : -EIO;
        close(fd);
    }
    text_finish(&text);
    return result;
}

void rejects_add(struct rejects *rejects, const char *lines, size_t length, const char *why)
{
    rejects->count += count_lines(lines, length);
    int result = rejects->path[0] ? append(rejects, lines, length, why) : 0;
    uint64_t held = 0;
    if (!log_limit_pass(&rejects->limit, rejects->clock, &held)) {
        return;
    }
    size_t shown = strcspn(lines, "\n");
    log_error("%s: the server refuses %" PRIu64 " lines so far: %.300s; the last begins: %.*s",
              rejects->name, rejects->count, why, (int)(shown < SHOWN ? shown : SHOWN), lines);
    if (result < 0) {
        log_error("%s: cannot set them aside in %s: %s", rejects->name, rejects->path,
                  strerrordesc_np(-result));
    }
}
