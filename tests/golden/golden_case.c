/* SPDX-License-Identifier: Apache-2.0 */
/* golden_case: reads the files of tests/golden. */
#include "golden/golden_case.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit/modbus_codec/hex.h"

void golden_fault(struct golden_case *golden, int line, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fprintf(stderr, "%s:%d: ", golden->path, line);
    vfprintf(stderr, format, args);
    fprintf(stderr, "\n");
    va_end(args);
    golden->faults++;
}

static char *skip_blanks(char *text)
{
    return text + strspn(text, " \t");
}

/* Ends the line before its comment and its trailing blanks. */
static void cut_comment(char *text)
{
    size_t length = strcspn(text, "#\n");
    while (length > 0 && strchr(" \t", text[length - 1]) != NULL) {
        length--;
    }
    text[length] = '\0';
}

/* "0x2000: rest" to the wire address and the rest. */
static char *read_address(struct golden_case *golden, int line, char *text,
                          const struct fixture *fixture, uint16_t *address)
{
    char *end = NULL;
    long printed = strtol(text, &end, 0);
    if (end == text || *end != ':') {
        golden_fault(golden, line, "\"%s\" wants an address and a colon", text);
        return NULL;
    }
    *address = (uint16_t)(printed - fixture->profile->address_base);
    return skip_blanks(end + 1);
}

/* "holding 0x2000: words"; false when the text begins with none of the four areas. */
static bool read_registers(struct golden_case *golden, int line, uint8_t unit, char *text,
                           struct fixture *fixture)
{
    static const char *const areas[] = {"coils ", "discrete ", "holding ", "input "};
    for (uint8_t i = 0; i < 4; i++) {
        size_t length = strlen(areas[i]);
        if (strncmp(text, areas[i], length) == 0) {
            uint16_t address = 0;
            char *words = read_address(golden, line, text + length, fixture, &address);
            if (words != NULL) {
                fixture_set_unit(fixture, unit, (uint8_t)(i + 1), address, words);
            }
            return true;
        }
    }
    return false;
}

/* "200 holding 1100: words" */
static void read_unit(struct golden_case *golden, int line, char *text, struct fixture *fixture)
{
    char *end = NULL;
    long unit = strtol(text, &end, 10);
    if (end == text || unit < 0 || unit > 255 ||
        !read_registers(golden, line, (uint8_t)unit, skip_blanks(end), fixture)) {
        golden_fault(golden, line, "\"unit %s\" wants a unit and its registers", text);
    }
}

/* The frame is matched as on a line, so that its CRC counts. */
static void read_reply(struct golden_case *golden, int line, char *text, struct fixture *fixture)
{
    uint16_t address = 0;
    uint8_t frame[FRAME_SIZE_MAX] = {0};
    char *hex = read_address(golden, line, text, fixture, &address);
    if (hex == NULL) {
        return;
    }
    size_t size = hex_bytes(hex, frame);
    struct frame_request request = {
        .unit = fixture->unit,
        .function = frame[1],
        .address = address,
        .quantity = (uint16_t)(frame[2] / 2),
    };
    struct frame_reply reply;
    size_t consumed = 0;
    if (frame_match(FRAME_RTU, &request, 0, FRAME_STRICT, frame, size, &reply, &consumed) !=
            FRAME_REPLY ||
        consumed != size) {
        golden_fault(golden, line, "is no good RTU reply: length, unit or CRC is wrong");
        return;
    }
    uint16_t registers[FRAME_READ_REGISTERS_MAX];
    size_t count = frame_registers(&request, &reply, registers, FRAME_READ_REGISTERS_MAX);
    for (size_t i = 0; i < count; i++) {
        char word[8];
        snprintf(word, sizeof(word), "%04X", registers[i]);
        fixture_set(fixture, request.function, (uint16_t)(address + i), word);
    }
}

