/* SPDX-License-Identifier: Apache-2.0 */
/* profile: what follows from a register map: places on the wire, names, scales, moduli. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "bench.h"

#define HEAD "device = \"Maker Model\"; class = \"meter\"; "

static const struct profile *load(struct bench *bench, struct profiles **profiles, const char *text)
{
    bench_write(bench, "devices/maker-model.conf", text);
    *profiles = profiles_load(bench_path(bench, "devices"), bench->faults);
    const struct profile *profile = profiles_find(*profiles, "maker-model");
    assert_non_null(profile);
    return profile;
}

static const struct profile_point *point_at(const struct profile *profile, size_t index)
{
    assert_true(index < profile->points.count);
    return (const struct profile_point *)profile->points.items + index;
}

static void test_a_whole_profile(void **state)
{
    (void)state;
    struct bench bench;
    bench_start(&bench);
    struct profiles *profiles = NULL;
    const struct profile *profile = load(
        &bench, &profiles,
        "device = \"Chint DTSU666\"; class = \"meter\"; confidence = \"high\"; sources = [\"a\"];\n"
        "address_base = 0;\n"
        "link: { max_registers = 40; max_hole = 4; baud = 9600; frame = \"8N1\"; };\n"
        "helpers = ( { name = \"ct\"; function = 3; address = 0x0006; type = \"u16\"; } );\n"
        "points = (\n"
        "  { quantity = \"voltage_a\"; function = 3; address = 0x2006; type = \"f32\"; scale = "
        "0.1;\n"
        "    unit = \"V\"; },\n"
        "  { quantity = \"active_power\"; function = 3; address = 0x2012; type = \"i32\"; scale = "
        "3.6;\n"
        "    unit = \"W\"; scale_by = [\"ct\"]; poll = \"fast\"; word_order = \"low_first\"; min = "
        "-5; }\n"
        ");\n"
        "barriers = ( { function = 3; first = 0x3000; last = 0x3001; } );\n");
    bench_expect(&bench, "");
    assert_string_equal(profile->id, "maker-model");
    assert_string_equal(profile->device, "Chint DTSU666");
    assert_int_equal(profile->device_class, DEVICE_METER);
    assert_int_equal(profile->link.unit, 1);
    assert_int_equal(profile->link.max_registers, 40);
    assert_int_equal(profile->link.response_timeout_ms, 1000);
    const struct profile_point *voltage = point_at(profile, 0);
    assert_string_equal(voltage->name, "voltage_a");
    assert_ptr_equal(voltage->row, quantity_get(QUANTITY_ID_voltage_a));
    assert_int_equal(voltage->address0, 0x2006);
    assert_int_equal(voltage->registers, 2);
    assert_int_equal(voltage->poll, POLL_NORMAL);
    assert_int_equal(voltage->unit_override, -1);
    assert_true(isnan(voltage->min) && isnan(voltage->max) && isnan(voltage->dead_band));
    const struct profile_point *power = point_at(profile, 1);
    assert_true(power->unit_scale == 0.0036); /* not 3.6 * 0.001, which is a little more */
    assert_int_equal(power->word_order, WORDS_LOW_FIRST);
    assert_int_equal(power->poll, POLL_FAST);
    assert_true(power->min == -5);
    const struct profile_helper *helper = profile->helpers.items;
    assert_int_equal(helper->address0, 6);
    assert_int_equal(helper->registers, 1);
    assert_true(helper->scale == 1);
    profiles_destroy(profiles);
    bench_stop(&bench);
}

static const struct {
    const char *type;
    int64_t count;
    uint16_t registers;
} sizes[] = {
    {"u16", 0, 1}, {"i16", 1, 1}, {"u32", 0, 2}, {"i32", 2, 2}, {"u64", 0, 4},
    {"i64", 4, 4}, {"f32", 0, 2}, {"f64", 0, 4}, {"bcd", 3, 3}, {"mod10k", 4, 4},
};

