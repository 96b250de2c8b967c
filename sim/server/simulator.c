/* SPDX-License-Identifier: Apache-2.0 */
/* simulator: the simulated clock. */
#include "sim/server/simulator.h"

int64_t simulator_now_us(const struct simulator *simulator)
{
    int64_t passed_us = clock_mono_us(simulator->clock) - simulator->base_mono_us;
    return simulator->base_sim_us + (int64_t)((double)passed_us * simulator->speed);
}

void simulator_set_speed(struct simulator *simulator, double speed)
{
    simulator->base_sim_us = simulator_now_us(simulator);
    simulator->base_mono_us = clock_mono_us(simulator->clock);
    simulator->speed = speed;
}

void simulator_catch_up(struct simulator *simulator)
{
    world_run(simulator->world, simulator_now_us(simulator));
}
