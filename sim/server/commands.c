/* SPDX-License-Identifier: Apache-2.0 */
/* commands: what the lines of the control socket do. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "sim/server/control.h"

enum { WORDS_MAX = 5 };

struct command_line {
    struct simulator *simulator;
    const char *words[WORDS_MAX];
    int count;
    struct text *answer;
};

static void say_error(const struct command_line *line, const char *what)
{
    text_add_string(line->answer, "{\"error\":");
    text_add_json_string(line->answer, what);
    text_add_char(line->answer, '}');
}

static void add_now(const struct command_line *line)
{
    int64_t now_us = line->simulator->world->now_us;
    text_add_format(line->answer, "\"sim_us\":%" PRId64 ",\"wall_us\":%" PRId64 ",\"time\":\"",
                    now_us, clock_wall_us(line->simulator->clock));
    text_add_time(line->answer, now_us);
    text_add_string(line->answer, "\"");
}

static struct sim_device *device_of(const struct command_line *line)
{
    struct sim_device *device =
        line->count > 1 ? fleet_find(&line->simulator->fleet, line->words[1]) : NULL;
    if (device == NULL) {
        say_error(line, "the first argument is the id of a device: list shows them");
    }
    return device;
}

static bool parse_number(const char *text, double *number)
{
    char *end = NULL;
    *number = strtod(text, &end);
    return end != text && *end == '\0' && isfinite(*number);
}

static void run_fault(const struct command_line *line)
{
    struct sim_device *device = device_of(line);
    struct fault fault;
    double count = 0.0;
    if (device == NULL) {
        return;
    }
    bool has_count = line->count < 4 || (parse_number(line->words[3], &count) && count >= 1.0);
    if (line->count < 3 || !has_count || fault_parse(line->words[2], (int64_t)count, &fault) != 0) {
        text_add_string(line->answer, "{\"error\":\"fault DEVICE WORD [COUNT]; words are ");
        text_add_string(line->answer, fault_usage);
        text_add_string(line->answer, "\"}");
        return;
    }
    if (fleet_set_fault(&line->simulator->fleet, device, &fault) != 0) {
        say_error(line, "this device has no counter that can do that");
        return;
    }
    text_add_format(line->answer, "{\"device\":\"%s\",\"fault\":\"%s\"}", device->config->id,
                    fault_words[fault.kind]);
}

static void run_line(const struct command_line *line)
{
    struct sim_line *row =
        line->count == 3 ? fleet_line(&line->simulator->fleet, line->words[1]) : NULL;
    for (int i = 0; row != NULL && line_trouble_words[i] != NULL; i++) {
        if (strcmp(line->words[2], line_trouble_words[i]) == 0) {
            row->trouble = (enum line_trouble)i;
            text_add_format(line->answer, "{\"line\":\"%s\",\"fault\":\"%s\"}", row->config->id,
                            line_trouble_words[i]);
            return;
        }
    }
    say_error(line, "line LINE WORD: the id of a line, and off, silent or down");
}

static struct cell *cell_of(const struct command_line *line, struct sim_device *device,
                            struct image **image)
{
    struct cell *cell =
        line->count > 2 ? fleet_cell(&line->simulator->fleet, device, line->words[2], image) : NULL;
    if (cell == NULL) {
        say_error(line, "the second argument is the name of a point of the device's profile");
    }
    return cell;
}

static void run_value(const struct command_line *line)
{
    struct image *image = NULL;
    struct sim_device *device = device_of(line);
    struct cell *cell = device != NULL ? cell_of(line, device, &image) : NULL;
    if (cell == NULL) {
        return;
    }
    double value = image_value(image, &device->role, line->simulator->world, cell);
    text_add_format(line->answer,
                    "{\"device\":\"%s\",\"point\":\"%s\",\"value\":", device->config->id,
                    cell->point->name);
    if (isnan(value)) {
        text_add_string(line->answer, "null");
    } else {
        text_add_float(line->answer, value, 0);
    }
    text_add_string(line->answer, ",\"unit\":");
    text_add_json_string(line->answer, cell->point->row->unit);
    text_add_char(line->answer, ',');
    add_now(line);
    text_add_char(line->answer, '}');
}

static void run_set(const struct command_line *line)
{
    struct image *image = NULL;
    double value = 0.0;
    struct sim_device *device = device_of(line);
    struct cell *cell = device != NULL ? cell_of(line, device, &image) : NULL;
    if (cell == NULL) {
        return;
    }
    if (line->count < 4 || !parse_number(line->words[3], &value)) {
        say_error(line, "set DEVICE POINT VALUE");
    } else if (!role_write(line->simulator->world, &device->role, cell->quantity, value)) {
        say_error(line, "nothing in the compound follows this point");
    } else {
        text_add_format(line->answer, "{\"device\":\"%s\",\"point\":\"%s\"}", device->config->id,
                        cell->point->name);
    }
}

static void run_scale(const struct command_line *line)
{
    struct image *image = NULL;
    double exponent = 0.0;
    struct sim_device *device = device_of(line);
    struct cell *cell = device != NULL ? cell_of(line, device, &image) : NULL;
    if (cell == NULL) {
        return;
    }
    if (line->count < 4 || !parse_number(line->words[3], &exponent) ||
        image_rescale(image, cell, exponent) != 0) {
        say_error(line, "scale DEVICE POINT EXPONENT, for a point that a register scales");
        return;
    }
    text_add_format(line->answer, "{\"device\":\"%s\",\"point\":\"%s\"}", device->config->id,
                    cell->point->name);
}

static void run_serve_count(const struct command_line *line)
{
    struct sim_device *device = device_of(line);
    if (device != NULL) {
        text_add_format(line->answer, "{\"device\":\"%s\",\"served\":%" PRIu64 "}",
                        device->config->id, device->served);
    }
}

static void run_arrivals(const struct command_line *line)
{
    struct simulator *simulator = line->simulator;
    double period_ms = 0.0;
    int64_t now_us = clock_mono_us(simulator->clock);
    if (line->count > 1) {
        bool is_number = parse_number(line->words[1], &period_ms);
        if (!is_number || period_ms < 1.0 || period_ms > 3600000.0) {
            say_error(line, "arrivals [PERIOD]: ms between two polls of a device, 1..3600000");
            return;
        }
        arrivals_begin(&simulator->arrivals, &simulator->fleet, (int64_t)(period_ms * 1000.0),
                       now_us);
    }
    arrivals_describe(&simulator->arrivals, now_us, line->answer);
}

static void run_time(const struct command_line *line)
{
    text_add_format(line->answer, "{\"speed\":%g,", line->simulator->speed);
    add_now(line);
    text_add_char(line->answer, '}');
}

static void run_speed(const struct command_line *line)
{
    double speed = 0.0;
    bool is_number = line->count > 1 && parse_number(line->words[1], &speed);
    if (!is_number || speed <= 0.0 || speed > 100000.0) {
        say_error(line, "speed X: simulated seconds a second, above 0 and at most 100000");
        return;
    }
    simulator_set_speed(line->simulator, speed);
    run_time(line);
}

static void run_list(const struct command_line *line)
{
    const struct fleet *fleet = &line->simulator->fleet;
    text_add_string(line->answer, "{\"devices\":[");
    for (size_t i = 0; i < fleet->device_count; i++) {
        const struct sim_device *device = fleet->by_id[i];
        text_add_format(line->answer,
                        "%s{\"device\":\"%s\",\"line\":\"%s\",\"profile\":\"%s\",\"fault\":\"%s\"}",
                        i > 0 ? "," : "", device->config->id, device->line->id,
                        device->config->profile, fault_words[device->fault.kind]);
    }
    text_add_string(line->answer, "]}");
}

static const struct {
    const char *word;
    void (*run)(const struct command_line *line);
} commands[] = {
    {"fault", run_fault}, {"line", run_line},   {"value", run_value},
    {"set", run_set},     {"scale", run_scale}, {"serve-count", run_serve_count},
    {"time", run_time},   {"speed", run_speed}, {"arrivals", run_arrivals},
    {"list", run_list},
};

static void split_words(struct command_line *line, char *text)
{
    char *rest = NULL;
    for (char *word = strtok_r(text, " \t\r", &rest); word != NULL && line->count < WORDS_MAX;
         word = strtok_r(NULL, " \t\r", &rest)) {
        line->words[line->count++] = word;
    }
}

void control_answer(struct simulator *simulator, char *text, struct text *answer)
{
    struct command_line line = {.simulator = simulator, .answer = answer};
    simulator_catch_up(simulator);
    split_words(&line, text);
    for (size_t i = 0; line.count > 0 && i < ARRAY_SIZE(commands); i++) {
        if (strcmp(line.words[0], commands[i].word) == 0) {
            commands[i].run(&line);
            return;
        }
    }
    say_error(&line,
              "commands are fault, line, value, set, serve-count, arrivals, time, speed and list");
}
