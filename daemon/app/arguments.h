/* SPDX-License-Identifier: Apache-2.0 */
/* arguments: the command line of lingtand. */
#ifndef LINGTAN_ARGUMENTS_H
#define LINGTAN_ARGUMENTS_H

enum action {
    RUN = 256, /* above every option letter */
    CHECK,
    PRINT_CONFIG,
    DOCUMENT_CONFIG,
    DOCUMENT_QUANTITIES,
    DOCUMENT_EXPRESSIONS,
    DOCUMENT_DEVICES,
    HELP,
    VERSION,
    BAD_USAGE, /* already told on stderr */
};

extern const char arguments_help[];

struct arguments {
    const char *config_path;
    const char *devices; /* folder of profiles, for DOCUMENT_DEVICES */
};

/* What is not given keeps the value that it has. */
enum action arguments_read(int argc, char **argv, struct arguments *arguments);

#endif
