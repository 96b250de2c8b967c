/* SPDX-License-Identifier: Apache-2.0 */
/* live_slots: the values of a row. */
#ifndef LINGTAN_CLI_LIVE_SLOTS_H
#define LINGTAN_CLI_LIVE_SLOTS_H

#include "cli/live/live_model.h"

/* points: those of the row's device, an array of objects as in /api/v1/points. */
void live_slots_choose(struct live_row *row, const json_t *points);
void live_slots_finish(struct live_row *row);

#endif
