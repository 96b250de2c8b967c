/* SPDX-License-Identifier: Apache-2.0 */
/* app: the only place that sees every part: makes them, wires them, stops them. */
#ifndef LINGTAN_APP_H
#define LINGTAN_APP_H

#include "config/config.h"

struct app_options;
extern const struct option_table app_table; /* the whole of lingtan.conf */

int app_check(const char *config_path, bool print); /* exit code: 0 or 2 */
int app_run(const char *config_path);               /* exit code */
void app_document(FILE *out);                       /* docs/CONFIG.md */

#endif
