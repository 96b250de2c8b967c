/* SPDX-License-Identifier: Apache-2.0 */
/* rig: the collector on real wires. */
#include "rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <stdio.h>
#include <unistd.h>

#include "base/mem.h"
#include "collectors/modbus/modbus.h"

enum { STOP_MAX_US = 2000000, STEP_US = 5000 };

static const char meter_text[] =
    "device = \"Meter\"; class = \"meter\"; sources = [\"none\"];\n"
    "points = ( { quantity = \"co2\"; function = 3; address = 7; type = \"u16\";"
    " poll = \"fast\"; } );\n";

/* A write of each kind. */
static const char charger_text[] =
    "device = \"Charger\"; class = \"charger\"; sources = [\"none\"];\n"
    "helpers = ( { name = \"e\"; function = 3; address = 44; type = \"i16\"; } );\n"
    "points = ( { quantity = \"co2\"; function = 3; address = 7; type = \"u16\"; poll = \"fast\"; "
    "},"
    " { quantity = \"charge_current_limit\"; function = 3; address = 40; type = \"f32\";"
    " word_order = \"low_first\"; write: { min = 6; max = 32; }; },"
    " { quantity = \"charge_power_limit\"; function = 3; address = 43; type = \"u16\"; scale_from "
    "= "
    "\"e\"; write: { function = 16; max = 22; settle_ms = 100; }; },"
    " { quantity = \"on_off\"; function = 1; address = 3; type = \"bits\"; write: { }; } );\n"
    "setpoints = ( { quantity = \"power_limit\"; address = 50; type = \"i32\"; scale = 0.001; } "
    ");\n";

