/* SPDX-License-Identifier: Apache-2.0 */
/* site_parts: the parts of the checks of a site. Inside daemon/config only. */
#ifndef LINGTAN_SITE_SITE_PARTS_H
#define LINGTAN_SITE_SITE_PARTS_H

#include "site/site.h"
#include "site/site_index.h"

struct site_checking {
    const struct site *site;
    const struct profiles *profiles;
    struct faults *faults;
    const struct node_config *nodes;
    const struct line_config *lines;
    struct site_index node_ids; /* numbers are places in nodes */
    const char **node_words;    /* NULL-terminated, for nearest_word */
};

/* Parts of site_table. That of an endpoint has all options of a line but its id and devices. */
extern const struct option_table site_node_table;
extern const struct option_table site_device_table;
extern const struct option_table site_endpoint_table;

/* A device with its line: for messages. */
struct site_spot {
    const struct line_config *line; /* NULL = a list says none that there is */
    const struct device_config *device;
    size_t line_number;
    size_t device_number;
};

/* A fault of an option: "nodes.b1.parent", "lines.b1-485.host", "lines.b1-485.devices.m1.unit". */
void site_node_fault(const struct site_checking *check, size_t number, const char *option,
                     const char *format, ...) PRINTF_LIKE(4, 5);
void site_line_fault(const struct site_checking *check, size_t number, const char *option,
                     const char *format, ...) PRINTF_LIKE(4, 5);
void site_device_fault(const struct site_checking *check, const struct site_spot *spot,
                       const char *option, const char *format, ...) PRINTF_LIKE(4, 5);

void site_check_nodes(const struct site_checking *check);
void site_check_lines(const struct site_checking *check);
void site_check_devices(const struct site_checking *check);
void site_check_periods(const struct site_checking *check);
void site_check_device_periods(const struct site_checking *check, const struct site_spot *spot);

/* Where a line leads, "host:port" or a path; "" when it does not say. Free it. */
char *site_endpoint(const struct line_config *line);

/* "line 7", or "FILE:7" for a reader whose file is another one. Free it. */
char *site_place(struct origin place, struct origin reader);

/* What to say of an id that no node has. Free it. */
char *site_node_hint(const struct site_checking *check, const char *id);

#endif
