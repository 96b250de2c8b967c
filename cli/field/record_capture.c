/* SPDX-License-Identifier: Apache-2.0 */
/* record_capture: ranges of registers of a device that has no profile yet. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/field/capture.h"
#include "cli/field/record.h"

static bool parse_range(const char *text, struct capture *capture)
{
    int64_t function = 0;
    int64_t first = 0;
    int64_t last = 0;
    char *copy = mem_dup_string(text);
    char *rest = copy;
    char *parts[3] = {strsep(&rest, ":"), rest ? strsep(&rest, "-") : NULL, rest};
    bool is_good = parts[1] && cli_number("FUNCTION", parts[0], 1, 4, &function) &&
                   cli_number("FIRST", parts[1], 0, 65535, &first) &&
                   cli_number("LAST", parts[2] ? parts[2] : parts[1], first, 65535, &last);
    if (!parts[1]) {
        fprintf(stderr, "lingtan: \"%s\" is not allowed: FUNCTION:FIRST-LAST, such as 3:0-99\n",
                text);
    }
    free(copy);
    capture->function = (uint8_t)function;
    capture->first = (uint16_t)first;
    capture->count = (size_t)(last - first + 1);
    return is_good;
}

static void keep_capture(struct record *record, const struct capture *capture)
{
    for (size_t i = 0; i < capture->count; i++) {
        if (capture->is_known[i]) {
            recording_add(&record->recording,
                          (struct recorded_word){capture->unit, capture->function,
                                                 (uint16_t)(capture->first + i),
                                                 capture->words[i]});
        }
    }
    text_add_format(&record->refusals, "# function %u, %u to %zu: %zu of %zu were given\n",
                    capture->function, capture->first, capture->first + capture->count - 1,
                    capture->known, capture->count);
}

static int record_range(struct record *record, const char *range)
{
    struct capture capture = {.unit = record->unit};
    if (!parse_range(range, &capture)) {
        return EXIT_USAGE;
    }
    int error = capture_read(&capture, &record->reader);
    keep_capture(record, &capture);
    capture_finish(&capture);
    if (error < 0) {
        const char *why = error == -EINTR ? "interrupted" : record->reader.why;
        fprintf(stderr, "lingtan: %s: %s\n", range, why);
        text_add_format(&record->refusals, "# cut short: %s\n", why);
    }
    return error < 0 ? EXIT_FAILED : EXIT_OK;
}

int record_ranges(struct record *record, struct text *out)
{
    int code = EXIT_OK;
    for (int i = 0; i < record->range_count && code == EXIT_OK; i++) {
        code = record_range(record, record->ranges[i]);
    }
    if (record->recording.count == 0) {
        if (code == EXIT_OK) {
            fputs("lingtan: the device gave none of these registers\n", stderr);
        }
        return code == EXIT_OK ? EXIT_FAILED : code;
    }
    text_add_string(out, "# Captured by lingtan record on ");
    recording_add_time(out);
    text_add_format(out,
                    " from unit %u. Addresses are those on the wire.\n"
                    "# Maker and model:\n# What its display showed meanwhile:\n",
                    record->unit);
    text_add(out, record->refusals.data, record->refusals.length);
    text_add_char(out, '\n');
    recording_write(&record->recording, record->unit, 0, out);
    return code;
}
