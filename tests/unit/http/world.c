/* SPDX-License-Identifier: Apache-2.0 */
/* world: see world.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/http/world.h"

#include <arpa/inet.h>
#include <ftw.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/mem.h"

enum { POINTS = 4, PATIENCE_MS = 60000 };

int64_t mono_ms(void)
{
    return clock_mono_us(clock_real()) / 1000;
}

static const struct device *make_device(const char *id, const char *name, const char *node)
{
    const struct point points[POINTS] = {
        {.name = "active_power",
         .quantity = quantity_get(QUANTITY_ID_active_power),
         .resolution = 0.001,
         .period_ms = 60000},
        {.name = "voltage_a",
         .quantity = quantity_get(QUANTITY_ID_voltage_a),
         .source = POINT_FLOAT32,
         .period_ms = 60000},
        {.name = "setpoint_temperature_2",
         .quantity = quantity_get(QUANTITY_ID_setpoint_temperature),
         .index = 2,
         .is_writable = true,
         .resolution = 0.1,
         .period_ms = 60000},
        {.name = "serial_number",
         .quantity = quantity_get(QUANTITY_ID_serial_number),
         .source = POINT_TEXT,
         .period_ms = 60000},
    };
    const struct device model = {
        .id = id,
        .name = name,
        .site = "s1",
        .node = node,
        .line = "l1",
        .profile = "p1",
        .device_class = DEVICE_METER,
        .unit = 7,
        .point_count = POINTS,
        .points = points,
    };
    return device_create(&model);
}

void world_post(struct world *world, size_t device, int64_t watts, enum quality quality)
{
    struct batch *batch = batch_create(world->devices[device], POINTS, 32);
    bool is_ok = quality == QUALITY_OK;
    size_t size = 0;
    (void)snprintf(batch_texts_space(batch, &size), 32, "SN-\"1\"");
    batch->time_us = clock_wall_us(world->clock);
    batch->received_mono_us = clock_mono_us(world->clock);
    const struct reading readings[POINTS] = {
        {.value = reading_value_of_count(watts, 0.001, 0), .count = watts, .resolution = 0.001},
        {.value = (double)230.1F, .point = 1},
        {.value = 26, .count = 260, .resolution = 0.1, .point = 2},
        {.value = (double)NAN, .point = 3},
    };
    for (size_t i = 0; i < POINTS; i++) {
        batch->readings[i] = readings[i];
        batch->readings[i].time_us = batch->time_us;
        batch->readings[i].quality = (uint8_t)quality;
        if (!is_ok) {
            batch->readings[i].value = (double)NAN;
            batch->readings[i].count = 0;
        }
    }
    batch->count = POINTS;
    hub_post(world->hub, batch);
    hub_flush(world->hub);
}

struct count_call {
    struct world *world;
    uint64_t batches;
};

static void count_batches(void *context)
{
    struct count_call *call = context;
    call->batches = hub_status(call->world->hub).batches;
}

void world_wait_batches(struct world *world, uint64_t count)
{
    struct count_call call = {.world = world};
    int64_t until_ms = mono_ms() + PATIENCE_MS;
    while (call.batches < count && mono_ms() < until_ms) {
        assert_int_equal(loop_call(world->loop, count_batches, &call), 0);
        usleep(2000);
    }
    assert_true(call.batches >= count);
}

static size_t list_lines(void *context, struct line_status *out, size_t max)
{
    (void)context;
    const struct line_status rows[] = {
        {.id = "l1",
         .endpoint = "127.0.0.1:502",
         .state = LINE_UP,
         .last_good_wall_us = 1700000000000000,
         .load = 0.25,
         .round_trip_p50_us = 1500,
         .round_trip_p99_us = 9000,
         .requests = 100,
         .replies = 90,
         .errors = {.timeouts = 7, .skipped = 3},
         .device_count = 2},
        {.id = "l\"2", .endpoint = "/dev/ttyS0 9600 8N1", .state = LINE_DOWN, .last_error = "gone"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows) && i < max; i++) {
        out[i] = rows[i];
    }
    return ARRAY_SIZE(rows);
}

static size_t list_devices(void *context, struct device_status *out, size_t max)
{
    struct world *world = context;
    if (max > 0) {
        out[0] = (struct device_status){.device = world->devices[0],
                                        .health = DEVICE_ONLINE,
                                        .last_good_wall_us = 1700000000000000,
                                        .round_trip_us = 1234,
                                        .polls = 10};
    }
    if (max > 1) {
        out[1] = (struct device_status){.device = world->devices[1],
                                        .health = DEVICE_OFFLINE,
                                        .failed_polls = 5,
                                        .next_try_in_us = 2000000,
                                        .errors = {.timeouts = 5}};
    }
    return WORLD_DEVICES;
}

static void *answer_command(void *context)
{
    struct command *command = context;
    for (size_t i = 0; i < COMMAND_REGISTERS_MAX; i++) {
        command->registers[i] = (uint16_t)(command->address + i);
    }
    command->round_trip_us = 4321;
    command->done(command);
    return NULL;
}

/* As a line does: the answer comes from another thread, perhaps before the caller has gone on. */
static void answer_elsewhere(struct command *command)
{
    pthread_t thread;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    assert_int_equal(pthread_create(&thread, &attributes, answer_command, command), 0);
    pthread_attr_destroy(&attributes);
}

