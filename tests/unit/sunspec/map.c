/* SPDX-License-Identifier: Apache-2.0 */
/* map: a device in memory. */
#include "map.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

void map_set(struct map *map, uint32_t address, uint16_t word)
{
    assert_true(address < 65536);
    map->words[address] = word;
    map->is_written[address] = true;
}

void map_begin(struct map *map, uint16_t base)
{
    map_set(map, base, 0x5375);
    map_set(map, base + 1U, 0x6E53);
    map->at = base + 2U;
}

uint16_t map_model(struct map *map, uint16_t id, uint16_t length)
{
    uint32_t start = map->at;
    map_set(map, start, id);
    map_set(map, start + 1, length);
    for (uint32_t i = 0; i < length; i++) {
        map_set(map, start + 2 + i, 0);
    }
    map->at += 2U + length;
    return (uint16_t)start;
}

void map_text(struct map *map, uint32_t address, const char *text)
{
    size_t length = strlen(text);
    for (size_t i = 0; i < length; i += 2) {
        unsigned low = i + 1 < length ? (uint8_t)text[i + 1] : 0;
        map_set(map, address + (uint32_t)i / 2, (uint16_t)((uint8_t)text[i] << 8 | low));
    }
}

void map_end(struct map *map)
{
    map_set(map, map->at, SUNSPEC_END);
    map_set(map, map->at + 1, 0);
}

enum sunspec_verdict map_walk(struct map *map, struct sunspec_walk *walk)
{
    enum sunspec_verdict verdict = SUNSPEC_GOES_ON;
    map->reads = 0;
    while (verdict == SUNSPEC_GOES_ON) {
        struct sunspec_read read = sunspec_walk_next(walk);
        bool is_written = true;
        assert_in_range(read.quantity, 1, SUNSPEC_READ_MAX);
        assert_true((uint32_t)read.address + read.quantity <= 65536);
        assert_true(++map->reads <= SUNSPEC_READS_MAX);
        for (uint32_t i = 0; i < read.quantity; i++) {
            is_written = is_written && map->is_written[read.address + i];
        }
        verdict = is_written ? sunspec_walk_take(walk, &map->words[read.address])
                             : sunspec_walk_refuse(walk);
    }
    return verdict;
}
