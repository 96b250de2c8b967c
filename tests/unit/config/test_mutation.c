/* SPDX-License-Identifier: Apache-2.0 */
/* mutation: good files with bytes and pieces torn, doubled and swapped. Whatever comes out is loaded and checked to the
 * end, with or without faults, but never with a crash or a sanitizer's word. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "devices.h"
#include "support/support.h"

enum {
    ROUNDS = 3000,
};

static const char good_site[] =
    "id = \"demo\"; name = \"示范\"; fast_ms = 500; slow_ms = 300000;\n"
    "nodes = ( { id = \"site-a\"; kind = \"carport\"; }, { id = \"b1\"; parent = \"site-a\"; "
    "area_m2 = 1.5e3; } );\n"
    "lines = ( # a comment\n"
    "  { id = \"tcp1\"; transport = \"tcp\"; host = \"10.0.0.1\"; /* another */\n"
    "    devices = ( { id = \"b\"; profile = \"meter-b\"; node = \"b1\"; ct_ratio = 40; unit = "
    "0x11; },\n"
    "                { id = \"a\"; profile = \"meter-a\"; unit = 17; fast_ms = 1000L; } ); },\n"
    "  { id = \"rtu1\"; transport = \"rtu\"; path = \"/dev/ttyS0\"; parity = \"even\"; rs485 = "
    "true; }\n"
    ");\n";

static const char good_profile[] =
    "device = \"B\"; class = \"meter\"; address_base = 1; sources = [\"a\", \"b\"];\n"
    "link: { max_registers = 40; unit = 0; frame = \"8E1\"; };\n"
    "helpers = ( { name = \"sf\"; function = 3; address = 90; type = \"i16\"; } );\n"
    "barriers = ( { function = 3; first = 70; last = 80; } );\n"
    "points = (\n"
    "  { quantity = \"active_power\"; function = 3; address = 1; type = \"i32\"; scale = 0.1; unit "
    "= \"W\"; "
    "ratio = \"ct*vt\"; poll = \"fast\"; together = \"x\"; },\n"
    "  { quantity = \"active_energy_import\"; function = 3; address = 3; type = \"u32\"; modulus = "
    "\"100\"; "
    "together = \"x\"; not_implemented = [\"0xFFFFFFFF\"]; },\n"
    "  { quantity = \"serial_number\"; function = 3; address = 8; type = \"string\"; count = 4; "
    "},\n"
    "  { quantity = \"contact\"; index = 2; function = 3; address = 20; type = \"bits\"; bit_mask "
    "= 0x8; }\n"
    ");\n";

static const char *const pieces[] = {
    "{",          "}",          "(",     ")",     "[",
    "]",          ",",          ";",     "=",     ":",
    "\"",         "\\",         "\\x00", "\\x",   "/*",
    "*/",         "#",          "//",    "\n",    "@include \"s.conf\"\n",
    "-",          "0x",         "L",     "1e999", "true",
    "5000000000", "4294967296", "\xff",  "；",    "*2*id = 1;",
    ".",          "1.5",        "\x01",  "-1",    "65536",
    "id",         "points",     "\"\"",  "{ }",   "99999999999999999999",
};

static size_t random_below(uint64_t *seed, size_t limit)
{
    return limit > 0 ? (size_t)(test_random(seed) % limit) : 0;
}

/* One wound: a byte changed, a stretch cut, a stretch doubled elsewhere, or a piece put in. */
static void wound(struct text *text, uint64_t *seed)
{
    struct text made = {0};
    size_t at = random_below(seed, text->length);
    size_t length = random_below(seed, 40);
    length = length > text->length - at ? text->length - at : length;
    text_add(&made, text->data, at);
    switch (test_random(seed) % 4) {
    case 0:
        text_add_char(&made, (char)(test_random(seed) % 8 > 0 ? ' ' + test_random(seed) % 95
                                                              : test_random(seed) % 256));
        text_add(&made, text->data + at + 1, text->length - at - 1);
        break;
    case 1:
        text_add(&made, text->data + at + length, text->length - at - length);
        break;
    case 2:
        text_add(&made, text->data + random_below(seed, text->length - length), length);
        text_add(&made, text->data + at, text->length - at);
        break;
    default:
        text_add_string(&made, pieces[random_below(seed, ARRAY_SIZE(pieces))]);
        text_add(&made, text->data + at, text->length - at);
        break;
    }
    text_finish(text);
    *text = made;
}

