/* SPDX-License-Identifier: Apache-2.0 */
/* oracle: a libmodbus server in a thread. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "oracle.h"

static void fill(modbus_mapping_t *mapping)
{
    static const uint8_t coils[] = {0xcd, 0x6b, 0xb2, 0x0e, 0x1b};
    static const uint8_t discretes[] = {0xac, 0xdb, 0x35};
    static const uint16_t holding[] = {0x022b, 0x0001, 0x0064};
    static const uint16_t floats[] = {0x47f1, 0x2000, 0x0020, 0xf147,
                                      0xf147, 0x0020, 0x2000, 0x47f1};
    modbus_set_bits_from_bytes(mapping->tab_bits, 0, ORACLE_COIL_COUNT, coils);
    modbus_set_bits_from_bytes(mapping->tab_input_bits, 0, ORACLE_DISCRETE_COUNT, discretes);
    memcpy(mapping->tab_registers, holding, sizeof(holding));
    mapping->tab_input_registers[0] = 0x000a;
    memcpy(mapping->tab_registers + (ORACLE_FLOATS - ORACLE_HOLDING), floats, sizeof(floats));
}

/* Our end may be gone before the last byte. */
static void send_bytewise(int fd, const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size && write(fd, bytes + i, 1) == 1; i++) {
        nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    }
}

/* One register of 0x1234, in the frame of the line; `shift` spoils transaction or unit. */
static void send_by_hand(const struct oracle *oracle, const uint8_t *query, unsigned shift)
{
    uint8_t frame[16] = {0};
    size_t size = 0;
    if (oracle->kind == FRAME_TCP) {
        const uint8_t tcp[] = {
            query[0], (uint8_t)(query[1] + shift), 0, 0, 0, 5, query[6], 3, 2, 0x12, 0x34};
        size = sizeof(tcp);
        memcpy(frame, tcp, size);
    } else {
        const uint8_t rtu[] = {(uint8_t)(query[0] + shift), 3, 2, 0x12, 0x34};
        size = sizeof(rtu);
        memcpy(frame, rtu, size);
        unsigned crc = frame_crc(frame, size);
        frame[size++] = (uint8_t)crc;
        frame[size++] = (uint8_t)(crc >> 8);
    }
    send_bytewise(modbus_get_socket(oracle->context), frame, size);
}

static void reply(const struct oracle *oracle, uint8_t *query, int size)
{
    const uint8_t *pdu = query + modbus_get_header_length(oracle->context);
    unsigned address = (unsigned)pdu[1] << 8 | pdu[2];
    bool is_read = pdu[0] == 3;
    if (is_read && (address == ORACLE_FOREIGN || address == ORACLE_BYTEWISE)) {
        send_by_hand(oracle, query, address == ORACLE_FOREIGN ? 1 : 0);
    } else if (is_read && address == ORACLE_BUSY) {
        modbus_reply_exception(oracle->context, query, MODBUS_EXCEPTION_SLAVE_OR_SERVER_BUSY);
    } else {
        if (is_read && address == ORACLE_SHORT) {
            query[modbus_get_header_length(oracle->context) + 4] = 1;
        }
        modbus_reply(oracle->context, query, size, oracle->mapping);
    }
}

/* Ends when our end is closed. A frame that is damaged or for another unit is not answered. */
static void *serve(void *argument)
{
    struct oracle *oracle = argument;
    uint8_t query[MODBUS_TCP_MAX_ADU_LENGTH];
    if (oracle->kind == FRAME_TCP) {
        modbus_tcp_accept(oracle->context, &oracle->listener);
    }
    for (;;) {
        int size = modbus_receive(oracle->context, query);
        if (size > 0) {
            reply(oracle, query, size);
        } else if (size < 0 && errno != ETIMEDOUT && errno <= MODBUS_ENOBASE) {
            return NULL;
        }
    }
}

/* The listening socket is ours, so that the kernel can choose a free port. */
static void open_tcp(struct oracle *oracle)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    oracle->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(oracle->listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(oracle->listener, 1), 0);
    assert_int_equal(getsockname(oracle->listener, (struct sockaddr *)&address, &size), 0);
    oracle->context = modbus_new_tcp("127.0.0.1", ntohs(address.sin_port));
    oracle->client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(oracle->client, (struct sockaddr *)&address, size), 0);
}

static void open_pty(struct oracle *oracle)
{
    char path[64];
    oracle->listener = -1;
    oracle->client = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(oracle->client >= 0);
    assert_int_equal(grantpt(oracle->client), 0);
    assert_int_equal(unlockpt(oracle->client), 0);
    assert_int_equal(ptsname_r(oracle->client, path, sizeof(path)), 0);
    oracle->context = modbus_new_rtu(path, 115200, 'N', 8, 1);
    modbus_set_slave(oracle->context, ORACLE_UNIT);
    assert_int_equal(modbus_connect(oracle->context), 0);
}

void oracle_start(struct oracle *oracle, enum frame_kind kind)
{
    signal(SIGPIPE, SIG_IGN);
    *oracle = (struct oracle){.kind = kind};
    oracle->mapping = modbus_mapping_new_start_address(
        ORACLE_COILS, ORACLE_COIL_COUNT, ORACLE_DISCRETES, ORACLE_DISCRETE_COUNT, ORACLE_HOLDING,
        ORACLE_HOLDING_COUNT, ORACLE_INPUT, ORACLE_INPUT_COUNT);
    assert_non_null(oracle->mapping);
    fill(oracle->mapping);
    if (kind == FRAME_TCP) {
        open_tcp(oracle);
    } else {
        open_pty(oracle);
    }
    assert_int_equal(pthread_create(&oracle->thread, NULL, serve, oracle), 0);
}

void oracle_stop(struct oracle *oracle)
{
    close(oracle->client);
    pthread_join(oracle->thread, NULL);
    modbus_close(oracle->context);
    modbus_free(oracle->context);
    modbus_mapping_free(oracle->mapping);
    if (oracle->listener >= 0) {
        close(oracle->listener);
    }
}
