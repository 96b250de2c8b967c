/* SPDX-License-Identifier: Apache-2.0 */
/* bare_loop: the least that reads N Modbus TCP devices once a second with libmodbus and publishes them with libmosquitto.
 * No profiles, no journal, no quality, no fault isolation: what the daemon is measured beside.
 *
 * Usage: bare_loop MQTT_PORT SECONDS FIRST_REGISTER COUNT MODBUS_PORT... */
#include <modbus/modbus.h>
#include <mosquitto.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
    DEVICES_MAX = 512,
    REGISTERS_MAX = 125,
    PERIOD_US = 1000000,
};

struct load {
    struct mosquitto *client;
    modbus_t *devices[DEVICES_MAX];
    int device_count;
    int first_register;
    int count;
};

static int64_t now_us(clockid_t clock)
{
    struct timespec time;
    clock_gettime(clock, &time);
    return (int64_t)time.tv_sec * 1000000 + time.tv_nsec / 1000;
}

static void publish(struct load *load, int device, const uint16_t *registers, int64_t time_us)
{
    char topic[64];
    char payload[2048];
    snprintf(topic, sizeof(topic), "lingtan/bare/d%03d/telemetry", device);
    int length = snprintf(payload, sizeof(payload), "{\"ts\":%lld,\"seq\":1,\"values\":{",
                          (long long)(time_us / 1000));
    for (int i = 0; i + 1 < load->count; i += 2) {
        uint32_t raw = ((uint32_t)registers[i] << 16) | registers[i + 1];
        length += snprintf(payload + length, sizeof(payload) - (size_t)length, "%s\"v%d\":%.9g",
                           i ? "," : "", i, (double)raw * 0.1);
    }
    length += snprintf(payload + length, sizeof(payload) - (size_t)length, "}}");
    mosquitto_publish(load->client, NULL, topic, length, payload, 1, false);
}

static void poll_device(struct load *load, int device)
{
    uint16_t registers[REGISTERS_MAX];
    int64_t sent_us = now_us(CLOCK_REALTIME);
    if (modbus_read_registers(load->devices[device], load->first_register, load->count,
                              registers) == load->count) {
        publish(load, device, registers, (sent_us + now_us(CLOCK_REALTIME)) / 2);
    }
}

static int open_devices(struct load *load, int count, char **ports)
{
    for (int i = 0; i < count && i < DEVICES_MAX; i++) {
        load->devices[i] = modbus_new_tcp("127.0.0.1", (int)strtol(ports[i], NULL, 10));
        modbus_set_slave(load->devices[i], 1);
        if (modbus_connect(load->devices[i]) != 0) {
            fprintf(stderr, "bare_loop: no device on port %s\n", ports[i]);
            return -1;
        }
        load->device_count++;
    }
    return 0;
}

static void run(struct load *load, long seconds)
{
    int64_t due_us = now_us(CLOCK_MONOTONIC);
    for (long second = 0; second < seconds; second++) {
        for (int i = 0; i < load->device_count; i++) {
            poll_device(load, i);
        }
        due_us += PERIOD_US;
        int64_t left_us = due_us - now_us(CLOCK_MONOTONIC);
        if (left_us > 0) {
            nanosleep(&(struct timespec){.tv_sec = left_us / 1000000,
                                         .tv_nsec = left_us % 1000000 * 1000},
                      NULL);
        }
    }
}

int main(int argc, char **argv)
{
    struct load load = {0};
    if (argc < 6) {
        fputs("Usage: bare_loop MQTT_PORT SECONDS FIRST_REGISTER COUNT MODBUS_PORT...\n", stderr);
        return 2;
    }
    load.first_register = (int)strtol(argv[3], NULL, 10);
    load.count = (int)strtol(argv[4], NULL, 10);
    mosquitto_lib_init();
    load.client = mosquitto_new("bare-loop", true, NULL);
    if (mosquitto_connect(load.client, "127.0.0.1", (int)strtol(argv[1], NULL, 10), 60) !=
            MOSQ_ERR_SUCCESS ||
        mosquitto_loop_start(load.client) != MOSQ_ERR_SUCCESS ||
        open_devices(&load, argc - 5, argv + 5) != 0) {
        fputs("bare_loop: can't connect\n", stderr);
        return 1;
    }
    run(&load, strtol(argv[2], NULL, 10));
    mosquitto_disconnect(load.client);
    mosquitto_loop_stop(load.client, false);
    mosquitto_destroy(load.client);
    for (int i = 0; i < load.device_count; i++) {
        modbus_free(load.devices[i]);
    }
    mosquitto_lib_cleanup();
    return 0;
}
