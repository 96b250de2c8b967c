/* SPDX-License-Identifier: Apache-2.0 */
/* record: lingtan record: what a device holds now, as a case of tests/golden when its profile is known, else as a
 * capture that somebody can make a profile of. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/capture.h"
#include "cli/interrupt.h"
#include "cli/recording.h"
#include <lingtan/clock.h>

enum {
    TRIES = 2,
    ALL_CLASSES = (1U << POLL_CLASS_COUNT) - 1,
};

struct record {
    const struct cli *cli;
    struct setup setup;
    const char *line; /* NULL = an endpoint of the options */
    const struct profile *profile;
    struct device_config config; /* unit and ratios */
    uint8_t unit;
    char **ranges; /* raw: FUNCTION:FIRST-LAST each */
    int range_count;
    struct reader reader;
    struct recording recording;
    struct text refusals; /* comments */
    size_t refused;
};

static int usage(void)
{
    fputs("lingtan: usage: lingtan record DEVICE\n"
          "       lingtan record {LINE | --host HOST | --port PATH} UNIT PROFILE\n"
          "       lingtan record {LINE | --host HOST | --port PATH} UNIT FUNCTION:FIRST-LAST...\n"
          "Try 'lingtan --help'.\n",
          stderr);
    return EXIT_USAGE;
}

/* --- what is to be recorded --- */

static int choose_device(struct record *record, const char *id)
{
    const struct line_config *line = NULL;
    if (!setup_load(&record->setup, record->cli)) {
        return EXIT_FAILED;
    }
    const struct device_config *device = setup_device(&record->setup, id, &line);
    if (!device) {
        fprintf(stderr, "lingtan: the site %s has no device %s\n", record->setup.site.id, id);
        return EXIT_FAILED;
    }
    record->config = *device;
    record->line = line->id;
    record->profile = profiles_find(record->setup.profiles, device->profile);
    return EXIT_OK;
}

static int choose_profile(struct record *record, const char *id)
{
    if (!setup_load_profiles(&record->setup, record->cli)) {
        return EXIT_FAILED;
    }
    record->profile = profiles_find(record->setup.profiles, id);
    if (!record->profile) {
        const char *near = nearest_word(id, profiles_ids(record->setup.profiles));
        fprintf(stderr, "lingtan: there is no profile %s%s%s; ranges are FUNCTION:FIRST-LAST\n", id,
                near ? ", nearest is " : "", near ? near : "");
        return EXIT_FAILED;
    }
    return EXIT_OK;
}

static int choose(struct record *record)
{
    const struct cli *cli = record->cli;
    bool is_direct = cli->port || cli->host;
    int first = is_direct ? 0 : 1; /* the unit */
    int64_t unit = 0;
    if (!is_direct && cli->argument_count == 1) {
        return choose_device(record, cli->arguments[0]);
    }
    if (cli->argument_count < first + 2) {
        return usage();
    }
    if (!cli_number("UNIT", cli->arguments[first], 0, 255, &unit)) {
        return EXIT_USAGE;
    }
    record->line = is_direct ? NULL : cli->arguments[0];
    record->config =
        (struct device_config){.unit = unit, .ct_ratio = 1, .vt_ratio = 1, .pulse_weight = 1};
    record->ranges = cli->arguments + first + 1;
    record->range_count = cli->argument_count - first - 1;
    if (strchr(record->ranges[0], ':')) {
        return EXIT_OK;
    }
    return record->range_count == 1 ? choose_profile(record, record->ranges[0]) : usage();
}

/* --- a case of a profile --- */

static void note_refusal(struct record *record, const struct frame_request *request)
{
    text_add_format(&record->refusals, "# not read: function %u, %u from wire address %u: %s\n",
                    request->function, request->quantity, request->address, record->reader.why);
    record->refused++;
}

