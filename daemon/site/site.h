/* SPDX-License-Identifier: Apache-2.0 */
/* site: a compound as configured: its tree of nodes, its lines and their devices (a file like conf/sites/NAME.conf).
 * Plain data, const once loaded. */
#ifndef LINGTAN_SITE_SITE_H
#define LINGTAN_SITE_SITE_H

#include "config/config.h"
#include <lingtan/profile.h>

struct node_config {
    struct origin origin;
    char *id;
    char *name;   /* as people call it, UTF-8 */
    char *parent; /* id, "" = the site itself */
    char *kind;   /* building, floor, department, system, carport, ... */
    double area_m2;
    int64_t headcount;
    char *category; /* category code of the statistics, "" = none */
};

struct device_config {
    struct origin origin;
    char *id;
    char *name;
    char *profile; /* file name in conf/devices without .conf */
    char *node;
    int64_t unit; /* 0..255; -1 = the profile's */
    double ct_ratio;
    double vt_ratio;
    double pulse_weight; /* unit of the quantity per pulse, for pulse counters */
    int64_t fast_ms;     /* periods of this device; 0 = the site's */
    int64_t normal_ms;
    int64_t slow_ms;
};

enum line_transport { LINE_TCP, LINE_RTU, LINE_RTU_OVER_TCP };
enum line_parity { PARITY_NONE, PARITY_EVEN, PARITY_ODD };

struct line_config {
    struct origin origin;
    char *id;
    int transport; /* enum line_transport */
    char *host;    /* tcp, rtu_over_tcp */
    int64_t port;
    char *path; /* rtu: /dev/serial/by-id/... */
    int64_t baud;
    int parity; /* enum line_parity */
    int64_t stop_bits;
    bool rs485;                  /* let the kernel drive RTS */
    int64_t response_timeout_ms; /* 0 = the largest of its profiles, or 1000 */
    int64_t connect_timeout_ms;
    int64_t connect_delay_ms;   /* -1 = the largest of its profiles */
    int64_t gap_ms;             /* -1 = the largest of its profiles */
    int64_t idle_close_s;       /* 0 = never */
    bool ignore_transaction_id; /* for gateways that never echo it (devices quirk M5) */
    bool ignore_unit_id;        /* for those whose replies say unit 0 or 255 */
    struct option_list devices; /* of struct device_config */
};

/* A CSV file with a row for each device. The other members are what its rows have where they say nothing. */
struct device_list {
    struct origin origin;
    char *file; /* beside the file that names it */
    char *line; /* id; "" = found by endpoint */
    struct device_config device;
    struct line_config endpoint; /* without id and devices */
};

enum site_language { LANGUAGE_EN, LANGUAGE_ZH };

struct site {
    const char *file; /* that it was loaded from */
    char *id;         /* in topics */
    char *name;
    int language;    /* enum site_language */
    char *time_zone; /* its name; "" = the system's */
    int64_t fast_ms; /* periods of the poll classes; each a divisor or a multiple of 900 s */
    int64_t normal_ms;
    int64_t slow_ms;
    struct option_list nodes; /* of struct node_config */
    struct option_list lines; /* of struct line_config; those of the lists included once loaded */
    struct option_list device_lists; /* of struct device_list; none once loaded */
    struct option_list
        lost; /* of struct device_config: on no line, which was a fault; for site_check */
};

extern const struct option_table site_table;
extern const struct option_table
    site_fixed_table; /* its options that are no lists and no periods */

/* Reads a site file and the lists that it names; their devices and lines are then among those written out. Faults are
 * added. Strings live in memory. */
void site_load(const char *path, struct site *site, struct config_memory *memory,
               struct faults *faults);

/* The semantic checks that need more than one row: unique ids, known nodes and profiles, two lines on one endpoint,
 * units twice on a line, periods that do not divide the day, nodes in a circle. Safe on a site whose file had
 * faults: what was not given is not judged. */
void site_check(const struct site *site, const struct profiles *profiles, struct faults *faults);

const struct node_config *site_find_node(const struct site *site, const char *id);

/* The device's descriptor as the rest of the daemon sees it; one reference. */
struct device *site_device(const struct site *site, const struct line_config *line,
                           const struct device_config *device, const struct profile *profile);

/* What a profile's word for a ratio ("ct", "vt", "ct*vt", "pulse") is for the device; 1 for "". */
double site_ratio(const struct device_config *device, const char *ratio);

/* The period of a poll class for a device, in ms. */
int64_t site_period_ms(const struct site *site, const struct device_config *device,
                       enum poll_class poll_class);

/* Where a line really leads. */
struct line_endpoint {
    const char *line; /* id */
    const char *host; /* NULL = as in the file */
    int64_t port;     /* 0 = as in the file */
    const char *path; /* NULL = as in the file */
};

/* Reads the site file and writes a copy of it, without its comments, in which the lines named lead to these endpoints.
 * The copy appears as a whole: a temporary file beside it is renamed. -EINVAL: faults were added; -ENOENT: no such
 * line; else errno of writing. */
int site_write_lines(const char *from_path, const char *to_path,
                     const struct line_endpoint *endpoints, size_t count,
                     struct faults *faults) MUST_USE;

#endif
