/* SPDX-License-Identifier: Apache-2.0 */
/* profile_document_write: how a point is written, in words for whoever puts a device under control. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "profile/profile_parts.h"

enum { SECOND_MS = 1000 };

static void add_value(struct text *text, const struct profile_write *write, double value)
{
    text_add_float(text, value, 0);
    if (write->row->unit[0]) {
        text_add_format(text, " %s", write->row->unit);
    }
}

static void add_time(struct text *text, int64_t time_ms)
{
    if (time_ms % SECOND_MS == 0) {
        text_add_format(text, "%" PRId64 " s", time_ms / SECOND_MS);
    } else {
        text_add_format(text, "%" PRId64 " ms", time_ms);
    }
}

static void add_range(struct text *text, const struct profile_write *write)
{
    text_add_format(text, ", ");
    text_add_float(text, write->lowest, 0);
    text_add_string(text, "..");
    add_value(text, write, write->highest);
    if (write->step > 0) {
        text_add_string(text, " by ");
        text_add_float(text, write->step, 0);
    }
    if (!isnan(write->pause)) {
        text_add_string(text, ", ");
        add_value(text, write, write->pause);
        text_add_string(text, " pauses");
    }
}

static void add_switches(struct text *text, const struct profile *profile,
                         const struct profile_write *write)
{
    const struct profile_switch *switches = write->switches.items;
    for (size_t i = 0; i < write->switches.count; i++) {
        bool is_coil = switches[i].send_function == 5 || switches[i].send_function == 15;
        text_add_format(text, "; %s it %s %" PRId64 " = %" PRId64,
                        switch_order_words[switches[i].order], is_coil ? "coil" : "register",
                        (int64_t)switches[i].address0 + profile->address_base, switches[i].on);
        if (switches[i].off >= 0) {
            text_add_format(text, ", off = %" PRId64, switches[i].off);
        }
    }
    if (write->heartbeat.origin.line > 0) {
        text_add_format(text, "; heartbeat %" PRId64 " = %" PRId64 " every ",
                        write->heartbeat.address, write->heartbeat.value);
        add_time(text, write->heartbeat.period_ms);
    }
}

static void add_lapse(struct text *text, const struct profile_write *write)
{
    if (write->renew_ms > 0) {
        text_add_string(text, "; renewed every ");
        add_time(text, write->renew_ms);
    }
    if (write->lapse == LAPSE_KEEPS) {
        text_add_string(text, "; stays until it is released");
    } else if (write->lapse == LAPSE_FALLS_BACK) {
        text_add_string(text, "; falls back");
        if (!isnan(write->lapse_value)) {
            text_add_string(text, " to ");
            add_value(text, write, write->lapse_value);
        }
        if (write->lapse_after_ms > 0) {
            text_add_string(text, " after ");
            add_time(text, write->lapse_after_ms);
        }
    } else {
        text_add_string(text, "; what it does when nobody renews it is not known");
    }
}

static void add_release(struct text *text, const struct profile_write *write)
{
    if (write->release == RELEASE_VALUE) {
        text_add_string(text, "; released by ");
        add_value(text, write, write->release_value);
    } else if (write->release == RELEASE_SWITCH) {
        text_add_string(text, "; released by its switch");
    } else if (write->release == RELEASE_LAPSE) {
        text_add_string(text, "; released by letting it lapse");
    }
}

static void add_pace(struct text *text, const struct profile_write *write)
{
    if (write->only_on_change) {
        text_add_string(text, "; only on change");
    }
    if (write->least_interval_ms > 0) {
        text_add_string(text, "; at most every ");
        add_time(text, write->least_interval_ms);
    }
    if (write->settle_ms > 0) {
        text_add_string(text, "; shows after ");
        add_time(text, write->settle_ms);
    }
}

static bool is_setpoint(const struct profile *profile, const struct profile_write *write)
{
    const struct profile_point *point = NULL;
    return profile_find_write(profile, write->name, &point) == write && point == NULL;
}

static void add_read_back(struct text *text, const struct profile *profile,
                          const struct profile_write *write)
{
    bool is_own = write->read_back[0] == '\0';
    if (strcmp(write->read_back, "none") == 0 || (is_own && is_setpoint(profile, write))) {
        text_add_string(text, "; cannot be read back");
    } else if (!is_own) {
        text_add_format(text, "; read back from %s", write->read_back);
    }
}

void profile_document_write(struct text *text, const struct profile *profile,
                            const struct profile_write *write)
{
    text_add_format(text, "- Writes `%s`: function %u, %s %" PRId64, write->name,
                    write->send_function, write_is_coil(write) ? "coil" : "register",
                    (int64_t)write->address0 + profile->address_base);
    add_range(text, write);
    add_switches(text, profile, write);
    add_lapse(text, write);
    add_release(text, write);
    add_pace(text, write);
    add_read_back(text, profile, write);
    text_add_string(text, ".\n");
}
