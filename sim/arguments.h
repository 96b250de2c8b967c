/* SPDX-License-Identifier: Apache-2.0 */
/* arguments: the command line of lingtan-sim. Strings are borrowed from argv. */
#ifndef LINGTAN_SIM_ARGUMENTS_H
#define LINGTAN_SIM_ARGUMENTS_H

#include <stdbool.h>
#include <stdint.h>

enum arguments_result { ARGUMENTS_RUN, ARGUMENTS_REPORT, ARGUMENTS_DONE, ARGUMENTS_BAD };

struct arguments {
    const char *site;
    const char *model; /* NULL = the reference compound */
    const char *devices;
    const char *publish;
    const char *listen;
    const char *control;  /* NULL = none */
    const char *served;   /* NULL = none */
    int64_t served_limit; /* bytes */
    uint64_t seed;
    int64_t start_us; /* 0 = now */
    double speed;
    bool has_baud;
    bool is_strict;
    bool has_pattern;
    int64_t year;
};

/* Prints help, version or what is wrong itself. */
enum arguments_result arguments_parse(int argc, char **argv, struct arguments *out);

#endif
