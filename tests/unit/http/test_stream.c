/* SPDX-License-Identifier: Apache-2.0 */
/* The live stream: snapshot first, then every batch once, filters, slow clients, the end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "http/server/stream.h"
#include "unit/http/stream_client.h"

enum { PATIENCE_MS = 20000 };

static int setup(void **state)
{
    struct world *world = mem_alloc(sizeof(*world));
    world_start(world, false);
    *state = world;
    return 0;
}

static int teardown(void **state)
{
    world_stop(*state);
    free(*state);
    return 0;
}

static void gives_a_snapshot_then_batches(void **state)
{
    struct world *world = *state;
    struct client client;
    world_post(world, 0, 1001, QUALITY_OK);
    world_wait_batches(world, 1);
    client_open(&client, world, "");
    assert_true(client_await(&client, "\n\n"));
    assert_non_null(strstr(client.seen.data, "HTTP/1.1 200 OK\r\n"));
    assert_non_null(strstr(client.seen.data, "Content-Type: text/event-stream\r\n"));
    assert_non_null(strstr(client.seen.data, "\r\n\r\nid: "));
    assert_non_null(strstr(client.seen.data, "-0\nevent: snapshot\ndata: {\"time\":"));
    assert_non_null(strstr(client.seen.data, "\"active_power\":1.001,"));
    world_post(world, 1, 2002, QUALITY_OK);
    world_post(world, 0, 0, QUALITY_TIMEOUT);
    assert_true(client_await(&client, "\"quality\":{\"active_power\":\"timeout\""));
    assert_non_null(strstr(client.seen.data, "-1\nevent: batch\ndata: {\"device\":\"m2\",\"ts\":"));
    assert_non_null(strstr(client.seen.data, "\"active_power\":2.002,\"voltage_a\":230.1,"));
    assert_non_null(strstr(client.seen.data, "\"serial_number\":\"SN-\\\"1\\\"\""));
    assert_int_equal(count_of(client.seen.data, "event: batch\n"), 2);
    assert_int_equal(count_of(client.seen.data, "event: snapshot\n"), 1);
    client_close(&client);
}

static void filters_batches(void **state)
{
    struct world *world = *state;
    struct client device;
    struct client node;
    client_open(&device, world, "?device=m2");
    client_open(&node, world, "?node=b1");
    assert_true(client_await(&device, "\n\n"));
    assert_true(client_await(&node, "\n\n"));
    for (int64_t i = 1; i <= 10; i++) {
        world_post(world, 0, i, QUALITY_OK);
        world_post(world, 1, i, QUALITY_OK);
    }
    assert_true(client_await(&device, "\"seq\":10,"));
    assert_true(client_await(&node, "\"seq\":10,"));
    assert_int_equal(count_of(device.seen.data, "event: batch\n"), 10);
    assert_int_equal(count_of(node.seen.data, "event: batch\n"), 10);
    assert_null(strstr(device.seen.data, "\"m1\""));
    assert_null(strstr(node.seen.data, "\"m2\""));
    client_close(&device);
    client_close(&node);
}

static void show_again(void *context)
{
    struct world *world = context;
    http_show(world->http, &world->site, NULL);
}

/* A reload that moves a node under another one. */
static void a_filter_follows_the_site(void **state)
{
    struct world *world = *state;
    struct client client;
    client_open(&client, world, "?node=b1");
    assert_true(client_await(&client, "\n\n"));
    world_post(world, 1, 1, QUALITY_OK);
    world_wait_batches(world, 1);
    world->nodes[2].parent = "b1";
    assert_int_equal(loop_call(world->loop, show_again, world), 0);
    world_post(world, 1, 2, QUALITY_OK);
    assert_true(client_await(&client, "\"device\":\"m2\""));
    assert_true(client_await(&client, "\"seq\":2,"));
    client_close(&client);
}

