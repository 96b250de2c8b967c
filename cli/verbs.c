/* SPDX-License-Identifier: Apache-2.0 */
/* verbs: the table of commands, and the help made of it. */
#include <string.h>

#include "base/mem.h"
#include "cli/cli.h"

/* Whoever reads registers, through the daemon, a configured line or an endpoint. */
enum { READER_OPTIONS = OPTION_BIT_DIRECT | OPTION_BIT_READER | OPTION_BIT_CONFIG };

/* clang-format off */
const struct verb verbs[] = {
    {"status", "", 0, 0, 0, status_run, "is the daemon well: devices, lines, store, sinks, alarms"},
    {"devices", "", 0, 0, 0, devices_run, "all devices with their health"},
    {"live", "", 0, 0, OPTION_BIT_ONCE, live_run, "values as they come, full screen on a terminal"},
    {"history", "DEVICE POINT", 2, 2, OPTION_BIT_FROM | OPTION_BIT_TO | OPTION_BIT_LIMIT, history_run, "raw readings of a point from the journal"},
    {"lines", "", 0, 0, 0, lines_run, "load, round trip and errors of each line"},
    {"sinks", "", 0, 0, 0, sinks_run, "the ways out: state and backlog"},
    {"bad-registers", "", 0, 0, OPTION_BIT_RETRY, bad_registers_run, "registers that devices refuse and that are not read"},
    {"read", "LINE UNIT ADDRESS [COUNT]", 3, 4, OPTION_BIT_FUNCTION | OPTION_BIT_KNOWN | READER_OPTIONS, read_run, "raw registers in every type and order"},
    {"probe", "LINE", 1, 1, OPTION_BIT_FUNCTION | OPTION_BIT_UNITS | OPTION_BIT_DEVICES | READER_OPTIONS, probe_run, "which units answer on a line, a host or a port, and what they may be"},
    {"record", "DEVICE|LINE [UNIT WHAT...]", 1, 34, OPTION_BIT_DEVICES | OPTION_BIT_RECORD | READER_OPTIONS, record_run, "registers of a device into a golden case, or raw into a capture"},
    {"sunspec", "LINE UNIT", 2, 2, READER_OPTIONS, sunspec_run, "the SunSpec models that a device lists, and what is read of them"},
    {"acknowledge", "[ALARM]...", 0, 16, 0, acknowledge_run, "end standing alarms, all or those named: you have seen them"},
    {"reload", "", 0, 0, OPTION_BIT_DRY_RUN, reload_run, "read the configuration again, without a stop; nothing changes on a fault"},
    {"token", "add|list|remove [NAME]", 1, 2, OPTION_BIT_ROLE | OPTION_BIT_CONFIG, token_run, "the tokens by which programs are known to the API"},
    {"plan", "[LINE|DEVICE]", 0, 1, OPTION_BIT_PLAN | OPTION_BIT_CONFIG, plan_run, "requests, wire time and load of each line, from the configuration"},
    {"check", "[CONFIG]", 0, 1, 0, check_run, "check a configuration with lingtand --check"},
};
/* clang-format on */
const size_t verb_count = ARRAY_SIZE(verbs);

const struct verb *verb_find(const char *name)
{
    for (size_t i = 0; i < verb_count; i++) {
        if (strcmp(verbs[i].name, name) == 0) {
            return &verbs[i];
        }
    }
    return NULL;
}

void cli_print_help(FILE *out)
{
    fputs("Usage: lingtan COMMAND [ARGUMENT]... [OPTION]...\n"
          "Shows what the daemon lingtand reads, and how well it does.\n\nCommands:\n",
          out);
    for (size_t i = 0; i < verb_count; i++) {
        char call[40];
        (void)snprintf(call, sizeof(call), "%s %s", verbs[i].name, verbs[i].arguments);
        fprintf(out, "  %-28s  %s\n", call, verbs[i].help);
    }
    fprintf(out, "\nOptions:\n%s", cli_options_help);
    fputs("\nExit codes: 0 done, 1 failed, 2 usage wrong, 3 the daemon does not answer.\n", out);
}
