/* SPDX-License-Identifier: Apache-2.0 */
/* transport_tcp: Modbus TCP, and RTU frames through a converter's TCP port: non-blocking sockets. A name is asked for
 * before the first connect and again after an address has failed. Each of its addresses gets its turn: a connect that is
 * refused goes on to the next at once, one that comes to nothing otherwise when it is made again. */
#include "collectors/modbus/wire/transport.h"

#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "collectors/modbus/wire/resolver.h"

enum {
    KEEP_ALIVE_IDLE_S = 30,
    KEEP_ALIVE_BETWEEN_S = 10,
    KEEP_ALIVE_PROBES = 3,
    UNACKNOWLEDGED_MS = 15000,
    /* Serial servers hold their port for the old connection until they have seen its end: a new one within half a
     * second was fed leftovers of the last replies. */
    CONVERTER_REOPEN_US = 500000,
    NO_ID_SILENCE_US = 20000, /* where silence alone tells a doubled reply from the next one */
};

struct transport_tcp {
    struct transport base;
    const struct line_config *config;
    struct crew *resolver;
    struct mailbox *home;
    struct lookup *lookup; /* under way, or NULL */
    int lookup_error;      /* of the last one, by getaddrinfo */
    bool is_numeric;
    bool has_failed; /* ask again before the next connect */
    uint8_t count;
    uint8_t index; /* the address in use, or the next to be tried */
    uint8_t tried; /* of them in this opening */
    union endpoint_address addresses[ADDRESSES_MAX];
};

static struct transport_tcp *tcp_of(struct transport *transport)
{
    return (struct transport_tcp *)(void *)transport;
}

static int ask(struct transport_tcp *tcp)
{
    struct lookup *lookup = lookup_create(tcp->config->host, (uint16_t)tcp->config->port);
    lookup->errand.home = tcp->home;
    lookup->errand.line = tcp->base.line;
    int error = crew_post(tcp->resolver, &lookup->errand);
    if (error != 0) {
        errand_unref(&lookup->errand);
        return error;
    }
    tcp->lookup = lookup;
    return -EINPROGRESS;
}

static bool is_same_address(const union endpoint_address *one, const union endpoint_address *other)
{
    if (one->any.sa_family != other->any.sa_family) {
        return false;
    }
    return one->any.sa_family == AF_INET6
               ? memcmp(&one->v6.sin6_addr, &other->v6.sin6_addr, sizeof(one->v6.sin6_addr)) == 0 &&
                     one->v6.sin6_scope_id == other->v6.sin6_scope_id
               : one->v4.sin_addr.s_addr == other->v4.sin_addr.s_addr;
}

static bool has_address(const struct transport_tcp *tcp, const union endpoint_address *address)
{
    for (uint8_t i = 0; i < tcp->count; i++) {
        if (is_same_address(&tcp->addresses[i], address)) {
            return true;
        }
    }
    return false;
}

/* Name servers give the same addresses another way round each time. */
static bool is_known(const struct transport_tcp *tcp, const struct lookup *lookup)
{
    bool is_known = lookup->count == tcp->count;
    for (size_t i = 0; is_known && i < lookup->count; i++) {
        is_known = has_address(tcp, &lookup->addresses[i]);
    }
    return is_known;
}

/* Old addresses stay in use when the name servers fail: the device has most likely not moved. */
static int take_answer(struct transport_tcp *tcp)
{
    struct lookup *lookup = tcp->lookup;
    tcp->lookup = NULL;
    tcp->lookup_error = lookup->error;
    if (lookup->error == 0 && !is_known(tcp, lookup)) {
        for (size_t i = 0; i < lookup->count; i++) {
            tcp->addresses[i] = lookup->addresses[i];
        }
        tcp->count = (uint8_t)lookup->count;
        tcp->index = 0;
    }
    errand_unref(&lookup->errand);
    tcp->has_failed = false;
    return tcp->count > 0 ? 0 : -EHOSTUNREACH;
}

static int tcp_prepare(struct transport *transport)
{
    struct transport_tcp *tcp = tcp_of(transport);
    if (tcp->lookup != NULL) {
        return tcp->lookup->errand.is_done ? take_answer(tcp) : -EINPROGRESS;
    }
    if (tcp->is_numeric || (tcp->count > 0 && !tcp->has_failed)) {
        return 0;
    }
    return ask(tcp);
}

static void set_number(int fd, int level, int option, int value)
{
    /* What a kernel does not know it does without: none of these is needed to be right. */
    (void)setsockopt(fd, level, option, &value, sizeof(value));
}

