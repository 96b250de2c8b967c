/* SPDX-License-Identifier: Apache-2.0 */
/* direct: open, send, wait for the one reply. */
#include "cli/direct.h"

#include <netdb.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "collectors/modbus/frame.h"
#include "collectors/modbus/opener.h"
#include <lingtan/clock.h>

enum {
    TRANSACTION = 1,
    BYTES_MAX = 4 * FRAME_SIZE_MAX,
};

struct wire {
    int fd;
    enum frame_kind kind;
    const char *name;
    int64_t timeout_ms;
    char *why;
    size_t why_size;
};

static void say(struct wire *wire, const char *format, ...) PRINTF_LIKE(2, 3);
static void say(struct wire *wire, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(wire->why, wire->why_size, format, args);
    va_end(args);
}

static int wait_for(const struct wire *wire, short events, int64_t until_us)
{
    int64_t left_us = until_us - clock_mono_us(clock_real());
    struct pollfd poll_fd = {.fd = wire->fd, .events = events};
    int count = left_us > 0 ? poll(&poll_fd, 1, (int)(left_us / 1000) + 1) : 0;
    return count > 0 ? 0 : count == 0 ? -ETIMEDOUT : -errno;
}

static int connect_one(struct wire *wire, const struct addrinfo *address)
{
    int64_t until_us = clock_mono_us(clock_real()) + wire->timeout_ms * 1000;
    int error = 0;
    socklen_t size = sizeof(error);
    wire->fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (wire->fd < 0) {
        return -errno;
    }
    if (connect(wire->fd, address->ai_addr, address->ai_addrlen) == 0) {
        return 0;
    }
    error = errno == EINPROGRESS ? -wait_for(wire, POLLOUT, until_us) : errno;
    if (error == 0 && getsockopt(wire->fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0) {
        error = errno;
    }
    if (error != 0) {
        close(wire->fd);
        wire->fd = -1;
    }
    return -error;
}

static int open_tcp(struct wire *wire, const struct cli *cli)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *addresses = NULL;
    char *port = mem_format("%d", (int)cli->tcp_port);
    int fault = getaddrinfo(cli->host, port, &hints, &addresses);
    free(port);
    if (fault != 0) {
        say(wire, "%s: %s", cli->host, gai_strerror(fault));
        return -EHOSTUNREACH;
    }
    int error = -EHOSTUNREACH;
    for (const struct addrinfo *at = addresses; at && error < 0; at = at->ai_next) {
        error = connect_one(wire, at);
    }
    freeaddrinfo(addresses);
    if (error < 0) {
        say(wire, "cannot connect to %s port %lld: %s", cli->host, (long long)cli->tcp_port,
            strerror(-error));
    }
    return error;
}

static int open_serial(struct wire *wire, const struct cli *cli)
{
    const struct line_config config = {
        .transport = LINE_RTU,
        .path = (char *)cli->port,
        .baud = cli->baud,
        .parity = (int)cli->parity,
        .stop_bits = cli->stop_bits,
    };
    struct opening *opening = opening_create(&config);
    opening->errand.run(&opening->errand);
    int error = opening->error;
    wire->fd = opening->fd;
    opening->fd = -1;
    errand_unref(&opening->errand);
    if (error == -EBUSY) {
        say(wire,
            "%s is held by another program, most likely lingtand: read through it "
            "(lingtan read LINE UNIT ADDRESS), or stop it first",
            cli->port);
    } else if (error < 0) {
        say(wire, "cannot open %s: %s", cli->port, strerror(-error));
    }
    return error;
}

/* Returns 1 when the reply is complete, 0 to read on. */
static int judge(struct wire *wire, const struct frame_request *request, uint8_t *bytes,
                 size_t *size, struct frame_reply *reply)
{
    size_t consumed = 0;
    for (;;) {
        switch (frame_match(wire->kind, request, TRANSACTION, FRAME_STRICT, bytes, *size, reply,
                            &consumed)) {
        case FRAME_REPLY:
            return 1;
        case FRAME_EXCEPTION:
            say(wire, "unit %u at %s refused: Modbus exception %u", request->unit, wire->name,
                reply->exception);
            return -EREMOTEIO;
        case FRAME_FOREIGN:
            memmove(bytes, bytes + consumed, *size - consumed);
            *size -= consumed;
            break;
        case FRAME_BAD:
            say(wire, "unit %u at %s answered something that is no reply to the request",
                request->unit, wire->name);
            return -EBADMSG;
        default:
            return 0;
        }
    }
}

static int receive(struct wire *wire, const struct frame_request *request, uint8_t *bytes,
                   struct frame_reply *reply)
{
    int64_t until_us = clock_mono_us(clock_real()) + wire->timeout_ms * 1000;
    size_t size = 0;
    int verdict = 0;
    while (verdict == 0) {
        int error = wait_for(wire, POLLIN, until_us);
        ssize_t got = error < 0 ? -1 : read(wire->fd, bytes + size, BYTES_MAX - size);
        if (error == -ETIMEDOUT) {
            say(wire, "unit %u at %s did not answer within %lld ms (%zu bytes came)", request->unit,
                wire->name, (long long)wire->timeout_ms, size);
            return error;
        }
        if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
            say(wire, "%s closed the connection", wire->name);
            return -ECONNRESET;
        }
        size += got > 0 ? (size_t)got : 0;
        verdict = judge(wire, request, bytes, &size, reply);
    }
    return verdict < 0 ? verdict : 0;
}

static int converse(struct wire *wire, struct block *block)
{
    const struct frame_request request = {
        .unit = block->unit,
        .function = block->function,
        .address = block->address,
        .quantity = block->quantity,
    };
    uint8_t frame[FRAME_SIZE_MAX];
    uint8_t bytes[BYTES_MAX];
    size_t size = 0;
    struct frame_reply reply;
    if (frame_encode(wire->kind, &request, TRANSACTION, frame, &size) < 0) {
        say(wire, "Modbus does not allow such a request");
        return -EINVAL;
    }
    int64_t sent_us = clock_mono_us(clock_real());
    ssize_t sent = wire->kind == FRAME_TCP ? send(wire->fd, frame, size, MSG_NOSIGNAL)
                                           : write(wire->fd, frame, size);
    if (sent != (ssize_t)size) {
        say(wire, "cannot write to %s", wire->name);
        return -EIO;
    }
    int error = receive(wire, &request, bytes, &reply);
    if (error == 0) {
        block->round_trip_us = clock_mono_us(clock_real()) - sent_us;
        (void)frame_registers(&request, &reply, block->registers, ARRAY_SIZE(block->registers));
    }
    return error;
}

int direct_read(const struct cli *cli, struct block *block, char *why, size_t size)
{
    struct wire wire = {
        .fd = -1,
        .kind = cli->port ? FRAME_RTU : FRAME_TCP,
        .name = cli->port ? cli->port : cli->host,
        .timeout_ms = cli->timeout_ms,
        .why = why,
        .why_size = size,
    };
    int error = cli->port ? open_serial(&wire, cli) : open_tcp(&wire, cli);
    if (error == 0) {
        error = converse(&wire, block);
    }
    if (wire.fd >= 0) {
        close(wire.fd);
    }
    return error;
}
