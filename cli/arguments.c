/* SPDX-License-Identifier: Apache-2.0 */
/* arguments: the command line of lingtan. A file of its own, since getopt's struct option is not ours. */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"

enum {
    /* above every option letter */
    LETTER_FROM = 256,
    LETTER_TO,
    LETTER_LIMIT,
    LETTER_PORT,
    LETTER_BAUD,
    LETTER_PARITY,
    LETTER_STOP_BITS,
    LETTER_HOST,
    LETTER_TCP_PORT,
    LETTER_TIMEOUT,
    LETTER_TURNAROUND,
    LETTER_RTU,
    LETTER_ANY_TRANSACTION,
    LETTER_ANY_UNIT,
    LETTER_GAP,
    LETTER_KNOWN,
    LETTER_DEVICES,
    LETTER_UNITS,
    LETTER_OUT,
    LETTER_FORCE,
    LETTER_RETRY,
    LETTER_ROLE,
    LETTER_DRY_RUN,
};

static const struct option long_options[] = {
    {"socket", required_argument, NULL, 's'},
    {"json", no_argument, NULL, 'j'},
    {"once", no_argument, NULL, '1'},
    {"from", required_argument, NULL, LETTER_FROM},
    {"to", required_argument, NULL, LETTER_TO},
    {"limit", required_argument, NULL, LETTER_LIMIT},
    {"function", required_argument, NULL, 'f'},
    {"port", required_argument, NULL, LETTER_PORT},
    {"baud", required_argument, NULL, LETTER_BAUD},
    {"parity", required_argument, NULL, LETTER_PARITY},
    {"stop-bits", required_argument, NULL, LETTER_STOP_BITS},
    {"host", required_argument, NULL, LETTER_HOST},
    {"tcp-port", required_argument, NULL, LETTER_TCP_PORT},
    {"timeout", required_argument, NULL, LETTER_TIMEOUT},
    {"config", required_argument, NULL, 'c'},
    {"turnaround", required_argument, NULL, LETTER_TURNAROUND},
    {"rtu", no_argument, NULL, LETTER_RTU},
    {"ignore-unit-id", no_argument, NULL, LETTER_ANY_UNIT},
    {"ignore-transaction-id", no_argument, NULL, LETTER_ANY_TRANSACTION},
    {"gap", required_argument, NULL, LETTER_GAP},
    {"known", required_argument, NULL, LETTER_KNOWN},
    {"devices", required_argument, NULL, LETTER_DEVICES},
    {"units", required_argument, NULL, LETTER_UNITS},
    {"out", required_argument, NULL, LETTER_OUT},
    {"force", no_argument, NULL, LETTER_FORCE},
    {"retry", required_argument, NULL, LETTER_RETRY},
    {"role", required_argument, NULL, LETTER_ROLE},
    {"dry-run", no_argument, NULL, LETTER_DRY_RUN},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},
    {NULL, 0, NULL, 0},
};

static void set_defaults(struct cli *cli)
{
    const char *socket = getenv("LINGTAN_SOCKET");
    const char *no_colour = getenv("NO_COLOR");
    *cli = (struct cli){
        .socket = socket && socket[0] != '\0' ? socket : "/run/lingtan/lingtan.sock",
        .has_colour = isatty(STDOUT_FILENO) && (!no_colour || no_colour[0] == '\0'),
        .limit = 10000,
        .function = 3,
        .parity = -1,
        .tcp_port = 502,
        .timeout_ms = 1000,
        .gap_ms = -1,
        .config = LINGTAN_SYSCONF_FOLDER "/lingtan.conf",
        .turnaround_ms = 20,
    };
}

bool cli_number(const char *what, const char *text, int64_t min, int64_t max, int64_t *out)
{
    char *end = NULL;
    bool is_hex = strncmp(text, "0x", 2) == 0 || strncmp(text, "0X", 2) == 0;
    errno = 0;
    long long number = strtoll(text, &end, is_hex ? 16 : 10);
    if (errno != 0 || end == text || *end != '\0' || number < min || number > max) {
        fprintf(stderr, "lingtan: %s \"%s\" is not allowed: a whole number from %lld to %lld\n",
                what, text, (long long)min, (long long)max);
        return false;
    }
    *out = number;
    return true;
}

static bool take_parity(const char *text, int64_t *out)
{
    static const char *const words[] = {"none", "even", "odd"}; /* as enum line_parity */
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(text, words[i]) == 0) {
            *out = (int64_t)i;
            return true;
        }
    }
    fprintf(stderr, "lingtan: --parity \"%s\" is not allowed: none, even or odd\n", text);
    return false;
}

/* The options of an endpoint. */
static bool take_direct(int letter, struct cli *cli)
{
    cli->given |= OPTION_BIT_DIRECT;
    switch (letter) {
    case LETTER_PORT:
        cli->port = optarg;
        return true;
    case LETTER_HOST:
        cli->host = optarg;
        return true;
    case LETTER_BAUD:
        return cli_number("--baud", optarg, 300, 921600, &cli->baud);
    case LETTER_PARITY:
        return take_parity(optarg, &cli->parity);
    case LETTER_STOP_BITS:
        return cli_number("--stop-bits", optarg, 1, 2, &cli->stop_bits);
    case LETTER_TCP_PORT:
        return cli_number("--tcp-port", optarg, 1, 65535, &cli->tcp_port);
    case LETTER_RTU:
        cli->is_rtu = true;
        return true;
    case LETTER_ANY_UNIT:
        cli->ignore_unit_id = true;
        return true;
    case LETTER_ANY_TRANSACTION:
        cli->ignore_transaction_id = true;
        return true;
    default:
        return false;
    }
}

