/* SPDX-License-Identifier: Apache-2.0 */
/* rig: the whole collector on real sockets and ports, with a site of the test's own and all batches kept. */
#ifndef TESTS_MODBUS_LINE_RIG_H
#define TESTS_MODBUS_LINE_RIG_H

#include <pthread.h>

#include "site/site.h"
#include <lingtan/collector.h>

enum {
    RIG_LINES_MAX = 10,
    RIG_WAIT_S = 20, /* far more than anything takes, for a loaded machine */
};

struct rig {
    struct site site;
    struct line_config lines[RIG_LINES_MAX];
    struct device_config devices[RIG_LINES_MAX];
    char ids[RIG_LINES_MAX][16];
    struct profiles *profiles;
    struct collector_host host;
    struct collector_instance *instance;
    pthread_mutex_t mutex; /* guards all below */
    size_t by_quality[RIG_LINES_MAX][QUALITY_COUNT];
    int64_t last_count[RIG_LINES_MAX]; /* of the first reading of the last good batch */
    struct command *done;
};

void rig_init(struct rig *rig);

/* Adds a line with one device of unit 1, polled every 200 ms; the caller fills in where it is. */
struct line_config *rig_add(struct rig *rig, int transport);
void rig_start(struct rig *rig, int64_t io_threads);

/* Stops, fails the test when that takes two seconds, and frees. */
void rig_finish(struct rig *rig);

/* Waits until the line's device has sent that many batches of a quality. */
void rig_wait(struct rig *rig, size_t line, enum quality quality, size_t count);
void rig_wait_state(struct rig *rig, size_t line, enum line_state state);
size_t rig_count(struct rig *rig, size_t line, enum quality quality);
int64_t rig_last(struct rig *rig, size_t line);
struct line_status rig_status(struct rig *rig, size_t line);

/* Gives the command and waits until it comes back; returns it, to be freed. The device of line 0 is "line-0". */
struct command *rig_do(struct rig *rig, struct command *take_command);

/* A raw read; returns the answer, to be freed. */
struct command *rig_read(struct rig *rig, size_t line, uint16_t address, uint16_t quantity);

#endif
