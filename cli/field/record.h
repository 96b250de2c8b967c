/* SPDX-License-Identifier: Apache-2.0 */
/* record: what the files of lingtan record share. */
#ifndef LINGTAN_CLI_RECORD_H
#define LINGTAN_CLI_RECORD_H

#include "cli/field/reader.h"
#include "cli/field/recording.h"

struct record {
    const struct cli *cli;
    struct setup setup;
    const char *line;              /* NULL = an endpoint of the options */
    const struct profile *profile; /* NULL: a capture */
    struct profile *found;         /* made of what the device lists; NULL = none */
    struct device_config config;   /* unit and ratios */
    uint8_t unit;
    char **ranges; /* raw: FUNCTION:FIRST-LAST each */
    int range_count;
    struct reader reader;
    struct recording recording;
    struct text refusals; /* comments */
    size_t refused;
};

/* Read the device and write what the file shall hold. Give an enum exit_code; what is wrong is told here. A capture that
 * was cut short is written as far as it got. */
int record_case(struct record *record, struct text *out);
int record_ranges(struct record *record, struct text *out);

#endif