static char *write_profile(const char *folder, const char *name, const char *text, const char *link)
{
    char *path = mem_format("%s/%s.conf", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fprintf(file, "%s%s", text, link);
    fclose(file);
    return path;
}

static void remove_profile(char *take_path)
{
    unlink(take_path);
    free(take_path);
}

static struct profiles *make_profiles(void)
{
    char folder[] = "/tmp/lingtan-rig-XXXXXX";
    assert_non_null(mkdtemp(folder));
    char *meter = write_profile(folder, "meter", meter_text, "");
    char *blind =
        write_profile(folder, "blind", meter_text, "link: { ignore_transaction_id = true; };\n");
    char *charger = write_profile(folder, "charger", charger_text, "");
    struct faults *faults = faults_create();
    struct profiles *profiles = profiles_load(folder, faults);
    assert_int_equal(faults_count(faults), 0);
    faults_destroy(faults);
    remove_profile(meter);
    remove_profile(blind);
    remove_profile(charger);
    rmdir(folder);
    return profiles;
}

/* The rig counts what is posted at once. */
static void take_flush(void *context)
{
    (void)context;
}

static void take_post(void *context, struct batch *take_batch)
{
    struct rig *rig = context;
    const struct reading *reading = &take_batch->readings[0];
    size_t line = (size_t)(take_batch->device->line[5] - '0');
    pthread_mutex_lock(&rig->mutex);
    rig->by_quality[line][reading->quality]++;
    if (reading->quality == QUALITY_OK) {
        rig->last_count[line] = reading->count;
    }
    pthread_mutex_unlock(&rig->mutex);
    batch_unref(take_batch);
}

void rig_init(struct rig *rig)
{
    *rig = (struct rig){
        .site = {
            .id = "site", .name = "Site", .fast_ms = 200, .normal_ms = 1000, .slow_ms = 10000}};
    pthread_mutex_init(&rig->mutex, NULL);
    rig->profiles = make_profiles();
    rig->host = (struct collector_host){
        .clock = clock_real(), .post = take_post, .flush = take_flush, .context = rig};
}

struct line_config *rig_add(struct rig *rig, int transport)
{
    size_t index = rig->site.lines.count++;
    assert_true(index < RIG_LINES_MAX);
    snprintf(rig->ids[index], sizeof(rig->ids[index]), "line-%zu", index);
    rig->devices[index] = (struct device_config){.id = rig->ids[index],
                                                 .name = "D",
                                                 .profile = "meter",
                                                 .node = "",
                                                 .unit = 1,
                                                 .ct_ratio = 1,
                                                 .vt_ratio = 1,
                                                 .pulse_weight = 1};
    rig->lines[index] = (struct line_config){
        .id = rig->ids[index],
        .transport = transport,
        .host = "127.0.0.1",
        .path = "",
        .baud = 115200,
        .stop_bits = 1,
        .response_timeout_ms = 500,
        .connect_timeout_ms = 3000,
        .devices = {.items = &rig->devices[index], .count = 1},
    };
    return &rig->lines[index];
}

void rig_start(struct rig *rig, int64_t io_threads)
{
    rig->site.lines.items = rig->lines;
    struct collector_setup setup = {
        .host = &rig->host,
        .site = &rig->site,
        .profiles = rig->profiles,
        .io_threads = io_threads,
        .slot_us = 5000,
    };
    assert_int_equal(modbus_collector.create(&setup, &rig->instance), 0);
    assert_int_equal(modbus_collector.start(rig->instance), 0);
}

void rig_finish(struct rig *rig)
{
    int64_t before_us = clock_mono_us(clock_real());
    modbus_collector.stop(rig->instance);
    modbus_collector.destroy(rig->instance);
    assert_true(clock_mono_us(clock_real()) - before_us < STOP_MAX_US);
    profiles_destroy(rig->profiles);
    pthread_mutex_destroy(&rig->mutex);
}

size_t rig_count(struct rig *rig, size_t line, enum quality quality)
{
    pthread_mutex_lock(&rig->mutex);
    size_t count = rig->by_quality[line][quality];
    pthread_mutex_unlock(&rig->mutex);
    return count;
}

int64_t rig_last(struct rig *rig, size_t line)
{
    pthread_mutex_lock(&rig->mutex);
    int64_t count = rig->last_count[line];
    pthread_mutex_unlock(&rig->mutex);
    return count;
}

struct line_status rig_status(struct rig *rig, size_t line)
{
    struct line_status rows[RIG_LINES_MAX];
    assert_int_equal(modbus_collector.lines(rig->instance, rows, RIG_LINES_MAX),
                     rig->site.lines.count);
    return rows[line];
}

static bool is_over(int64_t since_us)
{
    usleep(STEP_US);
    return clock_mono_us(clock_real()) - since_us > RIG_WAIT_S * (int64_t)1000000;
}

void rig_wait(struct rig *rig, size_t line, enum quality quality, size_t count)
{
    int64_t since_us = clock_mono_us(clock_real());
    while (rig_count(rig, line, quality) < count) {
        if (is_over(since_us)) {
            struct line_status status = rig_status(rig, line);
            fail_msg("%s: %zu of %zu batches with quality %s; %s %s", status.id,
                     rig_count(rig, line, quality), count, quality_word(quality),
                     line_state_words[status.state], status.last_error);
        }
    }
}

void rig_wait_state(struct rig *rig, size_t line, enum line_state state)
{
    int64_t since_us = clock_mono_us(clock_real());
    while (rig_status(rig, line).state != state) {
        if (is_over(since_us)) {
            fail_msg("line %zu is not %s but %s", line, line_state_words[state],
                     line_state_words[rig_status(rig, line).state]);
        }
    }
}

static void take_done(struct command *take_command)
{
    struct rig *rig = take_command->context;
    pthread_mutex_lock(&rig->mutex);
    rig->done = take_command;
    pthread_mutex_unlock(&rig->mutex);
}

static struct command *done_of(struct rig *rig)
{
    pthread_mutex_lock(&rig->mutex);
    struct command *command = rig->done;
    rig->done = NULL;
    pthread_mutex_unlock(&rig->mutex);
    return command;
}

struct command *rig_do(struct rig *rig, struct command *take_command)
{
    take_command->done = take_done;
    take_command->context = rig;
    take_command->expires_mono_us = clock_mono_us(clock_real()) + RIG_WAIT_S * (int64_t)1000000;
    assert_int_equal(modbus_collector.command(rig->instance, take_command), 0);
    int64_t since_us = clock_mono_us(clock_real());
    struct command *done = done_of(rig);
    while (done == NULL) {
        assert_false(is_over(since_us));
        done = done_of(rig);
    }
    return done;
}

struct command *rig_read(struct rig *rig, size_t line, uint16_t address, uint16_t quantity)
{
    struct command *command = mem_alloc(sizeof(*command));
    *command = (struct command){
        .unit = 1,
        .function = 3,
        .address = address,
        .quantity = quantity,
    };
    snprintf(command->line, sizeof(command->line), "line-%zu", line);
    return rig_do(rig, command);
}
