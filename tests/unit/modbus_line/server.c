/* SPDX-License-Identifier: Apache-2.0 */
/* server: libmodbus serves, a thread feeds it. */
#include "server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <modbus/modbus.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "collectors/modbus/frame/frame.h"

enum { REGISTERS = 2000, OFFSET = 1000, COILS = 100 };

/* Waits for bytes; false when it is time to stop. */
static bool wait_for(const struct server *server, int fd)
{
    struct pollfd fds[2] = {{.fd = fd, .events = POLLIN},
                            {.fd = server->stop_fd, .events = POLLIN}};
    while (poll(fds, 2, -1) < 0) {
    }
    return fds[1].revents == 0;
}

static bool answer_rtu(int fd)
{
    uint8_t bytes[FRAME_SIZE_MAX];
    if (recv(fd, bytes, 8, MSG_WAITALL) != 8) {
        return false;
    }
    unsigned address = (unsigned)bytes[2] << 8 | bytes[3];
    unsigned count = bytes[5];
    bytes[2] = (uint8_t)(2 * count);
    for (unsigned i = 0; i < count; i++) {
        unsigned value = address + i + OFFSET;
        bytes[3 + 2 * i] = (uint8_t)(value >> 8);
        bytes[4 + 2 * i] = (uint8_t)value;
    }
    size_t size = 3 + 2 * (size_t)count;
    uint16_t crc = frame_crc(bytes, size);
    bytes[size++] = (uint8_t)crc;
    bytes[size++] = (uint8_t)(crc >> 8);
    return send(fd, bytes, size, MSG_NOSIGNAL) == (ssize_t)size;
}

/* libmodbus applies a write and answers it in one: what answers goes nowhere. */
static void apply_silently(struct server *server, const uint8_t *query, int size)
{
    int nowhere[2];
    int fd = modbus_get_socket(server->modbus);
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, nowhere) == 0) {
        modbus_set_socket(server->modbus, nowhere[0]);
        (void)modbus_reply(server->modbus, query, size, server->mapping);
        modbus_set_socket(server->modbus, fd);
        close(nowhere[0]);
        close(nowhere[1]);
    }
}

static bool is_write(const struct server *server, const uint8_t *query)
{
    uint8_t function = query[modbus_get_header_length(server->modbus)];
    return function == 5 || function == 6 || function == 15 || function == 16;
}

static bool answer_libmodbus(struct server *server)
{
    uint8_t query[MODBUS_TCP_MAX_ADU_LENGTH];
    int size = modbus_receive(server->modbus, query);
    if (size < 0) {
        return false;
    }
    if (size > 0 && is_write(server, query)) {
        atomic_fetch_add(&server->writes, 1);
        if (server->habit == SERVER_DROPS_WRITES) {
            apply_silently(server, query, size);
            return false;
        }
    }
    if (server->habit == SERVER_BLIND) {
        query[0] = 0;
        query[1] = 0;
    }
    return size == 0 || modbus_reply(server->modbus, query, size, server->mapping) >= 0;
}

/* One request; false: the connection ends. */
static bool serve(struct server *server, int fd)
{
    uint8_t ignored[512];
    bool goes_on = false;
    switch (server->habit) {
    case SERVER_GOOD:
    case SERVER_BLIND:
    case SERVER_DROPS_WRITES:
        goes_on = answer_libmodbus(server);
        break;
    case SERVER_CLOSES:
        answer_libmodbus(server);
        break;
    case SERVER_SILENT:
        goes_on = recv(fd, ignored, sizeof(ignored), 0) > 0;
        break;
    case SERVER_HANGS_UP:
        (void)!recv(fd, ignored, sizeof(ignored), 0);
        break;
    case SERVER_RTU_ON_TCP:
        goes_on = answer_rtu(fd);
        break;
    }
    atomic_fetch_add(&server->requests, 1);
    return goes_on;
}

static void *work_tcp(void *argument)
{
    struct server *server = argument;
    while (wait_for(server, server->listen_fd)) {
        int fd = accept(server->listen_fd, NULL, NULL);
        atomic_fetch_add(&server->clients, 1);
        modbus_set_socket(server->modbus, fd);
        while (wait_for(server, fd) && serve(server, fd)) {
        }
        close(fd);
    }
    return NULL;
}

static void *work_serial(void *argument)
{
    struct server *server = argument;
    while (wait_for(server, modbus_get_socket(server->modbus))) {
        /* A broken frame is answered by nobody; libmodbus says so by an error and goes on. */
        answer_libmodbus(server);
        atomic_fetch_add(&server->requests, 1);
    }
    return NULL;
}

static void make_mapping(struct server *server)
{
    modbus_mapping_t *mapping = modbus_mapping_new(COILS, 0, REGISTERS, 0);
    assert_non_null(mapping);
    for (unsigned i = 0; i < REGISTERS; i++) {
        mapping->tab_registers[i] = (uint16_t)(i + OFFSET);
    }
    server->mapping = mapping;
    server->stop_fd = eventfd(0, EFD_CLOEXEC);
}

static int listen_on(int port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int one = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(fd, 8), 0);
    return fd;
}

static int port_of(int fd)
{
    struct sockaddr_in address = {0};
    socklen_t size = sizeof(address);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    return ntohs(address.sin_port);
}

int server_free_port(void)
{
    int fd = listen_on(0);
    int port = port_of(fd);
    close(fd);
    return port;
}

void server_start(struct server *server, enum server_habit habit, int port)
{
    *server = (struct server){.habit = habit};
    make_mapping(server);
    server->modbus = modbus_new_tcp("127.0.0.1", 502);
    server->listen_fd = listen_on(port);
    server->port = port_of(server->listen_fd);
    assert_int_equal(pthread_create(&server->thread, NULL, work_tcp, server), 0);
}

void server_start_serial(struct server *server, const char *path, int baud)
{
    *server = (struct server){.listen_fd = -1};
    make_mapping(server);
    server->modbus = modbus_new_rtu(path, baud, 'N', 8, 1);
    assert_non_null(server->modbus);
    modbus_set_slave(server->modbus, 1);
    assert_int_equal(modbus_connect(server->modbus), 0);
    assert_int_equal(pthread_create(&server->thread, NULL, work_serial, server), 0);
}

void server_stop(struct server *server)
{
    eventfd_write(server->stop_fd, 1);
    pthread_join(server->thread, NULL);
    if (server->listen_fd >= 0) {
        close(server->listen_fd);
    } else {
        modbus_close(server->modbus);
    }
    close(server->stop_fd);
    modbus_mapping_free(server->mapping);
    modbus_free(server->modbus);
}

unsigned server_value(const struct server *server, int function, unsigned address)
{
    const modbus_mapping_t *mapping = server->mapping;
    return function == 1 ? mapping->tab_bits[address] : mapping->tab_registers[address];
}

void server_set(struct server *server, unsigned address, unsigned value)
{
    modbus_mapping_t *mapping = server->mapping;
    mapping->tab_registers[address] = (uint16_t)value;
}