static int make_socket(const union endpoint_address *address)
{
    int fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return -errno;
    }
    set_number(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    set_number(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
    set_number(fd, IPPROTO_TCP, TCP_KEEPIDLE, KEEP_ALIVE_IDLE_S);
    set_number(fd, IPPROTO_TCP, TCP_KEEPINTVL, KEEP_ALIVE_BETWEEN_S);
    set_number(fd, IPPROTO_TCP, TCP_KEEPCNT, KEEP_ALIVE_PROBES);
    set_number(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, UNACKNOWLEDGED_MS);
    return fd;
}

static void tcp_close(struct transport *transport)
{
    if (transport->fd >= 0) {
        close(transport->fd);
    }
    transport->fd = -1;
    transport->is_connecting = false;
}

static int connect_one(struct transport_tcp *tcp)
{
    const union endpoint_address *address = &tcp->addresses[tcp->index];
    int fd = make_socket(address);
    if (fd < 0) {
        return fd;
    }
    tcp->base.fd = fd;
    tcp->base.generation++;
    socklen_t size = address->any.sa_family == AF_INET6 ? sizeof(address->v6) : sizeof(address->v4);
    if (connect(fd, &address->any, size) == 0) {
        return 0;
    }
    return -errno;
}

/* 0, -EINPROGRESS or why the connect failed. */
static int connect_result(int fd)
{
    struct pollfd wait = {.fd = fd, .events = POLLOUT};
    if (poll(&wait, 1, 0) == 0) {
        return -EINPROGRESS;
    }
    int error = 0;
    socklen_t size = sizeof(error);
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) {
        return -errno;
    }
    return -error;
}

static void next_address(struct transport_tcp *tcp)
{
    tcp->index = tcp->index + 1 < tcp->count ? tcp->index + 1 : 0;
}

static void tcp_turn(struct transport *transport)
{
    struct transport_tcp *tcp = tcp_of(transport);
    next_address(tcp);
    tcp->has_failed = true;
}

static int tcp_open(struct transport *transport)
{
    struct transport_tcp *tcp = tcp_of(transport);
    int error = 0;
    if (transport->is_connecting) {
        error = connect_result(transport->fd);
    } else {
        tcp->tried = 1;
        error = connect_one(tcp);
    }
    while (error != 0 && error != -EINPROGRESS && tcp->tried < tcp->count) {
        tcp_close(transport);
        next_address(tcp);
        tcp->tried++;
        error = connect_one(tcp);
    }
    transport->is_connecting = error == -EINPROGRESS;
    tcp->has_failed = error != 0; /* until it is known to have worked */
    if (error != 0 && error != -EINPROGRESS) {
        tcp_close(transport);
    }
    return error;
}

static int tcp_send(struct transport *transport, const uint8_t *bytes, size_t size)
{
    ssize_t sent = send(transport->fd, bytes, size, MSG_NOSIGNAL);
    if (sent < 0) {
        return -errno;
    }
    return (size_t)sent == size ? 0 : -EPIPE;
}

static ssize_t tcp_receive(struct transport *transport, uint8_t *bytes, size_t room)
{
    ssize_t received = recv(transport->fd, bytes, room, 0);
    if (received > 0) {
        return received;
    }
    if (received == 0) {
        return -ECONNRESET;
    }
    return errno == EAGAIN || errno == EINTR ? 0 : -errno;
}

static const char *tcp_explain(struct transport *transport)
{
    struct transport_tcp *tcp = tcp_of(transport);
    if (tcp->is_numeric || tcp->count > 0) {
        return NULL;
    }
    return tcp->lookup_error != 0 ? gai_strerror(tcp->lookup_error) : "no answer from name server";
}

static void tcp_destroy(struct transport *transport)
{
    struct transport_tcp *tcp = tcp_of(transport);
    tcp_close(transport);
    if (tcp->lookup != NULL) {
        errand_unref(&tcp->lookup->errand);
    }
    free(tcp);
}

static const struct transport_ops tcp_ops = {
    .prepare = tcp_prepare,
    .open = tcp_open,
    .close = tcp_close,
    .turn = tcp_turn,
    .send = tcp_send,
    .receive = tcp_receive,
    .explain = tcp_explain,
    .destroy = tcp_destroy,
};

struct transport *transport_tcp_create(const struct line_config *config,
                                       const struct transport_help *help)
{
    struct transport_tcp *tcp = mem_alloc(sizeof(*tcp));
    bool is_converter = config->transport == LINE_RTU_OVER_TCP;
    tcp->base = (struct transport){
        .ops = &tcp_ops,
        .frame = is_converter ? FRAME_RTU : FRAME_TCP,
        .fd = -1,
        .needs_connect = true,
        .silence_us = is_converter || !help->has_ids ? NO_ID_SILENCE_US : 0,
        .reopen_us = is_converter ? CONVERTER_REOPEN_US : 0,
    };
    tcp->config = config;
    tcp->resolver = help->resolver;
    tcp->home = help->home;
    tcp->is_numeric = address_parse(config->host, (uint16_t)config->port, &tcp->addresses[0]) == 0;
    tcp->count = tcp->is_numeric ? 1 : 0;
    return &tcp->base;
}