static int read_request(struct record *record, const struct frame_request *request,
                        struct plan_outcome *outcome)
{
    struct block block = {
        .unit = request->unit,
        .function = request->function,
        .address = request->address,
        .quantity = request->quantity,
    };
    int error = 0;
    for (int i = 0; i < TRIES; i++) {
        error = interrupt_came() ? -EINTR : reader_read(&record->reader, &block);
        if (error == 0 || error == -EREMOTEIO || !reader_goes_on(error)) {
            break;
        }
    }
    *outcome = (struct plan_outcome){.quality = QUALITY_OK, .time_us = 1};
    if (error == 0) {
        recording_add_answer(&record->recording, request, block.registers);
        return 0;
    }
    outcome->quality = error == -EREMOTEIO ? QUALITY_EXCEPTION : QUALITY_TIMEOUT;
    note_refusal(record, request);
    return reader_goes_on(error) ? 0 : error;
}

static int read_plan(struct record *record, const struct plan *plan, struct plan_outcome *outcomes)
{
    size_t count = 0;
    const struct plan_request *requests = plan_requests(plan, &count);
    for (size_t i = 0; i < count; i++) {
        int error = read_request(record, &requests[i].request, &outcomes[i]);
        if (error < 0) {
            fprintf(stderr, "lingtan: %s\n",
                    error == -EINTR ? "interrupted, nothing was written" : record->reader.why);
            return EXIT_FAILED;
        }
    }
    if (record->refused == count) {
        fprintf(stderr, "lingtan: nothing could be read: %s\n", record->reader.why);
        return EXIT_FAILED;
    }
    return EXIT_OK;
}

static void write_head(const struct record *record, struct text *out)
{
    text_add_string(out,
                    "# SPDX-License-Identifier: Apache-2.0\n# Recorded by lingtan record from ");
    text_add_format(out, "a %s on ", record->profile->device);
    text_add_time(out, clock_wall_us(clock_real()) / 1000000 * 1000000);
    text_add_string(out,
                    ". To review: compare each point\n# with the device's display, and say here "
                    "what it was doing. Serial numbers may be made up.\n");
    text_add(out, record->refusals.data ? record->refusals.data : "", record->refusals.length);
    text_add_char(out, '\n');
}

static void write_ratios(const struct record *record, struct text *out)
{
    const struct {
        const char *name;
        double value;
    } ratios[] = {
        {"ratio ct", record->config.ct_ratio},
        {"ratio vt", record->config.vt_ratio},
        {"pulse", record->config.pulse_weight},
    };
    for (size_t i = 0; i < ARRAY_SIZE(ratios); i++) {
        if (ratios[i].value > 1 || ratios[i].value < 1) {
            text_add_format(out, "%s ", ratios[i].name);
            text_add_float(out, ratios[i].value, 0);
            text_add_char(out, '\n');
        }
    }
}

/* The values are those that the words of the file give, not those of the moment of each answer. */
static struct batch *decode(struct record *record, const struct plan *plan,
                            const struct plan_outcome *outcomes)
{
    static const struct site site = {
        .id = "site", .name = "", .fast_ms = 1000, .normal_ms = 10000, .slow_ms = 60000};
    static const struct line_config line = {.id = "line"};
    size_t count = 0;
    const struct plan_request *requests = plan_requests(plan, &count);
    uint16_t *registers = mem_alloc_array(plan_answer_size(plan) + 1, sizeof(*registers));
    for (size_t i = 0; i < count; i++) {
        recording_answer(&record->recording, &requests[i].request,
                         registers + requests[i].answer_offset);
    }
    struct device_config config = record->config;
    config.id = (char *)"device";
    config.name = (char *)"";
    config.node = (char *)"";
    config.profile = record->profile->id;
    struct device *device = site_device(&site, &line, &config, record->profile);
    struct batch *batch = decode_batch(plan, ALL_CLASSES, device, registers, outcomes);
    device_unref(device);
    free(registers);
    return batch;
}

static int record_case(struct record *record, struct text *out)
{
    static const int64_t no_periods[POLL_CLASS_COUNT] = {0};
    struct plan *plan = plan_create(record->profile, &record->config, no_periods);
    size_t count = 0;
    (void)plan_requests(plan, &count);
    struct plan_outcome *outcomes = mem_alloc_array(count + 1, sizeof(*outcomes));
    int code = read_plan(record, plan, outcomes);
    if (code == EXIT_OK) {
        struct batch *batch = decode(record, plan, outcomes);
        write_head(record, out);
        write_ratios(record, out);
        recording_write(&record->recording, record->unit, record->profile->address_base, out);
        text_add_char(out, '\n');
        recording_write_points(batch, out);
        batch_unref(batch);
    }
    free(outcomes);
    plan_unref(plan);
    return code;
}

