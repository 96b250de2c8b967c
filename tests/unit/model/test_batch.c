/* SPDX-License-Identifier: Apache-2.0 */
/* batch: one block, shared by reference between threads, with texts that always end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <string.h>

#include "base/mem.h"

#include <lingtan/reading.h>

enum { THREADS = 4, REFERENCES_EACH = 50000 };

static const struct point points[] = {
    {.name = "active_power", .source = POINT_INTEGER},
    {.name = "serial_number", .source = POINT_TEXT},
};

static struct device *make_device(void)
{
    return device_create(&(struct device){.id = "m1", .point_count = 2, .points = points});
}

static void test_starts_empty(void **state)
{
    (void)state;
    struct device *device = make_device();
    struct batch *batch = batch_create(device, 4096, 0);
    assert_int_equal(batch->references, 1);
    assert_ptr_equal(batch->device, device);
    assert_int_equal(device->references, 2);
    assert_int_equal(batch->capacity, 4096);
    assert_int_equal(batch->count, 0);
    assert_int_equal(batch->position, 0);
    assert_null(batch->texts);
    for (size_t i = 0; i < 4096; i++) {
        assert_int_equal(batch->readings[i].quality, QUALITY_OK);
        assert_int_equal(batch->readings[i].count, 0);
    }
    size_t size = 1;
    assert_null(batch_texts_space(batch, &size));
    assert_int_equal(size, 0);
    batch_unref(batch);
    assert_int_equal(device->references, 1);
    device_unref(device);
    batch_unref(NULL);
}

static void test_device_lives_as_long_as_its_batches(void **state)
{
    (void)state;
    struct device *device = make_device();
    struct batch *batch = batch_create(device, 1, 0);
    device_unref(device);
    assert_string_equal(batch->device->id, "m1");
    assert_ptr_equal(batch_ref(batch), batch);
    batch_unref(batch);
    assert_string_equal(batch->device->id, "m1");
    batch_unref(batch);
}

static void test_texts(void **state)
{
    (void)state;
    static const char texts[] = {'A', '1', 0, 'B', '2', '3', '4', '5'}; /* the last is not ended */
    struct device *device = make_device();
    struct batch *batch = batch_create(device, 3, sizeof(texts));
    size_t size = 0;
    char *space = batch_texts_space(batch, &size);
    assert_int_equal(size, 8);
    memcpy(space, texts, sizeof(texts));
    batch->count = 3;
    batch->readings[0] = (struct reading){.count = 0, .point = 1};
    batch->readings[1] = (struct reading){.count = 3, .point = 1};
    batch->readings[2] = (struct reading){.count = 3, .point = 1, .quality = QUALITY_TIMEOUT};
    assert_string_equal(reading_text(batch, &batch->readings[0]), "A1");
    assert_string_equal(reading_text(batch, &batch->readings[1]), "B2345");
    assert_string_equal(reading_text(batch, &batch->readings[2]), "");
    assert_string_equal(reading_text(batch, &(struct reading){.count = 8}), "");
    assert_string_equal(reading_text(batch, &(struct reading){.count = -1}), "");
    batch_unref(batch);
    batch = batch_create(device, 1, 0);
    assert_string_equal(reading_text(batch, &(struct reading){.count = 0}), "");
    batch_unref(batch);
    device_unref(device);
}

static void *share(void *context)
{
    const struct batch *batch = context;
    for (int i = 0; i < REFERENCES_EACH; i++) {
        struct batch *mine = batch_ref(batch);
        if (mine->readings[0].count != 42) {
            return context;
        }
        batch_unref(mine);
    }
    batch_unref(batch);
    return NULL;
}

/* Each thread ends with its own reference; whoever is last frees, which the sanitizers watch. */
static void test_threads_share(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    struct device *device = make_device();
    struct batch *batch = batch_create(device, 1, 0);
    batch->readings[0].count = 42;
    for (size_t i = 0; i < THREADS; i++) {
        batch_ref(batch);
    }
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, share, batch), 0);
    }
    batch_unref(batch);
    for (size_t i = 0; i < THREADS; i++) {
        void *result = batch;
        pthread_join(threads[i], &result);
        assert_null(result);
    }
    assert_int_equal(device->references, 1);
    device_unref(device);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_starts_empty),
        cmocka_unit_test(test_device_lives_as_long_as_its_batches),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_threads_share),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
