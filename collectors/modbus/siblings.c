/* SPDX-License-Identifier: Apache-2.0 */
/* siblings: what was made before, by what it was made from. */
#include "collectors/modbus/siblings.h"

#include <stdlib.h>

#include "base/mem.h"

struct planned {
    char *key;
    struct plan *plan;
};

void siblings_finish(struct siblings *siblings)
{
    for (size_t i = 0; i < siblings->plans.slot_count; i++) {
        struct planned *planned = siblings->plans.slots[i].value;
        if (planned != NULL) {
            plan_unref(planned->plan);
            free(planned->key);
            free(planned);
        }
    }
    id_map_finish(&siblings->plans);
    id_map_finish(&siblings->devices);
}

struct device *siblings_share(struct siblings *siblings, struct device *take_device)
{
    struct device *device =
        device_share_points(take_device, id_map_find(&siblings->devices, take_device->profile));
    id_map_set(&siblings->devices, device->profile, device);
    return device;
}

/* Everything of the configuration that plan_create looks at. */
static char *plan_key(const struct profile *profile, const struct device_config *device,
                      const int64_t period_ms[POLL_CLASS_COUNT])
{
    return mem_format("%s %lld %a %a %a %lld %lld %lld", profile->id, (long long)device->unit,
                      device->ct_ratio, device->vt_ratio, device->pulse_weight,
                      (long long)period_ms[POLL_FAST], (long long)period_ms[POLL_NORMAL],
                      (long long)period_ms[POLL_SLOW]);
}

struct plan *siblings_plan(struct siblings *siblings, const struct profile *profile,
                           const struct device_config *device,
                           const int64_t period_ms[POLL_CLASS_COUNT])
{
    char *key = plan_key(profile, device, period_ms);
    struct planned *planned = id_map_find(&siblings->plans, key);
    if (planned != NULL) {
        free(key);
    } else {
        planned = mem_alloc(sizeof(*planned));
        *planned = (struct planned){.key = key, .plan = plan_create(profile, device, period_ms)};
        id_map_set(&siblings->plans, key, planned);
    }
    return plan_ref(planned->plan);
}
