/* SPDX-License-Identifier: Apache-2.0 */
/* alarms: a few bits and a sentence under a mutex. */
#include "store/alarms.h"

#include <stdarg.h>
#include <stdio.h>

void alarms_init(struct alarms *alarms)
{
    *alarms = (struct alarms){0};
    pthread_mutex_init(&alarms->mutex, NULL);
}

void alarms_finish(struct alarms *alarms)
{
    pthread_mutex_destroy(&alarms->mutex);
}

void alarms_raise(struct alarms *alarms, unsigned bit, const char *format, ...)
{
    va_list args;
    pthread_mutex_lock(&alarms->mutex);
    alarms->bits |= bit;
    va_start(args, format);
    vsnprintf(alarms->text, sizeof(alarms->text), format, args);
    va_end(args);
    pthread_mutex_unlock(&alarms->mutex);
}

void alarms_clear(struct alarms *alarms, unsigned bits)
{
    pthread_mutex_lock(&alarms->mutex);
    alarms->bits &= ~bits;
    pthread_mutex_unlock(&alarms->mutex);
}

unsigned alarms_bits(struct alarms *alarms)
{
    pthread_mutex_lock(&alarms->mutex);
    const unsigned bits = alarms->bits;
    pthread_mutex_unlock(&alarms->mutex);
    return bits;
}

unsigned alarms_copy(struct alarms *alarms, char *text, size_t size)
{
    pthread_mutex_lock(&alarms->mutex);
    const unsigned bits = alarms->bits;
    snprintf(text, size, "%s", alarms->text);
    pthread_mutex_unlock(&alarms->mutex);
    return bits;
}
