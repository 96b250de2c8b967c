/* SPDX-License-Identifier: Apache-2.0 */
/* profile_writes: what a profile may say about writing, what follows from it, and every way in which it can contradict
 * itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "bench.h"

#define LIMIT "quantity = \"charge_current_limit\"; "
#define HELD LIMIT "function = 3; address = 5; type = \"u16\"; scale = 0.1; min = 6; max = 32; "
#define KEY "devices/p.conf:2: points[0].write."
#define SET "devices/p.conf:2: setpoints[0]."
#define OTHER "points = ( { quantity = \"mode\"; function = 3; address = 1; type = \"u16\"; } );\n"

static const struct {
    const char *text; /* after the head */
    const char *faults;
} cases[] = {
    {"points = (\n{ " HELD "write: { }; } );", ""},
    {"points = (\n{ " HELD "is_writable = true; } );", ""},
    /* functions */
    {"points = (\n{ " HELD "write: { function = 7; }; } );",
     KEY "function: is 7, wants 5 or 15 for a coil, 6 or 16 for registers, or 0\n"},
    {"points = (\n{ " HELD "write: { function = 6; type = \"u32\"; }; } );",
     KEY "function: is 6, wants 16: the value has 2 registers, and 6 writes one\n"},
    {"points = (\n{ " HELD "write: { function = 5; }; } );",
     KEY "type: is u16, wants bits: a coil is one\n"},
    {"points = (\n{ quantity = \"on_off\"; function = 3; address = 5; type = \"bits\"; bit_mask = "
     "1; write: { }; } );",
     KEY "type: is bits, wants the whole register, such as u16: bits of a register cannot be "
         "written by themselves\n"},
    {"points = (\n{ quantity = \"serial_number\"; function = 3; address = 5; type = \"string\"; "
     "count = 2; write: { }; } );",
     KEY "type: is string, wants a number: texts are not written\n"},
    /* places */
    {"points = (\n{ " LIMIT "function = 4; address = 5; type = \"u16\"; write: { }; } );",
     KEY "address: is missing, wants the register that takes the value: what function 4 reads "
         "cannot be written\n"},
    {"points = (\n{ quantity = \"on_off\"; function = 2; address = 5; type = \"bits\"; write: { }; "
     "} );",
     KEY "address: is missing, wants the coil that takes the value: what function 2 reads cannot "
         "be written\n"},
    {"points = (\n{ " HELD "write: { type = \"u32\"; address = 65535; }; } );",
     KEY "address: is 65535, wants 0..65534, since address_base is 0\n"},
    {"points = (\n{ " HELD "write: { type = \"bcd\"; }; } );",
     KEY "count: is 0, wants 1..4 registers for type bcd\n"},
    {"points = (\n{ " HELD "write: { count = 3; }; } );",
     KEY "count: is 3, wants 1 for type u16, or 0\n"},
    /* scales */
    {"points = (\n{ " HELD "write: { offset = 1; unit = \"A\"; scale_from = \"e\"; }; } );",
     KEY "offset: is given, wants a scale beside it: without one the value is written as it is "
         "read\n" KEY "unit: is given, wants a scale beside it: without one the value is written "
         "as it is read\n" KEY "scale_from: is given, wants a scale beside it: without one the "
         "value is written as it is read\n" KEY "scale_from: names \"e\", wants the name of a "
         "helper\n"},
    {"points = (\n{ " HELD "write: { scale = 0; }; } );",
     KEY "scale: is 0, wants any other number\n"},
    {"points = (\n{ " HELD "write: { scale = 1; unit = \"kW\"; }; } );",
     KEY "unit: is \"kW\", wants one of A, mA for charge_current_limit\n"},
    /* ranges */
    {"points = (\n{ " HELD "write: { min = 33; }; } );",
     KEY "min: leaves nothing to write: min is 33, max is 32, wants min below max\n"},
    {"points = (\n{ " HELD "write: { step = 30; }; } );",
     KEY "step: is 30, wants at most max - min, 26\n"},
    {"points = (\n{ " HELD "write: { pause = 7; }; } );",
     KEY "pause: is 7, wants a value outside min and max, 6..32: inside them it is one like any "
         "other\n"},
    {"points = (\n{ " HELD "write: { max = 7000; pause = -1; }; } );",
     KEY "max: is 7000, wants a value that u16 holds\n" KEY
         "pause: is -1, wants a value that u16 holds\n"},
    {"points = (\n{ quantity = \"on_off\"; function = 1; address = 5; type = \"bits\"; write: { "
     "max = 2; }; } );",
     KEY "max: is 2, wants a value that a coil holds\n"},
    /* read-back, lapse and release */
    {"points = (\n{ " HELD "write: { read_back = \"charge_current_limi\"; }; } );",
     KEY "read_back: names \"charge_current_limi\", nearest is charge_current_limit, wants the "
         "name of a point of this profile, or none\n"},
    {"points = (\n{ " HELD "write: { renew_ms = 60000; lapse = \"falls_back\"; lapse_after_ms = "
     "60000; }; } );",
     KEY "renew_ms: is 60000, wants less than lapse_after_ms, 60000: the value would have fallen "
         "away\n"},
    {"points = (\n{ " HELD "write: { lapse_after_ms = 60000; lapse_value = 6; }; } );",
     KEY "lapse_after_ms: is given, wants lapse = falls_back\n" KEY
         "lapse_value: is given, wants lapse = falls_back\n"},
    {"points = (\n{ " HELD "write: { only_on_change = true; renew_ms = 1000; }; } );",
     KEY "renew_ms: is 1000, wants 0: only_on_change says that writing the same again does "
         "harm\n"},
    {"points = (\n{ " HELD "write: { release = \"value\"; }; } );",
     KEY "release_value: is missing, wants the value that release = value writes\n"},
    {"points = (\n{ " HELD "write: { release_value = 32; }; } );",
     KEY "release_value: is given, wants release = value\n"},
    {"points = (\n{ " HELD "write: { release = \"switch\"; switches = ( { address = 1; on = 1; } "
     "); }; } );",
     KEY "release: is switch, wants a switch that has an off\n"},
    {"points = (\n{ " HELD "write: { release = \"lapse\"; }; } );",
     KEY "release: is lapse, wants lapse = falls_back\n"},
    /* switches and heartbeats */
    {"points = (\n{ " HELD "write: { switches = ( { address = 1; on = 65536; },\n"
     "{ address = 2; function = 5; on = 1; off = 2; }, { address = 65536; on = 1; } ); }; } );",
     KEY "switches[0].on: is 65536, wants at most 65535\n" KEY
         "switches[1].off: is 2, wants at most 1\n" KEY
         "switches[2].address: is 65536, wants 0..65535, since address_base is 0\n"},
    {"points = (\n{ " HELD "write: { switches = ( { address = 1; on = 65536; count = 2; function = "
     "6; } ); }; } );",
     KEY "switches[0].function: is 6, wants 16 for two registers, or 0\n"},
    {"points = (\n{ " HELD "write: { heartbeat: { address = 1; function = 3; period_ms = 1000; }; "
     "}; } );",
     KEY "heartbeat.function: is 3, wants 5 or 15 for a coil, 6 or 16 for registers, or 0\n"},
    {"points = (\n{ " HELD "write: { heartbeat: { value = 1; }; }; } );",
     KEY "heartbeat.address: is missing, wants an integer 0..465536\n" KEY
         "heartbeat.period_ms: is missing, wants an integer 100..3600000 ms\n"},
    {"points = (\n{ " HELD "write: { maximum = 5; }; } );",
     KEY "maximum: is not known, wants one of function, address, type, count, word_order, "
         "byte_order, scale, offset, unit, scale_from, min, max, step, pause, least_interval_ms, "
         "only_on_change, settle_ms, read_back, switches, renew_ms, heartbeat, lapse, "
         "lapse_after_ms, lapse_value, release, release_value\n"},
    /* setpoints */
    {OTHER "setpoints = ( { " LIMIT "address = 9; } );",
     SET "type: is missing, wants how the registers hold the value\n"},
    {OTHER "setpoints = ( { " LIMIT "type = \"u16\"; } );",
     SET "address: is missing, wants the register that is written\n"},
    {OTHER "setpoints = ( { quantity = \"mode\"; address = 9; type = \"u16\"; } );",
     SET "quantity: is mode, as a point or setpoint before it, wants another quantity or an index "
         "of its own; a point that can be read gets a group write\n"},
    {OTHER "setpoints = ( { quantity = \"charge_limit\"; address = 9; type = \"u16\"; } );",
     SET "quantity: is \"charge_limit\", wants a name of the dictionary (lingtand "
         "--document-quantities)\n"},
};

