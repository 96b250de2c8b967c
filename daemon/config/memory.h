/* SPDX-License-Identifier: Apache-2.0 */
/* memory: what a loaded configuration points to, freed as one. Inside daemon/config only. */
#ifndef LINGTAN_CONFIG_MEMORY_H
#define LINGTAN_CONFIG_MEMORY_H

#include <stddef.h>

#include "config/config.h"

/* Zeroed and aligned for anything; lives as long as the memory. */
void *config_memory_take(struct config_memory *memory, size_t size);
char *config_memory_string(struct config_memory *memory, const char *string);

#endif
