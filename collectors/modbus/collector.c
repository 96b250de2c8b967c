/* SPDX-License-Identifier: Apache-2.0 */
/* collector: the Modbus lines of a site dealt out to the I/O pools. */
#include "collectors/modbus/modbus.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "collectors/modbus/collector_parts.h"
#include "collectors/modbus/slot.h"

enum {
    OPENERS_MAX = 8, /* ports that hang at the same time before others have to wait */
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
        const struct device_config *devices = lines[i].devices.items;
        for (size_t j = 0; j < lines[i].devices.count; j++) {
            period_ms[count++] = site_period_ms(setup->site, &devices[j], POLL_FAST);
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
    for (size_t i = 0; i < pools; i++) {
        int error = pool_create(instance->host, width_us, &instance->pools[i]);
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
    struct siblings siblings = {0};
    const struct member_help help = {instance->resolver, instance->openers, &siblings};
    uint32_t index = 0;
    int error = 0;
    for (size_t i = 0; i < setup->site->lines.count && error == 0; i++) {
        struct pool *pool = instance->pools[i % instance->pool_count];
        struct member *member = NULL;
        error = member_create(&help, setup, &configs[i], index, pool, &member);
        index += (uint32_t)configs[i].devices.count;
        instance->members[instance->member_count++] = member;
        pool_add(pool, member->line);
    }
    siblings_finish(&siblings);
    return error;
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
    for (size_t i = 0; i < instance->member_count; i++) {
        member_let_go(instance->members[i]);
    }
    free(instance->members);
    free(instance);
}

static int collector_create(const struct collector_setup *setup, struct collector_instance **out)
{
    struct collector_instance *instance = mem_alloc(sizeof(*instance));
    instance->host = setup->host;
    instance->resolver = crew_create(1);
    instance->openers = crew_create(OPENERS_MAX);
    instance->members = mem_alloc_array(setup->site->lines.count + 1, sizeof(*instance->members));
    int error = make_pools(instance, setup);
    if (error == 0) {
        error = make_lines(instance, setup);
    }
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

/* The line of a device, and its place there; NULL when there is no such device. */
static const struct member *find_device(const struct collector_instance *instance, const char *id,
                                        size_t *index)
{
    for (size_t i = 0; i < instance->member_count; i++) {
        struct line *line = instance->members[i]->line;
        for (*index = 0; *index < line_device_count(line); ++*index) {
            if (is_device(line, *index, id)) {
                return instance->members[i];
            }
        }
    }
    return NULL;
}

static const struct member *find_line(const struct collector_instance *instance,
                                      const struct command *command)
{
    size_t index = 0;
    if (command->kind != COMMAND_READ_RAW) {
        return find_device(instance, command->device, &index);
    }
    for (size_t i = 0; i < instance->member_count; i++) {
        if (strcmp(instance->members[i]->config.id, command->line) == 0) {
            return instance->members[i];
        }
    }
    return NULL;
}

static int collector_command(struct collector_instance *instance, struct command *take_command)
{
    if (!instance->is_running) {
        return -ESHUTDOWN;
    }
    if (take_command->kind == COMMAND_READ_RAW && !is_raw_read(take_command)) {
        return -EINVAL;
    }
    const struct member *member = find_line(instance, take_command);
    return member != NULL ? pool_command(member->pool, member->line, take_command) : -ENOENT;
}

static size_t collector_lines(struct collector_instance *instance, struct line_status *out,
                              size_t max)
{
    int64_t now_us = clock_mono_us(instance->host->clock);
    for (size_t i = 0; i < instance->member_count && i < max; i++) {
        line_status_copy(instance->members[i]->line, now_us, &out[i]);
    }
    return instance->member_count;
}

static size_t collector_devices(struct collector_instance *instance, struct device_status *out,
                                size_t max)
{
    int64_t now_us = clock_mono_us(instance->host->clock);
    size_t count = 0;
    for (size_t i = 0; i < instance->member_count; i++) {
        for (size_t j = 0; j < line_device_count(instance->members[i]->line); j++, count++) {
            if (count < max) {
                line_device_status(instance->members[i]->line, j, now_us, &out[count]);
            }
        }
    }
    return count;
}

static int collector_retry(struct collector_instance *instance, const char *device)
{
    size_t index = 0;
    const struct member *member = find_device(instance, device, &index);
    if (member == NULL) {
        return -ENOENT;
    }
    line_retry_refused(member->line, index);
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
    .prepare = change_prepare,
    .apply = change_apply,
    .finish = change_finish,
};
