/* SPDX-License-Identifier: Apache-2.0 */
/* notify: readiness, status and the watchdog's ping to systemd. */
#include "base/notify.h"

#include <stdlib.h>
#include <systemd/sd-daemon.h>

#include "base/mem.h"

/* Main thread only. */
static struct {
    struct loop *loop;
    struct loop_source *timer;
    int64_t period_us;
} watchdog;

static void ping(void *context)
{
    (void)context;
    sd_notify(0, "WATCHDOG=1");
    loop_timer_at(watchdog.timer, clock_mono_us(loop_clock(watchdog.loop)) + watchdog.period_us);
}

void notify_ready(void)
{
    sd_notify(0, "READY=1");
}

/* The time lets systemd 253 and later tell this reload from an earlier one; 252 passes over it. */
void notify_reloading(void)
{
    sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%lld", (long long)clock_mono_us(clock_real()));
}

void notify_stopping(void)
{
    sd_notify(0, "STOPPING=1");
}

void notify_status(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *status = mem_format_args(format, args);
    va_end(args);
    sd_notifyf(0, "STATUS=%s", status);
    free(status);
}

int notify_watchdog_start(struct loop *loop)
{
    uint64_t limit_us = 0;
    notify_watchdog_stop();
    int enabled = sd_watchdog_enabled(0, &limit_us);
    if (enabled <= 0) {
        return enabled;
    }
    int error = loop_add_timer(loop, ping, NULL, &watchdog.timer);
    if (error != 0) {
        return error;
    }
    watchdog.loop = loop;
    watchdog.period_us = (int64_t)(limit_us / 2);
    ping(NULL);
    return 0;
}

void notify_watchdog_stop(void)
{
    loop_remove(watchdog.timer);
    watchdog.timer = NULL;
    watchdog.loop = NULL;
}
