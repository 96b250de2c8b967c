/* SPDX-License-Identifier: Apache-2.0 */
/* test_writes: everything that the project's profiles say can be written is written by the collector to lingtan-sim, over
 * TCP and on a serial line, and what its registers hold then is read by libmodbus. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "bench.h"
#include "collectors/modbus/modbus.h"
#include "collectors/modbus/plan/encode.h"

enum { WAIT_US = 60000000, STEP_US = 5000, DEVICES_MAX = 40 };

/* The collector on the lines of the bench. */
struct world {
    struct bench bench;
    struct profiles *profiles;
    struct collector_host host;
    struct collector_instance *instance;
    struct command_box *box;
    size_t written;
};

static void take_post(void *context, struct batch *take_batch)
{
    (void)context;
    batch_unref(take_batch);
}

static void take_flush(void *context)
{
    (void)context;
}

static bool has_writes(const struct profile *profile)
{
    const struct profile_point *points = profile->points.items;
    for (size_t i = 0; i < profile->points.count; i++) {
        if (write_is_given(&points[i].write)) {
            return true;
        }
    }
    return profile->setpoints.count > 0;
}

/* A device of every profile that writes, unit 1 and up, on one line. */
static char *site_of(const struct profiles *profiles, const char *transport)
{
    struct text text = {0};
    unsigned unit = 0;
    text_add_format(&text, "id = \"bench\";\nlines = ( { id = \"net\"; gap_ms = 0; %s devices = (",
                    transport);
    for (size_t i = 0; i < profiles_count(profiles); i++) {
        const char *id = profiles_at(profiles, i)->id;
        if (has_writes(profiles_at(profiles, i))) {
            text_add_format(&text, "%s { id = \"%s\"; profile = \"%s\"; unit = %u; }",
                            unit > 0 ? "," : "", id, id, unit + 1);
            unit++;
        }
    }
    text_add_string(&text, " ); } );\n");
    assert_true(unit > 10 && unit < DEVICES_MAX);
    return text_take(&text);
}

/* The simulator shows at once what it was told. */
static void settle_at_once(const struct profiles *profiles)
{
    for (size_t i = 0; i < profiles_count(profiles); i++) {
        const struct profile *profile = profiles_at(profiles, i);
        struct profile_point *points = profile->points.items;
        for (size_t j = 0; j < profile->points.count; j++) {
            points[j].write.settle_ms = 0;
        }
    }
}

static void begin(struct world *world, const char *transport)
{
    memset(world, 0, sizeof(*world));
    struct faults *faults = faults_create();
    world->profiles = profiles_load(LINGTAN_SOURCE_FOLDER "/conf/devices", faults);
    assert_int_equal(faults_count(faults), 0);
    faults_destroy(faults);
    settle_at_once(world->profiles);
    char *site = site_of(world->profiles, transport);
    bench_start_site(&world->bench, site, "", NULL);
    free(site);
    world->host = (struct collector_host){
        .clock = clock_real(), .post = take_post, .flush = take_flush, .context = world};
    const struct collector_setup setup = {
        .host = &world->host,
        .site = &world->bench.site,
        .profiles = world->profiles,
        .io_threads = 1,
    };
    world->box = command_box_create(4);
    assert_int_equal(modbus_collector.create(&setup, &world->instance), 0);
    assert_int_equal(modbus_collector.start(world->instance), 0);
}

static void end(struct world *world)
{
    modbus_collector.stop(world->instance);
    modbus_collector.destroy(world->instance);
    assert_int_equal(command_box_outstanding(world->box), 0);
    command_box_destroy(world->box);
    profiles_destroy(world->profiles);
    bench_stop(&world->bench);
}

static struct command *run(struct world *world, struct command *take_command)
{
    struct command *done = NULL;
    take_command->expires_mono_us = clock_mono_us(clock_real()) + WAIT_US;
    assert_int_equal(command_box_expect(world->box, take_command), 0);
    assert_int_equal(modbus_collector.command(world->instance, take_command), 0);
    int64_t since_us = clock_mono_us(clock_real());
    while (command_box_take(world->box, &done, 1) == 0) {
        assert_true(clock_mono_us(clock_real()) - since_us < WAIT_US);
        usleep(STEP_US);
    }
    return done;
}

/* A unit is put off until it has answered its first polls. */
static struct command *write_part(struct world *world, const char *device, const char *point,
                                  enum write_part part, unsigned number, double value)
{
    struct command *done = run(world, command_write(device, point, part, number, value));
    while (done->error == -EAGAIN) {
        usleep((useconds_t)done->retry_in_us);
        free(done);
        done = run(world, command_write(device, point, part, number, value));
    }
    if (done->error != 0 || done->written.fate != WRITE_TAKEN) {
        fail_msg("%s %s %d %u: %d, exception %u, %s, %s", device, point, part, number, done->error,
                 done->exception, write_fate_words[done->written.fate], done->why);
    }
    world->written++;
    return done;
}

