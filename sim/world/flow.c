/* SPDX-License-Identifier: Apache-2.0 */
/* flow: exact counters of a rate that is linear in pieces. */
#include "sim/world/flow.h"

#include "sim/world/noise.h"

void flow_init(struct flow *flow, uint64_t seed, double typical_yearly)
{
    static const double usual[RATE_COUNT] = {0.09, 0.38, 0.22, 0.31, 0.0};
    *flow = (struct flow){.tan_phi = 0.18 + 0.22 * noise_unit(seed, 1)};
    flow->share_a = (1.0 + 0.08 * (noise_unit(seed, 2) - 0.5)) / 3.0;
    flow->share_b = (1.0 + 0.08 * (noise_unit(seed, 3) - 0.5)) / 3.0;
    flow->in = typical_yearly * (0.4 + 2.2 * noise_unit(seed, 4));
    for (int rate = 0; rate < RATE_COUNT; rate++) {
        flow->in_by_rate[rate] = flow->in * usual[rate];
    }
    flow->rate_in = flow->in;
    flow->quarter_in = flow->in;
}

double flow_rate(const struct flow *flow, double along)
{
    return flow->from + (flow->to - flow->from) * along;
}

/* What came in and what went out between the start of the segment and along: where the line crosses zero within, the
 * two triangles are counted apart, as a bidirectional meter does. */
static struct flow_total moved(const struct flow *flow, double along, double hours)
{
    double end = flow_rate(flow, along);
    double span = along * hours;
    if (flow->from >= 0.0 && end >= 0.0) {
        return (struct flow_total){.in = 0.5 * (flow->from + end) * span};
    }
    if (flow->from <= 0.0 && end <= 0.0) {
        return (struct flow_total){.out = -0.5 * (flow->from + end) * span};
    }
    double zero = flow->from / (flow->from - end);
    double before = 0.5 * flow->from * zero * span;
    double after = 0.5 * end * (1.0 - zero) * span;
    return flow->from > 0.0 ? (struct flow_total){.in = before, .out = -after}
                            : (struct flow_total){.in = after, .out = -before};
}

struct flow_total flow_total(const struct flow *flow, double along, double hours)
{
    struct flow_total total = moved(flow, along, hours);
    total.in += flow->in;
    total.out += flow->out;
    return total;
}

double flow_in_by_rate(const struct flow *flow, double along, double hours, enum meter_rate rate,
                       enum meter_rate current)
{
    double more = rate == current ? flow_total(flow, along, hours).in - flow->rate_in : 0.0;
    return flow->in_by_rate[rate] + more;
}

void flow_settle(struct flow *flow, double along, double hours)
{
    if (flow->from == 0.0 && flow->to == 0.0) {
        return;
    }
    struct flow_total more = moved(flow, along, hours);
    flow->in += more.in;
    flow->out += more.out;
    flow->from = flow_rate(flow, along);
}

void flow_close_rate(struct flow *flow, enum meter_rate rate)
{
    flow->in_by_rate[rate] += flow->in - flow->rate_in;
    flow->rate_in = flow->in;
}

void flow_close_quarter(struct flow *flow, bool is_month_start)
{
    flow->demand = (flow->in - flow->quarter_in) * 4.0;
    flow->quarter_in = flow->in;
    if (is_month_start || flow->demand > flow->demand_max) {
        flow->demand_max = flow->demand;
    }
}
