/* SPDX-License-Identifier: Apache-2.0 */
/* log_output: where a message goes. May wait for a disk, a pipe or journald. Inside log.c only. */
#ifndef BASE_LOG_OUTPUT_H
#define BASE_LOG_OUTPUT_H

#include <lingtan/log.h>

/* Finds out whether stderr is journald's stream. Before any thread starts. */
void log_output_setup(void);

/* One message, one line. Any thread. */
void log_output(enum log_level level, struct log_subject subject, const char *message);

#endif