/* The options of commissioning. */
static bool take_commissioning(int letter, struct cli *cli)
{
    switch (letter) {
    case LETTER_TIMEOUT:
        cli->given |= OPTION_BIT_READER;
        return cli_number("--timeout", optarg, 10, 60000, &cli->timeout_ms);
    case LETTER_GAP:
        cli->given |= OPTION_BIT_READER;
        return cli_number("--gap", optarg, 0, 10000, &cli->gap_ms);
    case LETTER_KNOWN:
        cli->given |= OPTION_BIT_KNOWN;
        cli->known = optarg;
        return true;
    case LETTER_DEVICES:
        cli->given |= OPTION_BIT_DEVICES;
        cli->devices = optarg;
        return true;
    case LETTER_UNITS:
        cli->given |= OPTION_BIT_UNITS;
        cli->units = optarg;
        return true;
    case LETTER_OUT:
        cli->given |= OPTION_BIT_RECORD;
        cli->out = optarg;
        return true;
    case LETTER_FORCE:
        cli->given |= OPTION_BIT_RECORD;
        cli->is_forced = true;
        return true;
    default:
        return take_direct(letter, cli);
    }
}

static bool take_option(int letter, struct cli *cli)
{
    switch (letter) {
    case 's':
        cli->socket = optarg;
        return true;
    case 'j':
        cli->is_json = true;
        return true;
    case '1':
        cli->given |= OPTION_BIT_ONCE;
        return true;
    case LETTER_FROM:
        cli->given |= OPTION_BIT_FROM;
        cli->from = optarg;
        return true;
    case LETTER_TO:
        cli->given |= OPTION_BIT_TO;
        cli->to = optarg;
        return true;
    case LETTER_LIMIT:
        cli->given |= OPTION_BIT_LIMIT;
        return cli_number("--limit", optarg, 1, 100000, &cli->limit);
    case 'f':
        cli->given |= OPTION_BIT_FUNCTION;
        return cli_number("--function", optarg, 1, 4, &cli->function);
    case 'c':
        cli->given |= OPTION_BIT_CONFIG;
        cli->config = optarg;
        return true;
    case LETTER_RETRY:
        cli->given |= OPTION_BIT_RETRY;
        cli->retry = optarg;
        return true;
    case LETTER_ROLE:
        cli->given |= OPTION_BIT_ROLE;
        cli->role = optarg;
        return true;
    case LETTER_DRY_RUN:
        cli->given |= OPTION_BIT_DRY_RUN;
        cli->is_dry = true;
        return true;
    case LETTER_TURNAROUND:
        cli->given |= OPTION_BIT_PLAN;
        return cli_number("--turnaround", optarg, 0, 10000, &cli->turnaround_ms);
    default:
        return take_commissioning(letter, cli);
    }
}

static const struct verb *usage(const char *what, const char *about)
{
    fprintf(stderr, "lingtan: %s%s\nTry 'lingtan --help'.\n", what, about);
    return NULL;
}

/* is_spared: an endpoint stands for the line, so the first argument is not wanted. */
static void print_usage(const struct verb *verb, bool is_spared)
{
    const char *rest = strncmp(verb->arguments, "LINE", 4) == 0 ? verb->arguments + 4 : "";
    fprintf(stderr, "lingtan: usage: lingtan %s%s%s%s\nTry 'lingtan --help'.\n", verb->name,
            is_spared || verb->arguments[0] ? " " : "",
            is_spared ? "{--port PATH | --host HOST}" : verb->arguments, is_spared ? rest : "");
}

static const struct verb *check_verb(const struct cli *cli, const char *name)
{
    const struct verb *verb = verb_find(name);
    if (!verb) {
        return usage("there is no command ", name);
    }
    if (cli->given & ~verb->options) {
        return usage("an option was given that does not belong to the command ", name);
    }
    bool is_direct = cli->port || cli->host;
    if (cli->given & OPTION_BIT_DIRECT && !is_direct) {
        return usage("an option of a port or host was given without --port or --host", "");
    }
    /* An endpoint stands for the line. */
    int spared = is_direct ? 1 : 0;
    if (cli->argument_count < verb->least - spared || cli->argument_count > verb->most - spared) {
        print_usage(verb, is_direct);
        return NULL;
    }
    return verb;
}

const struct verb *cli_read(int argc, char **argv, struct cli *cli, int *code)
{
    int letter = 0;
    set_defaults(cli);
    *code = EXIT_USAGE;
    while ((letter = getopt_long(argc, argv, "s:j1f:c:hV", long_options, NULL)) != -1) {
        if (letter == 'h' || letter == 'V') {
            *code = EXIT_OK;
            if (letter == 'h') {
                cli_print_help(stdout);
            } else {
                puts("lingtan " LINGTAN_VERSION);
            }
            return NULL;
        }
        if (letter == '?' || !take_option(letter, cli)) {
            return letter == '?' ? usage("the command line was not understood", "") : NULL;
        }
    }
    if (optind == argc) {
        return usage("which command?", "");
    }
    cli->arguments = argv + optind + 1;
    cli->argument_count = argc - optind - 1;
    return check_verb(cli, argv[optind]);
}
