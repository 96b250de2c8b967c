/* SPDX-License-Identifier: Apache-2.0 */
/* mqtt_burst: packets as the standard draws them, at each length of their length. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "net/mqtt_burst.h"

static void test_packets(void **state)
{
    (void)state;
    static const char both[] = "\x30\x07\x00\x03"
                               "a/bhi"
                               "\x31\x05\x00\x03"
                               "a/b";
    static const char typed[] = "\x30\x0c\x00\x03"
                                "a/b"
                                "\x04\x03\x00\x01"
                                "jhi";
    const struct mqtt_message message = {.topic = "a/b", .payload = "hi", .length = 2};
    const struct mqtt_message cleared = {.topic = "a/b", .is_retained = true};
    struct mqtt_burst burst = {0};
    mqtt_burst_add(&burst, &message, MQTT_3_1_1, NULL);
    mqtt_burst_add(&burst, &cleared, MQTT_3_1_1, "ignored");
    assert_int_equal(burst.bytes.length, sizeof(both) - 1);
    assert_memory_equal(burst.bytes.data, both, sizeof(both) - 1);
    mqtt_burst_clear(&burst);
    mqtt_burst_add(&burst, &message, MQTT_5, "j");
    assert_int_equal(burst.bytes.length, sizeof(typed) - 1);
    assert_memory_equal(burst.bytes.data, typed, sizeof(typed) - 1);
    text_finish(&burst.bytes);
}

static void test_lengths(void **state)
{
    (void)state;
    /* The last length of each size and the first of the next; 5 bytes are the topic. */
    static const struct {
        size_t rest;
        unsigned char bytes[4];
        size_t count;
    } cases[] = {
        {127, {0x7f}, 1},
        {128, {0x80, 0x01}, 2},
        {16383, {0xff, 0x7f}, 2},
        {16384, {0x80, 0x80, 0x01}, 3},
        {2097151, {0xff, 0xff, 0x7f}, 3},
        {2097152, {0x80, 0x80, 0x80, 0x01}, 4},
    };
    char *payload = mem_alloc(2097152);
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct mqtt_burst burst = {0};
        const struct mqtt_message message = {
            .topic = "a/b", .payload = payload, .length = cases[i].rest - 5};
        mqtt_burst_add(&burst, &message, MQTT_3_1_1, NULL);
        assert_int_equal(burst.bytes.length, 1 + cases[i].count + cases[i].rest);
        assert_int_equal(mqtt_packet_size(&message, MQTT_3_1_1, NULL), burst.bytes.length);
        assert_memory_equal(burst.bytes.data + 1, cases[i].bytes, cases[i].count);
        text_finish(&burst.bytes);
    }
    free(payload);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_packets),
        cmocka_unit_test(test_lengths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
