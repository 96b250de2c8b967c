/* SPDX-License-Identifier: Apache-2.0 */
/* alarms: a few bits and a sentence for each under a mutex. */
#include "store/alarms.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void alarms_init(struct alarms *alarms)
{
    *alarms = (struct alarms){0};
    pthread_mutex_init(&alarms->mutex, NULL);
}

void alarms_finish(struct alarms *alarms)
{
    pthread_mutex_destroy(&alarms->mutex);
}

void alarms_raise(struct alarms *alarms, unsigned bits, const char *format, ...)
{
    char text[STORE_REASON_SIZE];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    const int64_t now_us = alarms->clock != NULL ? clock_wall_us(alarms->clock) : 0;
    pthread_mutex_lock(&alarms->mutex);
    for (unsigned i = 0; i < STORE_ALARM_COUNT; i++) {
        if ((bits & 1U << i) != 0) {
            memcpy(alarms->texts[i], text, sizeof(text));
        }
        if ((bits & ~alarms->bits & 1U << i) != 0) {
            alarms->since_us[i] = now_us;
        }
    }
    alarms->bits |= bits;
    pthread_mutex_unlock(&alarms->mutex);
}

void alarms_clear(struct alarms *alarms, unsigned bits)
{
    pthread_mutex_lock(&alarms->mutex);
    alarms->bits &= ~bits;
    for (unsigned i = 0; i < STORE_ALARM_COUNT; i++) {
        if ((bits & 1U << i) != 0) {
            alarms->texts[i][0] = '\0';
            alarms->since_us[i] = 0;
        }
    }
    pthread_mutex_unlock(&alarms->mutex);
}

unsigned alarms_bits(struct alarms *alarms)
{
    pthread_mutex_lock(&alarms->mutex);
    const unsigned bits = alarms->bits;
    pthread_mutex_unlock(&alarms->mutex);
    return bits;
}

int64_t alarms_since_us(struct alarms *alarms, unsigned bit)
{
    int64_t since_us = 0;
    pthread_mutex_lock(&alarms->mutex);
    for (unsigned i = 0; i < STORE_ALARM_COUNT; i++) {
        if (bit == 1U << i) {
            since_us = alarms->since_us[i];
        }
    }
    pthread_mutex_unlock(&alarms->mutex);
    return since_us;
}

void alarms_copy(struct alarms *alarms, struct store_status *status)
{
    pthread_mutex_lock(&alarms->mutex);
    status->alarms = alarms->bits;
    memcpy(status->reasons, alarms->texts, sizeof(status->reasons));
    pthread_mutex_unlock(&alarms->mutex);
}