/* --- a capture of ranges --- */

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

static int record_ranges(struct record *record, struct text *out)
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
    text_add_time(out, clock_wall_us(clock_real()) / 1000000 * 1000000);
    text_add_format(out,
                    " from unit %u. Addresses are those on the wire.\n"
                    "# Maker and model:\n# What its display showed meanwhile:\n",
                    record->unit);
    text_add(out, record->refusals.data, record->refusals.length);
    text_add_char(out, '\n');
    recording_write(&record->recording, record->unit, 0, out);
    return code;
}

/* --- the file --- */

static char *name_file(const struct record *record)
{
    const char *folder = record->cli->out;
    if (record->profile) {
        return mem_format("%s/case-recorded.txt", folder ? folder : record->profile->id);
    }
    return mem_format("%s/unit-%u.txt", folder ? folder : "capture", record->unit);
}

static int write_file(const struct record *record, const char *path, const struct text *text)
{
    char *folder = mem_dup_string(path);
    *strrchr(folder, '/') = '\0';
    int made = mkdir(folder, 0777);
    free(folder);
    int fd =
        made == 0 || errno == EEXIST
            ? open(path,
                   O_WRONLY | O_CREAT | O_CLOEXEC | (record->cli->is_forced ? O_TRUNC : O_EXCL),
                   0666)
            : -1;
    ssize_t written = fd >= 0 ? write(fd, text->data, text->length) : -1;
    bool is_whole = written == (ssize_t)text->length;
    if (fd < 0 && errno == EEXIST) {
        fprintf(stderr,
                "lingtan: %s is there already: --force overwrites it, --out names another "
                "folder\n",
                path);
    } else if (!is_whole) {
        fprintf(stderr, "lingtan: cannot write %s: %s\n", path, strerror(errno));
    }
    if (fd >= 0) {
        close(fd);
    }
    return is_whole ? EXIT_OK : EXIT_FAILED;
}

static int say_done(const struct record *record, const char *path)
{
    printf("%s: %zu words\n", path, record->recording.count);
    if (!record->profile) {
        puts("Look through it for what you would not publish, write down maker, model and what the "
             "display showed, and send it.");
        return EXIT_OK;
    }
    if (record->refused > 0) {
        fprintf(
            stderr,
            "lingtan: %zu requests of the profile were not answered (see the file): it does not "
            "fit this device, or its barriers and blocks do not; the case cannot pass so\n",
            record->refused);
        return EXIT_FAILED;
    }
    printf(
        "Review its points, then put it into tests/golden/%s/: the test golden reads it there.\n",
        record->profile->id);
    return EXIT_OK;
}

static int run(struct record *record)
{
    struct text text = {0};
    char *path = name_file(record);
    if (!record->cli->is_forced && access(path, F_OK) == 0) {
        fprintf(stderr,
                "lingtan: %s is there already: --force overwrites it, --out names another "
                "folder\n",
                path);
        free(path);
        return EXIT_FAILED;
    }
    int code = reader_open(&record->reader, record->cli, record->line);
    if (code == EXIT_OK) {
        code = record->profile ? record_case(record, &text) : record_ranges(record, &text);
    }
    if (text.length > 0) {
        int written = write_file(record, path, &text);
        int said = written == EXIT_OK ? say_done(record, path) : written;
        code = code == EXIT_OK ? said : code;
    }
    text_finish(&text);
    free(path);
    return code;
}

int record_run(const struct cli *cli)
{
    struct record record = {.cli = cli};
    interrupt_watch();
    int code = choose(&record);
    if (code == EXIT_OK) {
        bool is_own = record.profile && record.config.unit < 0;
        record.unit = (uint8_t)(is_own ? record.profile->link.unit : record.config.unit);
        code = run(&record);
    }
    recording_finish(&record.recording);
    text_finish(&record.refusals);
    reader_close(&record.reader);
    setup_finish(&record.setup);
    return code;
}
