/* SPDX-License-Identifier: Apache-2.0 */
/* alarms: what is wrong with the store now, and the last reason in words. Any thread. */
#ifndef LINGTAN_STORE_ALARMS_H
#define LINGTAN_STORE_ALARMS_H

#include <pthread.h>

#include <lingtan/error.h>

struct alarms {
    pthread_mutex_t mutex; /* guards all below */
    unsigned bits;         /* enum store_alarm */
    char text[160];
};

void alarms_init(struct alarms *alarms);
void alarms_finish(struct alarms *alarms);

/* The text says what happened, where, and why. */
void alarms_raise(struct alarms *alarms, unsigned bit, const char *format, ...) PRINTF_LIKE(3, 4);
void alarms_clear(struct alarms *alarms, unsigned bits);
unsigned alarms_bits(struct alarms *alarms);
unsigned alarms_copy(struct alarms *alarms, char *text, size_t size);

#endif
