/* SPDX-License-Identifier: Apache-2.0 */
/* mqtt_limit: counts losses and weighs them. */
#include "sinks/mqtt/mqtt_limit.h"

enum {
    SOON_US = 10000000,
    CAREFUL_LOSSES = 2,
    CAREFUL_US = 30000000, /* a connection that lived so long has nothing to hide */
    PROMPT_US = 5000000,   /* a loss later than this was not the suspect's doing */
    STRIKES = 3,
};

static const int64_t calms_us[STRIKES] = {1000000, 3000000, 9000000};

void mqtt_limit_up(struct mqtt_limit *limit, int64_t now_us)
{
    limit->up_since_us = now_us;
    limit->alone = 0;
}

static bool count_strike(struct mqtt_limit *limit)
{
    if (limit->strikes == 0 || limit->alone < limit->suspect) {
        limit->suspect = limit->alone;
    }
    limit->strikes++;
    if (limit->strikes < STRIKES) {
        return false;
    }
    mqtt_limit_refused(limit, limit->suspect);
    return true;
}

bool mqtt_limit_lost(struct mqtt_limit *limit, int64_t now_us)
{
    bool was_careful = limit->lost_soon >= CAREFUL_LOSSES;
    limit->lost_soon = now_us - limit->up_since_us < SOON_US ? limit->lost_soon + 1 : 1;
    bool is_strike = limit->alone > 0 && now_us - limit->alone_since_us < PROMPT_US;
    if (is_strike) {
        limit->lost_soon = CAREFUL_LOSSES; /* however long the calm was */
    }
    limit->is_brought_on = is_strike || (!was_careful && limit->lost_soon >= CAREFUL_LOSSES);
    bool is_proof = is_strike && count_strike(limit);
    limit->alone = 0;
    return is_proof;
}

bool mqtt_limit_is_careful(const struct mqtt_limit *limit, int64_t now_us)
{
    return limit->lost_soon >= CAREFUL_LOSSES && now_us - limit->up_since_us < CAREFUL_US;
}

bool mqtt_limit_is_brought_on(const struct mqtt_limit *limit)
{
    return limit->is_brought_on;
}

int64_t mqtt_limit_calm_us(const struct mqtt_limit *limit)
{
    return limit->up_since_us + calms_us[limit->strikes < STRIKES ? limit->strikes : 0];
}

enum mqtt_limit_verdict mqtt_limit_judge(const struct mqtt_limit *limit, size_t size,
                                         size_t in_flight, int64_t now_us)
{
    if (limit->refused > 0 && size >= limit->refused) {
        return MQTT_LIMIT_REFUSE;
    }
    if (size <= limit->proven || !mqtt_limit_is_careful(limit, now_us)) {
        return MQTT_LIMIT_SEND;
    }
    bool is_calm = in_flight == 0 && now_us >= mqtt_limit_calm_us(limit);
    return is_calm ? MQTT_LIMIT_ALONE : MQTT_LIMIT_WAIT;
}

void mqtt_limit_alone(struct mqtt_limit *limit, size_t size, int64_t now_us)
{
    limit->alone = size;
    limit->alone_since_us = now_us;
}

void mqtt_limit_accepted(struct mqtt_limit *limit, size_t size)
{
    limit->alone = 0;
    if (size > limit->proven) {
        limit->proven = size;
    }
    if (size >= limit->suspect) {
        limit->strikes = 0;
    }
}

void mqtt_limit_refused(struct mqtt_limit *limit, size_t size)
{
    limit->alone = 0;
    limit->strikes = 0;
    if (limit->refused == 0 || size < limit->refused) {
        limit->refused = size;
    }
}
