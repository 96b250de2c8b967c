/* SPDX-License-Identifier: Apache-2.0 */
/* chain: the SunSpec models that a device lists, read over a line or an endpoint. */
#ifndef LINGTAN_CLI_CHAIN_H
#define LINGTAN_CLI_CHAIN_H

#include "cli/field/reader.h"
#include "collectors/modbus/sunspec/sunspec_walk.h"

/* What a good read brought; context is the caller's. */
typedef void (*chain_note_fn)(void *context, const struct block *block);

/* Walks over the device; walk->chain is whole after EXIT_OK. Gives an enum exit_code; what is wrong is told here. note may
 * be NULL. */
int chain_walk(struct reader *reader, uint8_t unit, struct sunspec_walk *walk, chain_note_fn note,
               void *context);

#endif
