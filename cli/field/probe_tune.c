/* SPDX-License-Identifier: Apache-2.0 */
/* probe_tune: which baud rate and frame a serial port's devices speak. The first reply with a good CRC decides. */
#include <errno.h>

#include "base/mem.h"
#include "cli/field/probe.h"
#include "cli/screen/interrupt.h"

enum {
    TUNE_UNITS = 3,
    SETTLE_MS = 100,       /* a change of settings takes about so long */
    TUNE_TIMEOUT_MS = 400, /* enough for 2400 baud and a slow device; there are 24 settings */
};

static const int64_t bauds[] = {9600, 19200, 38400, 115200, 4800, 2400};

static const struct {
    int parity;
    int64_t stop_bits;
    const char *name;
} frames[] = {
    {PARITY_NONE, 1, "8N1"},
    {PARITY_EVEN, 1, "8E1"},
    {PARITY_ODD, 1, "8O1"},
    {PARITY_NONE, 2, "8N2"},
};

static bool is_wanted(const struct cli *cli, size_t baud, size_t frame)
{
    return (cli->baud == 0 || cli->baud == bauds[baud]) &&
           (cli->parity < 0 || cli->parity == frames[frame].parity) &&
           (cli->stop_bits == 0 || cli->stop_bits == frames[frame].stop_bits);
}

/* 0: somebody answered; -ETIMEDOUT: nobody; -ENOTSUP: the port cannot do it; else the reason to end. */
static int try_setting(struct probe *probe, size_t baud, size_t frame)
{
    struct reader *reader = &probe->reader;
    int error =
        wire_tune(&reader->wire, bauds[baud], frames[frame].parity, frames[frame].stop_bits);
    if (error < 0) {
        return error;
    }
    size_t count = probe->unit_count < TUNE_UNITS ? probe->unit_count : TUNE_UNITS;
    for (size_t i = 0; i < count; i++) {
        struct block block = {
            .unit = probe->units[i], .function = (uint8_t)reader->cli->function, .quantity = 1};
        error = interrupt_came() ? -EINTR : reader_read(reader, &block);
        if (error == 0 || error == -EREMOTEIO) {
            return 0;
        }
        if (interrupt_came() || !reader_goes_on(error)) {
            return interrupt_came() ? -EINTR : error;
        }
    }
    return -ETIMEDOUT;
}

enum { SETTINGS = ARRAY_SIZE(bauds) * ARRAY_SIZE(frames) };

static int64_t count_wanted(const struct cli *cli)
{
    int64_t count = 0;
    for (size_t i = 0; i < SETTINGS; i++) {
        count += is_wanted(cli, i / ARRAY_SIZE(frames), i % ARRAY_SIZE(frames)) ? 1 : 0;
    }
    return count;
}

static void announce(const struct probe *probe, long long settings, long long timeout_ms)
{
    size_t count = probe->unit_count < TUNE_UNITS ? probe->unit_count : TUNE_UNITS;
    long long most_s = settings * ((long long)count * timeout_ms + SETTLE_MS) / 1000 + 1;
    fprintf(
        stderr,
        "looking for baud and parity on %s: %lld settings x %zu units x %lld ms, at most %lld s; "
        "give --baud, --parity and --stop-bits to spare it\n",
        probe->reader.where, settings, count, timeout_ms, most_s);
}

static void keep_setting(struct probe *probe, size_t baud, size_t frame)
{
    struct line_config *config = &probe->reader.config;
    config->baud = bauds[baud];
    config->parity = frames[frame].parity;
    config->stop_bits = frames[frame].stop_bits;
    fprintf(stderr, "an answer at %lld baud, %s\n", (long long)bauds[baud], frames[frame].name);
}

static int say_nobody(const struct probe *probe, size_t refused)
{
    fprintf(stderr,
            "lingtan: nobody answered on %s in %lld settings%s. Is it the right port, are A and B "
            "swapped, is the device on? If its unit is not among the first %d asked, name it with "
            "--units\n",
            probe->reader.where, (long long)probe->tried_settings,
            refused > 0 ? " (the port refused some others)" : "", TUNE_UNITS);
    return EXIT_FAILED;
}

/* What try_setting gave to an exit code; -1: on with the next one. */
static int judge(struct probe *probe, int error, size_t baud, size_t frame)
{
    probe->tried_settings += error == -ENOTSUP ? 0 : 1;
    switch (error) {
    case 0:
        keep_setting(probe, baud, frame);
        return EXIT_OK;
    case -ETIMEDOUT:
    case -ENOTSUP:
        return -1;
    default:
        fprintf(stderr, "lingtan: %s\n",
                error == -EINTR ? "interrupted, nothing was found" : probe->reader.why);
        return EXIT_FAILED;
    }
}

static int search(struct probe *probe)
{
    size_t refused = 0;
    for (size_t i = 0; i < SETTINGS; i++) {
        size_t baud = i / ARRAY_SIZE(frames);
        size_t frame = i % ARRAY_SIZE(frames);
        if (is_wanted(probe->reader.cli, baud, frame)) {
            int error = try_setting(probe, baud, frame);
            int code = judge(probe, error, baud, frame);
            refused += error == -ENOTSUP ? 1 : 0;
            if (code >= 0) {
                return code;
            }
        }
    }
    return say_nobody(probe, refused);
}

int probe_tune(struct probe *probe)
{
    struct wire *wire = &probe->reader.wire;
    int64_t settings = count_wanted(probe->reader.cli);
    if (settings <= 1) {
        return EXIT_OK; /* all is given, or it is none of the usual ones */
    }
    int64_t timeout_ms = wire->timeout_ms;
    wire->timeout_ms = timeout_ms < TUNE_TIMEOUT_MS ? timeout_ms : TUNE_TIMEOUT_MS;
    announce(probe, settings, wire->timeout_ms);
    int code = search(probe);
    wire->timeout_ms = timeout_ms;
    return code;
}
