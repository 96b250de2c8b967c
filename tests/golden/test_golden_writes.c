/* SPDX-License-Identifier: Apache-2.0 */
/* test_golden_writes: the bytes on the wire of everything that a device file says can be written, against bytes that a
 * person wrote down. tests/golden/<profile>/writes.txt has a line for each point, setpoint, switch and heartbeat:
 *
 *     case case-charging.txt                          the registers of that case, for scales that are read
 *     write charge_current_limit 16: 01 10 04BA 0002 04 4180 0000         unit and function first, without CRC
 *     refuse charge_current_limit 33: wants 6..32                         part of the words
 *     switch charge_current_limit 0 on: 01 06 138E 00AA
 *     heartbeat charge_current_limit: FF 06 1770 0001
 *
 * and # begins a comment. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "collectors/modbus/plan/encode.h"
#include "golden/golden_case.h"
#include "unit/modbus_codec/hex.h"

enum { MBAP_SIZE = 6, NAMES_MAX = 64, LINE_MAX_SIZE = 512, HELPER_REGISTERS_MAX = 4 };

static const char folder[] = LINGTAN_SOURCE_FOLDER "/tests/golden";

struct sheet {
    struct golden_case golden; /* its faults, and the registers that it names */
    struct fixture fixture;
    const char *profile_id;
    char path[256];
    char seen[NAMES_MAX][80]; /* "write charge_current_limit", "switch on_off 0" */
    size_t seen_count;
};

static const struct profile *profile_of(const struct sheet *sheet)
{
    return sheet->fixture.found != NULL ? sheet->fixture.found : sheet->fixture.profile;
}

static void note(struct sheet *sheet, const char *what)
{
    if (sheet->seen_count < NAMES_MAX) {
        snprintf(sheet->seen[sheet->seen_count++], sizeof(sheet->seen[0]), "%s", what);
    }
}

static bool was_seen(const struct sheet *sheet, const char *what)
{
    for (size_t i = 0; i < sheet->seen_count; i++) {
        if (strcmp(sheet->seen[i], what) == 0) {
            return true;
        }
    }
    return false;
}

/* What the fixture holds there; nothing written down is 0x5A5A, as it answers. */
static uint16_t word_at(const struct sheet *sheet, uint8_t function, uint16_t address)
{
    for (size_t i = 0; i < sheet->fixture.cell_count; i++) {
        const struct fixture_cell *cell = &sheet->fixture.cells[i];
        if (cell->function == function && cell->address == address) {
            return cell->word;
        }
    }
    return 0x5A5A;
}

static double factor_of(const struct sheet *sheet, const struct write_target *target)
{
    double factor = 1;
    const struct profile_helper *helper = NULL;
    for (size_t i = 0; (helper = write_helper(target, i)) != NULL; i++) {
        uint16_t registers[HELPER_REGISTERS_MAX] = {0};
        for (uint16_t j = 0; j < helper->registers; j++) {
            registers[j] =
                word_at(sheet, (uint8_t)helper->function, (uint16_t)(helper->address0 + j));
        }
        factor = write_factor(target, i, registers, factor);
    }
    return factor;
}

static void compare(struct sheet *sheet, int line, const struct encoded *encoded, const char *hex)
{
    uint8_t wanted[FRAME_SIZE_MAX];
    uint8_t frame[FRAME_SIZE_MAX];
    size_t size = 0;
    size_t wanted_size = hex_bytes(hex, wanted);
    struct frame_request request = write_request(encoded, sheet->fixture.unit);
    assert_int_equal(frame_encode(FRAME_TCP, &request, 1, frame, &size), 0);
    if (size - MBAP_SIZE == wanted_size && memcmp(frame + MBAP_SIZE, wanted, wanted_size) == 0) {
        return;
    }
    char text[3 * FRAME_SIZE_MAX] = "";
    for (size_t i = MBAP_SIZE; i < size; i++) {
        snprintf(text + 3 * (i - MBAP_SIZE), 4, "%02X ", frame[i]);
    }
    golden_fault(&sheet->golden, line, "is %son the wire, wanted %s", text, hex);
}

static void read_value(struct sheet *sheet, int line, const struct write_target *target,
                       const char *number, const char *hex, bool is_refused)
{
    struct encoded encoded;
    char why[WRITE_WHY_SIZE] = "";
    double value = strtod(number, NULL);
    int error = write_encode(target, factor_of(sheet, target), value, &encoded, why);
    if (is_refused && (error == 0 || strstr(why, hex) == NULL)) {
        golden_fault(&sheet->golden, line, "says \"%s\", wanted to be refused: %s", why, hex);
    } else if (!is_refused && error < 0) {
        golden_fault(&sheet->golden, line, "is refused: %s", why);
    } else if (!is_refused) {
        compare(sheet, line, &encoded, hex);
    }
}

static void read_part(struct sheet *sheet, int line, const struct write_target *target,
                      const char *verb, char *rest, const char *hex)
{
    struct encoded encoded;
    int error = 0;
    if (strcmp(verb, "heartbeat") == 0) {
        error = write_encode_heartbeat(target->write, &encoded);
    } else {
        error = write_encode_switch(target->write, strtoul(rest, NULL, 10),
                                    strstr(rest, "on") != NULL, &encoded);
    }
    if (error < 0) {
        golden_fault(&sheet->golden, line, "there is no such %s", verb);
    } else {
        compare(sheet, line, &encoded, hex);
    }
}

