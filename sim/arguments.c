/* SPDX-License-Identifier: Apache-2.0 */
/* arguments: a file of its own, since getopt's struct option is not ours. */
#include "sim/arguments.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

static const char help[] =
    "Usage: lingtan-sim --site FILE --publish FILE [OPTION]...\n"
    "       lingtan-sim --year YEAR --report [--model FILE] [--seed N]\n"
    "Plays the devices of a compound: each line of the site file becomes a Modbus server on a "
    "free\n"
    "port or a pseudo-terminal. When all are open, the site file with their places is written.\n"
    "\n"
    "  -s, --site FILE          the site to play\n"
    "  -p, --publish FILE       where to write the site file that leads to the simulator\n"
    "  -m, --model FILE         what the devices measure (default: the reference compound)\n"
    "  -d, --devices FOLDER     profiles (default " LINGTAN_PROFILE_FOLDER ")\n"
    "  -l, --listen ADDRESS     IPv4 address of the TCP servers (default 127.0.0.1)\n"
    "      --seed N             another seed is another compound (default 1)\n"
    "      --start TIME         simulated time, as 2026-07-15T08:00+08:00 or now (default now)\n"
    "      --speed X            simulated seconds a second (default 1, at most 100000)\n"
    "      --serial-baud on|off whether serial lines take the time of their baud rate (default "
    "on)\n"
    "      --pattern            registers count the replies of their device instead of following\n"
    "                           the model\n"
    "      --serial-strict on|off\n"
    "                           whether serial lines hear only what is sent at their own baud "
    "rate, odd\n"
    "                           parity and stop bits (default off)\n"
    "  -c, --control PATH       a Unix socket for commands: fault, line, value, set, serve-count,\n"
    "                           arrivals, time, speed, list\n"
    "      --served FILE        a JSON line for each reply to a read\n"
    "      --served-limit MIB   then the file is renamed to FILE.1 and begun anew (default 64)\n"
    "      --year YEAR --report run the model through a year without servers and print its sums\n"
    "  -h, --help               this text\n"
    "  -V, --version            the version\n"
    "\n"
    "Exit codes: 0 stopped as asked, 1 could not run, 2 files or usage wrong.\n";

enum {
    OPTION_SEED = 256,
    OPTION_START,
    OPTION_SPEED,
    OPTION_BAUD,
    OPTION_STRICT,
    OPTION_PATTERN,
    OPTION_SERVED,
    OPTION_SERVED_LIMIT,
    OPTION_YEAR,
    OPTION_REPORT,
};

static const struct option long_options[] = {
    {"site", required_argument, NULL, 's'},
    {"publish", required_argument, NULL, 'p'},
    {"model", required_argument, NULL, 'm'},
    {"devices", required_argument, NULL, 'd'},
    {"listen", required_argument, NULL, 'l'},
    {"seed", required_argument, NULL, OPTION_SEED},
    {"start", required_argument, NULL, OPTION_START},
    {"speed", required_argument, NULL, OPTION_SPEED},
    {"serial-baud", required_argument, NULL, OPTION_BAUD},
    {"serial-strict", required_argument, NULL, OPTION_STRICT},
    {"pattern", no_argument, NULL, OPTION_PATTERN},
    {"control", required_argument, NULL, 'c'},
    {"served", required_argument, NULL, OPTION_SERVED},
    {"served-limit", required_argument, NULL, OPTION_SERVED_LIMIT},
    {"year", required_argument, NULL, OPTION_YEAR},
    {"report", no_argument, NULL, OPTION_REPORT},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},
    {NULL, 0, NULL, 0},
};

static bool bad(const char *name, const char *wants)
{
    (void)fprintf(stderr, "lingtan-sim: --%s is '%s', wants %s\n", name, optarg, wants);
    return false;
}

static bool parse_int(int64_t lowest, int64_t highest, int64_t *out)
{
    char *end = NULL;
    errno = 0;
    long long number = strtoll(optarg, &end, 10);
    if (errno != 0 || end == optarg || *end != '\0' || number < lowest || number > highest) {
        return false;
    }
    *out = number;
    return true;
}

