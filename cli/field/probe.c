/* SPDX-License-Identifier: Apache-2.0 */
/* probe: lingtan probe: who answers, and what it may be. Reads only. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/field/probe.h"
#include "cli/remote/client.h"
#include "cli/screen/interrupt.h"

enum {
    GAP_MS = 20,
    CONNECT_DELAY_MS = 1000, /* inverters want to be left alone for a moment */
};

static void know_device(struct probe *probe, int64_t unit, const char *id, const char *profile)
{
    if (unit >= 0 && unit < UNITS_MAX) {
        struct finding *finding = &probe->findings[unit];
        (void)snprintf(finding->device, sizeof(finding->device), "%s", id);
        (void)snprintf(finding->profile, sizeof(finding->profile), "%s", profile);
    }
}

/* The devices that the daemon, or the configuration, has on the line. */
static int know_site(struct probe *probe)
{
    const struct reader *reader = &probe->reader;
    json_t *root = NULL;
    if (!reader->line) {
        const struct device_config *devices = reader->config.devices.items;
        for (size_t i = 0; i < reader->config.devices.count; i++) {
            const struct profile *profile =
                profiles_find(reader->setup.profiles, devices[i].profile);
            know_device(probe, devices[i].unit >= 0 ? devices[i].unit : profile->link.unit,
                        devices[i].id, devices[i].profile);
        }
        return EXIT_OK;
    }
    int code = client_get(reader->cli, "/api/v1/devices", &root);
    size_t i = 0;
    json_t *device = NULL;
    json_array_foreach(json_object_get(root, "devices"), i, device)
    {
        if (strcmp(member_string(device, "line"), reader->line) == 0) {
            know_device(probe, member_integer(device, "unit"), member_string(device, "id"),
                        member_string(device, "profile"));
        }
    }
    json_decref(root);
    return code;
}

/* Whether units 0 and 255 can be anybody. Through the daemon its endpoint tells: a path is a serial port. */
static int find_transport(struct probe *probe)
{
    const struct reader *reader = &probe->reader;
    json_t *root = NULL;
    if (!reader->line) {
        probe->is_serial = reader->config.transport != LINE_TCP;
        return EXIT_OK;
    }
    int code = client_get(reader->cli, "/api/v1/lines", &root);
    const json_t *found = NULL;
    size_t i = 0;
    json_t *line = NULL;
    json_array_foreach(json_object_get(root, "lines"), i, line)
    {
        found = strcmp(member_string(line, "id"), reader->line) == 0 ? line : found;
    }
    if (code == EXIT_OK && !found) {
        fprintf(stderr, "lingtan: there is no line %s; 'lingtan lines' lists them\n", reader->line);
        code = EXIT_FAILED;
    }
    probe->is_serial = found && member_string(found, "endpoint")[0] == '/';
    json_decref(root);
    return code;
}

static void announce(const struct probe *probe)
{
    const struct reader *reader = &probe->reader;
    if (reader->line) {
        fprintf(stderr,
                "asking %zu units on %s through the daemon, which goes on polling in between: each "
                "silent unit takes the line's own timeout, twenty times as long where the polls "
                "leave no "
                "room for it. Ctrl-C shows what was found so far\n",
                probe->unit_count, reader->where);
        return;
    }
    int64_t each_ms = reader->wire.timeout_ms + reader->gap_us / 1000;
    int64_t most_s = ((int64_t)probe->unit_count * each_ms + 999) / 1000;
    fprintf(stderr,
            "asking %zu units on %s: %zu x (%lld ms + %lld ms), at most %lld min %lld s, and some "
            "requests for each one that answers. Ctrl-C shows what was found so far\n",
            probe->unit_count, reader->where, probe->unit_count, (long long)reader->wire.timeout_ms,
            (long long)(reader->gap_us / 1000), (long long)(most_s / 60), (long long)(most_s % 60));
}

static int prepare(struct probe *probe)
{
    int code = find_transport(probe);
    if (code == EXIT_OK && !probe_parse_units(probe, probe->reader.cli->units)) {
        code = EXIT_USAGE;
    }
    if (code == EXIT_OK) {
        code = know_site(probe);
    }
    bool is_port = probe->reader.cli->port != NULL;
    return code == EXIT_OK && is_port ? probe_tune(probe) : code;
}

static int run(struct probe *probe)
{
    int code = prepare(probe);
    if (code != EXIT_OK) {
        return code;
    }
    announce(probe);
    probe_scan(probe);
    probe_ask_absent(probe);
    probe_guess(probe);
    probe_fold(probe);
    if (probe->reader.cli->is_json) {
        probe_print_json(probe);
    } else {
        probe_print(probe);
    }
    for (size_t i = 0; i < UNITS_MAX; i++) {
        if (probe_is_there(&probe->findings[i])) {
            return EXIT_OK;
        }
    }
    return EXIT_FAILED;
}

int probe_run(const struct cli *cli)
{
    struct cli gentle = *cli;
    struct probe *probe = mem_alloc(sizeof(*probe));
    *probe = (struct probe){.has_gap = cli->gap_ms >= 0};
    bool is_direct = cli->port || cli->host;
    gentle.gap_ms = cli->gap_ms < 0 ? GAP_MS : cli->gap_ms;
    gentle.connect_delay_ms = cli->host ? CONNECT_DELAY_MS : 0;
    interrupt_watch();
    int code = setup_load_profiles(&probe->setup, cli) ? EXIT_OK : EXIT_FAILED;
    if (code == EXIT_OK) {
        code = reader_open(&probe->reader, &gentle, is_direct ? NULL : cli->arguments[0]);
        probe->reader.is_patient = true;
        code = code == EXIT_OK ? run(probe) : code;
    }
    reader_close(&probe->reader);
    setup_finish(&probe->setup);
    free(probe);
    return code;
}