static void test_sizes_of_types(void **state)
{
    (void)state;
    struct bench bench;
    bench_start(&bench);
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
        struct profiles *profiles = NULL;
        char *text =
            mem_format(HEAD "points = ( { quantity = \"voltage_a\"; function = 4; address = "
                            "65532; type = \"%s\"; count = %d; } );",
                       sizes[i].type, (int)sizes[i].count);
        const struct profile *profile = load(&bench, &profiles, text);
        bench_expect(&bench, "");
        assert_int_equal(point_at(profile, 0)->registers, sizes[i].registers);
        free(text);
        profiles_destroy(profiles);
    }
    bench_stop(&bench);
}

static void test_strings_and_bits(void **state)
{
    (void)state;
    struct bench bench;
    bench_start(&bench);
    struct profiles *profiles = NULL;
    const struct profile *profile = load(
        &bench, &profiles,
        HEAD "link: { max_registers = 125; };\npoints = (\n"
             "{ quantity = \"serial_number\"; function = 3; address = 0; type = \"string\"; count "
             "= 125; },\n"
             "{ quantity = \"contact\"; index = 1; function = 2; address = 9; type = \"bits\"; },\n"
             "{ quantity = \"contact\"; index = 2; function = 3; address = 200; type = \"bits\"; "
             "bit_mask = 0x8000; },\n"
             "{ quantity = \"contact\"; index = 3; function = 3; address = 200; type = \"bits\"; "
             "bit_mask = 0x7000; },\n"
             "{ quantity = \"alarm_word\"; function = 3; address = 200; type = \"u16\"; } );");
    bench_expect(&bench, "");
    assert_int_equal(point_at(profile, 0)->registers, 125);
    assert_int_equal(point_at(profile, 1)->registers, 1);
    assert_string_equal(point_at(profile, 2)->name, "contact_2");
    profiles_destroy(profiles);
    bench_stop(&bench);
}

static void test_addresses_from_the_printed_base(void **state)
{
    (void)state;
    static const struct {
        int base;
        int address;
        uint16_t address0;
    } cases[] = {
        {0, 0, 0},         {0, 65535, 65535},      {1, 1, 0}, {1, 65536, 65535}, {30001, 30073, 72},
        {40001, 40001, 0}, {400001, 465536, 65535}};
    struct bench bench;
    bench_start(&bench);
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct profiles *profiles = NULL;
        char *text =
            mem_format(HEAD "address_base = %d; points = ( { quantity = \"voltage_a\"; function = "
                            "3; address = %d; type = \"u16\"; } );",
                       cases[i].base, cases[i].address);
        const struct profile *profile = load(&bench, &profiles, text);
        bench_expect(&bench, "");
        assert_int_equal(point_at(profile, 0)->address0, cases[i].address0);
        free(text);
        profiles_destroy(profiles);
    }
    bench_stop(&bench);
}

static void test_moduli(void **state)
{
    (void)state;
    static const struct {
        const char *type;
        const char *quantity;
        const char *modulus;
        int64_t count;
    } cases[] = {
        {"u16", "active_energy_import", "", 65536},
        {"u32", "active_energy_import", "", INT64_C(4294967296)},
        {"u32", "active_energy_import", "0", 0},
        {"u32", "active_energy_import", "99999999", 99999999},
        {"u64", "active_energy_import", "", 0},
        {"i32", "active_energy_import", "", 0},
        {"u32", "voltage_a", "", 0},
        {"f32", "active_energy_import", "1000000", 1000000},
    };
    struct bench bench;
    bench_start(&bench);
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct profiles *profiles = NULL;
        char *text = mem_format(
            HEAD "points = ( { quantity = \"%s\"; function = 3; address = 3; type = \"%s\"; "
                 "modulus = \"%s\"; %s } );",
            cases[i].quantity, cases[i].type, cases[i].modulus,
            cases[i].type[0] == 'f' ? "resolution = 0.01;" : "");
        const struct profile *profile = load(&bench, &profiles, text);
        bench_expect(&bench, "");
        assert_true(point_at(profile, 0)->modulus_count == cases[i].count);
        free(text);
        profiles_destroy(profiles);
    }
    bench_stop(&bench);
}

