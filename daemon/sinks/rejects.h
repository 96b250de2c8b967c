/* SPDX-License-Identifier: Apache-2.0 */
/* rejects: lines that the far end refused, set aside with the reason in a bounded file so that a person can look.
 * One thread. */
#ifndef LINGTAN_SINKS_REJECTS_H
#define LINGTAN_SINKS_REJECTS_H

#include <stddef.h>
#include <stdint.h>

#include <lingtan/log.h>

enum {
    REJECTS_FILE_MAX = 1000000, /* bytes; then the file becomes <file>.old and a new one begins */
};

struct rejects {
    const char *name; /* of the sink, for the log */
    const char *path; /* "" = only counted and logged */
    const struct clock *clock;
    struct log_limit limit;
    uint64_t count;
};

void rejects_init(struct rejects *rejects, const char *name, const char *path,
                  const struct clock *clock);

/* Lines, each ended by a newline, and why. Logs at most once a minute. */
void rejects_add(struct rejects *rejects, const char *lines, size_t length, const char *why);

#endif
