/* SPDX-License-Identifier: Apache-2.0 */
/* History of one point: ranges, limits, order of time, changed layouts, texts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "support/support.h"
#include "unit/store/samples.h"

/* What a history query gave. */
struct gathered {
    size_t count;
    size_t stop_after;
    int64_t times_us[2000];
    int64_t counts[2000];
};

static bool gather(void *context, const struct journal_reading *found)
{
    struct gathered *gathered = context;
    const struct reading *reading = found->reading;
    assert_null(found->text);
    assert_string_equal(found->point->name, "voltage_a");
    assert_true(gathered->count == 0 ||
                gathered->times_us[gathered->count - 1] <= reading->time_us);
    gathered->times_us[gathered->count] = reading->time_us;
    gathered->counts[gathered->count++] = reading->count;
    return gathered->count != gathered->stop_after;
}

static struct gathered ask(struct store *store, const char *device, const char *point,
                           int64_t from_us, int64_t to_us, size_t limit, size_t stop_after)
{
    struct gathered gathered = {.stop_after = stop_after};
    struct journal_reader *reader = NULL;
    assert_int_equal(journal_reader_open(store, &reader), 0);
    assert_int_equal(
        journal_reader_history(reader, device, point, from_us, to_us, limit, gather, &gathered), 0);
    journal_reader_close(reader);
    return gathered;
}

static void test_history_by_range_and_limit(void **state)
{
    struct scene *scene = *state;
    struct device *other = sample_device("meter-2");
    struct store *store = open_store(scene->folder, scene->clock, true);
    for (int64_t day = 0; day < 3; day++) { /* a reading a second, 100 on each of three days */
        const uint64_t first = 1 + 200 * (uint64_t)day;
        append_samples(store, scene->device, first, 100, start_us + day * day_us);
        append_samples(store, other, first + 100, 100, start_us + day * day_us);
        wait_durable(store, first + 199);
        fake_clock_advance(&scene->fake, day_us);
    }
    const int64_t end_us = start_us + 3 * day_us;
    const char *const device = "meter-1";
    const char *const point = "voltage_a";
    assert_int_equal(ask(store, device, point, 0, end_us, 9999, 0).count, 300);
    assert_int_equal(ask(store, device, point, start_us, start_us + 10000000, 9999, 0).count, 10);
    assert_int_equal(ask(store, device, point, start_us + 1, start_us + 10000001, 999, 0).count,
                     10);
    assert_int_equal(ask(store, device, point, start_us + day_us, end_us, 999, 0).count, 200);
    assert_int_equal(ask(store, device, point, 0, end_us, 150, 0).count, 150);
    assert_int_equal(ask(store, device, point, 0, end_us, 0, 0).count, 0);
    assert_int_equal(ask(store, device, point, 0, end_us, 9999, 120).count, 120);
    assert_int_equal(ask(store, device, "no_such", 0, end_us, 9999, 0).count, 0);
    assert_int_equal(ask(store, "no-such", point, 0, end_us, 9999, 0).count, 0);
    const struct gathered one =
        ask(store, device, point, start_us + 5000000, start_us + 5000001, 9, 0);
    assert_int_equal(one.count, 1);
    assert_true(one.times_us[0] == start_us + 5000000);
    struct batch *sample = sample_batch(scene->device, 6, 1, start_us);
    assert_int_equal(one.counts[0], sample->readings[0].count); /* position 6 */
    batch_unref(sample);
    store_destroy(store);
    device_unref(other);
}

/* The clock goes back an hour within a day, and blocks are written with their batches out of order. */
static void test_history_is_in_order_of_time(void **state)
{
    struct scene *scene = *state;
    struct store *store = open_store(scene->folder, scene->clock, true);
    append_samples(store, scene->device, 1, 50, start_us + hour_us);
    wait_durable(store, 50);
    append_samples(store, scene->device, 51, 50, start_us + hour_us - 25500000);
    wait_durable(store, 100);
    for (uint64_t i = 0; i < 50; i++) {
        append_samples(store, scene->device, 101 + i, 1, start_us + (int64_t)(49 - i) * 1000000);
    }
    wait_durable(store, 150);
    assert_int_equal(ask(store, "meter-1", "voltage_a", 0, start_us + day_us, 9999, 0).count, 150);
    store_destroy(store);
}