static void test_each_fault(void **state)
{
    (void)state;
    struct bench bench;
    bench_start(&bench);
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        char *text = mem_format("device = \"D\"; class = \"charger\"; %s", cases[i].text);
        bench_write(&bench, "devices/p.conf", text);
        free(text);
        struct profiles *profiles = profiles_load(bench_path(&bench, "devices"), bench.faults);
        bench_expect(&bench, cases[i].faults);
        profiles_destroy(profiles);
    }
    bench_stop(&bench);
}

static struct profiles *load(struct bench *bench, const char *text)
{
    bench_start(bench);
    bench_write(bench, "devices/p.conf", text);
    struct profiles *profiles = profiles_load(bench_path(bench, "devices"), bench->faults);
    bench_expect(bench, "");
    return profiles;
}

static const struct profile_write *find(const struct profiles *profiles, const char *name)
{
    const struct profile_point *point = NULL;
    return profile_find_write(profiles_find(profiles, "p"), name, &point);
}

static const char rich[] =
    "device = \"D\"; class = \"charger\"; address_base = 1;\n"
    "points = (\n"
    "  { " HELD "write: { address = 101; type = \"u32\"; word_order = \"low_first\"; scale = 1; "
    "unit = \"mA\"; max = 20;\n"
    "    switches = ( { address = 11; on = 0xAA; off = 0x55; }, { address = 12; count = 2; on = "
    "60; order = \"after\"; } );\n"
    "    heartbeat: { address = 13; period_ms = 2000; }; }; },\n"
    "  { quantity = \"on_off\"; function = 1; address = 5; type = \"bits\"; write: { }; },\n"
    "  { quantity = \"power_limit\"; function = 3; address = 6; type = \"i32\"; word_order = "
    "\"low_first\"; write: { }; },\n"
    "  { quantity = \"mode\"; function = 3; address = 9; type = \"u16\"; is_writable = true; }\n"
    ");\n"
    "setpoints = ( { quantity = \"charge_power_limit\"; index = 2; address = 21; type = \"u16\"; "
    "function = 16; } );\n";

