/* SPDX-License-Identifier: Apache-2.0 */
/* gadget: the table. */
#include "gadget.h"

#include "base/mem.h"

static const char *const color_words[] = {"red", "green", "blue", NULL};

static const struct option bit_rows[] = {
    {.name = "weight",
     .type = OPTION_FLOAT,
     .offset = offsetof(struct gadget_bit, weight),
     .unit = "kg",
     .help = "How heavy it is."},
};

static const struct option_table bit_table = {
    .name = "bit",
    .size = sizeof(struct gadget_bit),
    .rows = bit_rows,
    .count = ARRAY_SIZE(bit_rows),
    .help = "A part of a part.",
};

static const struct option part_rows[] = {
    {.name = "id",
     .type = OPTION_ID,
     .offset = offsetof(struct gadget_part, id),
     .help = "What it is called."},
    {.name = "size",
     .type = OPTION_INT,
     .offset = offsetof(struct gadget_part, size),
     .fallback = "7",
     .help = "Any integer."},
    {.name = "parts",
     .type = OPTION_LIST,
     .offset = offsetof(struct gadget_part, parts),
     .table = &bit_table,
     .help = "Its own parts."},
};

static const struct option_table part_table = {
    .name = "part",
    .size = sizeof(struct gadget_part),
    .rows = part_rows,
    .count = ARRAY_SIZE(part_rows),
    .help = "A part.",
};

static const struct option group_rows[] = {
    {.name = "enabled",
     .type = OPTION_BOOL,
     .offset = offsetof(struct gadget_group, enabled),
     .fallback = "true",
     .help = "Whether it is used."},
    {.name = "host",
     .type = OPTION_STRING,
     .offset = offsetof(struct gadget_group, host),
     .help = "Where it is."},
};

static const struct option_table group_table = {
    .name = "group",
    .size = sizeof(struct gadget_group),
    .rows = group_rows,
    .count = ARRAY_SIZE(group_rows),
    .help = "Some options.",
};

static const struct option rows[] = {
    {.name = "is_on",
     .type = OPTION_BOOL,
     .offset = offsetof(struct gadget, is_on),
     .fallback = "true",
     .help = "A switch."},
    {.name = "port",
     .type = OPTION_INT,
     .offset = offsetof(struct gadget, port),
     .fallback = "502",
     .min = 1,
     .max = 65535,
     .help = "A bounded integer."},
    {.name = "large",
     .type = OPTION_INT,
     .offset = offsetof(struct gadget, large),
     .fallback = "0x10",
     .help = "An unbounded integer."},
    {.name = "share",
     .type = OPTION_FLOAT,
     .offset = offsetof(struct gadget, share),
     .fallback = "0.5",
     .min = 0,
     .max = 1.5,
     .unit = "A",
     .help = "A bounded number | with a bar."},
    {.name = "free",
     .type = OPTION_FLOAT,
     .offset = offsetof(struct gadget, free),
     .fallback = "nan",
     .help = "A number that may be absent."},
    {.name = "name",
     .type = OPTION_STRING,
     .offset = offsetof(struct gadget, name),
     .help = "A string that must be given."},
    {.name = "title",
     .type = OPTION_STRING,
     .offset = offsetof(struct gadget, title),
     .fallback = "none",
     .min = 2,
     .max = 8,
     .help = "A bounded string."},
    {.name = "id",
     .type = OPTION_ID,
     .offset = offsetof(struct gadget, id),
     .fallback = "g1",
     .help = "An id."},
    {.name = "owner",
     .type = OPTION_ID,
     .offset = offsetof(struct gadget, owner),
     .fallback = "",
     .help = "An id that may be empty."},
    {.name = "color",
     .type = OPTION_ENUM,
     .offset = offsetof(struct gadget, color),
     .fallback = "green",
     .words = color_words,
     .help = "A word."},
    {.name = "words",
     .type = OPTION_STRINGS,
     .offset = offsetof(struct gadget, words),
     .help = "Strings."},
    {.name = "group",
     .type = OPTION_GROUP,
     .offset = offsetof(struct gadget, group),
     .table = &group_table,
     .help = "A group."},
    {.name = "parts",
     .type = OPTION_LIST,
     .offset = offsetof(struct gadget, parts),
     .table = &part_table,
     .help = "A list."},
};

const struct option_table gadget_table = {
    .name = "gadget",
    .size = sizeof(struct gadget),
    .rows = rows,
    .count = ARRAY_SIZE(rows),
    .help = "A thing for tests.",
};
