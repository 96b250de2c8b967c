/* SPDX-License-Identifier: Apache-2.0 */
/* setup: main file, site, profiles. */
#include "cli/setup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

/* What lingtan.conf says of the places of the other files. */
struct places {
    char *site;
    char *devices;
};

static const struct option place_rows[] = {
    {.name = "site",
     .type = OPTION_STRING,
     .offset = offsetof(struct places, site),
     .fallback = "",
     .help = "The site file."},
    {.name = "devices",
     .type = OPTION_STRING,
     .offset = offsetof(struct places, devices),
     .fallback = LINGTAN_PROFILE_FOLDER,
     .help = "The folder of device profiles."},
};

static const struct option_table place_table = {
    .name = "lingtan",
    .size = sizeof(struct places),
    .rows = place_rows,
    .count = ARRAY_SIZE(place_rows),
    .help = "The places of the other files.",
};

/* The other sections of the main file are not judged here: to this table they are faults, and the daemon's own check is
 * the one that knows them. */
static void read_places(const struct setup *setup, const char *path, struct places *places)
{
    struct faults *unjudged = faults_create();
    config_load(path, &place_table, places, setup->memory, unjudged);
    faults_destroy(unjudged);
}

static bool tell(struct faults *faults)
{
    bool is_fine = faults_count(faults) == 0;
    faults_print(faults, stderr);
    faults_destroy(faults);
    return is_fine;
}

bool setup_load(struct setup *setup, const struct cli *cli)
{
    const char *path = cli->config;
    struct places places = {0};
    *setup = (struct setup){.memory = config_memory_create()};
    if (access(path, R_OK) != 0) {
        fprintf(stderr, "lingtan: cannot read %s: %s; name the main file with --config\n", path,
                strerror(errno));
        return false;
    }
    read_places(setup, path, &places);
    if (places.site[0] == '\0') {
        fprintf(stderr, "lingtan: %s names no site; 'lingtan check %s' lists what is wrong\n", path,
                path);
        return false;
    }
    struct faults *faults = faults_create();
    char *devices = config_path_beside(path, places.devices);
    char *site = config_path_beside(path, places.site);
    setup->profiles = profiles_load(cli->devices ? cli->devices : devices, faults);
    site_load(site, &setup->site, setup->memory, faults);
    site_check(&setup->site, setup->profiles, faults);
    free(devices);
    free(site);
    return tell(faults);
}

bool setup_load_profiles(struct setup *setup, const struct cli *cli)
{
    struct places places = {.devices = (char *)LINGTAN_PROFILE_FOLDER};
    *setup = (struct setup){.memory = config_memory_create()};
    if (!cli->devices && access(cli->config, R_OK) == 0) {
        read_places(setup, cli->config, &places);
    }
    struct faults *faults = faults_create();
    char *devices = config_path_beside(cli->config, places.devices);
    setup->profiles = profiles_load(cli->devices ? cli->devices : devices, faults);
    free(devices);
    bool is_fine = tell(faults);
    if (!is_fine) {
        fputs("lingtan: name the folder of the profiles with --devices\n", stderr);
    }
    return is_fine;
}

void setup_finish(struct setup *setup)
{
    profiles_destroy(setup->profiles);
    config_memory_destroy(setup->memory);
    *setup = (struct setup){0};
}

const struct line_config *setup_line(const struct setup *setup, const char *id)
{
    const struct line_config *lines = setup->site.lines.items;
    for (size_t i = 0; i < setup->site.lines.count; i++) {
        if (strcmp(lines[i].id, id) == 0) {
            return &lines[i];
        }
    }
    return NULL;
}

const struct device_config *setup_device(const struct setup *setup, const char *id,
                                         const struct line_config **line)
{
    const struct line_config *lines = setup->site.lines.items;
    for (size_t i = 0; i < setup->site.lines.count; i++) {
        const struct device_config *devices = lines[i].devices.items;
        for (size_t j = 0; j < lines[i].devices.count; j++) {
            if (strcmp(devices[j].id, id) == 0) {
                *line = &lines[i];
                return &devices[j];
            }
        }
    }
    return NULL;
}
