/* SPDX-License-Identifier: Apache-2.0 */
/* time_zone: the zone whose days and months people at the site mean, by its name in the IANA database
 * ("Asia/Shanghai"). Any thread. */
#ifndef LINGTAN_SITE_TIME_ZONE_H
#define LINGTAN_SITE_TIME_ZONE_H

#include <stdbool.h>
#include <stddef.h>

enum { TIME_ZONE_SIZE = 64 };

/* Whether the machine knows a zone of that name; where it has no database, whether it could be one. */
bool time_zone_is_known(const char *name);

/* The system's: TZ, else what /etc/localtime links to, else /etc/timezone, else "UTC". Returns out. */
const char *time_zone_of_system(char out[static TIME_ZONE_SIZE]);

#endif
