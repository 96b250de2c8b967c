/* SPDX-License-Identifier: Apache-2.0 */
/* wire: open, send, wait for the one reply. */
#include "cli/field/wire.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include "base/mem.h"
#include "collectors/modbus/frame/trouble.h"
#include "collectors/modbus/wire/opener.h"
#include <lingtan/clock.h>
#include <lingtan/exception.h>

enum {
    BYTES_MAX = 4 * FRAME_SIZE_MAX,
    SETTLE_MS = 50, /* after rubbish: silence that shows that a frame is over */
};

static void say(struct wire *wire, const char *format, ...) PRINTF_LIKE(2, 3);
static void say(struct wire *wire, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(wire->why, sizeof(wire->why), format, args);
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

static int open_tcp(struct wire *wire)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *addresses = NULL;
    char *port = mem_format("%d", (int)wire->config->port);
    int fault = getaddrinfo(wire->config->host, port, &hints, &addresses);
    free(port);
    if (fault != 0) {
        say(wire, "%s: %s", wire->config->host, gai_strerror(fault));
        return -EHOSTUNREACH;
    }
    int error = -EHOSTUNREACH;
    for (const struct addrinfo *at = addresses; at && error < 0; at = at->ai_next) {
        error = connect_one(wire, at);
    }
    freeaddrinfo(addresses);
    if (error < 0) {
        say(wire, "cannot connect to %s: %s", wire->name, strerror(-error));
    }
    return error;
}

static int open_serial(struct wire *wire)
{
    struct opening *opening = opening_create(wire->config);
    opening->errand.run(&opening->errand);
    int error = opening->error;
    wire->fd = opening->fd;
    opening->fd = -1;
    errand_unref(&opening->errand);
    if (error == -EBUSY) {
        say(wire,
            "%s is held by another program, most likely lingtand: name the line instead of "
            "--port to go through it, or stop it first",
            wire->name);
    } else if (error < 0) {
        say(wire, "cannot open %s: %s", wire->name, strerror(-error));
    }
    return error;
}

char *wire_name(const struct line_config *config)
{
    if (config->transport == LINE_RTU) {
        return mem_dup_string(config->path);
    }
    bool is_v6 = strchr(config->host, ':') != NULL;
    return mem_format("%s%s%s:%lld", is_v6 ? "[" : "", config->host, is_v6 ? "]" : "",
                      (long long)config->port);
}

static void pause_ms(int64_t duration_ms)
{
    (void)poll(NULL, 0, (int)duration_ms);
}

static unsigned leniency_of(const struct line_config *config)
{
    if (config->transport != LINE_TCP) {
        return FRAME_STRICT;
    }
    return (config->ignore_transaction_id ? FRAME_ANY_TRANSACTION : FRAME_STRICT) |
           (config->ignore_unit_id ? FRAME_ANY_UNIT : FRAME_STRICT);
}

int wire_open(struct wire *wire, const struct line_config *config, int64_t timeout_ms)
{
    *wire = (struct wire){
        .config = config,
        .name = wire_name(config),
        .timeout_ms = timeout_ms,
        .fd = -1,
        .kind = config->transport == LINE_TCP ? FRAME_TCP : FRAME_RTU,
        .leniency = leniency_of(config),
    };
    int error = config->transport == LINE_RTU ? open_serial(wire) : open_tcp(wire);
    if (error == 0 && config->connect_delay_ms > 0) {
        pause_ms(config->connect_delay_ms);
    }
    return error;
}

void wire_close(struct wire *wire)
{
    if (wire->name && wire->fd >= 0) {
        close(wire->fd);
    }
    free(wire->name);
    wire->name = NULL;
    wire->fd = -1;
}

/* Takes what nobody waits for until nothing comes for so long; gives up on a line that never rests. */
static void drain(const struct wire *wire, int64_t quiet_ms)
{
    uint8_t rubbish[BYTES_MAX];
    int64_t now_us = clock_mono_us(clock_real());
    int64_t end_us = now_us + wire->timeout_ms * 1000;
    while (now_us < end_us) {
        ssize_t got = quiet_ms == 0 || wait_for(wire, POLLIN, now_us + quiet_ms * 1000) == 0
                          ? read(wire->fd, rubbish, sizeof(rubbish))
                          : 0;
        if (got <= 0) {
            return;
        }
        now_us = clock_mono_us(clock_real());
    }
}

static int tell_bad(struct wire *wire, const struct frame_request *request, const uint8_t *bytes,
                    size_t size)
{
    struct trouble trouble =
        trouble_of_bytes(wire->kind, request, wire->transaction, wire->leniency, bytes, size);
    if (trouble.kind == TROUBLE_UNIT_ID) {
        say(wire,
            "unit %u at %s answers, but as unit %u; if it says so for every unit, give "
            "--ignore-unit-id, or its line ignore_unit_id = true",
            request->unit, wire->name, trouble.got);
    } else {
        say(wire, "unit %u at %s answered something that is no reply to the request", request->unit,
            wire->name);
    }
    return -EBADMSG;
}

