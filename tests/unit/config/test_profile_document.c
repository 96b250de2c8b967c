/* SPDX-License-Identifier: Apache-2.0 */
/* profile_document: what a reader must find about each profile, and that a doubtful one can't be overlooked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "bench.h"

#define POINT "quantity = \"on_off\"; function = 1; address = 0; type = \"bits\";"

/* The document of the folder "devices"; the caller frees it. */
static char *write_document(struct bench *bench)
{
    struct profiles *profiles = profiles_load(bench_path(bench, "devices"), bench->faults);
    bench_expect(bench, "");
    char *document = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&document, &size);
    assert_non_null(file);
    profiles_document(profiles, file);
    fclose(file);
    profiles_destroy(profiles);
    return document;
}

static void test_a_confirmed_profile(void **state)
{
    (void)state;
    struct bench bench;
    bench_start(&bench);
    bench_write(&bench, "devices/gate.conf",
                "device = \"Gate A|B\"; class = \"hvac\"; confidence = \"high\";\n"
                "link: { unit = 80; max_registers = 16; baud = 19200; frame = \"8E1\"; };\n"
                "points = ( { " POINT " write: { }; },\n"
                "  { quantity = \"mode\"; function = 3; address = 1; type = \"u16\"; } );\n"
                "identify = ( { function = 3; address = 9; type = \"u16\"; equals = [\"7\"]; } );\n"
                "quirks = ( \"Slow.\", \"Deaf at night.\" );\n");
    char *document = write_document(&bench);
    assert_non_null(strstr(
        document,
        "| [gate](#gate) | Gate A\\|B | hvac | high | 80 | 19200 8E1 | 16 | 2 | on_off | yes |\n"));
    assert_non_null(strstr(
        document, "\n### gate\n\n- Slow.\n- Deaf at night.\n- Writes `on_off`: function 5, coil 0, "
                  "0..1; what it does when nobody renews it is not known.\n"));
    free(document);
    bench_stop(&bench);
}

static void test_a_profile_whose_points_are_found(void **state)
{
    (void)state;
    struct bench bench;
    bench_start(&bench);
    bench_write(&bench, "devices/any.conf",
                "device = \"Any\"; class = \"inverter\"; discovery = \"sunspec\";\n");
    char *document = write_document(&bench);
    assert_non_null(strstr(document, "| any | Any | inverter | **medium** | 1 | 9600 8N1 | 60 | "
                                     "found | found | no |\n"));
    free(document);
    bench_stop(&bench);
}

static void test_a_doubtful_profile_is_marked_twice(void **state)
{
    (void)state;
    struct bench bench;
    bench_start(&bench);
    bench_write(&bench, "devices/gate.conf",
                "device = \"Gate\"; class = \"hvac\"; confidence = \"medium\";\n"
                "points = ( { " POINT " } ); quirks = ( \"Slow.\" );\n");
    bench_write(&bench, "devices/guess.conf",
                "device = \"Guess\"; class = \"sensor\"; confidence = \"low\";\n"
                "points = ( { " POINT " } );\n");
    char *document = write_document(&bench);
    assert_non_null(strstr(document, "| [gate](#gate) | Gate | hvac | **medium** | 1 | 9600 8N1 | "
                                     "60 | 1 | none known | no |\n"));
    assert_non_null(
        strstr(document,
               "| guess | Guess | sensor | **low** | 1 | 9600 8N1 | 60 | 1 | none known | no |\n"));
    assert_non_null(strstr(document, "\n### gate\n\nConfidence: **medium**.\n\n- Slow.\n"));
    assert_null(strstr(document, "### guess"));
    free(document);
    bench_stop(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_confirmed_profile),
        cmocka_unit_test(test_a_profile_whose_points_are_found),
        cmocka_unit_test(test_a_doubtful_profile_is_marked_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
