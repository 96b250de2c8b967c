/* SPDX-License-Identifier: Apache-2.0 */
/* live_model: what lingtan live shows: a row for each device with the few values that matter for its class, in the order
 * of the configuration under the nodes. Fed with the API's JSON. One thread. */
#ifndef LINGTAN_CLI_LIVE_MODEL_H
#define LINGTAN_CLI_LIVE_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include <lingtan/reading.h>

enum {
    LIVE_SLOTS_MAX = 6,
};

/* One value of a row. */
struct live_slot {
    char *point;
    char *label; /* "" where the unit says enough */
    char *unit;
    bool is_switch; /* 0 and 1 are off and on */
    bool is_known;
    double value;
    enum quality quality; /* as last told */
    int64_t read_mono_us; /* of the last value that was there */
    int64_t period_ms;
};

struct live_row {
    char *id;
    char *name;
    char *node;
    char *device_class;
    char *health;
    bool was_asked;       /* at least once */
    int64_t good_mono_us; /* the last good value, 0 = none */
    struct live_slot slots[LIVE_SLOTS_MAX];
    size_t slot_count;
};

/* A line of the body: the title of a node, or a device. */
struct live_entry {
    char *title; /* NULL: a device */
    size_t row;
};

struct live_model {
    char *site;
    struct live_row *rows; /* in the order of configuration */
    size_t row_count;
    size_t *by_id; /* rows sorted by id */
    struct live_entry *entries;
    size_t entry_count;
    int64_t online;
    int64_t offline;
    int64_t lines;
    int64_t lines_up;
    int64_t points;
    char *sinks; /* "mqtt up, influx DOWN (120 behind)" */
    bool is_ready;
    char *not_ready_because;
    size_t alarm_count;
};

void live_model_finish(struct live_model *model); /* all-zero again */

/* From /api/v1/site, /devices and /points. The model must be all-zero. */
void live_model_load(struct live_model *model, const json_t *site, const json_t *devices,
                     const json_t *points);
/* Health alone, from /devices. */
void live_model_take_devices(struct live_model *model, const json_t *devices, int64_t now_wall_us,
                             int64_t now_mono_us);
void live_model_take_status(struct live_model *model, const json_t *status);
/* From /live, or the event snapshot. */
void live_model_take_snapshot(struct live_model *model, const json_t *snapshot,
                              int64_t now_mono_us);
/* From the event batch. */
void live_model_take_batch(struct live_model *model, const json_t *batch, int64_t now_mono_us);

/* The letter of the slot's quality as of now, 0 = ok: quality_now, as the daemon's. */
char live_slot_letter(const struct live_slot *slot, int64_t now_mono_us);

#endif
