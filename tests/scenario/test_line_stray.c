/* SPDX-License-Identifier: Apache-2.0 */
/* test_line_stray: lines on which every reply comes with something that is none of it: stray bytes, greetings, an echo, a unit
 * id that says nothing. And what a device that answers without ever being understood is said to do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/mem.h"
#include "bench.h"

enum { SECOND = 1000000, MINUTE = 60 * SECOND, POLLS = 20 };

static const int64_t noon_us = 1800000000LL * SECOND;

/* What goes out in place of a reply of `size` bytes. Returns its size. */
typedef size_t (*spoil_fn)(const struct bench *bench, const struct ask *ask, uint8_t *frame,
                           size_t size);

static spoil_fn spoil;

static void answer(struct bench *bench, const struct ask *ask)
{
    uint8_t frame[2 * FRAME_SIZE_MAX];
    const struct bench_device *device = &bench->devices[ask->unit];
    size_t size = device->exception != 0 ? bench_exception(bench, ask, device->exception, frame)
                                         : bench_reply(bench, ask, ask->value, frame);
    size = device->is_silent ? 0 : spoil(bench, ask, frame, size);
    if (size > 0) {
        bench_arrive(bench, 20000, frame, size);
    }
}

static size_t put_before(uint8_t *frame, size_t size, const void *bytes, size_t count)
{
    memmove(frame + count, frame, size);
    memcpy(frame, bytes, count);
    return size + count;
}

static size_t lead_00(const struct bench *bench, const struct ask *ask, uint8_t *frame, size_t size)
{
    (void)bench;
    (void)ask;
    return put_before(frame, size, "\x00", 1);
}

static size_t lead_ff(const struct bench *bench, const struct ask *ask, uint8_t *frame, size_t size)
{
    (void)bench;
    (void)ask;
    return put_before(frame, size, "\xff\xff", 2);
}

static size_t trail_00(const struct bench *bench, const struct ask *ask, uint8_t *frame,
                       size_t size)
{
    (void)bench;
    (void)ask;
    memset(frame + size, 0, 3);
    return size + 3;
}

static size_t surround(const struct bench *bench, const struct ask *ask, uint8_t *frame,
                       size_t size)
{
    return trail_00(bench, ask, frame, lead_ff(bench, ask, frame, size));
}

static size_t lead_echo(const struct bench *bench, const struct ask *ask, uint8_t *frame,
                        size_t size)
{
    const struct frame_request request = {.unit = ask->unit,
                                          .function = ask->function,
                                          .address = ask->address,
                                          .quantity = ask->quantity};
    uint8_t echo[FRAME_SIZE_MAX];
    size_t echo_size = 0;
    assert_int_equal(frame_encode(bench->wire.frame, &request, ask->transaction, echo, &echo_size),
                     0);
    return put_before(frame, size, echo, echo_size);
}

enum wire { WIRE_TCP, WIRE_BLIND, WIRE_CONVERTER, WIRE_SERIAL, WIRE_COUNT };

static bool ignores_unit;

static void begin(struct bench *bench, enum wire wire)
{
    bench_init(bench, noon_us);
    bench->settings.ignore_transaction_id = wire == WIRE_BLIND;
    bench->settings.ignore_unit_id = ignores_unit;
    bench->wire.silence_us = wire == WIRE_TCP ? 0 : 20000;
    if (wire >= WIRE_CONVERTER) {
        bench->wire.frame = FRAME_RTU;
        bench->wire.reopen_us = wire == WIRE_CONVERTER ? 500000 : 0;
    }
    if (wire == WIRE_SERIAL) {
        bench->wire.silence_us = 3646; /* 9600 8N1 */
        bench->wire.char_ns = 1041667;
        bench->wire.needs_connect = false;
    }
    bench_add(bench, "two", 1, 1000, 1000);
    bench_add(bench, "one", 2, 1000, 1000);
    bench->answer = answer;
}

static void check_values(const struct bench *bench)
{
    static const unsigned addresses[] = {7, 100};
    for (size_t i = 0; i < bench->post_count; i++) {
        const struct batch *batch = bench->posts[i].batch;
        for (size_t j = 0; j < batch->count; j++) {
            const struct reading *reading = &batch->readings[j];
            size_t last = bench->ask_count;
            while (last > 0 && (bench->asks[last - 1].at_us > bench->posts[i].at_us ||
                                bench->asks[last - 1].unit != batch->device->unit ||
                                bench->asks[last - 1].address != addresses[reading->point])) {
                last--;
            }
            assert_true(reading->quality != QUALITY_OK ||
                        reading->count == bench->asks[last - 1].value);
        }
    }
}