/* Snapshot and batches together hold every batch exactly once, whenever the client comes. */
static void joins_without_gap_or_double(void **state)
{
    struct world *world = *state;
    for (int round = 0; round < 20; round++) {
        struct client client;
        world_post(world, 0, 1, QUALITY_OK);
        client_open(&client, world, "?device=m1");
        for (int i = 0; i < 20; i++) {
            world_post(world, 0, 1, QUALITY_OK);
        }
        char last[32];
        int64_t newest = (round + 1) * 21;
        (void)snprintf(last, sizeof(last), "\"seq\":%lld,", (long long)newest);
        assert_true(client_await(&client, last));
        int64_t first = strtoll(strstr(client.seen.data, "\"seq\":") + 6, NULL, 10);
        for (int64_t seq = first; seq <= newest; seq++) {
            char mark[32];
            (void)snprintf(mark, sizeof(mark), "\"seq\":%lld,", (long long)seq);
            assert_int_equal(count_of(client.seen.data, mark), 1);
        }
        client_close(&client);
    }
}

static uint64_t metric(const struct world *world, const char *name)
{
    struct reply reply = world_ask(world, "GET", "/metrics", NULL);
    char *mark = mem_format("\n%s ", name);
    const char *found = strstr(reply.body, mark);
    assert_non_null(found);
    uint64_t value = strtoull(found + strlen(mark), NULL, 10);
    free(mark);
    reply_finish(&reply);
    return value;
}

static void a_slow_client_gets_a_gap_and_holds_nobody_up(void **state)
{
    struct world *world = *state;
    struct client slow;
    struct client quick;
    client_open(&slow, world, "");
    client_open(&quick, world, "");
    assert_true(client_await(&quick, "\n\n"));
    /* Far more than the ring and the socket's buffers hold. */
    uint64_t count = 0;
    while (count < 100000 && metric(world, "lingtan_http_stream_missed_total") == 0) {
        for (int i = 0; i < 500; i++) {
            world_post(world, 0, 1, QUALITY_OK);
        }
        count += 500;
        world_wait_batches(world, count);
        char last[32];
        (void)snprintf(last, sizeof(last), "\"seq\":%llu,", (unsigned long long)count);
        assert_true(client_await(&quick, last));
    }
    assert_true(metric(world, "lingtan_http_stream_missed_total") > 0);
    assert_int_equal(count_of(quick.seen.data, "event: batch\n"), count);
    /* It wakes up: what was kept, then the gap, then the new ones. */
    struct pollfd poll_fd = {.fd = slow.fd, .events = POLLIN};
    while (poll(&poll_fd, 1, 500) > 0) {
        char bytes[65536];
        ssize_t got = recv(slow.fd, bytes, sizeof(bytes), 0);
        assert_true(got > 0);
        text_add(&slow.seen, bytes, (size_t)got);
    }
    uint64_t missed = metric(world, "lingtan_http_stream_missed_total");
    world_post(world, 1, 77, QUALITY_OK);
    assert_true(client_await(&slow, "{\"device\":\"m2\",\"ts\":"));
    assert_true(client_await(&slow, "\"active_power\":0.077,"));
    char gap[64];
    (void)snprintf(gap, sizeof(gap),
                   "event: gap\ndata: {\"missed\":%llu}\n\nid: ", (unsigned long long)missed);
    assert_non_null(strstr(slow.seen.data, gap));
    assert_int_equal(count_of(slow.seen.data, "event: batch\n"), count + 1 - missed);
    assert_int_equal(metric(world, "lingtan_http_stream_gaps_total"), 1);
    client_close(&slow);
    client_close(&quick);
}

