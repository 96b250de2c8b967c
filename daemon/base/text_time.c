/* SPDX-License-Identifier: Apache-2.0 */
/* text_time: stamps as people write them, ISO 8601, to and from microseconds since 1970. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/text.h"

enum { SECOND_US = 1000000 };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Takes exactly count digits. */
static bool take_digits(const char **at, int count, int *out)
{
    int value = 0;
    for (int i = 0; i < count; i++) {
        if (!is_digit((*at)[i])) {
            return false;
        }
        value = value * 10 + ((*at)[i] - '0');
    }
    *at += count;
    *out = value;
    return true;
}

static bool take_char(const char **at, char c)
{
    if (**at != c) {
        return false;
    }
    (*at)++;
    return true;
}

static int month_days(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && is_leap ? 1 : 0);
}

static bool take_date(const char **at, struct tm *tm)
{
    int year = 0;
    int month = 0;
    int day = 0;
    if (!take_digits(at, 4, &year) || !take_char(at, '-') || !take_digits(at, 2, &month) ||
        !take_char(at, '-') || !take_digits(at, 2, &day)) {
        return false;
    }
    if (month < 1 || month > 12 || day < 1 || day > month_days(year, month)) {
        return false;
    }
    tm->tm_year = year - 1900;
    tm->tm_mon = month - 1;
    tm->tm_mday = day;
    return true;
}

/* Digits after the point, as many as there are; those below a microsecond are dropped. */
static bool take_fraction(const char **at, int64_t *out_us)
{
    int64_t weight = SECOND_US / 10;
    *out_us = 0;
    if (!take_char(at, '.')) {
        return true;
    }
    if (!is_digit(**at)) {
        return false;
    }
    for (; is_digit(**at); (*at)++, weight /= 10) {
        *out_us += weight * (**at - '0');
    }
    return true;
}

static bool take_time(const char **at, struct tm *tm, int64_t *fraction_us)
{
    *fraction_us = 0;
    if (!take_digits(at, 2, &tm->tm_hour) || !take_char(at, ':') ||
        !take_digits(at, 2, &tm->tm_min)) {
        return false;
    }
    if (take_char(at, ':') &&
        (!take_digits(at, 2, &tm->tm_sec) || !take_fraction(at, fraction_us))) {
        return false;
    }
    return tm->tm_hour <= 23 && tm->tm_min <= 59 && tm->tm_sec <= 59;
}

/* "Z", "+08:00", "+0800" or "+08". */
static bool take_zone(const char **at, int64_t *out_s)
{
    int hours = 0;
    int minutes = 0;
    if (take_char(at, 'Z')) {
        *out_s = 0;
        return true;
    }
    const char sign = **at;
    if ((sign != '+' && sign != '-') || *++(*at) == '\0' || !take_digits(at, 2, &hours)) {
        return false;
    }
    if ((take_char(at, ':') || is_digit(**at)) && !take_digits(at, 2, &minutes)) {
        return false;
    }
    *out_s = ((int64_t)hours * 60 + minutes) * 60 * (sign == '-' ? -1 : 1);
    return hours <= 23 && minutes <= 59;
}

static int parse_milliseconds(const char *string, int64_t *wall_us)
{
    char *end = NULL;
    int64_t wall = 0;
    errno = 0;
    long long ms = strtoll(string, &end, 10);
    if (errno != 0 || *end != '\0' || __builtin_mul_overflow(ms, 1000, &wall)) {
        return -EINVAL;
    }
    *wall_us = wall;
    return 0;
}

static bool is_integer(const char *string)
{
    size_t sign = string[0] == '-' ? 1 : 0;
    size_t digits = strspn(string + sign, "0123456789");
    return digits > 0 && string[sign + digits] == '\0';
}

void text_add_time(struct text *text, int64_t wall_us)
{
    time_t seconds = (time_t)(wall_us / SECOND_US);
    int64_t fraction_us = wall_us % SECOND_US;
    if (fraction_us < 0) {
        fraction_us += SECOND_US;
        seconds--;
    }
    struct tm tm = {0};
    gmtime_r(&seconds, &tm);
    text_add_format(text, "%04d-%02d-%02dT%02d:%02d:%02d", tm.tm_year + 1900, tm.tm_mon + 1,
                    tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
    int milliseconds = (int)(fraction_us / 1000);
    if (milliseconds != 0) {
        text_add_format(text, ".%03d", milliseconds);
    }
    text_add_char(text, 'Z');
}

int time_parse(const char *string, int64_t *wall_us)
{
    if (is_integer(string)) {
        return parse_milliseconds(string, wall_us);
    }
    const char *at = string;
    struct tm tm = {0};
    int64_t fraction_us = 0;
    int64_t zone_s = 0;
    if (!take_date(&at, &tm) || !(take_char(&at, 'T') || take_char(&at, ' ')) ||
        !take_time(&at, &tm, &fraction_us) || !take_zone(&at, &zone_s) || *at != '\0') {
        return -EINVAL;
    }
    *wall_us = ((int64_t)timegm(&tm) - zone_s) * SECOND_US + fraction_us;
    return 0;
}
