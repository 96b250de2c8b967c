/* SPDX-License-Identifier: Apache-2.0 */
/* collector: the Modbus lines of a site dealt out to the I/O pools. */
#include "collectors/modbus/modbus.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/mem.h"
#include "collectors/modbus/pool.h"
#include "collectors/modbus/siblings.h"
#include "collectors/modbus/slot.h"

enum {
    POOLS_MAX = 16,
    OPENERS_MAX = 8, /* ports that hang at the same time before others have to wait */
    RESPONSE_TIMEOUT_MS = 1000,
};

struct collector_instance {
    const struct collector_host *host;
    struct crew *resolver;
    struct crew *openers;
    size_t pool_count;
    struct pool *pools[POOLS_MAX];
    size_t line_count;
    struct line **lines; /* in the order of the configuration; owned by the pools */
    bool is_running;
    struct siblings siblings; /* while the lines are made */
};

const char *const line_state_words[] = {"idle", "connecting", "up", "down", NULL};

bool line_is_well(const struct line_status *line)
{
    switch (line->state) {
    case LINE_UP:
    case LINE_IDLE:
        return true;
    case LINE_CONNECTING:
        return line->last_good_wall_us != 0;
    case LINE_DOWN:
        break;
    }
    return false;
}

static const struct device_config *device_at(const struct line_config *config, size_t index)
{
    const struct device_config *devices = config->devices.items;
    return &devices[index];
}

/* The most careful of the profiles on the line: the one that needs the longest pauses sets them for all. */
struct link_needs {
    int64_t response_timeout_ms;
    int64_t connect_delay_ms;
    int64_t gap_ms;
    bool ignore_transaction_id;
    bool ignore_unit_id;
};

static int64_t larger(int64_t one, int64_t other)
{
    return one > other ? one : other;
}

static struct link_needs needs_of(const struct line_config *config, const struct profiles *profiles)
{
    struct link_needs needs = {
        .ignore_transaction_id = config->ignore_transaction_id,
        .ignore_unit_id = config->ignore_unit_id,
    };
    for (size_t i = 0; i < config->devices.count; i++) {
        const struct profile *profile = profiles_find(profiles, device_at(config, i)->profile);
        if (profile != NULL) {
            const struct profile_link *link = &profile->link;
            needs.response_timeout_ms =
                larger(needs.response_timeout_ms, link->response_timeout_ms);
            needs.connect_delay_ms = larger(needs.connect_delay_ms, link->connect_delay_ms);
            needs.gap_ms = larger(needs.gap_ms, link->gap_ms);
            needs.ignore_transaction_id |= link->ignore_transaction_id;
            needs.ignore_unit_id |= link->ignore_unit_id;
        }
    }
    if (needs.response_timeout_ms <= 0) {
        needs.response_timeout_ms = RESPONSE_TIMEOUT_MS;
    }
    return needs;
}

static char *endpoint_of(const struct line_config *config)
{
    static const char parities[] = {[PARITY_NONE] = 'N', [PARITY_EVEN] = 'E', [PARITY_ODD] = 'O'};
    if (config->transport == LINE_RTU) {
        return mem_format("%s %lld 8%c%lld", config->path, (long long)config->baud,
                          parities[config->parity], (long long)config->stop_bits);
    }
    bool is_v6 = strchr(config->host, ':') != NULL;
    return mem_format("%s%s%s:%lld", is_v6 ? "[" : "", config->host, is_v6 ? "]" : "",
                      (long long)config->port);
}

static uint32_t random_seed(void)
{
    uint32_t seed = 0;
    ssize_t size = getrandom(&seed, sizeof(seed), GRND_NONBLOCK);
    return size == (ssize_t)sizeof(seed) && seed != 0 ? seed : 1;
}

static struct transport *make_transport(const struct collector_instance *instance,
                                        const struct line_config *config, bool has_ids,
                                        struct pool *pool)
{
    struct transport_help help = {
        .has_ids = has_ids,
        .resolver = instance->resolver,
        .openers = instance->openers,
        .home = pool_home(pool),
    };
    return config->transport == LINE_RTU ? transport_rtu_create(config, &help)
                                         : transport_tcp_create(config, &help);
}