static int give_command(void *context, struct command *take_command)
{
    struct world *world = context;
    switch (atomic_load(&world->mode)) {
    case COMMAND_HELD:
        atomic_store(&world->held, take_command);
        return 0;
    case COMMAND_TIMEOUT:
        take_command->error = -ETIMEDOUT;
        take_command->done(take_command);
        return 0;
    case COMMAND_PUT_OFF:
        take_command->error = -EAGAIN;
        take_command->retry_in_us = 20100000;
        take_command->done(take_command);
        return 0;
    case COMMAND_REFUSED:
        take_command->error = -EREMOTEIO;
        take_command->exception = (uint8_t)atomic_load(&world->exception);
        take_command->done(take_command);
        return 0;
    case COMMAND_NO_LINE:
        return -ENOENT;
    case COMMAND_FULL:
        return -ENOSPC;
    default:
        answer_elsewhere(take_command);
        return 0;
    }
}

static int retry_bad_registers(void *context, const char *device)
{
    struct world *world = context;
    if (strcmp(device, world->devices[0]->id) != 0) {
        return -ENOENT;
    }
    atomic_fetch_add(&world->retries, 1);
    return 0;
}

static bool is_ready(void *context, char *why, size_t size)
{
    struct world *world = context;
    int hold_ms = atomic_load(&world->hold_main_ms);
    if (hold_ms > 0) {
        usleep((useconds_t)hold_ms * 1000);
    }
    (void)snprintf(why, size, "no line is up yet");
    return atomic_load(&world->is_ready);
}

static void make_site(struct world *world)
{
    world->nodes[0] = (struct node_config){.id = "b1",
                                           .name = "1号楼",
                                           .parent = "",
                                           .kind = "building",
                                           .area_m2 = 4000,
                                           .headcount = 100,
                                           .category = ""};
    world->nodes[1] = (struct node_config){
        .id = "b1-f1", .name = "一层", .parent = "b1", .kind = "floor", .category = ""};
    world->nodes[2] = (struct node_config){
        .id = "b2", .name = "2号楼", .parent = "", .kind = "building", .category = ""};
    world->site = (struct site){.id = "s1", .name = "大院", .nodes = {world->nodes, 3}};
}

static void start_store(struct world *world)
{
    world->store_options = (struct store_options){
        .folder = mem_format("%s/data", world->folder),
        .commit_ms = 50,
        .journal_days = 30,
        .journal_mb = 100,
        .min_free_mb = 1,
    };
    assert_int_equal(store_open(&world->store_options, clock_real(), &world->store), 0);
    assert_int_equal(store_start(world->store), 0);
}

static void start_http(struct world *world)
{
    const struct http_view view = {
        .loop = world->loop,
        .hub = world->hub,
        .store = world->store,
        .site = &world->site,
        .version = "0.0.test",
        .started_wall_us = clock_wall_us(world->clock),
        .lines = list_lines,
        .devices = list_devices,
        .command = give_command,
        .retry_bad_registers = retry_bad_registers,
        .is_ready = is_ready,
        .context = world,
    };
    world->start_error = http_start(&world->options, &view, &world->http);
}