static void test_what_follows(void **state)
{
    (void)state;
    struct bench bench;
    struct profiles *profiles = load(&bench, rich);
    const struct profile_write *write = find(profiles, "charge_current_limit");
    assert_int_equal(write->send_function, 16);
    assert_int_equal(write->address0, 100);
    assert_int_equal(write->registers, 2);
    assert_int_equal(write->register_words, WORDS_LOW_FIRST);
    assert_true(write->unit_scale == 0.001);
    assert_true(write->lowest == 6 && write->highest == 20);
    const struct profile_switch *switches = write->switches.items;
    assert_int_equal(switches[0].send_function, 6);
    assert_int_equal(switches[0].address0, 10);
    assert_int_equal(switches[1].send_function, 16);
    assert_int_equal(write->heartbeat.address0, 12);
    assert_int_equal(write->heartbeat.value, 1);
    write = find(profiles, "on_off");
    assert_true(write_is_coil(write));
    assert_int_equal(write->address0, 4);
    write = find(profiles, "power_limit");
    assert_int_equal(write->send_function, 16);
    assert_int_equal(write->register_words, WORDS_LOW_FIRST);
    write = find(profiles, "charge_power_limit_2");
    assert_int_equal(write->send_function, 16);
    assert_int_equal(write->address0, 20);
    assert_true(write->unit_scale == 1);
    profiles_destroy(profiles);
    bench_stop(&bench);
}

/* What an old profile says is read, but nothing can be written by it. */
static void test_the_old_word_makes_nothing_writable(void **state)
{
    (void)state;
    struct bench bench;
    struct profiles *profiles = load(&bench, rich);
    assert_null(find(profiles, "mode"));
    assert_null(find(profiles, "nothing"));
    profiles_destroy(profiles);
    bench_stop(&bench);
}

/* A group that is not there is not printed: by being there it means something. */
static void test_it_prints_what_it_reads(void **state)
{
    (void)state;
    struct bench bench;
    struct profiles *profiles = load(&bench, rich);
    char *first = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&first, &size);
    config_print(&profile_table, profiles_find(profiles, "p"), file);
    fclose(file);
    profiles_destroy(profiles);
    bench_write(&bench, "devices/p.conf", first);
    profiles = profiles_load(bench_path(&bench, "devices"), bench.faults);
    bench_expect(&bench, "");
    char *second = NULL;
    file = open_memstream(&second, &size);
    config_print(&profile_table, profiles_find(profiles, "p"), file);
    fclose(file);
    assert_string_equal(first, second);
    assert_non_null(find(profiles, "on_off"));
    assert_null(find(profiles, "mode"));
    free(first);
    free(second);
    profiles_destroy(profiles);
    bench_stop(&bench);
}

static void test_what_registers_hold(void **state)
{
    (void)state;
    static const struct {
        int type;
        uint16_t registers;
        double least;
        double most;
    } rows[] = {
        {REGISTER_U16, 1, 0, 65535},        {REGISTER_I16, 1, -32768, 32767},
        {REGISTER_U32, 2, 0, 4294967295.0}, {REGISTER_I32, 2, -2147483648.0, 2147483647},
        {REGISTER_BCD, 1, 0, 9999},         {REGISTER_MOD10K, 2, 0, 99999999},
        {REGISTER_BITS, 1, 0, 1},           {REGISTER_U64, 4, 0, 0x1p53},
        {REGISTER_I64, 4, -0x1p53, 0x1p53},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const struct profile_write write = {.register_type = rows[i].type,
                                            .registers = rows[i].registers};
        assert_true(write_holds(&write, rows[i].least));
        assert_true(write_holds(&write, rows[i].most));
        assert_false(write_holds(&write, rows[i].least - 2));
        assert_false(write_holds(&write, rows[i].most + 2));
        assert_false(write_holds(&write, (double)NAN));
    }
    const struct profile_write single = {.register_type = REGISTER_F32};
    assert_true(write_holds(&single, 1e38));
    assert_false(write_holds(&single, 1e39));
    assert_false(write_holds(&single, (double)NAN));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_fault),
        cmocka_unit_test(test_what_follows),
        cmocka_unit_test(test_the_old_word_makes_nothing_writable),
        cmocka_unit_test(test_it_prints_what_it_reads),
        cmocka_unit_test(test_what_registers_hold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
