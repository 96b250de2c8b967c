/* SPDX-License-Identifier: Apache-2.0 */
/* servers: real programs that a test starts on free loopback ports and stops by their process ids. */
#ifndef LINGTAN_TESTS_SERVERS_H
#define LINGTAN_TESTS_SERVERS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* A TCP port of 127.0.0.1 that nobody has for now. */
uint16_t test_free_port(void);

/* Starts a program in a process group of its own that dies with the test; its output is appended to output
 * (NULL = nowhere). argv ends with NULL. */
pid_t test_spawn(const char *const *argv, const char *output);

/* Kills the group with the signal and waits for its leader; *pid becomes 0. 0 is fine. */
void test_kill(pid_t *pid, int signal);

/* Waits, at most 20 s, until somebody listens on the port. */
bool test_wait_for_port(uint16_t port);

/* mosquitto without persistence; extra lines may be added to its configuration. */
struct test_broker {
    pid_t pid;
    uint16_t port;
    char *folder;
};
void test_broker_init(struct test_broker *broker, const char *extra_lines);
void test_broker_start(struct test_broker *broker);
void test_broker_finish(struct test_broker *broker);

/* A subscriber (mosquitto_sub) that writes every message as a line "|topic retained qos payload" to <file>.log, among
 * other lines. It returns when the broker has confirmed the subscription. */
struct test_subscriber {
    pid_t pid;
    char *file;
};
void test_subscriber_start(struct test_subscriber *subscriber, const struct test_broker *broker,
                           const char *file, int qos);
void test_subscriber_stop(struct test_subscriber *subscriber);

/* influxd with its data in a private folder, which survives a stop and a start; lines may be added to its section
 * [http]. */
struct test_influx {
    pid_t pid;
    uint16_t port;
    char *folder;
};
void test_influx_init(struct test_influx *influx, const char *extra_lines);
void test_influx_start(struct test_influx *influx);
void test_influx_finish(struct test_influx *influx);

/* VictoriaMetrics, likewise. Deduplicates to the millisecond. */
struct test_victoria {
    pid_t pid;
    uint16_t port;
    char *folder;
};
void test_victoria_init(struct test_victoria *victoria);
void test_victoria_start(struct test_victoria *victoria);
void test_victoria_finish(struct test_victoria *victoria);

/* The whole file as a string for free(); "" when there is none. */
char *test_read_file(const char *path);

#endif