static void *run(void *context)
{
    struct world *world = context;
    assert_int_equal(loop_create(world->clock, &world->loop), 0);
    assert_int_equal(hub_create(world->loop, world->store, &world->hub), 0);
    for (size_t i = 0; i < WORLD_DEVICES; i++) {
        hub_add_device(world->hub, world->devices[i]);
    }
    start_http(world);
    atomic_store(&world->is_up, true);
    assert_int_equal(loop_run(world->loop), 0);
    http_stop(world->http);
    hub_destroy(world->hub);
    loop_destroy(world->loop);
    return NULL;
}

static void damage_journal(const struct world *world)
{
    char *path = mem_format("%s/data/journal/2026-11-23.db", world->folder);
    char *journal = mem_format("%s/data/journal", world->folder);
    char *data = mem_format("%s/data", world->folder);
    assert_int_equal(mkdir(data, 0700), 0);
    assert_int_equal(mkdir(journal, 0700), 0);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    for (int i = 0; i < 8192; i++) {
        assert_true(fputc(i * 7 % 251, file) != EOF);
    }
    assert_int_equal(fclose(file), 0);
    free(path);
    free(journal);
    free(data);
}

static void start(struct world *world, const struct clock *clock, bool with_store, bool is_damaged,
                  void (*tweak)(struct world *world))
{
    *world = (struct world){.clock = clock};
    (void)snprintf(world->folder, sizeof(world->folder), "/tmp/lingtan-http.XXXXXX");
    assert_non_null(mkdtemp(world->folder));
    world->socket = mem_format("%s/lingtan.sock", world->folder);
    world->options = (struct http_options){
        .enabled = true,
        .listen = "127.0.0.1",
        .socket = world->socket,
        .port_file = mem_format("%s/port", world->folder),
        .token_file = mem_format("%s/tokens", world->folder),
        .stream_memory_mb = 1,
        .web_folder = mem_format("%s/web", world->folder),
    };
    atomic_store(&world->is_ready, true);
    make_site(world);
    world->devices[0] = make_device("m1", "总表", "b1-f1");
    world->devices[1] = make_device("m2", "meter two", "b2");
    if (is_damaged) {
        damage_journal(world);
    }
    if (tweak) {
        tweak(world);
    }
    if (with_store) {
        start_store(world);
    }
    assert_int_equal(pthread_create(&world->thread, NULL, run, world), 0);
    while (!atomic_load(&world->is_up)) {
        usleep(1000);
    }
    assert_int_equal(world->start_error, 0);
}

void world_start(struct world *world, bool with_store)
{
    start(world, clock_real(), with_store, false, NULL);
}

void world_start_at(struct world *world, const struct clock *clock)
{
    start(world, clock, false, false, NULL);
}

void world_start_with(struct world *world, void (*tweak)(struct world *world))
{
    start(world, clock_real(), false, false, tweak);
}

void world_start_damaged(struct world *world)
{
    start(world, clock_real(), true, true, NULL);
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *place)
{
    (void)status;
    (void)type;
    (void)place;
    return remove(path);
}

static void quit(void *context)
{
    loop_quit(context, 0);
}

void world_stop(struct world *world)
{
    assert_int_equal(loop_post(world->loop, quit, world->loop), 0);
    pthread_join(world->thread, NULL);
    if (world->store) {
        store_stop(world->store);
        store_destroy(world->store);
    }
    for (size_t i = 0; i < WORLD_DEVICES; i++) {
        device_unref(world->devices[i]);
    }
    (void)nftw(world->folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    free(world->socket);
    free(world->options.port_file);
    free(world->options.token_file);
    free(world->options.web_folder);
    free(world->store_options.folder);
}

void reply_finish(struct reply *reply)
{
    free(reply->bytes);
    *reply = (struct reply){0};
}

int world_connect_tcp(const struct world *world)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr = {htonl(INADDR_LOOPBACK)},
                                  .sin_port = htons((uint16_t)http_port(world->http))};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

int world_connect_local(const struct world *world)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", world->socket);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