static void every_reply_may_have_strays_around_it(void **state)
{
    (void)state;
    static const spoil_fn spoils[] = {lead_00, lead_ff, trail_00, surround, lead_echo};
    for (size_t i = 0; i < ARRAY_SIZE(spoils); i++) {
        for (int wire = 0; wire < WIRE_COUNT; wire++) {
            struct bench bench;
            spoil = spoils[i];
            begin(&bench, (enum wire)wire);
            bench_start(&bench);
            bench_run(&bench, POLLS * (int64_t)SECOND - SECOND / 10);
            check_values(&bench);
            if (bench_count(&bench, 1, QUALITY_OK, 0) != POLLS ||
                bench_count(&bench, 2, QUALITY_OK, 0) != POLLS || bench.opens != 1) {
                fail_msg("strays %zu on wire %d", i, wire);
            }
            bench_finish(&bench);
        }
    }
}

/* A dead unit behind an adapter with echo is as dead as any. */
static size_t echo_alone(const struct bench *bench, const struct ask *ask, uint8_t *frame,
                         size_t size)
{
    size_t echo = lead_echo(bench, ask, frame, size) - size;
    return ask->unit == 1 ? echo : echo + size;
}

static void an_echo_alone_is_silence(void **state)
{
    (void)state;
    for (int wire = 0; wire < WIRE_COUNT; wire++) {
        struct bench bench;
        spoil = echo_alone;
        begin(&bench, (enum wire)wire);
        bench_start(&bench);
        bench_run(&bench, MINUTE);
        assert_int_equal(bench_count(&bench, 1, QUALITY_BAD_REPLY, 0), 0);
        assert_true(bench_count(&bench, 1, QUALITY_TIMEOUT, 0) > 5);
        assert_int_equal(bench_device_status(&bench, 1).health, DEVICE_OFFLINE);
        assert_string_equal(bench_device_status(&bench, 1).last_error, "does not answer");
        assert_true(bench_count(&bench, 2, QUALITY_OK, 0) > 50);
        bench_finish(&bench);
    }
}

/* Ten letters to who connects, of which the first request is quicker; and the connection ends after three replies. */
static size_t greet(const struct bench *bench, const struct ask *ask, uint8_t *frame, size_t size)
{
    (void)ask;
    static unsigned greeted;
    bool is_first = greeted != bench->opens;
    greeted = bench->opens;
    return is_first ? put_before(frame, size, "HELLOWORLD", 10) : size;
}

static void answer_and_close(struct bench *bench, const struct ask *ask)
{
    answer(bench, ask);
    if (bench->ask_count % 9 == 0) {
        bench_hang_up(bench, 100000);
    }
}

static void letters_at_each_connect_are_survived(void **state)
{
    (void)state;
    for (int wire = WIRE_TCP; wire <= WIRE_BLIND; wire++) {
        struct bench bench;
        spoil = greet;
        begin(&bench, (enum wire)wire);
        bench.answer = answer_and_close;
        bench_start(&bench);
        bench_run(&bench, POLLS * (int64_t)SECOND - SECOND / 10);
        check_values(&bench);
        assert_true(bench.opens >= 5);
        assert_int_equal(bench_count(&bench, 1, QUALITY_OK, 0), POLLS);
        assert_int_equal(bench_count(&bench, 2, QUALITY_OK, 0), POLLS);
        bench_finish(&bench);
    }
}

static uint8_t unit_id;

static size_t change_unit(const struct bench *bench, const struct ask *ask, uint8_t *frame,
                          size_t size)
{
    (void)bench;
    (void)ask;
    frame[6] = unit_id;
    return size;
}

static void a_unit_id_that_says_nothing_is_taken_by_leave(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        struct bench bench;
        spoil = change_unit;
        unit_id = i % 2 == 0 ? 0 : 255;
        begin(&bench, i < 2 ? WIRE_TCP : WIRE_BLIND);
        bench_start(&bench);
        bench_run(&bench, POLLS * (int64_t)SECOND - SECOND / 10);
        check_values(&bench);
        assert_int_equal(bench_count(&bench, 1, QUALITY_OK, 0), POLLS);
        assert_int_equal(bench_count(&bench, 2, QUALITY_OK, 0), POLLS);
        bench.devices[1].exception = 2;
        bench_run(&bench, SECOND);
        assert_int_equal(bench_last(&bench, 1)->quality, QUALITY_EXCEPTION);
        bench_finish(&bench);
    }
}

/* With neither unit nor id a late reply could be anybody's: all wait for it. */
static void late_replies_of_no_unit_are_no_values(void **state)
{
    (void)state;
    struct bench bench;
    spoil = change_unit;
    unit_id = 0;
    begin(&bench, WIRE_BLIND);
    bench_start(&bench);
    for (unsigned i = 0; i < 20; i++) {
        bench_run(&bench, 2 * SECOND);
        bench.devices[1 + i % 2].is_silent = true;
        bench_run(&bench, SECOND);
        bench.devices[1 + i % 2].is_silent = false;
    }
    check_values(&bench);
    assert_true(bench_count(&bench, 1, QUALITY_OK, 0) > 20);
    bench_finish(&bench);
}

static int set_unit_option(void **state)
{
    (void)state;
    ignores_unit = true;
    return 0;
}

static int clear_unit_option(void **state)
{
    (void)state;
    ignores_unit = false;
    return 0;
}

static size_t change_sum(const struct bench *bench, const struct ask *ask, uint8_t *frame,
                         size_t size)
{
    (void)bench;
    (void)ask;
    frame[size - 1] ^= 0x40;
    return size;
}