/* "write NAME VALUE: HEX" */
static void read_line(struct sheet *sheet, int line, char *text)
{
    char *save = NULL;
    char *colon = strchr(text, ':');
    if (colon == NULL) {
        golden_fault(&sheet->golden, line, "wants a colon");
        return;
    }
    *colon = '\0';
    char *hex = colon + 1 + strspn(colon + 1, " ");
    char *verb = strtok_r(text, " ", &save);
    char *name = strtok_r(NULL, " ", &save);
    char *rest = strtok_r(NULL, "", &save);
    struct write_target target = write_find(sheet->fixture.plan, name != NULL ? name : "");
    if (target.write == NULL) {
        golden_fault(&sheet->golden, line, "%s cannot be written", name);
        return;
    }
    bool is_refused = strcmp(verb, "refuse") == 0;
    char key[80];
    bool is_part = strcmp(verb, "switch") == 0;
    snprintf(key, sizeof(key), is_part ? "%s %s %.1s" : "%s %s", verb, name, rest);
    note(sheet, key);
    if (is_refused || strcmp(verb, "write") == 0) {
        read_value(sheet, line, &target, rest != NULL ? rest : "nan", hex, is_refused);
    } else {
        read_part(sheet, line, &target, verb, rest, hex);
    }
}

static void want(struct sheet *sheet, const char *key)
{
    if (!was_seen(sheet, key)) {
        golden_fault(&sheet->golden, 0, "has no line \"%s ..\"", key);
    }
}

static void want_all(struct sheet *sheet, const struct profile_write *write)
{
    char key[80];
    if (!write_is_given(write)) {
        return;
    }
    snprintf(key, sizeof(key), "write %s", write->name);
    want(sheet, key);
    snprintf(key, sizeof(key), "refuse %s", write->name);
    want(sheet, key);
    for (size_t i = 0; i < write->switches.count; i++) {
        snprintf(key, sizeof(key), "switch %s %zu", write->name, i);
        want(sheet, key);
    }
    if (write->heartbeat.origin.line > 0) {
        snprintf(key, sizeof(key), "heartbeat %s", write->name);
        want(sheet, key);
    }
}

static size_t count_writes(const struct profile *profile)
{
    const struct profile_point *points = profile->points.items;
    size_t count = profile->setpoints.count;
    for (size_t i = 0; i < profile->points.count; i++) {
        count += write_is_given(&points[i].write) ? 1 : 0;
    }
    return count;
}

static void read_sheet(struct sheet *sheet, FILE *file)
{
    char text[LINE_MAX_SIZE];
    for (int line = 1; fgets(text, sizeof(text), file) != NULL; line++) {
        text[strcspn(text, "#\n")] = '\0';
        for (size_t length = strlen(text); length > 0 && text[length - 1] == ' '; length--) {
            text[length - 1] = '\0';
        }
        if (strncmp(text, "case ", 5) == 0) {
            struct golden_case *other = mem_alloc(sizeof(*other));
            char *path = mem_format("%s/%s/%s", folder, sheet->profile_id, text + 5);
            golden_read(other, path, &sheet->fixture);
            sheet->golden.faults += other->faults;
            free(path);
            free(other);
        } else if (text[0] != '\0') {
            read_line(sheet, line, text);
        }
    }
}

static size_t check_profile(const struct profile *profile)
{
    struct sheet *sheet = mem_alloc(sizeof(*sheet));
    sheet->profile_id = profile->id;
    snprintf(sheet->path, sizeof(sheet->path), "%s/%s/writes.txt", folder, profile->id);
    sheet->golden.path = sheet->path;
    fixture_open(&sheet->fixture, LINGTAN_SOURCE_FOLDER "/conf/devices", profile->id);
    FILE *file = fopen(sheet->path, "r");
    if (file != NULL) {
        read_sheet(sheet, file);
        fclose(file);
    } else if (count_writes(profile) > 0) {
        golden_fault(&sheet->golden, 0, "can't be opened, wants the bytes of what %s writes",
                     profile->id);
    }
    const struct profile *found = profile_of(sheet);
    const struct profile_point *points = found->points.items;
    const struct profile_setpoint *setpoints = found->setpoints.items;
    for (size_t i = 0; i < found->points.count; i++) {
        want_all(sheet, &points[i].write);
    }
    for (size_t i = 0; i < found->setpoints.count; i++) {
        want_all(sheet, &setpoints[i].write);
    }
    size_t faults = sheet->golden.faults;
    fixture_finish(&sheet->fixture);
    free(sheet);
    return faults;
}

static void every_write_has_its_bytes(void **state)
{
    (void)state;
    struct faults *config_faults = faults_create();
    struct profiles *profiles = profiles_load(LINGTAN_SOURCE_FOLDER "/conf/devices", config_faults);
    assert_int_equal(faults_count(config_faults), 0);
    size_t faults = 0;
    size_t writes = 0;
    for (size_t i = 0; i < profiles_count(profiles); i++) {
        faults += check_profile(profiles_at(profiles, i));
        writes += count_writes(profiles_at(profiles, i));
    }
    assert_int_equal(faults, 0);
    assert_true(writes > 40);
    profiles_destroy(profiles);
    faults_destroy(config_faults);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_write_has_its_bytes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
