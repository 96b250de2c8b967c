/* SPDX-License-Identifier: Apache-2.0 */
/* registry: every sink there is. A new one is a file and a row here. */
#include <stddef.h>

#include "sinks/influx/influx.h"
#include "sinks/mqtt/mqtt.h"

const char *const sink_state_words[] = {
    [SINK_DOWN] = "down", [SINK_CONNECTING] = "connecting", [SINK_UP] = "up", NULL};

const struct sink *const sinks[] = {&mqtt_sink, &influx_sink, NULL};
