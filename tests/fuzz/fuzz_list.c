/* SPDX-License-Identifier: Apache-2.0 */
/* Lists: any bytes as a CSV file of devices beside a small site. What has no faults is printed like a site written out. */
#include "base/mem.h"
#include "fuzz/fuzz.h"
#include "site/site_lists.h"

static const char site_text[] =
    "id = \"s\"; nodes = ( { id = \"b1\"; } );\n"
    "lines = ( { id = \"gw-1\"; transport = \"tcp\"; host = \"10.0.0.1\";\n"
    "devices = ( { id = \"first\"; profile = \"chint-dtsu666\"; unit = 9; } ); } );\n"
    "device_lists = ( { file = \"/\"; profile = \"chint-dtsu666\"; ct_ratio = 20.0; } );\n";

static size_t count_devices(const struct site *site)
{
    const struct line_config *lines = site->lines.items;
    size_t count = site->lost.count;
    for (size_t i = 0; i < site->lines.count; i++) {
        count += lines[i].devices.count;
    }
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct profiles *profiles = real_profiles();
    struct faults *faults = faults_create();
    struct config_memory *memory = config_memory_create();
    struct site site = {0};
    config_load(file_put(site_text, sizeof(site_text) - 1), &site_table, &site, memory, faults);
    fuzz_require(faults_count(faults) == 0 && site.device_lists.count == 1, "the site is good");
    ((struct device_list *)site.device_lists.items)->file = (char *)file_put(data, size);
    site_lists_load(&site, memory, faults);
    site_check(&site, profiles, faults);
    faults_print(faults, null_file());
    fuzz_require(count_devices(&site) <= 1 + size, "a device takes a row");
    if (faults_count(faults) == 0) {
        fuzz_require(site.lost.count == 0, "without faults each device has a line");
        check_print(&site_table, &site);
    }
    config_memory_destroy(memory);
    faults_destroy(faults);
    return 0;
}
