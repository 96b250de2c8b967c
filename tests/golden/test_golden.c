/* SPDX-License-Identifier: Apache-2.0 */
/* test_golden: every device file against registers and readings that a person wrote down from the maker's document.
 *
 * The requests of the profile's own plan are answered from the registers of the case, in frames, and everything that
 * the batches hold must stand in the case and the other way round. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "golden/golden_case.h"

/* Of the tree, or the two arguments. */
static const char *profiles_folder = LINGTAN_SOURCE_FOLDER "/conf/devices";
static const char *goldens_folder = LINGTAN_SOURCE_FOLDER "/tests/golden";

static void check_number(struct golden_case *golden, const struct golden_point *wanted,
                         const struct point *point, const struct reading *reading)
{
    /* A float may stand in the case as it is shown: with the fewest digits that tell it from its neighbours. */
    double tolerance = fabs(wanted->value) * (point->source == POINT_FLOAT32 ? 0x1p-24 : 1e-9);
    if (!(fabs(reading->value - wanted->value) <= tolerance)) {
        golden_fault(golden, wanted->line, "%s is %.15g, wanted %.15g", wanted->name,
                     reading->value, wanted->value);
    }
    if (strcmp(point->quantity->unit, wanted->unit) != 0) {
        golden_fault(golden, wanted->line, "%s is in \"%s\", wanted \"%s\"", wanted->name,
                     point->quantity->unit, wanted->unit);
    }
    if (wanted->has_count && reading->count != wanted->count) {
        golden_fault(golden, wanted->line, "%s has the count %lld, wanted %lld", wanted->name,
                     (long long)reading->count, (long long)wanted->count);
    }
    if (!wanted->has_count && point->quantity->kind == QUANTITY_COUNTER) {
        golden_fault(golden, wanted->line, "%s is a counter and wants its count", wanted->name);
    }
    /* What the rest of the daemon believes of the point must be what its readings say. */
    const bool has_count = point->source == POINT_INTEGER || wanted->has_count;
    if (has_count && point->resolution != 0 && reading->resolution != point->resolution) {
        golden_fault(golden, wanted->line, "%s has resolution %.17g, its device says %.17g",
                     wanted->name, reading->resolution, point->resolution);
    }
}

static void check_reading(struct golden_case *golden, const struct batch *batch,
                          const struct reading *reading)
{
    const struct point *point = &batch->device->points[reading->point];
    struct golden_point *wanted = golden_find(golden, point->name);
    if (wanted == NULL) {
        golden_fault(golden, 0, "%s is not listed (%.15g %s, %s)", point->name, reading->value,
                     point->quantity->unit, quality_word((enum quality)reading->quality));
        return;
    }
    wanted->was_seen = true;
    if (reading->quality != wanted->quality) {
        golden_fault(golden, wanted->line, "%s is %s (%.15g), wanted %s", point->name,
                     quality_word((enum quality)reading->quality), reading->value,
                     quality_word(wanted->quality));
    } else if (wanted->is_text && strcmp(reading_text(batch, reading), wanted->text) != 0) {
        golden_fault(golden, wanted->line, "%s is \"%s\", wanted \"%s\"", point->name,
                     reading_text(batch, reading), wanted->text);
    } else if (!wanted->is_text &&
               (wanted->quality == QUALITY_OK || wanted->quality == QUALITY_IMPLAUSIBLE)) {
        check_number(golden, wanted, point, reading);
    }
}

/* Returns how many faults the case has. */
static size_t check_case(const char *profile, const char *file)
{
    struct fixture fixture;
    struct golden_case *golden = mem_alloc(sizeof(*golden));
    char *path = mem_format("%s/%s/%s", goldens_folder, profile, file);
    fixture_open(&fixture, profiles_folder, profile);
    golden_read(golden, path, &fixture);
    for (int i = 0; i < POLL_CLASS_COUNT; i++) {
        struct batch *batch = fixture_poll(&fixture, (enum poll_class)i);
        for (size_t j = 0; j < batch->count; j++) {
            check_reading(golden, batch, &batch->readings[j]);
        }
        batch_unref(batch);
    }
    for (size_t i = 0; i < golden->point_count; i++) {
        if (!golden->points[i].was_seen) {
            golden_fault(golden, golden->points[i].line, "%s is no point of the profile",
                         golden->points[i].name);
        }
    }
    size_t faults = golden->faults;
    fixture_finish(&fixture);
    free(golden);
    free(path);
    return faults;
}

/* Calls check_case for every case of the profile; returns how many there are. */
static size_t check_folder(const char *profile, size_t *faults)
{
    char *path = mem_format("%s/%s", goldens_folder, profile);
    DIR *folder = opendir(path);
    free(path);
    size_t cases = 0;
    struct dirent *entry = NULL;
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        if (strncmp(entry->d_name, "case-", 5) == 0 && strstr(entry->d_name, ".txt") != NULL) {
            *faults += check_case(profile, entry->d_name);
            cases++;
        }
    }
    if (folder != NULL) {
        closedir(folder);
    }
    return cases;
}

static void every_device_file_reads_as_its_document_says(void **state)
{
    (void)state;
    struct faults *config_faults = faults_create();
    struct profiles *profiles = profiles_load(profiles_folder, config_faults);
    faults_print(config_faults, stderr);
    assert_int_equal(faults_count(config_faults), 0);
    assert_true(profiles_count(profiles) > 0);
    size_t faults = 0;
    for (size_t i = 0; i < profiles_count(profiles); i++) {
        const char *id = profiles_at(profiles, i)->id;
        if (check_folder(id, &faults) == 0) {
            fprintf(stderr, "conf/devices/%s.conf has no case in tests/golden/%s/\n", id, id);
            faults++;
        }
    }
    profiles_destroy(profiles);
    faults_destroy(config_faults);
    assert_int_equal(faults, 0);
}

static void every_golden_folder_has_a_device_file(void **state)
{
    (void)state;
    struct faults *config_faults = faults_create();
    struct profiles *profiles = profiles_load(profiles_folder, config_faults);
    DIR *folder = opendir(goldens_folder);
    assert_non_null(folder);
    struct dirent *entry = NULL;
    while ((entry = readdir(folder)) != NULL) {
        bool is_folder = entry->d_type == DT_DIR && entry->d_name[0] != '.';
        if (is_folder && profiles_find(profiles, entry->d_name) == NULL) {
            fail_msg("tests/golden/%s has no conf/devices/%s.conf", entry->d_name, entry->d_name);
        }
    }
    closedir(folder);
    profiles_destroy(profiles);
    faults_destroy(config_faults);
}

int main(int argc, char **argv)
{
    if (argc == 3) {
        profiles_folder = argv[1];
        goldens_folder = argv[2];
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_device_file_reads_as_its_document_says),
        cmocka_unit_test(every_golden_folder_has_a_device_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