static struct line *make_line(const struct collector_instance *instance,
                              const struct collector_setup *setup, const struct line_config *config,
                              struct pool *pool)
{
    struct link_needs needs = needs_of(config, setup->profiles);
    int64_t timeout_ms = config->response_timeout_ms;
    int64_t delay_ms = config->connect_delay_ms;
    int64_t gap_ms = config->gap_ms;
    char *endpoint = endpoint_of(config);
    struct line_settings settings = {
        .id = config->id,
        .endpoint = endpoint,
        .response_timeout_us = 1000 * (timeout_ms > 0 ? timeout_ms : needs.response_timeout_ms),
        .connect_timeout_us = 1000 * config->connect_timeout_ms,
        .connect_delay_us = 1000 * (delay_ms >= 0 ? delay_ms : needs.connect_delay_ms),
        .gap_us = 1000 * (gap_ms >= 0 ? gap_ms : needs.gap_ms),
        .idle_close_us = 1000000 * config->idle_close_s,
        .ignore_transaction_id = needs.ignore_transaction_id,
        .ignore_unit_id = needs.ignore_unit_id && config->transport == LINE_TCP,
        .seed = random_seed(),
    };
    struct transport *transport =
        make_transport(instance, config, !needs.ignore_transaction_id, pool);
    struct line *line = line_create(&settings, transport, pool_line_host(pool));
    free(endpoint);
    return line;
}

static void add_device(struct collector_instance *instance, struct line *line,
                       const struct line_unknown *from, const int64_t period_ms[POLL_CLASS_COUNT],
                       uint32_t index)
{
    if (from->profile->discovery != DISCOVERY_NONE) {
        line_add_unknown(line, from, period_ms, index);
        return;
    }
    struct device *device = siblings_share(
        &instance->siblings, site_device(from->site, from->line, from->device, from->profile));
    struct plan *plan = siblings_plan(&instance->siblings, from->profile, from->device, period_ms);
    line_add_device(line, device, plan, period_ms, index);
    device_unref(device);
}

/* -EINVAL: a profile is missing, which the check of the site would have said. */
static int add_devices(struct collector_instance *instance, struct line *line,
                       const struct collector_setup *setup, const struct line_config *config,
                       uint32_t *index)
{
    for (size_t i = 0; i < config->devices.count; i++) {
        const struct device_config *device = device_at(config, i);
        const struct profile *profile = profiles_find(setup->profiles, device->profile);
        if (profile == NULL) {
            return -EINVAL;
        }
        int64_t period_ms[POLL_CLASS_COUNT] = {0};
        for (unsigned j = 0; j < POLL_ONCE; j++) {
            period_ms[j] = site_period_ms(setup->site, device, (enum poll_class)j);
        }
        struct line_unknown added = {setup->site, config, device, profile};
        add_device(instance, line, &added, period_ms, (*index)++);
        line_know_refused(line, i, setup->bad_registers, setup->bad_register_count);
    }
    return 0;
}

static int64_t slot_us(const struct collector_setup *setup)
{
    const struct line_config *lines = setup->site->lines.items;
    size_t device_count = 0;
    for (size_t i = 0; i < setup->site->lines.count; i++) {
        device_count += lines[i].devices.count;
    }
    int64_t *period_ms = mem_alloc_array(device_count, sizeof(*period_ms));
    size_t count = 0;
    for (size_t i = 0; i < setup->site->lines.count; i++) {
        for (size_t j = 0; j < lines[i].devices.count; j++) {
            period_ms[count++] = site_period_ms(setup->site, device_at(&lines[i], j), POLL_FAST);
        }
    }
    int64_t chosen_us = setup->slot_us > 0 ? setup->slot_us : slot_choose_us(period_ms, count);
    free(period_ms);
    return chosen_us;
}

static int make_pools(struct collector_instance *instance, const struct collector_setup *setup)
{
    int64_t width_us = slot_us(setup);
    size_t pools = setup->io_threads < 1 ? 1 : (size_t)setup->io_threads;
    pools = pools < POOLS_MAX ? pools : POOLS_MAX;
    size_t lines_each = setup->site->lines.count / pools + 1;
    for (size_t i = 0; i < pools; i++) {
        int error = pool_create(instance->host, width_us, lines_each, &instance->pools[i]);
        if (error != 0) {
            return error;
        }
        instance->pool_count++;
    }
    return 0;
}

static int make_lines(struct collector_instance *instance, const struct collector_setup *setup)
{
    const struct line_config *configs = setup->site->lines.items;
    uint32_t index = 0;
    for (size_t i = 0; i < setup->site->lines.count; i++) {
        struct pool *pool = instance->pools[i % instance->pool_count];
        struct line *line = make_line(instance, setup, &configs[i], pool);
        instance->lines[instance->line_count++] = line;
        pool_add(pool, line);
        int error = add_devices(instance, line, setup, &configs[i], &index);
        if (error != 0) {
            return error;
        }
    }
    return 0;
}

/* The helpers end first: none comes home to a pool that is no more. */
static void collector_destroy(struct collector_instance *instance)
{
    if (instance == NULL) {
        return;
    }
    crew_destroy(instance->resolver);
    crew_destroy(instance->openers);
    for (size_t i = 0; i < instance->pool_count; i++) {
        pool_destroy(instance->pools[i]);
    }
    free(instance->lines);
    free(instance);
}

