/* SPDX-License-Identifier: Apache-2.0 */
/* known: where among registers a value stands that the device's display shows, in which type, order and scale. Pure. */
#ifndef LINGTAN_CLI_KNOWN_H
#define LINGTAN_CLI_KNOWN_H

#include "cli/field/capture.h"

enum {
    KNOWN_MATCHES_MAX = 20,
};

/* Best first: how well it fits, and how ordinary the scale is. */
enum known_fit {
    KNOWN_SAME, /* equal as far as the display shows, no scale */
    KNOWN_TEN,  /* equal after a power of ten */
    KNOWN_NEAR, /* within 1 %, since values move while one reads */
    KNOWN_NEAR_TEN,
    KNOWN_TRANSFORMER, /* equal after a power of ten and a usual current ratio */
};

struct known_match {
    const char *type;  /* as in a profile */
    const char *order; /* "ABCD"; "" when there is only one */
    enum known_fit fit;
    uint16_t address;
    uint16_t registers;
    double scale; /* power of ten */
    double ratio; /* current transformer, 1 = none */
    double value; /* register x scale x ratio */
};

/* A value and half of its last digit: "230.1" is 230.1 +- 0.05. False: no number, or 0, which is everywhere. */
bool known_parse(const char *text, double *value, double *tolerance);

/* Returns how many of the best were written. */
size_t known_search(const struct capture *capture, double value, double tolerance,
                    struct known_match matches[static KNOWN_MATCHES_MAX]);

#endif
