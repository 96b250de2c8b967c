/* SPDX-License-Identifier: Apache-2.0 */
/* budget: what the requests of a site cost on its lines before anything is wired: the time of each request, the load of
 * each line, and which lines were promised too much. Pure: no I/O. Const once made. */
#ifndef LINGTAN_MODBUS_BUDGET_H
#define LINGTAN_MODBUS_BUDGET_H

#include "collectors/modbus/plan/plan.h"

/* What cannot be known from a configuration. */
struct budget_guess {
    double
        turnaround_ms; /* serial: from the end of a request to the first character of its reply */
    double round_trip_ms; /* TCP: there and back */
};

/* What a request meets on its way. */
struct budget_wire {
    double character_ms; /* 0 = not serial: bytes cost nothing */
    double silence_ms;   /* before the device may answer */
    double gap_ms;       /* after the reply, before the next request */
    double wait_ms;      /* turnaround, round trip or both */
};

struct budget_device {
    const struct device_config *config;
    struct plan *plan;
    int64_t period_ms[POLL_CLASS_COUNT]; /* 0 = no points in the class */
    int64_t fastest_ms; /* the shortest of them; 0 = nothing is read periodically */
    double sweep_ms;    /* all its requests but those of the class once */
    double load;
};

struct budget_line {
    const struct line_config *config;
    struct budget_wire wire;
    struct budget_device *devices;
    size_t device_count;
    double sweep_ms; /* every device once, as at each quarter hour */
    double load;     /* 1 = the wire is never free */
};

enum {
    BUDGET_QUARTER_MS = 5000, /* readings are due within this much of a quarter hour */
};
extern const double budget_load_max;

/* The profiles' gaps count as the collector lets them count: the largest of the line, unless the line says its own. */
struct budget_wire budget_wire(const struct line_config *line, const struct profiles *profiles,
                               const struct budget_guess *guess);
double budget_request_ms(const struct budget_wire *wire, const struct frame_request *request);

/* How often a class that has points is read: at its period, and where its counters would not be read at the quarter hours
 * by that, then too. The reads that fall together are one: 1/P + 1/Q - 1/lcm(P, Q). */
double budget_reads_per_ms(const struct budget_device *device, enum poll_class poll_class);

/* Site and profiles must have been checked together and outlive the line. */
void budget_line_init(struct budget_line *line, const struct site *site,
                      const struct line_config *config, const struct profiles *profiles,
                      const struct budget_guess *guess);
void budget_line_finish(struct budget_line *line); /* NULL-safe, back to all-zero */

bool budget_is_overloaded(const struct budget_line *line);
bool budget_misses_quarter(const struct budget_line *line);
bool budget_is_slow(const struct budget_device *device);

/* The shortest period that is at least that long and meets the quarter hour. */
int64_t budget_period_ms(double least_ms);

/* The load if the line ran at that speed; its own load when it is not serial. */
double budget_load_at(const struct budget_line *line, int64_t baud);

#endif
