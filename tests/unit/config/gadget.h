/* SPDX-License-Identifier: Apache-2.0 */
/* gadget: an option table that has every type of option. */
#ifndef LINGTAN_TESTS_CONFIG_GADGET_H
#define LINGTAN_TESTS_CONFIG_GADGET_H

#include <lingtan/options.h>

struct gadget_part {
    struct origin origin;
    char *id;
    int64_t size;
    struct option_list parts; /* of struct gadget_bit */
};

struct gadget_bit {
    struct origin origin;
    double weight;
};

struct gadget_group {
    bool enabled;
    char *host;
};

struct gadget {
    bool is_on;
    int64_t port;
    int64_t large;
    double share;
    double free;
    char *name;
    char *title;
    char *id;
    char *owner;
    int color;
    struct option_strings words;
    struct gadget_group group;
    struct option_list parts; /* of struct gadget_part */
};

extern const struct option_table gadget_table;

#endif
