/* SPDX-License-Identifier: Apache-2.0 */
/* profile_name: what a point or setpoint is called: its quantity, and its index behind it. */
#include <inttypes.h>
#include <stdlib.h>

#include "base/mem.h"
#include "config/memory.h"
#include "profile/profile_parts.h"

static const char *const quantity_names[] = {
#define QUANTITY_NAME(name, unit, kind, lowest, highest, dead_band, chinese) #name,
    LINGTAN_QUANTITIES(QUANTITY_NAME)
#undef QUANTITY_NAME
        NULL,
};

bool profile_name(const struct profile_named *named, const char *quantity, int64_t index,
                  const struct quantity **row, char **name)
{
    *row = quantity_find(quantity);
    if (*row == NULL) {
        char *hint = profile_hint(quantity, quantity_names);
        profile_fault(named->faults, named->origin, named->list, named->item, "quantity",
                      "is \"%s\"%s, wants a name of the dictionary (lingtand "
                      "--document-quantities)",
                      quantity, hint);
        free(hint);
        return false;
    }
    char *text = index > 0 ? mem_format("%s_%" PRId64, quantity, index) : mem_dup_string(quantity);
    *name = config_memory_string(named->memory, text);
    free(text);
    return true;
}
