/* SPDX-License-Identifier: Apache-2.0 */
/* Records on their way out: with the real store, a real mosquitto and a real influxd, which stop and come back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "sinks/influx/line_record.h"
#include "sinks/mqtt/mqtt_payload.h"
#include "store/records.h"
#include "store/store_internal.h"
#include "support/support.h"
#include "unit/sinks/influx_scene.h"
#include "unit/sinks/mqtt_scene.h"

static const int64_t time_us = INT64_C(1700000000123456);

static struct record *record_with(enum record_kind kind, const char *subject, uint64_t position)
{
    const struct record_draft draft = {
        .kind = kind, .subject = subject, .time_us = time_us, .body = "{}"};
    return record_create(&draft, position);
}

static void assert_payload(const char *body, const char *expected)
{
    struct text text = {0};
    struct record *record = record_with(RECORD_ALARM, "a", 7);
    mqtt_add_record(&text, record, body);
    assert_string_equal(text.data, expected);
    text_finish(&text);
    record_unref(record);
}

static void test_payload(void **state)
{
    (void)state;
    assert_payload("{\"state\":\"raised\"}",
                   "{\"ts\":1700000000123,\"position\":7,\"state\":\"raised\"}");
    assert_payload("{}", "{\"ts\":1700000000123,\"position\":7}");
    assert_payload("{ \n}", "{\"ts\":1700000000123,\"position\":7}");
}

static void assert_line(const char *body, const char *expected)
{
    struct text text = {0};
    struct record *record = record_with(RECORD_EVENT, "sale", 8);
    line_record_add(&text, "hq", record, body);
    assert_string_equal(text.data, expected);
    text_finish(&text);
    record_unref(record);
}

static void test_line(void **state)
{
    (void)state;
    assert_line("{\"state\":\"say \\\"x\\\"\\n\",\"kw\":5,\"part\":0.25,\"on\":true,\"off\":false}",
                "event,site=hq,subject=sale position=8i,state=\"say \\\"x\\\" \",kw=5,part=0.25,"
                "on=true,off=false 1700000000123456\n");
    assert_line("{\"none\":null,\"list\":[1],\"deep\":{\"a\":1},\"a b=c,\":1,\"position\":3}",
                "event,site=hq,subject=sale position=8i,a\\ b\\=c\\,=1 1700000000123456\n");
    assert_line("no JSON", "event,site=hq,subject=sale position=8i 1700000000123456\n");
}

static void note_done(void *context, const struct store_result *result)
{
    assert_int_equal(result->error, 0);
    (*(size_t *)context)++;
}

/* Commits so many records, a microsecond apart, and waits for it. */
static void write_records(struct rig *rig, enum record_kind kind, size_t count)
{
    struct store_writer *writer = NULL;
    size_t done = 0;
    assert_int_equal(store_writer_create(rig->store, "test", count, &writer), 0);
    for (size_t i = 0; i < count; i++) {
        const uint64_t number = store_last_record(rig->store) + 1 + i;
        char *body = mem_format("{\"state\":\"raised\",\"number\":%" PRIu64 "}", number);
        const struct record_draft draft = {.kind = kind,
                                           .subject = "freezer-7",
                                           .time_us = rig->first_us + (int64_t)number,
                                           .body = body};
        struct store_write *write = store_write_begin();
        assert_int_equal(store_write_record(write, &draft), 0);
        free(body);
        assert_int_equal(store_write_send(writer, write,
                                          i + 1 == count ? STORE_AT_ONCE : STORE_WITH_NEXT,
                                          note_done, &done),
                         0);
    }
    store_writer_destroy(writer);
    assert_int_equal(done, count);
}

struct wish {
    struct rig *rig;
    uint64_t position;
};

static bool has_cursor(void *context)
{
    const struct wish *wish = context;
    return store_record_cursor(wish->rig->store, wish->rig->sink->name) >= wish->position;
}

static void wait_records(struct rig *rig, uint64_t position)
{
    struct wish wish = {rig, position};
    assert_true(test_wait_until(has_cursor, &wish));
}

/* What the subscriber got on the topic: all of 1..last, in order when those seen before are left out. */
static size_t check_messages(const char *file, const char *topic, uint64_t last)
{
    char *content = test_read_file(file);
    const char *at = content;
    uint64_t newest = 0;
    size_t twice = 0;
    struct scene_message message;
    while (scene_next_message(&at, &message)) {
        if (strcmp(message.topic, topic) == 0) {
            const uint64_t position =
                (uint64_t)json_integer_value(json_object_get(message.payload, "position"));
            assert_true((uint64_t)json_integer_value(json_object_get(message.payload, "number")) ==
                        position);
            assert_true(position <= newest + 1);
            assert_true(message.qos == 1);
            twice += position <= newest;
            newest = position > newest ? position : newest;
        }
        json_decref(message.payload);
    }
    free(content);
    assert_true(newest == last);
    return twice;
}

