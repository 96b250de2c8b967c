/* SPDX-License-Identifier: Apache-2.0 */
/* bench: a running lingtan-sim with one line of each transport, and libmodbus clients against it.
 *
 * Lines: "net" (tcp: unit 1 room, 2 meter, 3 inverter, 4 pulse counter), "bus" (rtu: 5 meter, 6 room), "conv" (rtu_over_tcp:
 * 7 water meter). Device ids: room, meter, inverter, pulse, bus-meter, bus-room, water. The room at unit 1 has the profile
 * "bench": coils 0 (on_off) and 1 (contact 1, no effect), discrete input 0, input register 10, holding registers 20 to 24. */
#ifndef LINGTAN_TESTS_SIM_BENCH_H
#define LINGTAN_TESTS_SIM_BENCH_H

#include <sys/types.h>

#include <modbus.h>

#include "site/site.h"

struct bench {
    char *folder;
    char *published; /* paths */
    char *control;
    char *served;
    pid_t pid;
    int control_fd;
    struct faults *faults;
    struct config_memory *memory;
    struct site site;
    char answer[8192]; /* of the last command */
};

/* extra: arguments after the usual ones, NULL-terminated, or NULL. It is noon of Tuesday, 6 January 2026. */
void bench_start(struct bench *bench, const char *const *extra);

/* The same with a site and a model of the test's own; the profiles are in <folder>/devices. */
void bench_start_site(struct bench *bench, const char *site_words, const char *model_words,
                      const char *const *extra);

/* Ends it by SIGTERM; fails unless it ends with code 0. */
void bench_stop(struct bench *bench);

const struct line_config *bench_line(const struct bench *bench, const char *id);

/* Connected; free with bench_close. Responses may take 2 s. */
modbus_t *bench_connect(const struct bench *bench, const char *line, int unit);
void bench_close(modbus_t *take_modbus);

/* A plain socket to a TCP line. */
int bench_socket(const struct bench *bench, const char *line);

/* The answer to a command of the control socket. */
const char *bench_ask(struct bench *bench, const char *format, ...) PRINTF_LIKE(2, 3);
double bench_number(struct bench *bench, const char *key); /* of the last answer */
double bench_value(struct bench *bench, const char *device, const char *point);

#endif
