/* SPDX-License-Identifier: Apache-2.0 */
/* ev: when cars come, what they want and what they take. */
#include "sim/world/ev.h"

#include <math.h>

#include "sim/world/noise.h"

enum { DRAW_COMES = 1, DRAW_WHEN, DRAW_STAY, DRAW_WANT, DRAW_CAR };

const double gun_volts = 220.0;

static const double taper_hours = 0.12;  /* a nearly full battery takes less and less */
static const double enough_kwh = 0.05;   /* and then nothing */
static const double lowest_ampere = 6.0; /* GB/T 18487.1: less means pause */
static const double highest_ampere = 32.0;

void gun_init(struct gun *gun, uint64_t seed, bool is_dc, double rated_kw)
{
    *gun = (struct gun){
        .seed = seed,
        .is_dc = is_dc,
        .rated_kw = rated_kw,
        .limit_a = highest_ampere,
        .arrives_s = INT64_MAX,
    };
    flow_init(&gun->flow, seed, is_dc ? 30000.0 : 1400.0);
    gun->started_in = gun->flow.in;
}

/* Staff plug in when they come and drive home after work; visitors at the weekend stay for some hours. */
static void plan_ac_day(struct gun *gun, const struct sky *now)
{
    uint64_t key = noise_hash(gun->seed, (uint64_t)now->day.number);
    bool is_workday = now->day.is_workday;
    int64_t midnight_s = now->day.number * DAY_S - CALENDAR_OFFSET_S;
    double when = noise_unit(key, DRAW_WHEN);
    double stay = noise_unit(key, DRAW_STAY);
    double arrives = is_workday ? 7.6 + 1.8 * when * when : 9.0 + 6.0 * when;
    double leaves = is_workday ? 17.0 + 1.7 * stay : arrives + 1.5 + 3.5 * stay;
    bool comes = noise_unit(key, DRAW_COMES) < (is_workday ? 0.52 : 0.09);
    gun->arrives_s = comes ? midnight_s + (int64_t)(arrives * 60.0) * 60 : INT64_MAX;
    gun->leaves_s = midnight_s + (int64_t)(leaves * 60.0) * 60;
}

/* Duty cars and visitors at the fast chargers: a chance every ten minutes while the gun is free. */
static void plan_dc_slot(struct gun *gun, const struct sky *now)
{
    uint64_t key = noise_hash(gun->seed, (uint64_t)(now->time_s / 600));
    bool is_day = now->hour > 7.0 && now->hour < 20.5;
    double chance = !is_day ? 0.004 : now->day.is_workday ? 0.065 : 0.035;
    bool comes = noise_unit(key, DRAW_COMES) < chance;
    gun->arrives_s = comes ? now->time_s : INT64_MAX;
    gun->leaves_s = now->time_s + 5400;
}

static void connect_car(struct gun *gun, const struct sky *now)
{
    uint64_t key = noise_hash(gun->seed, (uint64_t)now->time_s);
    double want = noise_unit(key, DRAW_WANT);
    double car = noise_unit(key, DRAW_CAR);
    gun->is_connected = true;
    gun->arrives_s = INT64_MAX;
    gun->started_s = now->time_s;
    gun->started_in = gun->flow.in;
    gun->wanted_kwh = gun->is_dc ? 10.0 + 38.0 * want : 5.0 + 27.0 * want;
    gun->car_kw = gun->is_dc ? 30.0 + 60.0 * car : car < 0.15 ? 3.3 : car < 0.5 ? 6.6 : 7.04;
}

static double remaining(const struct gun *gun)
{
    return gun->wanted_kwh - (gun->flow.in - gun->started_in);
}

void gun_events(struct gun *gun, const struct sky *now)
{
    if (gun->is_connected) {
        bool is_full = gun->is_dc && remaining(gun) < enough_kwh + 0.1;
        if (now->time_s >= gun->leaves_s || is_full) {
            gun->is_connected = false;
            gun->last_session_kwh = gun->flow.in - gun->started_in;
            gun->flow.from = 0.0;
        }
        return;
    }
    if (!gun->is_dc && gun->day != now->day.number) {
        gun->day = now->day.number;
        plan_ac_day(gun, now);
    } else if (gun->is_dc && now->time_s % 600 == 0) {
        plan_dc_slot(gun, now);
    }
    if (now->time_s >= gun->arrives_s) {
        connect_car(gun, now);
    }
}

/* What the gun gives to a car that still wants kwh. */
static double demand(const struct gun *gun, double kwh)
{
    if (!gun->is_connected || kwh < enough_kwh) {
        return 0.0;
    }
    double power = fmin(fmin(gun->rated_kw, gun->car_kw), kwh / taper_hours);
    if (gun->is_dc) {
        return power;
    }
    double limit_a = fmin(gun->limit_a, highest_ampere);
    return limit_a < lowest_ampere ? 0.0 : fmin(power, limit_a * gun_volts / 1000.0);
}

void gun_plan(struct gun *gun, double hours)
{
    gun->flow.to = demand(gun, remaining(gun) - gun->flow.from * hours);
}

void gun_control(struct gun *gun, double hours)
{
    gun->flow.from = demand(gun, remaining(gun));
    gun_plan(gun, hours);
}

enum gun_state gun_state(const struct gun *gun, double power_kw)
{
    if (!gun->is_connected) {
        return GUN_IDLE;
    }
    if (power_kw > 0.0) {
        return GUN_CHARGING;
    }
    return remaining(gun) < 2.0 * enough_kwh ? GUN_STOPPED : GUN_READY;
}

double gun_session_kwh(const struct gun *gun, double in_now)
{
    return gun->is_connected ? in_now - gun->started_in : gun->last_session_kwh;
}
