/* SPDX-License-Identifier: Apache-2.0 */
/* path: the parts of a path between its slashes, and templates of paths: a part {name} stands for any part. Plain data
 * that borrows the text it was split from. */
#ifndef LINGTAN_HTTP_PATH_H
#define LINGTAN_HTTP_PATH_H

#include <stdbool.h>
#include <stddef.h>

enum { PATH_PARTS_MAX = 12 };

struct path_part {
    const char *at; /* not terminated */
    size_t length;
    bool is_variable; /* at and length are the name within the braces */
};

struct path {
    size_t count;
    struct path_part parts[PATH_PARTS_MAX];
};

/* "/a/b" has two parts, "/a/" has two of which one is empty. False when the text does not begin with a slash or has more
 * than 12 parts. Braces mean something in templates only. */
bool path_split(const char *text, bool is_template, struct path *out);

/* A variable matches any part but an empty one. */
bool path_matches(const struct path *template, const struct path *path);

size_t path_variables(const struct path *template);

#endif