/* Returns 1 when the reply is complete, 0 to read on. */
static int judge(struct wire *wire, const struct frame_request *request, uint8_t *bytes,
                 size_t *size, struct frame_reply *reply)
{
    size_t consumed = 0;
    for (;;) {
        switch (frame_match(wire->kind, request, wire->transaction, wire->leniency, bytes, *size,
                            reply, &consumed)) {
        case FRAME_REPLY:
            return 1;
        case FRAME_EXCEPTION:
            say(wire, "unit %u at %s refused: exception %u, %s; allowed: %s", request->unit,
                wire->name, reply->exception, exception_words(reply->exception),
                exception_advice(reply->exception));
            return -EREMOTEIO;
        case FRAME_FOREIGN:
        case FRAME_ECHO:
        case FRAME_STRAY:
            memmove(bytes, bytes + consumed, *size - consumed);
            *size -= consumed;
            break;
        case FRAME_SHORT:
            say(wire, "unit %u at %s gave %u of %u %s", request->unit, wire->name,
                frame_given(request, reply), request->quantity,
                request->function <= 2 ? "bits" : "registers");
            return -ENODATA;
        case FRAME_BAD:
            return tell_bad(wire, request, bytes, *size);
        default:
            return 0;
        }
    }
}

/* Waits for some bytes: 0, or why there will be no reply. */
static int take_bytes(struct wire *wire, unsigned unit, int64_t until_us, uint8_t *bytes,
                      size_t *size)
{
    int error = wait_for(wire, POLLIN, until_us);
    if (error == -ETIMEDOUT) {
        say(wire, "unit %u at %s did not answer within %lld ms (%zu bytes came)", unit, wire->name,
            (long long)wire->timeout_ms, *size);
        return *size > 0 && wire->kind == FRAME_RTU ? -EBADMSG : error;
    }
    if (error < 0) {
        say(wire, "waiting for unit %u at %s: %s", unit, wire->name, strerror(-error));
        return error;
    }
    ssize_t got = read(wire->fd, bytes + *size, BYTES_MAX - *size);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
        say(wire, "%s closed the connection", wire->name);
        return -ECONNRESET;
    }
    *size += got > 0 ? (size_t)got : 0;
    return 0;
}

static int receive(struct wire *wire, const struct frame_request *request, uint8_t *bytes,
                   struct frame_reply *reply)
{
    int64_t until_us = clock_mono_us(clock_real()) + wire->timeout_ms * 1000;
    size_t size = 0;
    int verdict = 0;
    while (verdict == 0) {
        int error = take_bytes(wire, request->unit, until_us, bytes, &size);
        verdict = error < 0 ? error : judge(wire, request, bytes, &size, reply);
    }
    return verdict < 0 ? verdict : 0;
}

static int send_request(struct wire *wire, const struct frame_request *request)
{
    uint8_t frame[FRAME_SIZE_MAX];
    size_t size = 0;
    wire->transaction++;
    if (frame_encode(wire->kind, request, wire->transaction, frame, &size) < 0) {
        say(wire, "Modbus does not allow such a request");
        return -EINVAL;
    }
    ssize_t sent = wire->config->transport == LINE_RTU ? write(wire->fd, frame, size)
                                                       : send(wire->fd, frame, size, MSG_NOSIGNAL);
    if (sent != (ssize_t)size) {
        say(wire, "cannot write to %s: %s", wire->name, sent < 0 ? strerror(errno) : "cut short");
        return -EIO;
    }
    return 0;
}

int wire_read(struct wire *wire, struct block *block)
{
    const struct frame_request request = {
        .unit = block->unit,
        .function = block->function,
        .address = block->address,
        .quantity = block->quantity,
    };
    uint8_t bytes[BYTES_MAX];
    struct frame_reply reply = {0};
    if (wire->kind == FRAME_RTU) {
        drain(wire, 0);
    }
    int64_t sent_us = clock_mono_us(clock_real());
    int error = send_request(wire, &request);
    if (error == 0) {
        error = receive(wire, &request, bytes, &reply);
    }
    block->round_trip_us = clock_mono_us(clock_real()) - sent_us;
    block->exception = error == -EREMOTEIO ? reply.exception : 0;
    if (error == 0) {
        (void)frame_registers(&request, &reply, block->registers, ARRAY_SIZE(block->registers));
    } else if (error == -EBADMSG) {
        drain(wire, SETTLE_MS);
    }
    return error;
}

static speed_t speed_of(int64_t baud)
{
    static const struct {
        int64_t baud;
        speed_t speed;
    } speeds[] = {
        {1200, B1200},   {2400, B2400},   {4800, B4800},   {9600, B9600},
        {19200, B19200}, {38400, B38400}, {57600, B57600}, {115200, B115200},
    };
    for (size_t i = 0; i < ARRAY_SIZE(speeds); i++) {
        if (speeds[i].baud == baud) {
            return speeds[i].speed;
        }
    }
    return B0;
}

int wire_tune(struct wire *wire, int64_t baud, int parity, int64_t stop_bits)
{
    struct termios settings;
    speed_t speed = speed_of(baud);
    if (tcgetattr(wire->fd, &settings) != 0 || speed == B0) {
        return -ENOTSUP;
    }
    settings.c_cflag &= ~(tcflag_t)(PARENB | PARODD | CSTOPB);
    settings.c_cflag |= (parity != PARITY_NONE ? PARENB : 0U) |
                        (parity == PARITY_ODD ? PARODD : 0U) | (stop_bits == 2 ? CSTOPB : 0U);
    settings.c_iflag &= ~(tcflag_t)INPCK;
    settings.c_iflag |= parity != PARITY_NONE ? INPCK : 0U;
    if (cfsetspeed(&settings, speed) != 0 || tcsetattr(wire->fd, TCSAFLUSH, &settings) != 0) {
        return -ENOTSUP;
    }
    pause_ms(SETTLE_MS); /* a frame begun at the old speed ends */
    (void)tcflush(wire->fd, TCIFLUSH);
    return 0;
}
