/* SPDX-License-Identifier: Apache-2.0 */
/* plan: lingtan plan tells from the configuration alone what each line will have to carry, before anything is wired. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/cli.h"
#include "cli/plan/plan_advice.h"
#include "cli/screen/table.h"
#include "cli/setup.h"

enum {
    ROUND_TRIP_GUESS_MS = 5,
};

struct outlook {
    struct setup setup;
    struct budget_guess guess;
    const char *asked; /* id of a line or device; NULL = everything */
};

/* The device of the line that was asked for; NULL when it was the line, or everything. */
static const struct budget_device *asked_device(const struct outlook *outlook,
                                                const struct budget_line *line)
{
    if (!outlook->asked || strcmp(outlook->asked, line->config->id) == 0) {
        return NULL;
    }
    for (size_t i = 0; i < line->device_count; i++) {
        if (strcmp(outlook->asked, line->devices[i].config->id) == 0) {
            return &line->devices[i];
        }
    }
    return NULL;
}

/* A line of that name goes before a device of the same. */
static bool is_asked(const struct outlook *outlook, const struct budget_line *line)
{
    return !outlook->asked || strcmp(outlook->asked, line->config->id) == 0 ||
           (!setup_line(&outlook->setup, outlook->asked) && asked_device(outlook, line));
}

/* "9600 8N1", "" over TCP. */
static char *speed_of(const struct line_config *line)
{
    static const char parities[] = {[PARITY_NONE] = 'N', [PARITY_EVEN] = 'E', [PARITY_ODD] = 'O'};
    if (line->transport == LINE_TCP) {
        return mem_dup_string("");
    }
    return mem_format("%lld 8%c%lld", (long long)line->baud, parities[line->parity],
                      (long long)line->stop_bits);
}

static const char *transport_of(const struct line_config *line)
{
    static const char *const words[] = {
        [LINE_TCP] = "tcp", [LINE_RTU] = "rtu", [LINE_RTU_OVER_TCP] = "rtu_over_tcp"};
    return words[line->transport];
}

/* One request as JSON; the table is filled from it. */
static json_t *request_json(const struct budget_line *line, const struct budget_device *device,
                            const struct plan_request *planned, size_t points)
{
    const struct frame_request *request = &planned->request;
    double time_ms = budget_request_ms(&line->wire, request);
    int64_t period_ms = device->period_ms[planned->poll_class];
    double load = time_ms * budget_reads_per_ms(device, planned->poll_class);
    return json_pack("{s:s, s:I, s:i, s:i, s:i, s:i, s:I, s:f, s:f}", "class",
                     poll_class_words[planned->poll_class], "period_ms", (json_int_t)period_ms,
                     "unit", (int)request->unit, "function", (int)request->function, "address",
                     (int)request->address, "count", (int)request->quantity, "points",
                     (json_int_t)points, "time_ms", time_ms, "load", load);
}

static json_t *device_json(const struct budget_line *line, const struct budget_device *device)
{
    json_t *list = json_array();
    size_t count = 0;
    const struct plan_request *requests = plan_requests(device->plan, &count);
    for (size_t i = 0; i < count; i++) {
        size_t points = plan_request_points(device->plan, i);
        json_array_append_new(list, request_json(line, device, &requests[i], points));
    }
    return json_pack("{s:s, s:s, s:f, s:f, s:o}", "id", device->config->id, "profile",
                     device->config->profile, "sweep_ms", device->sweep_ms, "load", device->load,
                     "requests", list);
}

static json_t *line_json(const struct outlook *outlook, const struct budget_line *line)
{
    const struct budget_device *only = asked_device(outlook, line);
    json_t *devices = json_array();
    for (size_t i = 0; i < line->device_count; i++) {
        if (!only || only == &line->devices[i]) {
            json_array_append_new(devices, device_json(line, &line->devices[i]));
        }
    }
    char *speed = speed_of(line->config);
    json_t *made =
        json_pack("{s:s, s:s, s:s, s:I, s:f, s:f, s:o, s:o}", "id", line->config->id, "transport",
                  transport_of(line->config), "speed", speed, "device_count",
                  (json_int_t)line->device_count, "load", line->load, "sweep_ms", line->sweep_ms,
                  "devices", devices, "warnings", plan_advice(line, only));
    free(speed);
    return made;
}

