/* SPDX-License-Identifier: Apache-2.0 */
/* recording: words in order, and as text (the format: tests/golden/golden_case.h). */
#include "cli/field/recording.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include <lingtan/clock.h>

enum { WORDS_A_LINE = 8 };

static int compare(const struct recorded_word *one, const struct recorded_word *other)
{
    if (one->unit != other->unit) {
        return one->unit < other->unit ? -1 : 1;
    }
    if (one->function != other->function) {
        return one->function < other->function ? -1 : 1;
    }
    return (int)one->address - (int)other->address;
}

/* The place of the word, or where it belongs. */
static size_t find_place(const struct recording *recording, const struct recorded_word *word)
{
    size_t low = 0;
    size_t high = recording->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (compare(&recording->words[middle], word) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

void recording_add(struct recording *recording, struct recorded_word word)
{
    size_t place = find_place(recording, &word);
    bool is_new = place == recording->count || compare(&recording->words[place], &word) != 0;
    if (is_new) {
        recording->words =
            mem_grow(recording->words, recording->count + 1, sizeof(*recording->words));
        memmove(&recording->words[place + 1], &recording->words[place],
                (recording->count - place) * sizeof(word));
        recording->count++;
    }
    recording->words[place] = word;
}

void recording_add_answer(struct recording *recording, const struct frame_request *request,
                          const uint16_t *registers)
{
    for (uint16_t i = 0; i < request->quantity; i++) {
        uint16_t word = registers[request->function <= 2 ? i / 16 : i];
        if (request->function <= 2) {
            word = (uint16_t)(word >> i % 16 & 1U);
        }
        recording_add(recording, (struct recorded_word){request->unit, request->function,
                                                        (uint16_t)(request->address + i), word});
    }
}

void recording_answer(const struct recording *recording, const struct frame_request *request,
                      uint16_t *registers)
{
    for (uint16_t i = 0; i < request->quantity; i++) {
        const struct recorded_word wanted = {request->unit, request->function,
                                             (uint16_t)(request->address + i), 0};
        size_t place = find_place(recording, &wanted);
        bool is_there = place < recording->count && compare(&recording->words[place], &wanted) == 0;
        uint16_t word = is_there ? recording->words[place].word : 0;
        if (request->function <= 2) {
            uint16_t bit = (uint16_t)(1U << i % 16);
            registers[i / 16] = (uint16_t)((registers[i / 16] & ~bit) | (word ? bit : 0));
        } else {
            registers[i] = word;
        }
    }
}

void recording_finish(struct recording *recording)
{
    free(recording->words);
    *recording = (struct recording){0};
}

static bool follows(const struct recorded_word *one, const struct recorded_word *next)
{
    return one->unit == next->unit && one->function == next->function &&
           one->address + 1 == next->address;
}

static void begin_line(const struct recorded_word *word, uint8_t unit, int64_t address_base,
                       struct text *out)
{
    static const char *const areas[] = {"", "coils", "discrete", "holding", "input"};
    if (word->unit != unit) {
        text_add_format(out, "unit %u ", word->unit);
    }
    text_add_format(out, "%s ", areas[word->function]);
    text_add_int(out, word->address + address_base);
    text_add_char(out, ':');
}

void recording_write(const struct recording *recording, uint8_t unit, int64_t address_base,
                     struct text *out)
{
    size_t in_line = 0;
    for (size_t i = 0; i < recording->count; i++) {
        const struct recorded_word *word = &recording->words[i];
        if (in_line == 0) {
            begin_line(word, unit, address_base, out);
        }
        text_add_format(out, word->function <= 2 ? " %X" : " %04X", word->word);
        in_line++;
        bool is_last =
            i + 1 == recording->count || in_line == WORDS_A_LINE || !follows(word, word + 1);
        if (is_last) {
            text_add_char(out, '\n');
            in_line = 0;
        }
    }
}

static void write_value(const struct batch *batch, const struct reading *reading, struct text *out)
{
    const struct point *point = &batch->device->points[reading->point];
    bool has_value = reading->quality == QUALITY_OK || reading->quality == QUALITY_IMPLAUSIBLE;
    if (!has_value || isnan(reading->value)) {
        text_add_string(out, quality_word((enum quality)reading->quality));
        return;
    }
    reading_add_value(out, point, reading);
    if (point->quantity->unit[0] != '\0') {
        text_add_format(out, " %s", point->quantity->unit);
    }
    if (point->quantity->kind == QUANTITY_COUNTER) {
        text_add_format(out, ", count %lld", (long long)reading->count);
    }
    if (reading->quality == QUALITY_IMPLAUSIBLE) {
        text_add_string(out, ", implausible");
    }
}

static bool was_read(const struct reading *reading)
{
    return reading->quality != QUALITY_TIMEOUT && reading->quality != QUALITY_EXCEPTION;
}

void recording_write_points(const struct batch *batch, struct text *out)
{
    for (size_t i = 0; i < batch->count; i++) {
        const struct reading *reading = &batch->readings[i];
        const struct point *point = &batch->device->points[reading->point];
        if (!was_read(reading)) {
            continue;
        }
        text_add_format(out, "point %s: ", point->name);
        if (point->quantity->kind == QUANTITY_TEXT && reading->quality == QUALITY_OK) {
            text_add_format(out, "\"%s\"", reading_text(batch, reading));
        } else {
            write_value(batch, reading, out);
        }
        text_add_char(out, '\n');
    }
}

void recording_add_time(struct text *out)
{
    text_add_time(out, clock_wall_us(clock_real()) / 1000000 * 1000000);
}
