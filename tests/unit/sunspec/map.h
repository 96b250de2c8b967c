/* SPDX-License-Identifier: Apache-2.0 */
/* map: the registers of a device that a test writes down, and the walk over them. What was never written is refused. */
#ifndef TESTS_SUNSPEC_MAP_H
#define TESTS_SUNSPEC_MAP_H

#include "collectors/modbus/sunspec/sunspec_walk.h"

struct map {
    uint16_t words[65536];
    bool is_written[65536];
    uint32_t at; /* where the next model goes */
    unsigned reads;
};

/* "SunS" at the base. */
void map_begin(struct map *map, uint16_t base);
/* A model with `length` registers of zero; returns the address of its id. */
uint16_t map_model(struct map *map, uint16_t id, uint16_t length);
void map_set(struct map *map, uint32_t address, uint16_t word);
void map_text(struct map *map, uint32_t address, const char *text);
void map_end(struct map *map);

/* Walks until it ends; every read must be within what the walk promises. */
enum sunspec_verdict map_walk(struct map *map, struct sunspec_walk *walk);

#endif
