/* SPDX-License-Identifier: Apache-2.0 */
/* bare_loop: the least that reads Modbus devices at a period with libmodbus and publishes them with libmosquitto, a JSON
 * message for each device. No profiles, no journal, no quality, no fault isolation: what the daemon is measured beside.
 *
 * Usage: bare_loop MQTT_PORT THREADS PERIOD_MS REGISTERS PLACE:UNITS...
 * PLACE is ADDRESS:PORT or the path of a serial port (9600 8N1), with units 1 to UNITS on it; registers are read from 0 on,
 * as u32 in tenths. The lines are dealt out to the threads; a thread reads one device after the other. Runs until killed. */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <modbus/modbus.h>
#include <mosquitto.h>

enum {
    LINES_MAX = 8192,
    THREADS_MAX = 2048,
    UNITS_MAX = 247,
    REGISTERS_MAX = 4096,
    REQUEST_MAX = 124,
    TEXT_FOR_VALUE = 32,
};

struct line {
    modbus_t *modbus;
    int first_device;
    int units;
};

static struct load {
    struct mosquitto *client;
    struct line lines[LINES_MAX];
    int line_count;
    int thread_count;
    int registers;
    int64_t period_us;
    uint64_t seq[LINES_MAX * UNITS_MAX];
} load;

static int64_t now_us(clockid_t clock)
{
    struct timespec time;
    clock_gettime(clock, &time);
    return (int64_t)time.tv_sec * 1000000 + time.tv_nsec / 1000;
}

static void publish(int device, const uint16_t *registers, int64_t time_us)
{
    char topic[64];
    char payload[REGISTERS_MAX / 2 * TEXT_FOR_VALUE];
    (void)snprintf(topic, sizeof(topic), "lingtan/bare/d%d/telemetry", device);
    int length = snprintf(payload, sizeof(payload), "{\"ts\":%lld,\"seq\":%llu,\"values\":{",
                          (long long)(time_us / 1000), (unsigned long long)++load.seq[device]);
    for (int i = 0; i + 1 < load.registers; i += 2) {
        uint32_t raw = ((uint32_t)registers[i] << 16) | registers[i + 1];
        length += snprintf(payload + length, sizeof(payload) - (size_t)length,
                           "%s\"dc_power_%d\":%.10g", i ? "," : "", i / 2 + 1, (double)raw * 0.1);
    }
    length += snprintf(payload + length, sizeof(payload) - (size_t)length, "}}");
    (void)mosquitto_publish(load.client, NULL, topic, length, payload, 0, false);
}

static void poll_device(const struct line *line, int unit)
{
    uint16_t registers[REGISTERS_MAX];
    int64_t sent_us = now_us(CLOCK_REALTIME);
    modbus_set_slave(line->modbus, unit);
    for (int at = 0; at < load.registers; at += REQUEST_MAX) {
        int left = load.registers - at;
        int count = left < REQUEST_MAX ? left : REQUEST_MAX;
        if (modbus_read_registers(line->modbus, at, count, registers + at) != count) {
            return;
        }
    }
    publish(line->first_device + unit - 1, registers, (sent_us + now_us(CLOCK_REALTIME)) / 2);
}

static void *work(void *first)
{
    int64_t due_us = now_us(CLOCK_MONOTONIC);
    for (;;) {
        for (int i = (int)((struct line *)first - load.lines); i < load.line_count;
             i += load.thread_count) {
            for (int unit = 1; unit <= load.lines[i].units; unit++) {
                poll_device(&load.lines[i], unit);
            }
        }
        due_us += load.period_us;
        int64_t left_us = due_us - now_us(CLOCK_MONOTONIC);
        if (left_us > 0) {
            nanosleep(&(struct timespec){.tv_sec = left_us / 1000000,
                                         .tv_nsec = left_us % 1000000 * 1000},
                      NULL);
        }
    }
    return NULL;
}

static int open_line(const char *text)
{
    char place[128] = {0};
    const char *colon = strrchr(text, ':');
    if (load.line_count == LINES_MAX || colon == NULL || (size_t)(colon - text) >= sizeof(place)) {
        return -1;
    }
    memcpy(place, text, (size_t)(colon - text));
    char *port = strchr(place, ':');
    if (port != NULL) {
        *port++ = '\0';
    }
    struct line *line = &load.lines[load.line_count];
    line->units = (int)strtol(colon + 1, NULL, 10);
    line->first_device = load.line_count > 0 ? line[-1].first_device + line[-1].units : 0;
    line->modbus = port == NULL ? modbus_new_rtu(place, 9600, 'N', 8, 1)
                                : modbus_new_tcp(place, (int)strtol(port, NULL, 10));
    if (line->modbus == NULL || line->units < 1 || line->units > UNITS_MAX ||
        modbus_connect(line->modbus) != 0) {
        (void)fprintf(stderr, "bare_loop: no device at %s\n", text);
        return -1;
    }
    /* Bytes of another reply would put a serial line out of step for good. */
    if (port == NULL) {
        (void)modbus_set_error_recovery(line->modbus, MODBUS_ERROR_RECOVERY_PROTOCOL);
    }
    load.line_count++;
    return 0;
}

static int run(void)
{
    for (int i = 0; i < load.thread_count && i < load.line_count; i++) {
        pthread_t thread;
        /* Spread over the period, as the daemon spreads its polls. */
        nanosleep(
            &(struct timespec){.tv_nsec = load.period_us * 1000 / load.thread_count % 1000000000},
            NULL);
        if (pthread_create(&thread, NULL, work, &load.lines[i]) != 0) {
            (void)fputs("bare_loop: no more threads\n", stderr);
            return 1;
        }
    }
    for (;;) {
        nanosleep(&(struct timespec){.tv_sec = 3600}, NULL);
    }
}

int main(int argc, char **argv)
{
    if (argc < 6) {
        (void)fputs("Usage: bare_loop MQTT_PORT THREADS PERIOD_MS REGISTERS PLACE:UNITS...\n",
                    stderr);
        return 2;
    }
    load.thread_count = (int)strtol(argv[2], NULL, 10);
    load.period_us = strtol(argv[3], NULL, 10) * 1000;
    load.registers = (int)strtol(argv[4], NULL, 10);
    if (load.thread_count < 1 || load.thread_count > THREADS_MAX || load.period_us < 1000 ||
        load.registers < 2 || load.registers > REGISTERS_MAX) {
        (void)fputs("bare_loop: threads 1..2048, period from 1 ms, registers 2..4096\n", stderr);
        return 2;
    }
    mosquitto_lib_init();
    load.client = mosquitto_new("bare-loop", true, NULL);
    if (mosquitto_connect(load.client, "127.0.0.1", (int)strtol(argv[1], NULL, 10), 60) !=
            MOSQ_ERR_SUCCESS ||
        mosquitto_loop_start(load.client) != MOSQ_ERR_SUCCESS) {
        (void)fputs("bare_loop: no broker\n", stderr);
        return 1;
    }
    for (int i = 5; i < argc; i++) {
        if (open_line(argv[i]) != 0) {
            return 1;
        }
    }
    return run();
}
