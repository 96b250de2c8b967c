/* SPDX-License-Identifier: Apache-2.0 */
/* line_protocol: a batch as one line of Influx line protocol.
 *
 * meter,site=hq,node=b1,device=m1 active_power=12.34,inverter_state=3i,quality=0i 1700000000000000
 *
 * Measurement: the device's class. A field's type follows from the dictionary alone, so it never changes: gauges and
 * counters are floats, states integers, texts strings. Values that are not ok are left out; the integer `quality`
 * counts them. The time is in microseconds. */
#ifndef LINGTAN_SINKS_LINE_PROTOCOL_H
#define LINGTAN_SINKS_LINE_PROTOCOL_H

#include "base/text.h"
#include <lingtan/reading.h>

/* Appends the line and its newline; nothing for a batch without readings. The line holds no other newline. */
void line_protocol_add(struct text *text, const struct batch *batch);

/* For other lines: the name of a field or the value of a tag; a tag, left out when its value is ""; a field's string. */
void line_protocol_add_name(struct text *text, const char *name);
void line_protocol_add_tag(struct text *text, const char *key, const char *value);
void line_protocol_add_string(struct text *text, const char *string);

#endif
