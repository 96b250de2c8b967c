/* SPDX-License-Identifier: Apache-2.0 */
/* small_disk: a disk of a test's own that can be filled. Include it after <cmocka.h>. */
#ifndef LINGTAN_TESTS_STORE_SMALL_DISK_H
#define LINGTAN_TESTS_STORE_SMALL_DISK_H

#include <sys/resource.h>

#include "unit/store/samples.h"

/* A tmpfs ("size=10m") at the scene's folder, in a mount namespace of the test's own. False, and the test is skipped, where
 * that is not permitted. */
bool mount_small_disk(struct scene *scene, const char *size);

void fill_disk(const struct scene *scene, int64_t leave); /* but for so many bytes */
void empty_disk(const struct scene *scene);

/* No file may grow beyond; SIGXFSZ must be ignored. RLIM_INFINITY lifts it. */
void limit_files(rlim_t bytes);

#endif