static size_t change_id(const struct bench *bench, const struct ask *ask, uint8_t *frame,
                        size_t size)
{
    (void)bench;
    (void)ask;
    frame[0] = frame[1] = 0;
    return size;
}

static size_t change_function(const struct bench *bench, const struct ask *ask, uint8_t *frame,
                              size_t size)
{
    (void)ask;
    frame[bench->wire.frame == FRAME_TCP ? 7 : 1] = 4;
    return size;
}

static size_t cut(const struct bench *bench, const struct ask *ask, uint8_t *frame, size_t size)
{
    (void)bench;
    (void)ask;
    (void)frame;
    return size - 2;
}

static size_t chatter(const struct bench *bench, const struct ask *ask, uint8_t *frame, size_t size)
{
    (void)bench;
    (void)ask;
    (void)size;
    memcpy(frame, "HTTP/1.1 400 Bad Request\r\n", 26);
    return 26;
}

static const struct {
    spoil_fn spoil;
    enum wire wire;
    uint8_t unit_id;
    const char *words;
} strange[] = {
    {change_unit, WIRE_TCP, 0, "answers, but as unit 0 instead of 1"},
    {change_unit, WIRE_TCP, 255, "answers, but as unit 255 instead of 1"},
    {change_unit, WIRE_TCP, 9, "answers, but as unit 9 instead of 1"},
    {change_unit, WIRE_BLIND, 0, "answers, but as unit 0 instead of 1"},
    {change_id, WIRE_TCP, 0, "answers, but with transaction id 0 instead of "},
    {change_sum, WIRE_CONVERTER, 0, "answers, but with a wrong checksum"},
    {change_sum, WIRE_SERIAL, 0, "answers, but with a wrong checksum"},
    {change_function, WIRE_TCP, 0, "answers, but to function 4 instead of 3"},
    {cut, WIRE_TCP, 0, "answers, but with 9 of 11 bytes"},
    {cut, WIRE_CONVERTER, 0, "answers, but with 5 of 7 bytes"},
    {cut, WIRE_SERIAL, 0, "answers, but with 5 of 7 bytes"},
    {chatter, WIRE_TCP, 0, "bytes come, but no Modbus frame"},
    {chatter, WIRE_BLIND, 0, "bytes come, but no Modbus frame"},
    {chatter, WIRE_CONVERTER, 0, "bytes come, but no Modbus frame"},
    {chatter, WIRE_SERIAL, 0, "bytes come, but no Modbus frame"},
};

static void what_does_not_count_is_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(strange); i++) {
        struct bench bench;
        spoil = strange[i].spoil;
        unit_id = strange[i].unit_id;
        begin(&bench, strange[i].wire);
        bench_start(&bench);
        bench_run(&bench, MINUTE);
        struct device_status status = bench_device_status(&bench, 1);
        assert_int_equal(status.health, DEVICE_OFFLINE);
        assert_int_equal(bench_count(&bench, 1, QUALITY_OK, 0), 0);
        if (strncmp(status.last_error, strange[i].words, strlen(strange[i].words)) != 0) {
            fail_msg("%zu: %s", i, status.last_error);
        }
        bench_finish(&bench);
    }
}

static size_t leave(const struct bench *bench, const struct ask *ask, uint8_t *frame, size_t size)
{
    (void)bench;
    (void)ask;
    (void)frame;
    return size;
}

/* Accepted, and never served: there may be one client already. */
static void silence_of_all_names_the_other_client(void **state)
{
    (void)state;
    for (int wire = 0; wire < WIRE_COUNT; wire++) {
        struct bench bench;
        spoil = leave;
        begin(&bench, (enum wire)wire);
        bench.devices[1].is_silent = bench.devices[2].is_silent = true;
        bench_start(&bench);
        bench_run(&bench, MINUTE);
        const char *words = bench_device_status(&bench, 1).last_error;
        bool is_serial = wire == WIRE_SERIAL;
        assert_string_equal(words, is_serial ? "does not answer"
                                             : "does not answer, nor does any unit of its line, "
                                               "though it is connected");
        bench.devices[2].is_silent = false;
        bench_run(&bench, 3 * (int64_t)MINUTE);
        assert_string_equal(bench_device_status(&bench, 1).last_error, "does not answer");
        assert_string_equal(bench_device_status(&bench, 2).last_error, "");
        bench_finish(&bench);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_reply_may_have_strays_around_it),
        cmocka_unit_test(an_echo_alone_is_silence),
        cmocka_unit_test(letters_at_each_connect_are_survived),
        cmocka_unit_test_setup_teardown(a_unit_id_that_says_nothing_is_taken_by_leave,
                                        set_unit_option, clear_unit_option),
        cmocka_unit_test_setup_teardown(late_replies_of_no_unit_are_no_values, set_unit_option,
                                        clear_unit_option),
        cmocka_unit_test(what_does_not_count_is_told),
        cmocka_unit_test(silence_of_all_names_the_other_client),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
