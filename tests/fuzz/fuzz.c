/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: bytes as food, and a file that is made anew for each input without touching a disk. */
#include "fuzz/fuzz.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

void fuzz_require(bool holds, const char *promise)
{
    if (!holds) {
        fprintf(stderr, "the promise does not hold: %s\n", promise);
        abort();
    }
}

uint8_t food_u8(struct food *food)
{
    if (food->left == 0) {
        return 0;
    }
    food->left--;
    return *food->at++;
}

uint16_t food_u16(struct food *food)
{
    unsigned high = food_u8(food);
    return (uint16_t)(high << 8 | food_u8(food));
}

uint64_t food_u64(struct food *food)
{
    uint64_t value = 0;
    for (int i = 0; i < 4; i++) {
        value = value << 16 | food_u16(food);
    }
    return value;
}

const char *file_put(const void *bytes, size_t size)
{
    static int fd = -1;
    static char path[32];
    if (fd < 0) {
        fd = memfd_create("input", MFD_CLOEXEC);
        (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    }
    fuzz_require(fd >= 0 && ftruncate(fd, 0) == 0 && pwrite(fd, bytes, size, 0) == (ssize_t)size,
                 "a file in memory can be written");
    return path;
}

FILE *null_file(void)
{
    static FILE *file;
    if (!file) {
        file = fopen("/dev/null", "w");
        fuzz_require(file != NULL, "/dev/null can be opened");
    }
    return file;
}
