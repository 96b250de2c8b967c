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
#include "cli/field/record.h"
#include "cli/screen/interrupt.h"
#include "collectors/modbus/sunspec/sunspec_profile.h"

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
    record->reader.is_patient = true;
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
    profile_destroy(record.found);
    recording_finish(&record.recording);
    text_finish(&record.refusals);
    reader_close(&record.reader);
    setup_finish(&record.setup);
    return code;
}
