/* SPDX-License-Identifier: Apache-2.0 */
/* session: a run of the simulator, from the files to the last signal. One thread. */
#ifndef LINGTAN_SIM_SESSION_H
#define LINGTAN_SIM_SESSION_H

#include "sim/arguments.h"

/* Both return the exit code of the program and print what is wrong to stderr. */
int session_run(const struct arguments *arguments);
int session_report(const struct arguments *arguments);

#endif