static void read_registers(struct world *world, int unit, bool is_coil, uint16_t address,
                           uint16_t count, uint16_t *out)
{
    modbus_t *modbus = bench_connect(&world->bench, "net", unit);
    if (is_coil) {
        uint8_t bit = 0;
        assert_int_equal(modbus_read_bits(modbus, address, 1, &bit), 1);
        out[0] = bit;
    } else {
        assert_int_equal(modbus_read_registers(modbus, address, count, out), count);
    }
    bench_close(modbus);
}

/* Over TCP; a serial port has one master, and what holds is told by the read-back alone. */
static void look(struct world *world, int unit, const struct encoded *wanted)
{
    uint16_t registers[4] = {0};
    bool is_coil = wanted->function == 5 || wanted->function == 15;
    if (bench_line(&world->bench, "net")->transport != LINE_TCP) {
        return;
    }
    read_registers(world, unit, is_coil, wanted->address, wanted->count, registers);
    assert_memory_equal(registers, wanted->values, wanted->count * sizeof(uint16_t));
}

static void write_value(struct world *world, const struct device_config *device,
                        const struct plan *plan, const char *name, double value)
{
    struct encoded encoded;
    char why[WRITE_WHY_SIZE];
    struct write_target target = write_find(plan, name);
    assert_int_equal(write_encode(&target, 1, value, &encoded, why), 0);
    struct command *done = write_part(world, device->id, name, WRITE_VALUE, 0, value);
    assert_true(done->written.sent == encoded.value);
    look(world, (int)device->unit, &encoded);
    bool is_own = target.point != NULL && target.write->read_back[0] == '\0';
    if (is_own && value != target.write->release_value &&
        !(fabs(done->written.read_back.value - done->written.sent) < 1e-6)) {
        fail_msg("%s %s: sent %.15g, reads %.15g (%s)", device->id, name, done->written.sent,
                 done->written.read_back.value,
                 quality_word((enum quality)done->written.read_back.quality));
    }
    free(done);
}

static void write_all(struct world *world, const struct device_config *device,
                      const struct plan *plan, const struct profile_write *write)
{
    struct encoded encoded;
    if (!write_is_given(write)) {
        return;
    }
    for (unsigned i = 0; i < write->switches.count; i++) {
        free(write_part(world, device->id, write->name, WRITE_SWITCH, i, 0));
        assert_int_equal(write_encode_switch(write, i, true, &encoded), 0);
        look(world, (int)device->unit, &encoded);
    }
    if (write_encode_heartbeat(write, &encoded) == 0) {
        free(write_part(world, device->id, write->name, WRITE_HEARTBEAT, 0, 0));
        look(world, (int)device->unit, &encoded);
    }
    if (!isnan(write->pause)) {
        write_value(world, device, plan, write->name, write->pause);
    }
    write_value(world, device, plan, write->name, fmax(fmin(write->highest, 30), write->lowest));
    for (unsigned i = 0; i < write->switches.count; i++) {
        if (write_encode_switch(write, i, false, &encoded) == 0) {
            free(write_part(world, device->id, write->name, WRITE_UNSWITCH, i, 0));
            look(world, (int)device->unit, &encoded);
        }
    }
}

static void write_device(struct world *world, const struct device_config *device)
{
    const int64_t period_ms[POLL_CLASS_COUNT] = {1000, 1000, 1000, 0};
    const struct profile *profile = profiles_find(world->profiles, device->profile);
    struct plan *plan = plan_create(profile, device, period_ms);
    const struct profile_point *points = profile->points.items;
    const struct profile_setpoint *setpoints = profile->setpoints.items;
    for (size_t i = 0; i < profile->points.count; i++) {
        write_all(world, device, plan, &points[i].write);
    }
    for (size_t i = 0; i < profile->setpoints.count; i++) {
        write_all(world, device, plan, &setpoints[i].write);
    }
    plan_unref(plan);
}

static void everything(const char *transport)
{
    struct world world;
    begin(&world, transport);
    const struct line_config *line = bench_line(&world.bench, "net");
    for (size_t i = 0; i < line->devices.count; i++) {
        write_device(&world, (const struct device_config *)line->devices.items + i);
    }
    assert_true(world.written > 60);
    end(&world);
}

static void over_tcp(void **state)
{
    (void)state;
    everything("transport = \"tcp\"; host = \"192.0.2.1\";");
}

static void on_a_serial_line(void **state)
{
    (void)state;
    everything("transport = \"rtu\"; path = \"/dev/ttyUSB0\"; baud = 115200;");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(over_tcp),
        cmocka_unit_test(on_a_serial_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