static void bounds_the_number_of_streams(void **state)
{
    struct world *world = *state;
    struct client clients[STREAMS_MAX];
    for (size_t i = 0; i < STREAMS_MAX; i++) {
        client_open(&clients[i], world, "");
        assert_true(client_await(&clients[i], "\n\n"));
    }
    assert_int_equal(metric(world, "lingtan_http_streams"), STREAMS_MAX);
    struct reply reply = world_ask(world, "GET", "/api/v1/live/stream", NULL);
    assert_int_equal(reply.status, 503);
    assert_non_null(strstr(reply.bytes, "Retry-After: "));
    reply_finish(&reply);
    for (size_t i = 0; i < STREAMS_MAX; i++) {
        client_close(&clients[i]);
    }
    /* Places are free again as soon as a batch finds nobody there. */
    int64_t until_ms = mono_ms() + PATIENCE_MS;
    while (metric(world, "lingtan_http_streams") > 0 && mono_ms() < until_ms) {
        world_post(world, 0, 1, QUALITY_OK);
        usleep(5000);
    }
    assert_int_equal(metric(world, "lingtan_http_streams"), 0);
    struct client client;
    client_open(&client, world, "");
    assert_true(client_await(&client, "\n\n"));
    client_close(&client);
}

/* The id of the last whole event. */
static char *last_id(const struct client *client)
{
    const char *found = NULL;
    for (const char *at = client->seen.data; (at = strstr(at, "\nid: ")) != NULL; at++) {
        found = strstr(at, "\n\n") ? at + 5 : found;
    }
    assert_non_null(found);
    return mem_format("%.*s", (int)strcspn(found, "\n"), found);
}

static void reopen(struct client *client, const struct world *world, const char *filter,
                   const char *take_id)
{
    char *query = mem_format("?%safter=%s", filter, take_id);
    client_open(client, world, query);
    free(query);
    free((char *)take_id);
}

static void assert_has_seqs(const struct client *client, int64_t first, int64_t last)
{
    char mark[32];
    assert_int_equal(count_of(client->seen.data, "event: batch\n"), last - first + 1);
    for (int64_t seq = first; seq <= last; seq++) {
        (void)snprintf(mark, sizeof(mark), "\"seq\":%lld,", (long long)seq);
        assert_int_equal(count_of(client->seen.data, mark), 1);
    }
}

/* Whoever comes back gets what he has missed, each once, and no snapshot. */
static void goes_on_after_an_id(void **state)
{
    struct world *world = *state;
    struct client client;
    client_open(&client, world, "");
    assert_true(client_await(&client, "event: snapshot"));
    int64_t seen = 0;
    for (int round = 1; round <= 10; round++) {
        world_post(world, 0, 1, QUALITY_OK);
        char mark[32];
        (void)snprintf(mark, sizeof(mark), "\"seq\":%lld,", (long long)round * 6 - 5);
        assert_true(client_await(&client, mark));
        assert_true(client_await(&client, "}\n\n"));
        while (!strstr(strstr(client.seen.data, mark), "\n\n")) {
            (void)client_read(&client);
        }
        assert_has_seqs(&client, seen + 1, (int64_t)round * 6 - 5);
        seen = (int64_t)round * 6 - 5;
        char *id = last_id(&client);
        client_close(&client);
        for (int i = 0; i < 5; i++) {
            world_post(world, 0, 1, QUALITY_OK); /* while nobody listens */
        }
        reopen(&client, world, "", id);
        assert_true(client_await(&client, ": resumed"));
        assert_null(strstr(client.seen.data, "event: snapshot"));
    }
    client_close(&client);
    assert_int_equal(metric(world, "lingtan_http_stream_resumed_total"), 10);
}

