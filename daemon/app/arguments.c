/* SPDX-License-Identifier: Apache-2.0 */
/* arguments: the command line of lingtand. A file of its own, since getopt's struct option is not ours. */
#include "app/arguments.h"

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>

const char arguments_help[] =
    "Usage: lingtand [OPTION]...\n"
    "Reads the energy meters, inverters, charging piles and air-conditioning gateways of a "
    "compound.\n"
    "\n"
    "  -c, --config FILE        the main file (default " LINGTAN_SYSCONF_FOLDER "/lingtan.conf)\n"
    "      --check              check the configuration, list every fault, start nothing\n"
    "      --print-config       print the configuration in effect, defaults filled in\n"
    "      --document-config    print the reference of all options (docs/CONFIG.md)\n"
    "      --document-quantities  print the dictionary of quantities (docs/QUANTITIES.md)\n"
    "      --document-expressions  print the grammar of expressions (docs/EXPRESSIONS.md)\n"
    "      --document-devices   print the table of device profiles (docs/DEVICES.md)\n"
    "      --devices FOLDER     the profiles to print (default " LINGTAN_PROFILE_FOLDER ")\n"
    "  -h, --help               this text\n"
    "  -V, --version            the version\n"
    "\n"
    "Exit codes: 0 stopped as asked, 1 could not run, 2 configuration or usage wrong.\n";

enum {
    DEVICES = 1, /* an option that is no action and has no letter */
};

static const struct option long_options[] = {
    {"config", required_argument, NULL, 'c'},
    {"check", no_argument, NULL, CHECK},
    {"print-config", no_argument, NULL, PRINT_CONFIG},
    {"document-config", no_argument, NULL, DOCUMENT_CONFIG},
    {"document-quantities", no_argument, NULL, DOCUMENT_QUANTITIES},
    {"document-expressions", no_argument, NULL, DOCUMENT_EXPRESSIONS},
    {"document-devices", no_argument, NULL, DOCUMENT_DEVICES},
    {"devices", required_argument, NULL, DEVICES},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},
    {NULL, 0, NULL, 0},
};

enum action arguments_read(int argc, char **argv, struct arguments *arguments)
{
    enum action action = RUN;
    int letter = 0;
    bool has_devices = false;
    while ((letter = getopt_long(argc, argv, "c:hV", long_options, NULL)) != -1) {
        switch (letter) {
        case 'c':
            arguments->config_path = optarg;
            break;
        case DEVICES:
            arguments->devices = optarg;
            has_devices = true;
            break;
        case 'h':
            return HELP;
        case 'V':
            return VERSION;
        case '?':
            return BAD_USAGE;
        default:
            action = (enum action)letter;
        }
    }
    if (optind < argc) {
        fprintf(stderr, "lingtand: unexpected argument '%s'\n", argv[optind]);
        return BAD_USAGE;
    }
    if (has_devices && action != DOCUMENT_DEVICES) {
        fputs("lingtand: --devices goes with --document-devices only; the daemon reads the folder "
              "that 'devices' of the main file names\n",
              stderr);
        return BAD_USAGE;
    }
    return action;
}