static void test_history_over_a_changed_layout(void **state)
{
    struct scene *scene = *state;
    struct device model = *scene->device;
    model.point_count = 5;
    struct device *smaller = device_create(&model);
    struct store *store = open_store(scene->folder, scene->clock, true);
    struct batch *batch = batch_create(smaller, 1, 0);
    append_samples(store, scene->device, 1, 10, start_us);
    batch->position = 11;
    batch->seq = store_first_seq(store) + 100;
    batch->time_us = start_us + 60000000;
    batch->count = 1;
    batch->readings[0] =
        (struct reading){.time_us = batch->time_us, .value = 230, .count = 2300, .resolution = 0.1};
    assert_int_equal(store_append(store, batch), 0);
    wait_durable(store, 11);
    const struct gathered all = ask(store, "meter-1", "voltage_a", 0, start_us + day_us, 9999, 0);
    assert_int_equal(all.count, 11);
    assert_int_equal(all.counts[10], 2300);
    batch_unref(batch);
    device_unref(smaller);
    store_destroy(store);
}

static struct device *text_device(const char *id)
{
    const struct point points[] = {
        {.name = "voltage_a",
         .quantity = quantity_get(QUANTITY_ID_voltage_a),
         .source = POINT_FLOAT32,
         .period_ms = 1000},
        {.name = "serial_number",
         .quantity = quantity_get(QUANTITY_ID_serial_number),
         .source = POINT_TEXT,
         .period_ms = 1000},
    };
    const struct device model = {.id = id,
                                 .name = "n",
                                 .site = "s",
                                 .node = "",
                                 .line = "l",
                                 .profile = "p",
                                 .device_class = DEVICE_METER,
                                 .point_count = ARRAY_SIZE(points),
                                 .points = points};
    return device_create(&model);
}

/* The text "SN <position>" at time_us; every third one timed out. */
static void append_text(struct store *store, const struct device *device, uint64_t position,
                        int64_t time_us)
{
    size_t room = 0;
    struct batch *batch = batch_create(device, 2, 32);
    char *texts = batch_texts_space(batch, &room);
    snprintf(texts + 1, room - 1, "SN %llu", (unsigned long long)position);
    batch->position = position;
    batch->seq = store_first_seq(store) + position;
    batch->time_us = time_us;
    batch->count = 2;
    batch->readings[0] = (struct reading){.time_us = time_us, .value = 230};
    batch->readings[1] = (struct reading){.time_us = time_us, .value = NAN, .count = 1, .point = 1};
    if (position % 3 == 0) {
        batch->readings[1].quality = QUALITY_TIMEOUT;
        batch->readings[1].count = 0;
    }
    assert_int_equal(store_append(store, batch), 0);
    batch_unref(batch);
}

struct told {
    size_t count;
    size_t stop_after;
    char texts[40][16];
};

static bool take_text(void *context, const struct journal_reading *found)
{
    struct told *told = context;
    const char *text = found->text;
    const struct reading *reading = found->reading;
    assert_string_equal(found->point->name, "serial_number");
    assert_int_equal(text != NULL, reading->quality == QUALITY_OK);
    snprintf(told->texts[told->count++], sizeof(told->texts[0]), "%s", text ? text : "none");
    return told->count != told->stop_after;
}

static struct told ask_texts(struct store *store, size_t limit, size_t stop_after)
{
    struct told told = {.stop_after = stop_after};
    struct journal_reader *reader = NULL;
    assert_int_equal(journal_reader_open(store, &reader), 0);
    assert_int_equal(journal_reader_history(reader, "sign-1", "serial_number", 0, start_us + day_us,
                                            limit, take_text, &told),
                     0);
    journal_reader_close(reader);
    return told;
}

/* Given in the order of time, thus long after the batch that brought the text has gone; and a query that ends early
 * leaves some that were never given. */
static void test_history_of_texts(void **state)
{
    struct scene *scene = *state;
    struct device *device = text_device("sign-1");
    struct store *store = open_store(scene->folder, scene->clock, true);
    for (uint64_t i = 1; i <= 20; i++) {
        append_text(store, device, i, start_us + (int64_t)(21 - i) * 1000000);
    }
    wait_durable(store, 20);
    const struct told all = ask_texts(store, 999, 0);
    assert_int_equal(all.count, 20);
    for (size_t i = 0; i < 20; i++) {
        char expected[16];
        snprintf(expected, sizeof(expected), (20 - i) % 3 == 0 ? "none" : "SN %zu", 20 - i);
        assert_string_equal(all.texts[i], expected);
    }
    assert_int_equal(ask_texts(store, 5, 0).count, 5);
    assert_int_equal(ask_texts(store, 999, 3).count, 3);
    device_unref(device);
    store_destroy(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_history_by_range_and_limit, scene_set_up,
                                        scene_tear_down),
        cmocka_unit_test_setup_teardown(test_history_is_in_order_of_time, scene_set_up,
                                        scene_tear_down),
        cmocka_unit_test_setup_teardown(test_history_over_a_changed_layout, scene_set_up,
                                        scene_tear_down),
        cmocka_unit_test_setup_teardown(test_history_of_texts, scene_set_up, scene_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
