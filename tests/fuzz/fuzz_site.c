/* SPDX-License-Identifier: Apache-2.0 */
/* Sites: any bytes as a file of conf/sites. What has no faults is printed, and its devices are made and planned. */
#include "fuzz/fuzz.h"

enum { DEVICES_MAX = 20 }; /* used of one site: the others are like them */

static void use_line(const struct site *site, const struct line_config *line)
{
    const struct device_config *devices = line->devices.items;
    for (size_t i = 0; i < line->devices.count && i < DEVICES_MAX; i++) {
        const struct profile *profile = profiles_find(real_profiles(), devices[i].profile);
        fuzz_require(profile != NULL, "a site without faults names known profiles");
        struct device *device = site_device(site, line, &devices[i], profile);
        use_profile(profile, &devices[i], device);
        device_unref(device);
        for (int poll_class = 0; poll_class < POLL_CLASS_COUNT; poll_class++) {
            fuzz_require(site_period_ms(site, &devices[i], (enum poll_class)poll_class) > 0,
                         "a device has periods");
        }
    }
}

static void use_site(const struct site *site)
{
    const struct line_config *lines = site->lines.items;
    const struct node_config *nodes = site->nodes.items;
    for (size_t i = 0; i < site->lines.count && i < DEVICES_MAX; i++) {
        use_line(site, &lines[i]);
    }
    for (size_t i = 0; i < site->nodes.count && i < DEVICES_MAX; i++) {
        fuzz_require(site_find_node(site, nodes[i].id) == &nodes[i], "a node is found by its id");
    }
    check_print(&site_table, site);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct profiles *profiles = real_profiles();
    struct faults *faults = faults_create();
    struct config_memory *memory = config_memory_create();
    struct site site = {0};
    site_load(file_put(data, size), &site, memory, faults);
    site_check(&site, profiles, faults);
    faults_print(faults, null_file());
    if (faults_count(faults) == 0) {
        use_site(&site);
    }
    config_memory_destroy(memory);
    faults_destroy(faults);
    return 0;
}
