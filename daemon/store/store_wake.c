/* SPDX-License-Identifier: Apache-2.0 */
/* store_wake: how the other threads end the sleep of the store's thread. */
#include "store/store_internal.h"

#include <sys/eventfd.h>

void store_wake(struct store *store)
{
    eventfd_write(store->wake_fd, 1);
}

void store_unlock_and_wake(struct store *store)
{
    const bool must_wake = store->is_idle;
    pthread_mutex_unlock(&store->mutex);
    if (must_wake) {
        store_wake(store);
    }
}
