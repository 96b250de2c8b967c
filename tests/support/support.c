/* SPDX-License-Identifier: Apache-2.0 */
/* support: assertions, waiting and private folders for the C tests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ftw.h>
#include <math.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "support/support.h"

#include <lingtan/clock.h>

enum { WAIT_MAX_US = 20000000, WAIT_STEP_US = 2000 };

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status;
    (void)type;
    (void)walk;
    return remove(path);
}

void test_assert_near(double actual, double expected, double tolerance, const char *file, int line)
{
    if (!(fabs(actual - expected) <= tolerance)) {
        print_error("%.17g is not within %g of %.17g\n", actual, tolerance, expected);
        _fail(file, line);
    }
}

bool test_wait_until(bool (*is_true)(void *context), void *context)
{
    const int64_t end_us = clock_mono_us(clock_real()) + WAIT_MAX_US;
    while (!is_true(context)) {
        if (clock_mono_us(clock_real()) > end_us) {
            return false;
        }
        usleep(WAIT_STEP_US);
    }
    return true;
}

char *test_folder_create(void)
{
    const char *root = getenv("TMPDIR");
    char *folder = mem_format("%s/lingtan-test-XXXXXX", root != NULL ? root : "/tmp");
    if (mkdtemp(folder) == NULL) {
        fail_msg("no folder at %s", folder);
    }
    return folder;
}

void test_folder_remove(char *take_folder)
{
    if (take_folder != NULL) {
        nftw(take_folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
        free(take_folder);
    }
}

/* splitmix64 */
uint64_t test_random(uint64_t *state)
{
    uint64_t mixed = *state += 0x9E3779B97F4A7C15;
    mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
    return mixed ^ (mixed >> 31);
}

bool test_has_localhost(void)
{
    const struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM};
    struct addrinfo *list = NULL;
    if (getaddrinfo("localhost", NULL, &hints, &list) != 0) {
        return false;
    }
    const struct sockaddr_in *address = (const struct sockaddr_in *)list->ai_addr;
    bool is_loopback = ntohl(address->sin_addr.s_addr) == INADDR_LOOPBACK;
    freeaddrinfo(list);
    return is_loopback;
}
