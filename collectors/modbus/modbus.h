/* SPDX-License-Identifier: Apache-2.0 */
/* modbus: the collector's row for the registry. */
#ifndef LINGTAN_MODBUS_MODBUS_H
#define LINGTAN_MODBUS_MODBUS_H

#include <lingtan/collector.h>

extern const struct collector modbus_collector;

#endif
