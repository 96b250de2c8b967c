/* SPDX-License-Identifier: Apache-2.0 */
/* clock: the machine's time, and a time that tests move. */
#include <lingtan/clock.h>

#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

static int64_t read_us(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int64_t real_mono_us(const struct clock *clock)
{
    (void)clock;
    return read_us(CLOCK_MONOTONIC);
}

static int64_t real_wall_us(const struct clock *clock)
{
    (void)clock;
    return read_us(CLOCK_REALTIME);
}

static bool real_is_synchronised(const struct clock *clock)
{
    (void)clock;
    struct timex state = {0};
    return adjtimex(&state) != TIME_ERROR;
}

/* The first sixteen of the id's thirty-two digits. */
static uint64_t read_boot(void)
{
    char id[64] = "";
    char digits[17] = "";
    const int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    const ssize_t length = fd >= 0 ? read(fd, id, sizeof(id) - 1) : 0;
    if (fd >= 0) {
        close(fd);
    }
    size_t count = 0;
    for (ssize_t i = 0; i < length && count < sizeof(digits) - 1; i++) {
        if (id[i] != '-') {
            digits[count++] = id[i];
        }
    }
    const uint64_t boot = strtoull(digits, NULL, 16);
    return boot != 0 ? boot : 1;
}

uint64_t clock_boot(void)
{
    static _Atomic uint64_t known;
    uint64_t boot = atomic_load(&known);
    if (boot == 0) {
        boot = read_boot();
        atomic_store(&known, boot);
    }
    return boot;
}

/* The clock is the first member of its fake. */
static int64_t fake_mono_us(const struct clock *clock)
{
    return atomic_load(&((const struct fake_clock *)clock)->now_mono_us);
}

static int64_t fake_wall_us(const struct clock *clock)
{
    return atomic_load(&((const struct fake_clock *)clock)->now_wall_us);
}

static bool fake_is_synchronised(const struct clock *clock)
{
    return !atomic_load(&((const struct fake_clock *)clock)->is_unsynchronised);
}

const struct clock *clock_real(void)
{
    static const struct clock real = {
        .mono_us = real_mono_us, .wall_us = real_wall_us, .is_synchronised = real_is_synchronised};
    return &real;
}

void fake_clock_init(struct fake_clock *fake, int64_t mono_us, int64_t wall_us)
{
    fake->clock = (struct clock){
        .mono_us = fake_mono_us, .wall_us = fake_wall_us, .is_synchronised = fake_is_synchronised};
    atomic_init(&fake->is_unsynchronised, false);
    atomic_init(&fake->now_mono_us, mono_us);
    atomic_init(&fake->now_wall_us, wall_us);
}

void fake_clock_advance(struct fake_clock *fake, int64_t delta_us)
{
    atomic_fetch_add(&fake->now_mono_us, delta_us);
    atomic_fetch_add(&fake->now_wall_us, delta_us);
}

void fake_clock_step_wall(struct fake_clock *fake, int64_t delta_us)
{
    atomic_fetch_add(&fake->now_wall_us, delta_us);
}