static void goes_on_with_a_filter_and_by_header(void **state)
{
    struct world *world = *state;
    struct client client;
    client_open(&client, world, "");
    assert_true(client_await(&client, "event: snapshot"));
    world_post(world, 0, 1, QUALITY_OK);
    assert_true(client_await(&client, "-1\nevent: batch"));
    char *id = last_id(&client);
    client_close(&client);
    for (int i = 0; i < 5; i++) {
        world_post(world, 0, 1, QUALITY_OK);
        world_post(world, 1, 1, QUALITY_OK);
    }
    world_wait_batches(world, 11);
    reopen(&client, world, "device=m2&", mem_dup_string(id));
    assert_true(client_await(&client, "\"seq\":5,"));
    assert_has_seqs(&client, 1, 5);
    assert_null(strstr(client.seen.data, "\"m1\""));
    client_close(&client);
    /* A browser asks for the address as it was, and tells by the header how far it has got. */
    char *request = mem_format("GET /api/v1/live/stream?after=%s HTTP/1.0\r\nHost: localhost\r\n"
                               "Last-Event-ID: %.*s-9\r\n\r\n",
                               id, (int)strcspn(id, "-"), id);
    client = (struct client){.fd = world_connect_local(world)};
    send_all(client.fd, request, strlen(request));
    assert_true(client_await(&client, "-11\nevent: batch"));
    assert_int_equal(count_of(client.seen.data, "event: batch\n"), 2);
    client_close(&client);
    free(request);
    free(id);
}

static void assert_reset(const struct world *world, const char *after, const char *why)
{
    struct client client;
    char *query = mem_format("?after=%s", after);
    char *event = mem_format("event: reset\ndata: {\"why\":\"%s\"}\n\nid: ", why);
    client_open(&client, world, query);
    assert_true(client_await(&client, "event: snapshot"));
    if (!strstr(client.seen.data, event)) {
        fail_msg("after=%s: %s", after, client.seen.data);
    }
    client_close(&client);
    free(event);
    free(query);
}

static void begins_anew_where_it_cannot_go_on(void **state)
{
    struct world *world = *state;
    struct client client;
    client_open(&client, world, "");
    assert_true(client_await(&client, "event: snapshot"));
    world_post(world, 0, 1, QUALITY_OK);
    assert_true(client_await(&client, "-1\nevent: batch"));
    char *id = last_id(&client);
    client_close(&client);
    static const char *const strange[] = {
        "", "1", "-", "x-1", "00000000-", "%00", "00000000-1x", "00000000", "00000000-1-1"};
    for (size_t i = 0; i < ARRAY_SIZE(strange); i++) {
        assert_reset(world, strange[i], "no_id");
    }
    assert_reset(world, "00000000-1", "other_life");
    assert_reset(world, "00000000-18446744073709551615", "other_life");
    char *future = mem_format("%.*s-2", (int)strcspn(id, "-"), id);
    assert_reset(world, future, "other_life");
    free(future);
    /* More than the ring holds. */
    for (uint64_t i = 1; i <= 8000; i++) {
        world_post(world, 0, 1, QUALITY_OK);
        if (i % 500 == 0) {
            world_wait_batches(world, i + 1);
        }
    }
    assert_reset(world, id, "too_old");
    assert_true(metric(world, "lingtan_http_stream_bytes") <= 1024 * 1024);
    free(id);
}

/* Up to the end of the connection, also over HTTP 1.1. */
static void comes_in_no_chunks(void **state)
{
    struct world *world = *state;
    struct client client = {.fd = world_connect_tcp(world)};
    static const char request[] = "GET /api/v1/live/stream HTTP/1.1\r\nHost: 127.0.0.1:80\r\n\r\n";
    send_all(client.fd, request, strlen(request));
    assert_true(client_await(&client, "event: snapshot"));
    assert_null(strstr(client.seen.data, "Transfer-Encoding"));
    assert_non_null(strstr(client.seen.data, "Connection: close"));
    world_post(world, 0, 1, QUALITY_OK);
    assert_true(client_await(&client, "\n\nid: ")); /* nothing stands between the events */
    assert_true(client_await(&client, "-1\nevent: batch"));
    client_close(&client);
}

