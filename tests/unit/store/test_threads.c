/* SPDX-License-Identifier: Apache-2.0 */
/* Everybody at once: the writer, two sinks that drain, a history query, cursors and status, over days that change. The
 * thread sanitizer judges the rest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "support/support.h"
#include "unit/store/samples.h"

enum {
    BATCHES = 6000,
    DAYS = 3,
};

struct worker {
    struct store *store;
    const char *name;
    pthread_t thread;
    atomic_bool *is_over;
    const char *fault; /* asserts of cmocka are not for threads */
};

static void take_batches(struct worker *worker, struct batch **batches, size_t count,
                         uint64_t *next)
{
    for (size_t i = 0; i < count; i++) {
        if (batches[i]->position != *next) {
            worker->fault = "a batch is missing or out of order";
        }
        *next = batches[i]->position + 1;
        batch_unref(batches[i]);
    }
}

static void *run_sink(void *context)
{
    enum { AT_ONCE = 64 };
    struct worker *worker = context;
    struct journal_reader *reader = NULL;
    struct batch *batches[AT_ONCE];
    uint64_t next = 1;
    size_t count = 0;
    if (journal_reader_open(worker->store, &reader) < 0) {
        worker->fault = "no reader";
        return NULL;
    }
    while (next <= BATCHES && worker->fault == NULL && !atomic_load(worker->is_over)) {
        if (journal_reader_next(reader, next, batches, AT_ONCE, &count) < 0) {
            worker->fault = "reading failed";
            break;
        }
        take_batches(worker, batches, count, &next);
        store_set_cursor(worker->store, worker->name, next - 1);
        if (count == 0) {
            usleep(2000);
        }
    }
    journal_reader_close(reader);
    return NULL;
}

static bool count_reading(void *context, const struct journal_reading *found)
{
    size_t *count = context;
    (*count)++;
    return found->point->resolution > 0 && found->reading->quality == QUALITY_OK &&
           found->text == NULL;
}

static void *run_history(void *context)
{
    struct worker *worker = context;
    struct journal_reader *reader = NULL;
    size_t last = 0;
    if (journal_reader_open(worker->store, &reader) < 0) {
        worker->fault = "no reader";
        return NULL;
    }
    while (!atomic_load(worker->is_over)) {
        size_t count = 0;
        const int error =
            journal_reader_history(reader, "meter-1", "frequency", 0, start_us + DAYS * day_us,
                                   100000, count_reading, &count);
        if (error < 0 || count < last || store_status(worker->store).alarms != 0) {
            worker->fault = "history failed or forgot";
        }
        last = count;
        usleep(10000);
    }
    journal_reader_close(reader);
    return NULL;
}

static bool has_all(void *context)
{
    struct store *store = context;
    return store_cursor(store, "mqtt") == BATCHES && store_cursor(store, "influx") == BATCHES;
}

static void test_writers_and_readers_at_once(void **state)
{
    char *folder = test_folder_create();
    struct fake_clock fake;
    atomic_bool is_over = false;
    struct device *device = sample_device("meter-1");
    (void)state;
    fake_clock_init(&fake, 0, start_us);
    struct store *store = open_store(folder, &fake.clock, true);
    struct worker workers[] = {{.store = store, .name = "mqtt", .is_over = &is_over},
                               {.store = store, .name = "influx", .is_over = &is_over},
                               {.store = store, .name = "history", .is_over = &is_over}};
    for (size_t i = 0; i < ARRAY_SIZE(workers); i++) {
        assert_int_equal(
            pthread_create(&workers[i].thread, NULL, i < 2 ? run_sink : run_history, &workers[i]),
            0);
    }
    for (uint64_t position = 1; position <= BATCHES; position += 20) {
        append_samples(store, device, position, 20, clock_wall_us(&fake.clock));
        fake_clock_advance(&fake, DAYS * day_us / (BATCHES / 20));
        usleep(3000);
    }
    const bool is_done = test_wait_until(has_all, store);
    atomic_store(&is_over, true);
    for (size_t i = 0; i < ARRAY_SIZE(workers); i++) {
        pthread_join(workers[i].thread, NULL);
        assert_null(workers[i].fault);
    }
    assert_true(is_done);
    assert_int_equal(drain(store, 1).count, BATCHES);
    store_destroy(store);
    device_unref(device);
    test_folder_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_writers_and_readers_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
