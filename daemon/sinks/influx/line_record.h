/* SPDX-License-Identifier: Apache-2.0 */
/* line_record: a record (lingtan/record.h) as one line of Influx line protocol.
 *
 * alarm,site=hq,subject=store_disk_full position=7i,state="raised",stands=false 1700000000000000
 *
 * Measurement: the kind. A field for each member of the body that is a string, a number or a boolean; numbers are floats
 * always, so that a field's type never changes. */
#ifndef LINGTAN_SINKS_LINE_RECORD_H
#define LINGTAN_SINKS_LINE_RECORD_H

#include "base/text.h"
#include <lingtan/record.h>

/* Appends the line and its newline, and holds no other. */
void line_record_add(struct text *text, const char *site, const struct record *record,
                     const char *body);

#endif
