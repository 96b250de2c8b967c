/* SPDX-License-Identifier: Apache-2.0 */
/* alarms: what is wrong with the store now, and why, each in words of its own. Any thread. */
#ifndef LINGTAN_STORE_ALARMS_H
#define LINGTAN_STORE_ALARMS_H

#include <pthread.h>

#include "store/store.h"
#include <lingtan/error.h>

struct alarms {
    pthread_mutex_t mutex;                            /* guards all below */
    const struct clock *clock;                        /* NULL: nobody asks since when */
    unsigned bits;                                    /* enum store_alarm */
    int64_t since_us[STORE_ALARM_COUNT];              /* wall, while the bit is set */
    char texts[STORE_ALARM_COUNT][STORE_REASON_SIZE]; /* "" where the bit is not set */
};

void alarms_init(struct alarms *alarms);
void alarms_finish(struct alarms *alarms);

/* The text says what happened, where, and why; it is that of each bit. */
void alarms_raise(struct alarms *alarms, unsigned bits, const char *format, ...) PRINTF_LIKE(3, 4);
void alarms_clear(struct alarms *alarms, unsigned bits);
unsigned alarms_bits(struct alarms *alarms);

/* Wall, when the alarm was raised; 0 = it is not, or without a clock. */
int64_t alarms_since_us(struct alarms *alarms, unsigned bit);

/* Into status: alarms and reasons. */
void alarms_copy(struct alarms *alarms, struct store_status *status);

#endif
