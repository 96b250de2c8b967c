/* SPDX-License-Identifier: Apache-2.0 */
/* registry: the collectors that there are. A new one is a folder and a row here. */
#include <lingtan/collector.h>

#include "collectors/modbus/modbus.h"

const struct collector *const collectors[] = {
    &modbus_collector,
    NULL,
};
