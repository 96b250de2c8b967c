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
    HELP,
    VERSION,
    BAD_USAGE, /* already told on stderr */
};

extern const char arguments_help[];

/* *config_path is left alone unless --config is given. */
enum action arguments_read(int argc, char **argv, const char **config_path);

#endif
