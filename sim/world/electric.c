/* SPDX-License-Identifier: Apache-2.0 */
/* electric: voltages, currents and powers by phase. */
#include "sim/world/electric.h"

#include <math.h>

#include "sim/world/noise.h"

static double hertz_at(int64_t time_s)
{
    return 49.97 + 0.06 * noise_wave(50, time_s, 45);
}

struct electric electric_of(const struct flow *flow, double power_kw, double vt_ratio,
                            int64_t time_s)
{
    double nominal = vt_ratio > 1.0 ? 100.0 / sqrt(3.0) * vt_ratio : 229.0;
    struct electric electric = {.tan_phi = flow->tan_phi, .hertz = hertz_at(time_s)};
    double shares[3] = {flow->share_a, flow->share_b, 1.0 - flow->share_a - flow->share_b};
    electric.power_kw[0] = power_kw;
    for (int i = 0; i < 3; i++) {
        uint64_t seed = 900 + (uint64_t)i;
        electric.power_kw[i + 1] = power_kw * shares[i];
        electric.volts[i] = nominal * (0.99 + 0.025 * noise_wave(seed, time_s, 600));
    }
    return electric;
}

struct electric electric_single_phase(double power_kw, double volts, int64_t time_s)
{
    return (struct electric){
        .power_kw = {power_kw, power_kw, 0.0, 0.0},
        .volts = {volts, volts, volts},
        .hertz = hertz_at(time_s),
    };
}

static double apparent(const struct electric *electric, int place)
{
    return fabs(electric->power_kw[place]) * sqrt(1.0 + electric->tan_phi * electric->tan_phi);
}

static double factor(const struct electric *electric, int place)
{
    double cosine = 1.0 / sqrt(1.0 + electric->tan_phi * electric->tan_phi);
    return electric->power_kw[place] < 0.0 ? -cosine : cosine;
}

static double ampere(const struct electric *electric, int phase)
{
    return apparent(electric, phase + 1) * 1000.0 / electric->volts[phase];
}

/* Three vectors 120 degrees apart leave this much for the neutral. */
static double neutral_ampere(const struct electric *electric)
{
    double a = ampere(electric, 0);
    double b = ampere(electric, 1);
    double c = ampere(electric, 2);
    return sqrt(fmax(a * a + b * b + c * c - a * b - b * c - c * a, 0.0));
}

/* Whether the id is one of `count` that follow each other in the dictionary, and which. */
static bool is_among(enum quantity_id id, enum quantity_id first, int count, int *place)
{
    *place = (int)id - (int)first;
    return *place >= 0 && *place < count;
}

static bool powers(const struct electric *electric, enum quantity_id id, double *value)
{
    int place = 0;
    if (is_among(id, QUANTITY_ID_active_power, 4, &place)) {
        *value = electric->power_kw[place];
    } else if (is_among(id, QUANTITY_ID_reactive_power, 4, &place)) {
        *value = electric->power_kw[place] * electric->tan_phi;
    } else if (is_among(id, QUANTITY_ID_apparent_power, 4, &place)) {
        *value = apparent(electric, place);
    } else if (is_among(id, QUANTITY_ID_power_factor, 4, &place)) {
        *value = factor(electric, place);
    } else {
        return false;
    }
    return true;
}

static double spread(double a, double b, double c)
{
    double mean = (a + b + c) / 3.0;
    double most = fmax(fmax(fabs(a - mean), fabs(b - mean)), fabs(c - mean));
    return mean > 0.0 ? 100.0 * most / mean : 0.0;
}

static bool qualities(const struct electric *electric, enum quantity_id id, double *value)
{
    int place = 0;
    if (is_among(id, QUANTITY_ID_thd_voltage_a, 3, &place)) {
        *value = 1.6 + 0.2 * place;
    } else if (is_among(id, QUANTITY_ID_thd_current_a, 3, &place)) {
        *value = 7.5 + 0.6 * place;
    } else if (id == QUANTITY_ID_unbalance_voltage) {
        *value = spread(electric->volts[0], electric->volts[1], electric->volts[2]);
    } else if (id == QUANTITY_ID_unbalance_current) {
        *value = spread(ampere(electric, 0), ampere(electric, 1), ampere(electric, 2));
    } else {
        return false;
    }
    return true;
}

bool electric_value(const struct electric *electric, enum quantity_id id, double *value)
{
    int place = 0;
    if (is_among(id, QUANTITY_ID_voltage_a, 3, &place)) {
        *value = electric->volts[place];
    } else if (is_among(id, QUANTITY_ID_voltage_ab, 3, &place)) {
        *value = sqrt(3.0) * 0.5 * (electric->volts[place] + electric->volts[(place + 1) % 3]);
    } else if (is_among(id, QUANTITY_ID_current_a, 3, &place)) {
        *value = ampere(electric, place);
    } else if (id == QUANTITY_ID_current_n) {
        *value = neutral_ampere(electric);
    } else if (id == QUANTITY_ID_frequency) {
        *value = electric->hertz;
    } else {
        return powers(electric, id, value) || qualities(electric, id, value);
    }
    return true;
}