static json_t *outlook_json(const struct outlook *outlook)
{
    const struct line_config *lines = outlook->setup.site.lines.items;
    json_t *list = json_array();
    for (size_t i = 0; i < outlook->setup.site.lines.count; i++) {
        struct budget_line line;
        budget_line_init(&line, &outlook->setup.site, &lines[i], outlook->setup.profiles,
                         &outlook->guess);
        if (is_asked(outlook, &line)) {
            json_array_append_new(list, line_json(outlook, &line));
        }
        budget_line_finish(&line);
    }
    return json_pack("{s:s, s:f, s:f, s:o}", "site", outlook->setup.site.id, "turnaround_ms",
                     outlook->guess.turnaround_ms, "round_trip_ms", outlook->guess.round_trip_ms,
                     "lines", list);
}

static long long integer(const json_t *object, const char *name)
{
    return (long long)json_integer_value(json_object_get(object, name));
}

static double number(const json_t *object, const char *name)
{
    return json_number_value(json_object_get(object, name));
}

static const char *string(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

static void add_request(struct table *table, const char *device, const json_t *request)
{
    table_add(table, STYLE_NONE, device);
    table_add(table, STYLE_NONE, string(request, "class"));
    table_add_format(table, STYLE_NONE, "%g s", number(request, "period_ms") / 1000);
    static const char *const members[] = {"unit", "function", "address", "count", "points"};
    for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
        table_add_format(table, STYLE_NONE, "%lld", integer(request, members[i]));
    }
    table_add_format(table, STYLE_NONE, "%.1f ms", number(request, "time_ms"));
    table_add_format(table, STYLE_NONE, "%.1f %%", 100 * number(request, "load"));
}

static void print_requests(const struct cli *cli, const json_t *devices)
{
    static const struct table_column columns[] = {
        {"device", false}, {"class", false}, {"period", true}, {"unit", true}, {"function", true},
        {"address", true}, {"count", true},  {"points", true}, {"time", true}, {"load", true},
    };
    struct table table;
    table_init(&table, columns, ARRAY_SIZE(columns));
    size_t i = 0;
    json_t *device = NULL;
    json_array_foreach(devices, i, device)
    {
        size_t j = 0;
        json_t *request = NULL;
        json_array_foreach(json_object_get(device, "requests"), j, request)
        {
            add_request(&table, string(device, "id"), request);
        }
    }
    table_print(&table, cli->has_colour, stdout);
    table_finish(&table);
}

/* Returns how many warnings there were. */
static size_t print_line(const struct cli *cli, const json_t *line)
{
    const char *speed = string(line, "speed");
    printf("line %s: %s%s%s, devices %lld, load %.0f %%, everything read once takes %.2f s\n",
           string(line, "id"), string(line, "transport"), speed[0] ? " " : "", speed,
           integer(line, "device_count"), 100 * number(line, "load"),
           number(line, "sweep_ms") / 1000);
    print_requests(cli, json_object_get(line, "devices"));
    const json_t *warnings = json_object_get(line, "warnings");
    size_t i = 0;
    json_t *warning = NULL;
    json_array_foreach(warnings, i, warning)
    {
        printf("%sWARNING%s: %s\n", style_start(STYLE_WARN, cli->has_colour),
               style_start(STYLE_NONE, cli->has_colour), json_string_value(warning));
    }
    putchar('\n');
    return json_array_size(warnings);
}

static void print_text(const struct cli *cli, const json_t *root)
{
    size_t warnings = 0;
    size_t i = 0;
    json_t *line = NULL;
    json_array_foreach(json_object_get(root, "lines"), i, line)
    {
        warnings += print_line(cli, line);
    }
    printf("Assumed: devices on a wire begin to answer after %g ms, a round trip over TCP takes %g "
           "ms.\nWarnings: %zu\n",
           number(root, "turnaround_ms"), number(root, "round_trip_ms"), warnings);
}

static int show(const struct cli *cli, const struct outlook *outlook)
{
    json_t *root = outlook_json(outlook);
    int code = EXIT_OK;
    if (outlook->asked && json_array_size(json_object_get(root, "lines")) == 0) {
        fprintf(stderr, "lingtan: the site %s has no line and no device %s\n",
                outlook->setup.site.id, outlook->asked);
        code = EXIT_FAILED;
    } else if (cli->is_json) {
        json_dumpf(root, stdout, JSON_COMPACT | JSON_REAL_PRECISION(6));
        putchar('\n');
    } else {
        print_text(cli, root);
    }
    json_decref(root);
    return code;
}

int plan_run(const struct cli *cli)
{
    struct outlook outlook = {
        .guess = {(double)cli->turnaround_ms, ROUND_TRIP_GUESS_MS},
        .asked = cli->argument_count > 0 ? cli->arguments[0] : NULL,
    };
    int code = setup_load(&outlook.setup, cli) ? show(cli, &outlook) : EXIT_FAILED;
    setup_finish(&outlook.setup);
    return code;
}
