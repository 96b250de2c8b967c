/* SPDX-License-Identifier: Apache-2.0 */
/* server: the other end of a line: libmodbus as a server, and servers with bad habits. One thread, one client at a time,
 * like the gateways in the field. */
#ifndef TESTS_MODBUS_LINE_SERVER_H
#define TESTS_MODBUS_LINE_SERVER_H

#include <pthread.h>
#include <stdatomic.h>

enum server_habit {
    SERVER_GOOD,       /* answers as libmodbus does */
    SERVER_CLOSES,     /* closes the connection after each reply */
    SERVER_SILENT,     /* accepts and reads, never answers */
    SERVER_HANGS_UP,   /* closes as soon as a request comes */
    SERVER_BLIND,      /* answers with transaction id 0, whatever it was asked with */
    SERVER_RTU_ON_TCP, /* frames with a checksum instead of a header */
    SERVER_DROPS_WRITES, /* does what a write says, and closes the connection instead of answering it */
};

struct server {
    enum server_habit habit;
    int port;      /* of TCP servers, on loopback */
    int listen_fd; /* -1: a serial server */
    int stop_fd;
    void *modbus; /* modbus_t and modbus_mapping_t */
    void *mapping;
    pthread_t thread;
    atomic_uint clients; /* accepted so far */
    atomic_uint requests;
    atomic_uint writes; /* requests of function 5, 6, 15 and 16 among them */
};

/* What a holding register (3) or coil (1) holds, as a server of its own has it. The test sets it before it is asked. */
unsigned server_value(const struct server *server, int function, unsigned address);
void server_set(struct server *server, unsigned address, unsigned value);

/* Registers hold their address + 1000, coils 0. port 0: any free one. */
void server_start(struct server *server, enum server_habit habit, int port);
void server_start_serial(struct server *server, const char *path, int baud);
void server_stop(struct server *server);

/* A port on which nobody listens. */
int server_free_port(void);

#endif