static void test_sentinels_of_each_kind_are_taken(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "type = \"u16\"; not_implemented = [\"0xFFFF\", \"65535\", \"0\"];",
        "type = \"i16\"; not_implemented = [\"-32768\", \"0x8000\", \"-1\"];",
        "type = \"i32\"; not_implemented = (\"-2147483648\", \"0x7FFFFFFF\");",
        "type = \"u64\"; not_implemented = [\"0xFFFFFFFFFFFFFFFF\"];",
        "type = \"f32\"; not_implemented = [\"0x7FC00000\", \"9999\", \"-9999.9\", \"1e20\"];",
        "type = \"f64\"; not_implemented = [\"0x7FF8000000000000\", \"1e300\"];",
        "type = \"bcd\"; count = 1; not_implemented = [\"9999\", \"0xFFFF\"];",
        "type = \"mod10k\"; count = 2; not_implemented = [\"99999999\", \"0xFFFFFFFF\"];",
        "type = \"bits\"; bit_mask = 3; not_implemented = [\"0xFFFF\"];",
    };
    struct bench bench;
    bench_start(&bench);
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct profiles *profiles = NULL;
        char *text = mem_format(
            HEAD "points = ( { quantity = \"voltage_a\"; function = 3; address = 3; %s } );",
            cases[i]);
        load(&bench, &profiles, text);
        bench_expect(&bench, "");
        free(text);
        profiles_destroy(profiles);
    }
    bench_stop(&bench);
}

static void test_a_sentinel_stands_for_registers(void **state)
{
    (void)state;
    static const struct {
        int type;
        uint16_t registers;
        const char *word;
        uint64_t bits;
    } cases[] = {
        {REGISTER_U16, 1, "65535", 0xFFFF},
        {REGISTER_U16, 1, "010", 10},
        {REGISTER_U16, 1, "0x8000", 0x8000},
        {REGISTER_I16, 1, "65535", 0xFFFF},
        {REGISTER_I16, 1, "-1", 0xFFFF},
        {REGISTER_I16, 1, "-32768", 0x8000},
        {REGISTER_I32, 2, "-2147483648", 0x80000000},
        {REGISTER_I64, 4, "-9223372036854775808", UINT64_C(0x8000000000000000)},
        {REGISTER_U64, 4, "18446744073709551615", UINT64_MAX},
        {REGISTER_F32, 2, "9999", 0x461C3C00},
        {REGISTER_F32, 2, "-9999.9", 0xC61C3F9A},
        {REGISTER_F32, 2, "0", 0},
        {REGISTER_F32, 2, "0xC61C3C00", 0xC61C3C00},
        {REGISTER_F64, 4, "-1.5", UINT64_C(0xBFF8000000000000)},
        {REGISTER_BCD, 1, "9999", 0x9999},
        {REGISTER_BCD, 2, "12345678", 0x12345678},
        {REGISTER_BCD, 2, "0xFFFFFFFF", 0xFFFFFFFF},
        {REGISTER_BCD, 5, "9999999999999999", UINT64_C(0x9999999999999999)},
        {REGISTER_MOD10K, 2, "99999999", 0x270F270F},
        {REGISTER_BITS, 1, "255", 0xFF},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct profile_point point = {.type = cases[i].type, .registers = cases[i].registers};
        uint64_t bits = 0;
        assert_int_equal(profile_sentinel(&point, cases[i].word, &bits), 0);
        assert_true(bits == cases[i].bits);
    }
}

