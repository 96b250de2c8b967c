/* SPDX-License-Identifier: Apache-2.0 */
/* device: who sent a batch and what its values mean. Implemented by daemon/model.
 *
 * Immutable once made and shared by reference, so a batch read back from last month's journal carries the device as it
 * was then, even when the configuration no longer knows it. */
#ifndef LINGTAN_DEVICE_H
#define LINGTAN_DEVICE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <lingtan/quantity.h>

/* How the value travels; decides how it is stored and printed. */
enum point_source {
    POINT_INTEGER, /* exact count times resolution */
    POINT_FLOAT32, /* a single-precision number / 10^n, n 0..6: a float register as it is or as W in kW */
    POINT_FLOAT64, /* any other: with a ratio or an offset in it a float is no single any more */
    POINT_TEXT,
};

enum { SINGLE_DECIMALS_MAX = 6 };

/* One value of a device. */
struct point {
    const char
        *name; /* unique in the device: the quantity's name, "_<index>" appended when it has one */
    const struct quantity *quantity;
    uint16_t index; /* string 3, gun 2; 0 = none */
    uint8_t source; /* enum point_source */
    bool is_writable;
    double
        resolution; /* what a count is worth in the unit, ratios included; a reading's own wins. Of a
                       gauge of POINT_FLOAT32 10^-n. 0 = neither */
    double offset;  /* added after the resolution, in the unit */
    double dead_band;
    int64_t modulus;   /* counters: the count after the highest one is 0; 0 = not declared */
    int64_t period_ms; /* how often it is read */
};

/* What a device is: the Influx measurement, the icon, the grouping. */
extern const char *const device_class_words[]; /* NULL-terminated, index = enum */
enum device_class {
    DEVICE_METER, /* electricity meter */
    DEVICE_INVERTER,
    DEVICE_CHARGER,
    DEVICE_HVAC,        /* indoor unit, VRF gateway, chiller */
    DEVICE_WATER_METER, /* water, heat, gas, pulse */
    DEVICE_SENSOR,
    DEVICE_CLASS_COUNT
};

/* Where its values come from. Either way they are batches that take the one way in (hub_post), so live state, staleness,
 * journal, sinks and streams know no difference. */
enum device_kind {
    DEVICE_FIELD,   /* polled on a line */
    DEVICE_DERIVED, /* worked out of others' values: a node, a virtual meter. No line, unit 0; profile: the word for what
                       makes it. Its id is unique among the devices of the field too */
    DEVICE_KIND_COUNT
};

struct device {
    atomic_uint references;
    enum device_kind kind;
    const char *id; /* unique in the site, [a-z0-9_-]: in topics, tags and URLs */
    const char *name;
    const char *site;
    const char *node;    /* id of the node, "" = the site */
    const char *line;    /* id of the line, "" = derived */
    const char *profile; /* "chint-dtsu666" */
    enum device_class device_class;
    uint16_t unit;
    uint16_t point_count;
    const struct point *points;
    const struct device *sibling; /* whose points these are, with a reference; NULL = its own */
};

/* Deep copy: strings and points of the model given are copied into one allocation. One reference. */
struct device *device_create(const struct device *model);
/* The same device with the points of the sibling when theirs are equal, else take_device: hundreds of equal meters hold
 * one list of points. take_device is fresh: nobody else refers to it. sibling may be NULL. */
struct device *device_share_points(struct device *take_device, const struct device *sibling);
const struct device *device_ref(const struct device *device);
void device_unref(const struct device *device); /* NULL-safe, any thread */
const struct point *device_find_point(const struct device *device,
                                      const char *name); /* NULL when unknown */
bool device_same_layout(const struct device *one,
                        const struct device *other); /* identity and points all equal */

#endif
