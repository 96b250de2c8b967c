/* SPDX-License-Identifier: Apache-2.0 */
/* memory: blocks that are filled from the front and freed together: a site of 10 000 devices is some hundred thousand
 * short strings that all live and die with their configuration. */
#include "config/memory.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum {
    BLOCK_SIZE = 16384,
    BLOCK_ALIGN = _Alignof(max_align_t),
};

struct block {
    struct block *next;
    size_t used;
    size_t size;
    max_align_t bytes[];
};

struct config_memory {
    struct block *blocks; /* the first one is being filled */
};

struct config_memory *config_memory_create(void)
{
    return mem_alloc(sizeof(struct config_memory));
}

void config_memory_destroy(struct config_memory *memory)
{
    if (!memory) {
        return;
    }
    struct block *block = memory->blocks;
    while (block) {
        struct block *next = block->next;
        free(block);
        block = next;
    }
    free(memory);
}

void *config_memory_take(struct config_memory *memory, size_t size)
{
    size_t rounded = (size + BLOCK_ALIGN - 1) / BLOCK_ALIGN * BLOCK_ALIGN;
    struct block *block = memory->blocks;
    if (!block || block->size - block->used < rounded) {
        size_t room = rounded > BLOCK_SIZE ? rounded : BLOCK_SIZE;
        block = mem_alloc(sizeof(*block) + room);
        block->size = room;
        block->next = memory->blocks;
        memory->blocks = block;
    }
    void *taken = (char *)block->bytes + block->used;
    block->used += rounded;
    return taken;
}

char *config_memory_string(struct config_memory *memory, const char *string)
{
    size_t size = strlen(string) + 1;
    return memcpy(config_memory_take(memory, size), string, size);
}