static bool read_text(struct golden_point *point, char *text)
{
    size_t length = strlen(text);
    if (length < 2 || text[0] != '"' || text[length - 1] != '"') {
        return false;
    }
    text[length - 1] = '\0';
    snprintf(point->text, sizeof(point->text), "%s", text + 1);
    point->is_text = true;
    return true;
}

/* "count 123" or a quality, behind a comma. */
static bool read_extra(struct golden_point *point, char *text)
{
    text = skip_blanks(text);
    if (strncmp(text, "count ", 6) == 0) {
        char *end = NULL;
        point->count = strtoll(text + 6, &end, 10);
        point->has_count = true;
        return *end == '\0';
    }
    return quality_parse(text, &point->quality) == 0;
}

/* "230.1 V, count 2301" */
static bool read_number(struct golden_point *point, char *text)
{
    char *extra = strchr(text, ',');
    while (extra != NULL) {
        *extra++ = '\0';
        char *next = strchr(extra, ',');
        if (next != NULL) {
            *next = '\0';
        }
        if (!read_extra(point, extra)) {
            return false;
        }
        extra = next;
    }
    char *end = NULL;
    point->value = strtod(text, &end);
    snprintf(point->unit, sizeof(point->unit), "%s", skip_blanks(end));
    return end != text;
}

static void read_point(struct golden_case *golden, int line, char *text)
{
    char *colon = strchr(text, ':');
    struct golden_point *point = &golden->points[golden->point_count];
    *point = (struct golden_point){.line = line, .quality = QUALITY_OK};
    if (colon == NULL || golden->point_count == GOLDEN_POINTS_MAX - 1) {
        golden_fault(golden, line, "wants \"point name: value unit\"");
        return;
    }
    *colon = '\0';
    char *value = skip_blanks(colon + 1);
    snprintf(point->name, sizeof(point->name), "%s", text);
    if (golden_find(golden, point->name) != NULL) {
        golden_fault(golden, line, "%s stands here twice", point->name);
    }
    bool is_good = quality_parse(value, &point->quality) == 0 || read_text(point, value) ||
                   read_number(point, value);
    if (!is_good) {
        golden_fault(golden, line, "\"%s\" is no value, text or quality", value);
    }
    golden->point_count++;
}

static void read_line(struct golden_case *golden, int line, char *text, struct fixture *fixture)
{
    if (read_registers(golden, line, fixture->unit, text, fixture)) {
        return;
    }
    if (strncmp(text, "unit ", 5) == 0) {
        read_unit(golden, line, text + 5, fixture);
    } else if (strncmp(text, "reply ", 6) == 0) {
        read_reply(golden, line, text + 6, fixture);
    } else if (strncmp(text, "point ", 6) == 0) {
        read_point(golden, line, text + 6);
    } else if (strncmp(text, "ratio ct ", 9) == 0) {
        fixture->config.ct_ratio = strtod(text + 9, NULL);
    } else if (strncmp(text, "ratio vt ", 9) == 0) {
        fixture->config.vt_ratio = strtod(text + 9, NULL);
    } else if (strncmp(text, "pulse ", 6) == 0) {
        fixture->config.pulse_weight = strtod(text + 6, NULL);
    } else {
        golden_fault(golden, line,
                     "\"%s\" wants holding, input, coils, discrete, unit, reply, ratio, "
                     "pulse or point",
                     text);
    }
}

void golden_read(struct golden_case *golden, const char *path, struct fixture *fixture)
{
    char text[512];
    golden->path = path;
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        golden_fault(golden, 0, "can't be opened");
        return;
    }
    for (int line = 1; fgets(text, sizeof(text), file) != NULL; line++) {
        cut_comment(text);
        char *start = skip_blanks(text);
        if (*start != '\0') {
            read_line(golden, line, start, fixture);
        }
    }
    fclose(file);
    fixture_plan(fixture);
}

struct golden_point *golden_find(struct golden_case *golden, const char *name)
{
    for (size_t i = 0; i < golden->point_count; i++) {
        if (strcmp(golden->points[i].name, name) == 0) {
            return &golden->points[i];
        }
    }
    return NULL;
}