static void refuses_bad_filters_and_gives_heads(void **state)
{
    struct reply reply = world_ask(*state, "GET", "/api/v1/live/stream?device=x", NULL);
    assert_int_equal(reply.status, 400);
    reply_finish(&reply);
    reply = world_ask(*state, "HEAD", "/api/v1/live/stream", NULL);
    assert_int_equal(reply.status, 200);
    assert_string_equal(reply.body, "");
    reply_finish(&reply);
    reply = world_ask(*state, "DELETE", "/api/v1/live/stream", NULL);
    assert_int_equal(reply.status, 405);
    reply_finish(&reply);
    assert_int_equal(metric(*state, "lingtan_http_streams"), 0);
}

static void stops_with_open_streams(void **state)
{
    (void)state;
    struct world world;
    struct client clients[8];
    world_start(&world, false);
    for (size_t i = 0; i < ARRAY_SIZE(clients); i++) {
        client_open(&clients[i], &world, "");
        assert_true(client_await(&clients[i], "\n\n"));
    }
    int64_t started_ms = mono_ms();
    world_stop(&world);
    assert_true(mono_ms() - started_ms < 2000);
    for (size_t i = 0; i < ARRAY_SIZE(clients); i++) {
        assert_false(client_await(&clients[i], "never"));
        client_close(&clients[i]);
    }
}

static void nothing(void *context)
{
    (void)context;
}

static void pass_seconds(struct world *world, struct fake_clock *clock, int64_t seconds)
{
    fake_clock_advance(clock, seconds * 1000000);
    assert_int_equal(loop_call(world->loop, nothing, NULL), 0);
    assert_int_equal(loop_call(world->loop, nothing, NULL), 0);
}

/* The server sees that a client is gone when it writes to it. */
static void await_no_streams(struct world *world)
{
    uint64_t open = 1;
    for (int i = 0; i < 600 && open > 0; i++) {
        world_post(world, 0, 1, QUALITY_OK);
        usleep(20000);
        open = metric(world, "lingtan_http_streams");
    }
    assert_int_equal(open, 0);
}

static void assert_comes_back(const struct world *world, const char *id, const char *word)
{
    struct client client;
    reopen(&client, world, "", mem_dup_string(id));
    assert_true(client_await(&client, word));
    assert_int_equal(count_of(client.seen.data, "event: snapshot"), word[0] == ':' ? 0 : 1);
    client_close(&client);
}

/* A device that speaks every five seconds. */
static void let_pass(struct world *world, struct fake_clock *clock, int seconds)
{
    for (int passed = 0; passed < seconds; passed += 5) {
        world_post(world, 0, 1, QUALITY_OK);
        pass_seconds(world, clock, 5);
    }
}

/* The ring goes back ten minutes. It is fed for ten after the last stream, and what went by unheard after that is not
 * taken for nothing. */
static void remembers_ten_minutes(void **state)
{
    (void)state;
    struct fake_clock clock;
    struct world world;
    struct client client;
    fake_clock_init(&clock, 1000000, 1700000000000000);
    world_start_at(&world, &clock.clock);
    client_open(&client, &world, "");
    assert_true(client_await(&client, "event: snapshot"));
    world_post(&world, 0, 1, QUALITY_OK);
    assert_true(client_await(&client, "-1\nevent: batch"));
    char *id = last_id(&client);
    client_close(&client);
    let_pass(&world, &clock, 590);
    assert_comes_back(&world, id, ": resumed");
    let_pass(&world, &clock, 400); /* a block of events goes as a whole */
    assert_comes_back(&world, id, "too_old");
    free(id);
    client_open(&client, &world, "");
    assert_true(client_await(&client, "event: snapshot"));
    while (!strstr(client.seen.data, "\n\n")) {
        (void)client_read(&client);
    }
    const char *at = strstr(client.seen.data, "id: ") + 4;
    id = mem_format("%.*s", (int)strcspn(at, "\n"), at);
    client_close(&client);
    let_pass(&world, &clock, 10);
    await_no_streams(&world);
    for (int i = 0; i < 60; i++) {
        pass_seconds(&world, &clock, 15); /* nothing is said, nobody listens */
    }
    world_post(&world, 0, 1, QUALITY_OK);
    assert_comes_back(&world, id, "too_old");
    assert_true(metric(&world, "lingtan_http_stream_bytes") < 1000);
    free(id);
    world_stop(&world);
}

