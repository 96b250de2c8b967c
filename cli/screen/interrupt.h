/* SPDX-License-Identifier: Apache-2.0 */
/* interrupt: Ctrl-C as a question that long work asks itself, so that what was found so far can still be printed. */
#ifndef LINGTAN_CLI_INTERRUPT_H
#define LINGTAN_CLI_INTERRUPT_H

#include <stdbool.h>

/* From now on SIGINT and SIGTERM only set the flag; a second one ends the program as usual. */
void interrupt_watch(void);
bool interrupt_came(void);

#endif
