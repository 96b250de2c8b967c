/* SPDX-License-Identifier: Apache-2.0 */
/* libmodbus: one mapping behind a select loop, as many clients as come. */

#include <errno.h>
#include <modbus.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/select.h>
#include <unistd.h>

static void serve(modbus_t *modbus, modbus_mapping_t *mapping, int client, fd_set *watched)
{
    uint8_t request[MODBUS_TCP_MAX_ADU_LENGTH];

    modbus_set_socket(modbus, client);
    int length = modbus_receive(modbus, request);
    if (length > 0) {
        modbus_reply(modbus, request, length, mapping);
    } else if (length < 0) {
        close(client);
        FD_CLR(client, watched);
    }
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "wants a port\n");
        return 2;
    }
    modbus_t *modbus = modbus_new_tcp("127.0.0.1", (int)strtol(argv[1], NULL, 10));
    modbus_mapping_t *mapping = modbus_mapping_new(0, 0, 200, 0);
    for (int i = 0; i < 200; i++) {
        mapping->tab_registers[i] = (uint16_t)(1000 + i);
    }
    int listener = modbus_tcp_listen(modbus, 16);
    if (listener < 0) {
        fprintf(stderr, "listen: %s\n", modbus_strerror(errno));
        return 1;
    }
    fd_set watched;
    FD_ZERO(&watched);
    FD_SET(listener, &watched);
    for (;;) {
        fd_set ready = watched;
        if (select(FD_SETSIZE, &ready, NULL, NULL, NULL) < 0) {
            return 1;
        }
        for (int fd = 0; fd < FD_SETSIZE; fd++) {
            if (!FD_ISSET(fd, &ready)) {
                continue;
            }
            if (fd == listener) {
                int client = modbus_tcp_accept(modbus, &listener);
                if (client >= 0) {
                    FD_SET(client, &watched);
                }
            } else {
                serve(modbus, mapping, fd, &watched);
            }
        }
    }
}
