/* SPDX-License-Identifier: Apache-2.0 */
/* cli: what the commands of lingtan share: the command line as read, the exit codes, the table of commands. One
 * thread. */
#ifndef LINGTAN_CLI_CLI_H
#define LINGTAN_CLI_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum exit_code {
    EXIT_OK = 0,
    EXIT_FAILED = 1,
    EXIT_USAGE = 2,
    EXIT_UNREACHABLE = 3, /* the daemon does not answer on its socket */
};

/* The options that belong to some commands only, as bits. */
enum cli_option {
    OPTION_BIT_ONCE = 1,
    OPTION_BIT_FROM = 2,
    OPTION_BIT_TO = 4,
    OPTION_BIT_LIMIT = 8,
    OPTION_BIT_FUNCTION = 16,
    OPTION_BIT_DIRECT = 32, /* --port, --baud, ..., --host, ... */
    OPTION_BIT_PLAN = 64,   /* --turnaround */
    OPTION_BIT_CONFIG = 128,
    OPTION_BIT_READER = 256, /* --timeout, --gap: whoever reads registers */
    OPTION_BIT_KNOWN = 512,
    OPTION_BIT_DEVICES = 1024,
    OPTION_BIT_UNITS = 2048,
    OPTION_BIT_RECORD = 4096, /* --out, --force */
    OPTION_BIT_RETRY = 8192,
    OPTION_BIT_ROLE = 16384,
    OPTION_BIT_DRY_RUN = 65536,
};

/* Defaults are filled in; strings are borrowed from argv and the environment. */
struct cli {
    const char *socket;
    bool is_json;
    bool has_colour; /* of stdout */
    unsigned given;  /* enum cli_option */
    const char *from;
    const char *to;
    int64_t limit;
    int64_t function;
    const char *port;
    int64_t baud;      /* 0 = not given */
    int64_t parity;    /* enum line_parity; -1 = not given */
    int64_t stop_bits; /* 0 = not given */
    const char *host;
    int64_t tcp_port;
    bool is_rtu;                /* RTU frames over TCP */
    bool ignore_transaction_id; /* of replies over TCP, */
    bool ignore_unit_id;        /* as the options of a line */
    int64_t timeout_ms;
    int64_t gap_ms;           /* -1 = not given */
    int64_t connect_delay_ms; /* of an endpoint: left alone for so long after connecting */
    const char *config;
    const char *devices; /* NULL = as configured */
    int64_t turnaround_ms;
    const char *known; /* NULL = none */
    const char *units; /* NULL = all */
    const char *out;   /* NULL = the profile's name */
    bool is_forced;
    const char *retry; /* a device; NULL = none */
    const char *role;  /* NULL = none */
    bool is_dry;
    int argument_count;
    char **arguments; /* behind the command's name */
};

struct verb {
    const char *name;
    const char *arguments; /* for the help */
    int least;             /* arguments */
    int most;
    unsigned options; /* enum cli_option */
    int (*run)(const struct cli *cli);
    const char *help;
};

extern const struct verb verbs[];
extern const size_t verb_count;
const struct verb *verb_find(const char *name);

extern const char cli_options_help[];
void cli_print_help(FILE *out);

/* Reads the command line. Gives the verb, or NULL with *code: everything is then done or told. */
const struct verb *cli_read(int argc, char **argv, struct cli *cli, int *code);

/* A whole number in [min, max], decimal or 0x hexadecimal; tells what is wrong on stderr and returns false. */
bool cli_number(const char *what, const char *text, int64_t min, int64_t max, int64_t *out);

int status_run(const struct cli *cli);
int devices_run(const struct cli *cli);
int live_run(const struct cli *cli);
int history_run(const struct cli *cli);
int lines_run(const struct cli *cli);
int sinks_run(const struct cli *cli);
int read_run(const struct cli *cli);
int plan_run(const struct cli *cli);
int probe_run(const struct cli *cli);
int record_run(const struct cli *cli);
int sunspec_run(const struct cli *cli);
int bad_registers_run(const struct cli *cli);
int reload_run(const struct cli *cli);
int acknowledge_run(const struct cli *cli);
int token_run(const struct cli *cli);
int check_run(const struct cli *cli);

#endif