/* "now", or ISO 8601 with zone; seconds may be left out. */
static bool parse_start(int64_t *start_us)
{
    enum { MINUTES_END = 16 }; /* of "2026-07-15T08:00" */
    *start_us = 0;
    if (strcmp(optarg, "now") == 0 || time_parse(optarg, start_us) == 0) {
        return true;
    }
    if (strlen(optarg) <= MINUTES_END) {
        return false;
    }
    char *full = mem_format("%.*s:00%s", MINUTES_END, optarg, optarg + MINUTES_END);
    int error = time_parse(full, start_us);
    free(full);
    return error == 0;
}

static bool parse_speed(double *speed)
{
    char *end = NULL;
    *speed = strtod(optarg, &end);
    return end != optarg && *end == '\0' && isfinite(*speed) && *speed > 0.0 && *speed <= 100000.0;
}

static bool parse_switch(bool *out)
{
    *out = strcmp(optarg, "on") == 0;
    return *out || strcmp(optarg, "off") == 0;
}

static bool take_value(int letter, struct arguments *out)
{
    int64_t number = 0;
    switch (letter) {
    case OPTION_SEED:
        if (!parse_int(0, INT64_MAX, &number)) {
            return bad("seed", "a number from 0");
        }
        out->seed = (uint64_t)number;
        return true;
    case OPTION_START:
        return parse_start(&out->start_us) || bad("start", "now or 2026-07-15T08:00+08:00");
    case OPTION_SPEED:
        return parse_speed(&out->speed) || bad("speed", "a number above 0, at most 100000");
    case OPTION_BAUD:
        return parse_switch(&out->has_baud) || bad("serial-baud", "on or off");
    case OPTION_STRICT:
        return parse_switch(&out->is_strict) || bad("serial-strict", "on or off");
    case OPTION_PATTERN:
        out->has_pattern = true;
        return true;
    case OPTION_SERVED_LIMIT:
        out->served_limit = 0;
        if (!parse_int(1, 100000, &number)) {
            return bad("served-limit", "MiB, 1..100000");
        }
        out->served_limit = number * 1024 * 1024;
        return true;
    case OPTION_YEAR:
        return parse_int(2000, 2099, &out->year) || bad("year", "2000..2099");
    default:
        return false;
    }
}

static bool take_path(int letter, struct arguments *out)
{
    switch (letter) {
    case 's':
        out->site = optarg;
        return true;
    case 'p':
        out->publish = optarg;
        return true;
    case 'm':
        out->model = optarg;
        return true;
    case 'd':
        out->devices = optarg;
        return true;
    case 'l':
        out->listen = optarg;
        return true;
    case 'c':
        out->control = optarg;
        return true;
    case OPTION_SERVED:
        out->served = optarg;
        return true;
    default:
        return false;
    }
}

static enum arguments_result finish(int argc, char **argv, bool is_report, struct arguments *out)
{
    if (optind < argc) {
        (void)fprintf(stderr, "lingtan-sim: unexpected argument '%s'\n", argv[optind]);
        return ARGUMENTS_BAD;
    }
    if (is_report != (out->year != 0)) {
        (void)fprintf(stderr, "lingtan-sim: --year and --report belong together\n");
        return ARGUMENTS_BAD;
    }
    if (!is_report && (out->site == NULL || out->publish == NULL)) {
        (void)fprintf(stderr, "lingtan-sim: --site and --publish are needed, see --help\n");
        return ARGUMENTS_BAD;
    }
    return is_report ? ARGUMENTS_REPORT : ARGUMENTS_RUN;
}

enum arguments_result arguments_parse(int argc, char **argv, struct arguments *out)
{
    *out = (struct arguments){
        .devices = LINGTAN_PROFILE_FOLDER,
        .listen = "127.0.0.1",
        .served_limit = 64 * 1024 * 1024,
        .seed = 1,
        .speed = 1.0,
        .has_baud = true,
    };
    bool is_report = false;
    int letter = 0;
    while ((letter = getopt_long(argc, argv, "s:p:m:d:l:c:hV", long_options, NULL)) != -1) {
        if (letter == 'h' || letter == 'V') {
            (void)fputs(letter == 'h' ? help : "lingtan-sim " LINGTAN_VERSION "\n", stdout);
            return ARGUMENTS_DONE;
        }
        is_report |= letter == OPTION_REPORT;
        bool is_taken = letter == OPTION_REPORT || take_path(letter, out);
        if (letter == '?' || (!is_taken && !take_value(letter, out))) {
            return ARGUMENTS_BAD;
        }
    }
    return finish(argc, argv, is_report, out);
}