static void await_heartbeats(struct client *client, size_t count)
{
    int64_t until_ms = mono_ms() + 3000;
    while (count_of(client->seen.data, ": heartbeat\n\n") < count && mono_ms() < until_ms) {
        (void)client_read(client);
    }
    assert_int_equal(count_of(client->seen.data, ": heartbeat\n\n"), count);
}

/* A page that is opened again and again must not keep the heartbeats from the others. */
static void every_stream_hears_a_heartbeat_every_15_s(void **state)
{
    (void)state;
    struct fake_clock clock;
    struct world world;
    struct client clients[8];
    size_t open = 0;
    size_t due[ARRAY_SIZE(clients)] = {0};
    fake_clock_init(&clock, 1000000, 1700000000000000);
    world_start_at(&world, &clock.clock);
    for (int second = 0; second <= 90; second += 5) {
        for (size_t i = 0; i < open && second % STREAM_HEARTBEAT_S == 0; i++) {
            await_heartbeats(&clients[i], ++due[i]);
        }
        if (second % 10 == 0 && open < ARRAY_SIZE(clients)) {
            client_open(&clients[open], &world, "");
            assert_true(client_await(&clients[open++], "event: snapshot"));
        }
        pass_seconds(&world, &clock, 5);
    }
    for (size_t i = 0; i < open; i++) {
        client_close(&clients[i]);
    }
    world_stop(&world);
}

static void *batter(void *context)
{
    struct world *world = context;
    for (int i = 0; i < 2000; i++) {
        world_post(world, (size_t)i % 2, i, QUALITY_OK);
        if (i % 50 == 0) {
            usleep(1000);
        }
    }
    return NULL;
}

/* Clients that come and go in the midst of batches. */
static void survives_coming_and_going(void **state)
{
    struct world *world = *state;
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, batter, world), 0);
    for (int i = 0; i < 60; i++) {
        struct client client;
        client_open(&client, world, i % 3 == 0 ? "?device=m1" : "");
        if (i % 2 == 0) {
            (void)client_await(&client, "\n\n");
        }
        client_close(&client);
    }
    pthread_join(thread, NULL);
    json_t *root = world_get(world, "/api/v1/status", 200);
    json_decref(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(gives_a_snapshot_then_batches, setup, teardown),
        cmocka_unit_test_setup_teardown(filters_batches, setup, teardown),
        cmocka_unit_test_setup_teardown(a_filter_follows_the_site, setup, teardown),
        cmocka_unit_test_setup_teardown(joins_without_gap_or_double, setup, teardown),
        cmocka_unit_test_setup_teardown(a_slow_client_gets_a_gap_and_holds_nobody_up, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(bounds_the_number_of_streams, setup, teardown),
        cmocka_unit_test_setup_teardown(goes_on_after_an_id, setup, teardown),
        cmocka_unit_test_setup_teardown(goes_on_with_a_filter_and_by_header, setup, teardown),
        cmocka_unit_test_setup_teardown(begins_anew_where_it_cannot_go_on, setup, teardown),
        cmocka_unit_test(remembers_ten_minutes),
        cmocka_unit_test_setup_teardown(comes_in_no_chunks, setup, teardown),
        cmocka_unit_test_setup_teardown(refuses_bad_filters_and_gives_heads, setup, teardown),
        cmocka_unit_test(stops_with_open_streams),
        cmocka_unit_test(every_stream_hears_a_heartbeat_every_15_s),
        cmocka_unit_test_setup_teardown(survives_coming_and_going, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
