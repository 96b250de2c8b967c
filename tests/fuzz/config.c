/* SPDX-License-Identifier: Apache-2.0 */
/* config: a loaded struct there and back. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "fuzz/fuzz.h"

static char *print(const struct option_table *table, const void *value, size_t *size)
{
    char *printed = NULL;
    FILE *file = open_memstream(&printed, size);
    fuzz_require(file != NULL, "a stream in memory can be opened");
    config_print(table, value, file);
    fuzz_require(fclose(file) == 0, "a stream in memory can be closed");
    return printed;
}

void check_print(const struct option_table *table, const void *value)
{
    size_t size = 0;
    size_t again_size = 0;
    char *printed = print(table, value, &size);
    struct config_memory *memory = config_memory_create();
    struct faults *faults = faults_create();
    void *copy = mem_alloc(table->size);
    config_load(file_put(printed, size), table, copy, memory, faults);
    if (faults_count(faults) > 0) {
        faults_print(faults, stderr);
    }
    fuzz_require(faults_count(faults) == 0, "what config_print writes loads without faults");
    char *again = print(table, copy, &again_size);
    fuzz_require(size == again_size && memcmp(printed, again, size) == 0,
                 "what config_print writes loads as it was");
    free(again);
    free(copy);
    faults_destroy(faults);
    config_memory_destroy(memory);
    free(printed);
}
