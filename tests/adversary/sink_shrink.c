/* SPDX-License-Identifier: Apache-2.0 */
/* sink_shrink: cuts a script down step by step for as long as the same kind of fault stays. */
#include <string.h>

#include "adversary/sink_play.h"

static bool cut(struct sink_script *script, size_t way)
{
    if (way < SINK_TROUBLES_MAX) {
        if (way >= script->trouble_count || script->trouble_count == 1) {
            return false;
        }
        script->trouble_count--;
        memmove(&script->troubles[way], &script->troubles[way + 1],
                (script->trouble_count - way) * sizeof(struct sink_trouble));
        return true;
    }
    struct sink_script old = *script;
    switch (way - SINK_TROUBLES_MAX) {
    case 0:
        script->length_us /= 2;
        for (size_t i = 0; i < script->trouble_count; i++) {
            script->troubles[i].from_us /= 2;
            script->troubles[i].to_us /= 2;
        }
        return script->length_us > SECOND;
    case 1:
        script->batch_us = 1000000;
        break;
    case 2:
        script->before = 0;
        break;
    case 3:
        script->connect_us = 0;
        break;
    case 4:
        script->acknowledge_us = 0;
        break;
    case 5:
        script->window = 20;
        break;
    case 6:
        script->uptime_us = 777LL * SECOND;
        break;
    default:
        return false;
    }
    return memcmp(&old, script, sizeof(old)) != 0;
}

void sink_shrink(struct sink_script *script, struct sink_outcome *outcome)
{
    bool is_changed = true;
    for (unsigned round = 0; round < 10 && is_changed; round++) {
        is_changed = false;
        for (size_t way = 0; way < SINK_TROUBLES_MAX + 7; way++) {
            struct sink_script smaller = *script;
            struct sink_outcome seen;
            if (!cut(&smaller, way)) {
                continue;
            }
            sink_play(&smaller, &seen);
            if (seen.fault == outcome->fault) {
                *script = smaller;
                *outcome = seen;
                is_changed = true;
            }
        }
    }
    sink_play(script, outcome); /* its log is the last one */
}