static int collector_create(const struct collector_setup *setup, struct collector_instance **out)
{
    struct collector_instance *instance = mem_alloc(sizeof(*instance));
    instance->host = setup->host;
    instance->resolver = crew_create(1);
    instance->openers = crew_create(OPENERS_MAX);
    instance->lines = mem_alloc_array(setup->site->lines.count + 1, sizeof(*instance->lines));
    int error = make_pools(instance, setup);
    if (error == 0) {
        error = make_lines(instance, setup);
    }
    siblings_finish(&instance->siblings);
    if (error != 0) {
        collector_destroy(instance);
        return error;
    }
    *out = instance;
    return 0;
}

static void collector_stop(struct collector_instance *instance)
{
    for (size_t i = 0; i < instance->pool_count; i++) {
        pool_stop(instance->pools[i]);
    }
    instance->is_running = false;
}

static int collector_start(struct collector_instance *instance)
{
    for (size_t i = 0; i < instance->pool_count; i++) {
        int error = pool_start(instance->pools[i]);
        if (error != 0) {
            collector_stop(instance);
            return error;
        }
    }
    instance->is_running = true;
    return 0;
}

/* A raw command reads; what writes is made by command_write alone. */
static bool is_raw_read(const struct command *command)
{
    bool is_bits = command->function == 1 || command->function == 2;
    bool is_registers = command->function == 3 || command->function == 4;
    unsigned most = is_bits ? FRAME_READ_BITS_MAX : FRAME_READ_REGISTERS_MAX;
    return (is_bits || is_registers) && command->unit <= UINT8_MAX && command->quantity >= 1 &&
           command->quantity <= most && command->address + command->quantity <= 0x10000;
}

static bool is_device(struct line *line, size_t index, const char *id)
{
    struct device_status status;
    line_device_status(line, index, 0, &status);
    return strcmp(status.device->id, id) == 0;
}

/* The place of a device: its line, and on it. */
static bool find_device(const struct collector_instance *instance, const char *id, size_t *line,
                        size_t *index)
{
    for (size_t i = 0; i < instance->line_count; i++) {
        for (size_t j = 0; j < line_device_count(instance->lines[i]); j++) {
            if (is_device(instance->lines[i], j, id)) {
                *line = i;
                *index = j;
                return true;
            }
        }
    }
    return false;
}

static bool find_line(const struct collector_instance *instance, const struct command *command,
                      size_t *line)
{
    size_t index = 0;
    if (command->kind != COMMAND_READ_RAW) {
        return find_device(instance, command->device, line, &index);
    }
    for (size_t i = 0; i < instance->line_count; i++) {
        if (strcmp(line_id(instance->lines[i]), command->line) == 0) {
            *line = i;
            return true;
        }
    }
    return false;
}

static int collector_command(struct collector_instance *instance, struct command *take_command)
{
    size_t line = 0;
    if (!instance->is_running) {
        return -ESHUTDOWN;
    }
    if (take_command->kind == COMMAND_READ_RAW && !is_raw_read(take_command)) {
        return -EINVAL;
    }
    if (!find_line(instance, take_command, &line)) {
        return -ENOENT;
    }
    return pool_command(instance->pools[line % instance->pool_count], instance->lines[line],
                        take_command);
}

static size_t collector_lines(struct collector_instance *instance, struct line_status *out,
                              size_t max)
{
    int64_t now_us = clock_mono_us(instance->host->clock);
    for (size_t i = 0; i < instance->line_count && i < max; i++) {
        line_status_copy(instance->lines[i], now_us, &out[i]);
    }
    return instance->line_count;
}

static size_t collector_devices(struct collector_instance *instance, struct device_status *out,
                                size_t max)
{
    int64_t now_us = clock_mono_us(instance->host->clock);
    size_t count = 0;
    for (size_t i = 0; i < instance->line_count; i++) {
        for (size_t j = 0; j < line_device_count(instance->lines[i]); j++, count++) {
            if (count < max) {
                line_device_status(instance->lines[i], j, now_us, &out[count]);
            }
        }
    }
    return count;
}

static int collector_retry(struct collector_instance *instance, const char *device)
{
    size_t line = 0;
    size_t index = 0;
    if (!find_device(instance, device, &line, &index)) {
        return -ENOENT;
    }
    line_retry_refused(instance->lines[line], index);
    return 0;
}

const struct collector modbus_collector = {
    .name = "modbus",
    .create = collector_create,
    .start = collector_start,
    .stop = collector_stop,
    .destroy = collector_destroy,
    .command = collector_command,
    .lines = collector_lines,
    .devices = collector_devices,
    .retry_bad_registers = collector_retry,
};