void send_all(int fd, const void *bytes, size_t length)
{
    const char *at = bytes;
    while (length > 0) {
        ssize_t sent = send(fd, at, length, MSG_NOSIGNAL);
        if (sent < 0) {
            return; /* the server has closed: the reply tells */
        }
        at += sent;
        length -= (size_t)sent;
    }
}

struct reply receive_for(int fd, int64_t patience_ms)
{
    struct reply reply = {.bytes = mem_alloc(1)};
    int64_t until_ms = mono_ms() + patience_ms;
    for (;;) {
        struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
        int64_t left_ms = until_ms - mono_ms();
        if (left_ms <= 0 || poll(&poll_fd, 1, (int)left_ms) <= 0) {
            reply.is_open = true;
            break;
        }
        reply.bytes = mem_grow(reply.bytes, reply.length + 65537, 1);
        ssize_t got = recv(fd, reply.bytes + reply.length, 65536, 0);
        if (got <= 0) {
            break;
        }
        reply.length += (size_t)got;
    }
    reply.bytes[reply.length] = '\0';
    if (strncmp(reply.bytes, "HTTP/1.", 7) == 0) {
        reply.status = (int)strtol(reply.bytes + 9, NULL, 10);
    }
    const char *end = strstr(reply.bytes, "\r\n\r\n");
    reply.body = end ? end + 4 : reply.bytes + reply.length;
    return reply;
}

struct reply receive_all(int fd)
{
    struct reply reply = receive_for(fd, PATIENCE_MS);
    assert_false(reply.is_open);
    return reply;
}

struct reply world_raw(const struct world *world, const char *bytes, size_t length)
{
    int fd = world_connect_tcp(world);
    send_all(fd, bytes, length);
    shutdown(fd, SHUT_WR);
    struct reply reply = receive_all(fd);
    close(fd);
    return reply;
}

static struct reply ask(int take_fd, const char *method, const char *path, const char *headers,
                        const char *body)
{
    char *request =
        body ? mem_format(
                   "%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n%sContent-Type: "
                   "application/json\r\nContent-Length: %zu\r\n\r\n%s",
                   method, path, headers, strlen(body), body)
             : mem_format("%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n%s\r\n",
                          method, path, headers);
    send_all(take_fd, request, strlen(request));
    struct reply reply = receive_all(take_fd);
    close(take_fd);
    free(request);
    return reply;
}

struct reply world_ask(const struct world *world, const char *method, const char *path,
                       const char *body)
{
    return ask(world_connect_tcp(world), method, path, "", body);
}

struct reply world_ask_local(const struct world *world, const char *method, const char *path,
                             const char *body)
{
    return ask(world_connect_local(world), method, path, "", body);
}

struct reply world_ask_with(const struct world *world, const char *method, const char *path,
                            const char *headers, const char *body)
{
    return ask(world_connect_tcp(world), method, path, headers, body);
}

json_t *world_get(const struct world *world, const char *path, int status)
{
    struct reply reply = world_ask(world, "GET", path, NULL);
    if (reply.status != status) {
        print_error("GET %s: %s\n", path, reply.bytes);
    }
    assert_int_equal(reply.status, status);
    assert_true(strstr(reply.bytes, "Cache-Control: no-store\r\n") ||
                (strstr(reply.bytes, "Cache-Control: private, no-cache\r\n") &&
                 strstr(reply.bytes, "ETag: \"")));
    assert_non_null(strstr(reply.bytes, "X-Content-Type-Options: nosniff\r\n"));
    assert_non_null(strstr(reply.bytes, "Content-Type: application/json\r\n"));
    json_error_t fault;
    json_t *root = json_loads(reply.body, JSON_REJECT_DUPLICATES, &fault);
    if (!root) {
        print_error("%s: %s\n%s\n", path, fault.text, reply.body);
    }
    assert_non_null(root);
    reply_finish(&reply);
    return root;
}

const char *string_at(const json_t *object, const char *name)
{
    const char *value = json_string_value(json_object_get(object, name));
    assert_non_null(value);
    return value;
}

json_int_t integer_at(const json_t *object, const char *name)
{
    assert_true(json_is_integer(json_object_get(object, name)));
    return json_integer_value(json_object_get(object, name));
}