static struct text mutate(const char *good, uint64_t *seed)
{
    struct text text = {0};
    text_add_string(&text, good);
    for (size_t wounds = 1 + random_below(seed, 3); wounds > 0; wounds--) {
        wound(&text, seed);
        text_add_char(&text, '\n');
    }
    return text;
}

/* Faults are lines of text, each with the file's name or a key. */
static void assert_faults_are_sane(const struct bench *bench)
{
    for (size_t i = 0; i < faults_count(bench->faults); i++) {
        const char *line = faults_line(bench->faults, i);
        assert_true(strlen(line) > 10);
        assert_null(strchr(line, '\n'));
        assert_non_null(strstr(line, ": "));
        assert_null(strstr(line, "syntax error")); /* ours come before libconfig's */
    }
}

static void forget(struct bench *bench)
{
    faults_destroy(bench->faults);
    bench->faults = faults_create();
}

static void use_devices(const struct site *site, const struct profiles *profiles)
{
    const struct line_config *lines = site->lines.items;
    for (size_t i = 0; i < site->lines.count; i++) {
        const struct device_config *devices = lines[i].devices.items;
        for (size_t j = 0; j < lines[i].devices.count; j++) {
            const struct profile *profile = profiles_find(profiles, devices[j].profile);
            if (profile) {
                device_unref(site_device(site, &lines[i], &devices[j], profile));
            }
        }
    }
}

static void test_sites(void **state)
{
    (void)state;
    struct bench bench;
    bench_start(&bench);
    struct profiles *profiles = devices_load(&bench);
    uint64_t seed = 20261123;
    size_t parsed = 0;
    const char *path = bench_path(&bench, "s.conf");
    for (int i = 0; i < ROUNDS; i++) {
        struct text text = mutate(good_site, &seed);
        struct config_memory *memory = config_memory_create();
        struct site site;
        bench_write_bytes(&bench, "s.conf", text.data, text.length);
        site_load(path, &site, memory, bench.faults);
        site_check(&site, profiles, bench.faults);
        use_devices(&site, profiles);
        assert_faults_are_sane(&bench);
        parsed += site.id[0] != '\0';
        forget(&bench);
        config_memory_destroy(memory);
        text_finish(&text);
    }
    /* Were every wound deadly, nothing behind the parser would have been reached. */
    assert_in_range(parsed, ROUNDS / 10, ROUNDS * 9 / 10);
    profiles_destroy(profiles);
    bench_stop(&bench);
}

static void test_profiles(void **state)
{
    (void)state;
    struct bench bench;
    bench_start(&bench);
    uint64_t seed = 42;
    size_t parsed = 0;
    for (int i = 0; i < ROUNDS; i++) {
        struct text text = mutate(good_profile, &seed);
        bench_write_bytes(&bench, "devices/p.conf", text.data, text.length);
        struct profiles *profiles = profiles_load(bench_path(&bench, "devices"), bench.faults);
        assert_faults_are_sane(&bench);
        size_t points = profiles_find(profiles, "p")->points.count;
        assert_int_equal(points > 0, faults_count(bench.faults) == 0);
        parsed += profiles_find(profiles, "p")->device[0] != '\0';
        forget(&bench);
        profiles_destroy(profiles);
        text_finish(&text);
    }
    assert_in_range(parsed, ROUNDS / 10, ROUNDS * 9 / 10);
    bench_stop(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sites),
        cmocka_unit_test(test_profiles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