static void test_mqtt(void **state)
{
    static const char topic[] = "lingtan/hq/alarm/freezer-7";
    struct scene scene;
    (void)state;
    scene_init(&scene, 1, NULL);
    rig_start(&scene.rig, true);
    rig_wait_state(&scene.rig, SINK_UP);
    write_records(&scene.rig, RECORD_ALARM, 5);
    rig_make(&scene.rig, 8);
    wait_records(&scene.rig, 5);
    scene_wait_count(scene.subscriber.file, topic, 5);
    assert_int_equal(check_messages(scene.subscriber.file, topic, 5), 0);
    rig_stop(&scene.rig); /* a restart repeats nothing */
    rig_start(&scene.rig, true);
    rig_wait_state(&scene.rig, SINK_UP);
    write_records(&scene.rig, RECORD_ALARM, 1);
    wait_records(&scene.rig, 6);
    scene_wait_count(scene.subscriber.file, topic, 6);
    assert_int_equal(check_messages(scene.subscriber.file, topic, 6), 0);
    /* A newcomer gets how it stands. */
    char *file = mem_format("%s/later", scene.broker.folder);
    struct test_subscriber later;
    test_subscriber_start(&later, &scene.broker, file, 1);
    scene_wait_count(later.file, topic, 1);
    char *content = test_read_file(later.file);
    assert_non_null(strstr(content, "\"number\":6}"));
    free(content);
    test_subscriber_stop(&later);
    free(file);
    scene_finish(&scene);
}

/* While the broker is away they wait in the ledger, more than may be in flight at once; QoS 0 makes no difference. */
static void test_mqtt_away(void **state)
{
    enum { COUNT = 900 };
    static const char topic[] = "lingtan/hq/event/freezer-7";
    struct scene scene;
    (void)state;
    scene_init(&scene, 1, NULL);
    scene.options.qos = 0;
    rig_start(&scene.rig, true);
    rig_wait_state(&scene.rig, SINK_UP);
    test_kill(&scene.broker.pid, SIGKILL);
    rig_wait_state(&scene.rig, SINK_DOWN);
    write_records(&scene.rig, RECORD_EVENT, COUNT);
    rig_make(&scene.rig, 100);
    test_subscriber_stop(&scene.subscriber);
    test_broker_start(&scene.broker);
    char *file = mem_format("%s/messages2", scene.broker.folder);
    test_subscriber_start(&scene.subscriber, &scene.broker, file, 1);
    free(file);
    wait_records(&scene.rig, COUNT);
    rig_wait_cursor(&scene.rig, 100);
    scene_wait_count(scene.subscriber.file, topic, 1);
    assert_true(store_record_cursor(scene.rig.store, "mqtt") == COUNT);
    scene_finish(&scene);
}

static void test_influx(void **state)
{
    struct influx_scene scene;
    (void)state;
    influx_scene_init(&scene, NULL);
    rig_start(&scene.rig, true);
    rig_wait_state(&scene.rig, SINK_UP);
    write_records(&scene.rig, RECORD_ALARM, 30);
    rig_make(&scene.rig, 100);
    wait_records(&scene.rig, 30);
    test_kill(&scene.influx.pid, SIGTERM);
    rig_make(&scene.rig, 100);
    rig_wait_state(&scene.rig, SINK_DOWN);
    write_records(&scene.rig, RECORD_ALARM, 200);
    rig_make(&scene.rig, 100);
    test_influx_start(&scene.influx);
    wait_records(&scene.rig, 230);
    rig_wait_cursor(&scene.rig, 300);
    influx_assert_count(&scene, 300);
    assert_int_equal(influx_query_number(&scene, "SELECT count(position) FROM alarm"), 230);
    assert_int_equal(influx_query_number(&scene, "SELECT count(number) FROM alarm WHERE "
                                                 "subject='freezer-7' AND site='hq'"),
                     230);
    assert_int_equal(influx_query_number(&scene, "SELECT max(position) FROM alarm"), 230);
    influx_scene_finish(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_payload), cmocka_unit_test(test_line),
        cmocka_unit_test(test_mqtt),    cmocka_unit_test(test_mqtt_away),
        cmocka_unit_test(test_influx),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