static void test_the_folder(void **state)
{
    (void)state;
    struct bench bench;
    bench_start(&bench);
    const char *good = HEAD
        "points = ( { quantity = \"voltage_a\"; function = 3; address = 1; type = \"u16\"; } );";
    bench_write(&bench, "devices/b.conf", good);
    bench_write(&bench, "devices/a.conf", good);
    bench_write(&bench, "devices/a-b.conf", good);
    bench_write(&bench, "devices/README.md", "no profile");
    bench_write(&bench, "devices/.hidden.conf", "no profile");
    bench_write(&bench, "devices/.conf", "no profile");
    struct profiles *profiles = profiles_load(bench_path(&bench, "devices"), bench.faults);
    bench_expect(&bench, "");
    assert_int_equal(profiles_count(profiles), 3);
    assert_string_equal(profiles_at(profiles, 0)->id, "a");
    assert_string_equal(profiles_at(profiles, 1)->id, "a-b");
    assert_string_equal(profiles_at(profiles, 2)->id, "b");
    assert_string_equal(profiles_ids(profiles)[1], "a-b");
    assert_null(profiles_ids(profiles)[3]);
    assert_ptr_equal(profiles_find(profiles, "b"), profiles_at(profiles, 2));
    assert_null(profiles_find(profiles, "c"));
    profiles_destroy(profiles);
    profiles_destroy(NULL);
    bench_stop(&bench);
}

static void test_each_file_is_read_by_itself(void **state)
{
    (void)state;
    struct bench bench;
    bench_start(&bench);
    bench_write(&bench, "devices/a.conf", "device = ;");
    bench_write(&bench, "devices/b.conf",
                HEAD "points = ( { quantity = \"voltag_a\"; function = 3; address "
                     "= 1; type = \"u16\"; } );");
    bench_write(
        &bench, "devices/Bad name.conf",
        HEAD
        "points = ( { quantity = \"voltage_a\"; function = 3; address = 1; type = \"u16\"; } );");
    assert_int_equal(symlink("nowhere", bench_path(&bench, "devices/z.conf")), 0);
    struct profiles *profiles = profiles_load(bench_path(&bench, "devices"), bench.faults);
    bench_expect(
        &bench,
        "devices/Bad name.conf: the file name is no id, wants 1..63 of a-z, 0-9, _ and - "
        "before .conf\n"
        "devices/a.conf:1: ; stands where a value is wanted\n"
        "devices/b.conf:1: points[0].quantity: is \"voltag_a\", nearest is voltage_a, wants "
        "a name of the dictionary (lingtand --document-quantities)\n"
        "devices/z.conf: cannot be read: No such file or directory\n");
    /* Known by name, so that a site that uses it has no fault of its own, but empty. */
    assert_int_equal(profiles_find(profiles, "a")->points.count, 0);
    assert_int_equal(profiles_find(profiles, "b")->points.count, 0);
    profiles_destroy(profiles);
    bench_stop(&bench);
}

static void test_a_folder_that_is_not_there(void **state)
{
    (void)state;
    struct bench bench;
    bench_start(&bench);
    struct profiles *profiles = profiles_load(bench_path(&bench, "none"), bench.faults);
    bench_expect(&bench, "none: cannot be read: No such file or directory, wants the folder of "
                         "device profiles\n");
    assert_int_equal(profiles_count(profiles), 0);
    assert_null(profiles_ids(profiles)[0]);
    assert_null(profiles_find(profiles, "a"));
    profiles_destroy(profiles);
    bench_stop(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_whole_profile),
        cmocka_unit_test(test_sizes_of_types),
        cmocka_unit_test(test_strings_and_bits),
        cmocka_unit_test(test_addresses_from_the_printed_base),
        cmocka_unit_test(test_moduli),
        cmocka_unit_test(test_a_sentinel_stands_for_registers),
        cmocka_unit_test(test_sentinels_of_each_kind_are_taken),
        cmocka_unit_test(test_the_folder),
        cmocka_unit_test(test_each_file_is_read_by_itself),
        cmocka_unit_test(test_a_folder_that_is_not_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
