/* SPDX-License-Identifier: Apache-2.0 */
/* app: the only place that sees every part: makes them, wires them, runs them, stops them in order. */
#ifndef LINGTAN_APP_H
#define LINGTAN_APP_H

#include "app/app_options.h"

/* Runs the daemon until SIGTERM or SIGINT; SIGHUP reads the configuration again from path. Returns the exit code: 0, or 1 after telling why. Call once, before any other
 * thread exists. */
int app_run(struct app_config *config, const char *path);

#endif
