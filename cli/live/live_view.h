/* SPDX-License-Identifier: Apache-2.0 */
/* live_view: the model as lines of text, cut to the window. Pure. */
#ifndef LINGTAN_CLI_LIVE_VIEW_H
#define LINGTAN_CLI_LIVE_VIEW_H

#include "base/text.h"
#include "cli/live/live_model.h"

struct live_frame {
    size_t columns; /* 0 = as wide as it gets */
    size_t rows;
    size_t scroll; /* first entry of the body that is shown */
    bool has_colour;
    const char *note;   /* the last line, or NULL */
    const char *banner; /* what is wrong, or NULL */
    int64_t now_mono_us;
    int64_t now_wall_us;
};

/* The rows left for the body, and the largest scroll that makes sense. */
size_t live_view_body_rows(const struct live_frame *frame);
size_t live_view_scroll_max(const struct live_model *model, const struct live_frame *frame);

/* A whole screen, from the top left corner, each line cleared to its end. */
void live_view_screen(const struct live_model *model, const struct live_frame *frame,
                      struct text *out);

/* Everything, line by line, for files and pipes. */
void live_view_table(const struct live_model *model, const struct live_frame *frame,
                     struct text *out);

#endif
