/* SPDX-License-Identifier: Apache-2.0 */
/* calendar: civil time at the place of the site, worked out here since a simulated time has no time zone file behind it
 * and must not depend on the machine's. China keeps UTC+8 all year. */
#ifndef LINGTAN_SIM_CALENDAR_H
#define LINGTAN_SIM_CALENDAR_H

#include <stdbool.h>
#include <stdint.h>

enum {
    DAY_S = 86400,
    CALENDAR_OFFSET_S = 8 * 3600,
};

struct local_day {
    int64_t number; /* days since 1970-01-01 in local time */
    int year;
    int month;    /* 1..12 */
    int day;      /* 1..31 */
    int year_day; /* 0..365 */
    int weekday;  /* 0 = Sunday */
    bool is_workday;
};

/* The rates of the meters' own clocks, in the order of the registers of a four- or five-rate meter. */
enum meter_rate { RATE_SHARP, RATE_PEAK, RATE_FLAT, RATE_VALLEY, RATE_DEEP, RATE_COUNT };

/* time_s: seconds since 1970, UTC. */
struct local_day calendar_day(int64_t time_s);
double calendar_hour(int64_t time_s);    /* 0 <= hour < 24, local */
int64_t calendar_year_start_s(int year); /* local midnight of 1 January as UTC */
int calendar_month_days(int year, int month);
enum meter_rate calendar_rate(const struct local_day *day, int hour);

#endif
