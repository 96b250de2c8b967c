/* SPDX-License-Identifier: Apache-2.0 */
/* notify: what systemd is told (sd_notify lives only here). Without systemd every call does nothing. */
#ifndef LINGTAN_BASE_NOTIFY_H
#define LINGTAN_BASE_NOTIFY_H

#include "base/loop.h"

void notify_ready(void);
void notify_reloading(void); /* until notify_ready */
void notify_stopping(void);
void notify_status(const char *format, ...) PRINTF_LIKE(1, 2);

/* Pings the watchdog from the loop at half of WATCHDOG_USEC, so a hung main thread is restarted. */
int notify_watchdog_start(struct loop *loop) MUST_USE;
void notify_watchdog_stop(void);

#endif
