/* SPDX-License-Identifier: Apache-2.0 */
/* calendar: civil time of the site from seconds since 1970. */
#include "sim/world/calendar.h"

#include <stddef.h>

static bool is_leap(int64_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* Days from 1970-01-01 to 1 January of the year, proleptic Gregorian, for years after 1969. */
static int64_t year_start(int64_t year)
{
    int64_t last = year - 1;
    return (year - 1970) * 365 + (last / 4 - last / 100 + last / 400) -
           (1969 / 4 - 1969 / 100 + 1969 / 400);
}

int calendar_month_days(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

/* Holidays with a fixed date. The moving ones (Spring Festival, make-up workdays) belong to the calendars of the daemon
 * and add nothing that a load curve needs. */
static bool is_holiday(int month, int day)
{
    return (month == 1 && day == 1) || (month == 5 && day <= 3) || (month == 10 && day <= 7);
}

struct local_day calendar_day(int64_t time_s)
{
    int64_t number = (time_s + CALENDAR_OFFSET_S) / DAY_S;
    int64_t year = 1970 + number / 366;
    while (year_start(year + 1) <= number) {
        year++;
    }
    int64_t rest = number - year_start(year);
    struct local_day day = {.number = number, .year = (int)year, .year_day = (int)rest, .month = 1};
    while (rest >= calendar_month_days(day.year, day.month)) {
        rest -= calendar_month_days(day.year, day.month);
        day.month++;
    }
    day.day = (int)rest + 1;
    day.weekday = (int)((number + 4) % 7);
    day.is_workday = day.weekday != 0 && day.weekday != 6 && !is_holiday(day.month, day.day);
    return day;
}

double calendar_hour(int64_t time_s)
{
    return (double)((time_s + CALENDAR_OFFSET_S) % DAY_S) / 3600.0;
}

int64_t calendar_year_start_s(int year)
{
    return year_start(year) * DAY_S - CALENDAR_OFFSET_S;
}

/* Zhejiang's table of 2024 (浙发改价格〔2024〕21号). It ended in mid-2026, and meters in the field that nobody has
 * reprogrammed since still count by it: the daemon computes its own rates and can show the difference. */
enum meter_rate calendar_rate(const struct local_day *day, int hour)
{
    bool is_peak_season = day->month == 1 || day->month == 7 || day->month == 8 || day->month == 12;
    if (hour < 8 || (hour >= 11 && hour < 13)) {
        return RATE_VALLEY;
    }
    if (!is_peak_season) {
        return hour < 17 ? RATE_PEAK : RATE_FLAT;
    }
    if ((hour >= 9 && hour < 11) || (hour >= 15 && hour < 17)) {
        return RATE_SHARP;
    }
    return hour == 8 || (hour >= 17 && hour < 23) ? RATE_PEAK : RATE_FLAT;
}
