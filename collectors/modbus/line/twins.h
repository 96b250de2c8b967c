/* SPDX-License-Identifier: Apache-2.0 */
/* twins: whether two units of a line are one device under two numbers, by what they answer to the same requests. Many
 * Modbus servers mind no unit id; a site that has such a device twice counts its energy twice. Pure.
 *
 * Registers that stand still between two polls of the one must stand in the other, polled in between, as well: one that
 * does not shows two devices, whatever moves. Two idle devices of one model may be alike for long, so alike is not enough:
 * what changes must change in both, or a counter must stand where no two stand by chance. */
#ifndef LINGTAN_MODBUS_TWINS_H
#define LINGTAN_MODBUS_TWINS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum twins_verdict {
    TWINS_UNSURE,
    TWINS_DIFFERENT,
    TWINS_SAME,
    TWINS_IDLE, /* watched for long enough to no avail */
};

/* How far the counters of a poll have come: the most counts of them. */
enum twins_counter {
    TWINS_COUNTER_NONE, /* no counter, or it stands at 0 */
    TWINS_COUNTER_LOW,  /* two new meters may have come as far */
    TWINS_COUNTER_HIGH,
};

struct twins {
    size_t size;     /* registers of a poll */
    uint16_t *words; /* of the one, of the other, and as they were alike last: size of each */
    bool has_first;  /* the one was polled */
    bool has_other;  /* and then the other */
    bool has_agreed;
    unsigned polls;   /* of either */
    unsigned rounds;  /* in which they were alike */
    unsigned changes; /* that both have shown */
};

void twins_init(struct twins *twins, size_t size);
void twins_finish(struct twins *twins); /* an all-zero one too */

/* A good poll of the one, or of the other. */
enum twins_verdict twins_take(struct twins *twins, bool is_other, const uint16_t *registers,
                              enum twins_counter counter);

#endif
