/* SPDX-License-Identifier: Apache-2.0 */
/* transport_rtu: RTU frames on a serial port. A helper opens the port; here it is only read and written. */
#include "collectors/modbus/wire/transport.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "collectors/modbus/wire/opener.h"

enum {
    FAST_BAUD = 19200, /* above it the silence is fixed (serial line guide V1.02, 2.5.1.1) */
    FAST_SILENCE_US = 1750,
};

struct transport_rtu {
    struct transport base;
    const struct line_config *config;
    struct crew *openers;
    struct mailbox *home;
    struct opening *opening; /* under way, or NULL */
};

static struct transport_rtu *rtu_of(struct transport *transport)
{
    return (struct transport_rtu *)(void *)transport;
}

static int rtu_prepare(struct transport *transport)
{
    (void)transport;
    return 0;
}

static int begin(struct transport_rtu *rtu)
{
    struct opening *opening = opening_create(rtu->config);
    opening->errand.home = rtu->home;
    opening->errand.line = rtu->base.line;
    int error = crew_post(rtu->openers, &opening->errand);
    if (error != 0) {
        errand_unref(&opening->errand);
        return error;
    }
    rtu->opening = opening;
    return -EINPROGRESS;
}

static int rtu_open(struct transport *transport)
{
    struct transport_rtu *rtu = rtu_of(transport);
    if (rtu->opening == NULL) {
        return begin(rtu);
    }
    if (!rtu->opening->errand.is_done) {
        return -EINPROGRESS;
    }
    int error = rtu->opening->error;
    if (error == 0) {
        transport->fd = rtu->opening->fd;
        transport->generation++;
        rtu->opening->fd = -1;
    }
    errand_unref(&rtu->opening->errand);
    rtu->opening = NULL;
    return error;
}

static void rtu_close(struct transport *transport)
{
    if (transport->fd >= 0) {
        close(transport->fd);
    }
    transport->fd = -1;
}

static int rtu_send(struct transport *transport, const uint8_t *bytes, size_t size)
{
    ssize_t written = write(transport->fd, bytes, size);
    if (written < 0) {
        return -errno;
    }
    return (size_t)written == size ? 0 : -EIO;
}

/* VMIN and VTIME are 0, so 0 means that nothing is there. A tty gives what it has in pieces: the rest comes with the
 * next call. */
static ssize_t rtu_receive(struct transport *transport, uint8_t *bytes, size_t room)
{
    ssize_t received = read(transport->fd, bytes, room);
    if (received >= 0) {
        return received;
    }
    return errno == EAGAIN || errno == EINTR ? 0 : -errno;
}

static const char *rtu_explain(struct transport *transport)
{
    (void)transport;
    return NULL;
}

static void rtu_destroy(struct transport *transport)
{
    struct transport_rtu *rtu = rtu_of(transport);
    rtu_close(transport);
    if (rtu->opening != NULL) {
        errand_unref(&rtu->opening->errand);
    }
    free(rtu);
}

/* A port has one name. */
static void rtu_turn(struct transport *transport)
{
    (void)transport;
}

static const struct transport_ops rtu_ops = {
    .turn = rtu_turn,
    .prepare = rtu_prepare,
    .open = rtu_open,
    .close = rtu_close,
    .send = rtu_send,
    .receive = rtu_receive,
    .explain = rtu_explain,
    .destroy = rtu_destroy,
};

static int64_t char_time_ns(const struct line_config *config)
{
    int64_t bits = 1 + 8 + (config->parity == PARITY_NONE ? 0 : 1) + config->stop_bits;
    return bits * 1000000000 / config->baud;
}

struct transport *transport_rtu_create(const struct line_config *config,
                                       const struct transport_help *help)
{
    struct transport_rtu *rtu = mem_alloc(sizeof(*rtu));
    int64_t char_ns = char_time_ns(config);
    rtu->base = (struct transport){
        .ops = &rtu_ops,
        .frame = FRAME_RTU,
        .fd = -1,
        .char_ns = char_ns,
        .silence_us = config->baud > FAST_BAUD ? FAST_SILENCE_US : char_ns * 7 / 2000,
    };
    rtu->config = config;
    rtu->openers = help->openers;
    rtu->home = help->home;
    return &rtu->base;
}
