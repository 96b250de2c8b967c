/* SPDX-License-Identifier: Apache-2.0 */
/* Profiles: any bytes as a file of conf/devices. What has no faults is printed, documented, planned and decoded. */
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "fuzz/fuzz.h"

static char folder[] = "/tmp/lingtan-fuzz-XXXXXX";
static char *link_path;

static void remove_folder(void)
{
    (void)unlink(link_path);
    (void)rmdir(folder);
    free(link_path);
}

/* profiles_load wants a folder: its one file is a link to the input in memory. */
static void make_folder(const char *path)
{
    if (!link_path) {
        fuzz_require(mkdtemp(folder) != NULL, "a folder can be made in /tmp");
        link_path = mem_format("%s/p.conf", folder);
        fuzz_require(symlink(path, link_path) == 0, "a link can be made in /tmp");
        (void)atexit(remove_folder);
    }
}

static void use(const struct profile *profile)
{
    struct device_config config = {
        .id = "device",
        .name = "Device",
        .profile = profile->id,
        .node = "",
        .unit = -1,
        .ct_ratio = 40,
        .vt_ratio = 1,
        .pulse_weight = 0.01,
    };
    struct device *device = make_device(profile, &config);
    use_profile(profile, &config, device);
    device_unref(device);
    check_print(&profile_table, profile);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    make_folder(file_put(data, size));
    struct faults *faults = faults_create();
    struct profiles *profiles = profiles_load(folder, faults);
    faults_print(faults, null_file());
    profiles_document(profiles, null_file());
    fuzz_require(profiles_count(profiles) == 1, "a profile with faults stays known by its name");
    const struct profile *profile = profiles_at(profiles, 0);
    fuzz_require((profile->points.count > 0) == (faults_count(faults) == 0),
                 "a profile has points or faults");
    if (faults_count(faults) == 0) {
        use(profile);
    }
    profiles_destroy(profiles);
    faults_destroy(faults);
    return 0;
}
