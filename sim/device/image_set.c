/* SPDX-License-Identifier: Apache-2.0 */
/* image, registers that are only written: values that are read elsewhere or nowhere, switches and heartbeats. They hold
 * what a client wrote, so that it can be looked at. */
#include "sim/device/image.h"

#include "site/site.h"

enum { COILS = 1, HOLDING = 3 };

static bool is_taken(const struct image *image, int64_t function, uint16_t address)
{
    for (size_t i = 0; i < image->counts[function]; i++) {
        if (image->cells[function][i].address == address) {
            return true;
        }
    }
    return false;
}

static void add_set(struct image *image, bool is_coil, struct cell cell)
{
    int64_t function = is_coil ? COILS : HOLDING;
    cell.is_set = true;
    if (!is_taken(image, function, cell.address)) {
        image_add_cell(image, function, cell);
    }
}

static bool is_coil_function(uint8_t function)
{
    return function == 5 || function == 15;
}

static void add_write(struct image *image, const struct profile_write *write,
                      const struct profile_point *shown)
{
    if (!write_is_given(write)) {
        return;
    }
    if (write->registers > 0) {
        add_set(image, write_is_coil(write),
                (struct cell){.write = write,
                              .shown = shown,
                              .address = write->address0,
                              .registers = write->registers});
    }
    if (write->heartbeat.origin.line > 0) {
        add_set(image, is_coil_function(write->heartbeat.send_function),
                (struct cell){.address = write->heartbeat.address0, .registers = 1});
    }
}

static void add_switches(struct image *image, const struct profile_write *write)
{
    const struct profile_switch *switches = write->switches.items;
    for (size_t i = 0; i < write->switches.count; i++) {
        add_set(image, is_coil_function(switches[i].send_function),
                (struct cell){.address = switches[i].address0,
                              .registers = (uint16_t)switches[i].count});
    }
}

/* Values first: what is a switch of one may be a value itself. */
void image_add_sets(struct image *image)
{
    const struct profile *profile = image->profile;
    int64_t main_unit = image->config->unit >= 0 ? image->config->unit : profile->link.unit;
    if (main_unit != image->unit) {
        return;
    }
    const struct profile_point *points = profile->points.items;
    const struct profile_setpoint *setpoints = profile->setpoints.items;
    for (size_t i = 0; i < profile->points.count; i++) {
        add_write(image, &points[i].write, &points[i]);
    }
    for (size_t i = 0; i < profile->setpoints.count; i++) {
        add_write(image, &setpoints[i].write, NULL);
    }
    for (size_t i = 0; i < profile->points.count; i++) {
        add_switches(image, &points[i].write);
    }
    for (size_t i = 0; i < profile->setpoints.count; i++) {
        add_switches(image, &setpoints[i].write);
    }
}
