/* SPDX-License-Identifier: Apache-2.0 */
/* replay: runs a fuzz target on every file of a corpus folder, or on single files, so that each test run goes over what
 * the fuzzer ever found. Built with any compiler. */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "fuzz/fuzz.h"

static bool replay_file(const char *path)
{
    struct stat status;
    FILE *file = fopen(path, "rb");
    if (!file || fstat(fileno(file), &status) < 0) {
        perror(path);
        return false;
    }
    /* Exactly as large as the input: then a sanitizer sees what is read behind it. */
    size_t size = (size_t)status.st_size;
    uint8_t *bytes = mem_alloc(size);
    bool is_whole = fread(bytes, 1, size, file) == size;
    fclose(file);
    printf("%s\n", path);
    fflush(stdout);
    if (is_whole) {
        (void)LLVMFuzzerTestOneInput(bytes, size);
    }
    free(bytes);
    return is_whole;
}

static int is_input(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* A folder without files proves nothing. */
static bool replay_folder(const char *folder)
{
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, is_input, alphasort);
    bool is_good = count > 0;
    if (!is_good) {
        fprintf(stderr, "%s: holds no inputs\n", folder);
    }
    for (int i = 0; i < count; i++) {
        char *path = mem_format("%s/%s", folder, entries[i]->d_name);
        is_good = replay_file(path) && is_good;
        free(path);
        free(entries[i]);
    }
    free(entries);
    return is_good;
}

int main(int argc, char **argv)
{
    bool is_good = argc > 1;
    if (!is_good) {
        fprintf(stderr, "usage: %s FOLDER-OR-FILE...\n", argv[0]);
    }
    for (int i = 1; i < argc; i++) {
        struct stat status;
        bool is_folder = stat(argv[i], &status) == 0 && S_ISDIR(status.st_mode);
        is_good = (is_folder ? replay_folder(argv[i]) : replay_file(argv[i])) && is_good;
    }
    return is_good ? EXIT_SUCCESS : EXIT_FAILURE;
}
