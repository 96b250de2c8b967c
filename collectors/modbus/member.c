/* SPDX-License-Identifier: Apache-2.0 */
/* member: making a line and its devices from their rows and profiles. */
#include "collectors/modbus/member.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/mem.h"

enum {
    RESPONSE_TIMEOUT_MS = 1000,
};

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

static struct transport *make_transport(const struct member_help *helpers,
                                        const struct line_config *config, bool has_ids,
                                        struct pool *pool)
{
    struct transport_help help = {
        .has_ids = has_ids,
        .resolver = helpers->resolver,
        .openers = helpers->openers,
        .home = pool_home(pool),
    };
    return config->transport == LINE_RTU ? transport_rtu_create(config, &help)
                                         : transport_tcp_create(config, &help);
}

/* own: the member's copy of the configuration, which lives as long as the line. */
static struct line *make_line(const struct member_help *helpers,
                              const struct collector_setup *setup, const struct line_config *own,
                              const struct line_config *config, struct pool *pool)
{
    struct link_needs needs = needs_of(config, setup->profiles);
    int64_t timeout_ms = config->response_timeout_ms;
    int64_t delay_ms = config->connect_delay_ms;
    int64_t gap_ms = config->gap_ms;
    char *endpoint = endpoint_of(config);
    struct line_settings settings = {
        .id = own->id,
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
    struct transport *transport = make_transport(helpers, own, !needs.ignore_transaction_id, pool);
    struct line *line = line_create(&settings, transport, pool_line_host(pool));
    free(endpoint);
    return line;
}

static void add_device(const struct member_help *helpers, struct line *line,
                       const struct line_unknown *from, const int64_t period_ms[POLL_CLASS_COUNT],
                       uint32_t index)
{
    if (from->profile->discovery != DISCOVERY_NONE) {
        line_add_unknown(line, from, period_ms, index);
        return;
    }
    struct device *device = siblings_share(
        helpers->siblings, site_device(from->site, from->line, from->device, from->profile));
    struct plan *plan = siblings_plan(helpers->siblings, from->profile, from->device, period_ms);
    line_add_device(line, device, plan, period_ms, index);
    device_unref(device);
}

/* A device's profile lives on for as long as the line reads by it. */
static void hold_profile(struct member *member, const struct profile *profile)
{
    for (size_t i = 0; i < member->profile_count; i++) {
        if (member->profiles[i] == profile) {
            return;
        }
    }
    member->profiles =
        mem_grow(member->profiles, member->profile_count + 1, sizeof(*member->profiles));
    member->profiles[member->profile_count++] = profile_hold(profile);
}

static int add_devices(struct member *member, const struct member_help *helpers,
                       const struct collector_setup *setup, const struct line_config *config,
                       uint32_t index)
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
        hold_profile(member, profile);
        add_device(helpers, member->line, &added, period_ms, index + (uint32_t)i);
        line_know_refused(member->line, i, setup->bad_registers, setup->bad_register_count);
    }
    return 0;
}

/* What the line and its transport borrow. */
static void copy_config(struct line_config *own, const struct line_config *config)
{
    *own = *config;
    own->origin = (struct origin){0};
    own->devices = (struct option_list){0};
    own->id = mem_dup_string(config->id);
    own->host = mem_dup_string(config->host);
    own->path = mem_dup_string(config->path);
}

int member_create(const struct member_help *helpers, const struct collector_setup *setup,
                  const struct line_config *config, uint32_t index, struct pool *pool,
                  struct member **out)
{
    struct member *member = mem_alloc(sizeof(*member));
    copy_config(&member->config, config);
    member->pool = pool;
    member->line = make_line(helpers, setup, &member->config, config, pool);
    *out = member;
    return add_devices(member, helpers, setup, config, index);
}

void member_let_go(struct member *member)
{
    if (member == NULL) {
        return;
    }
    for (size_t i = 0; i < member->profile_count; i++) {
        profile_release(member->profiles[i]);
    }
    free(member->profiles);
    free(member->config.id);
    free(member->config.host);
    free(member->config.path);
    free(member);
}

void member_destroy(struct member *member)
{
    if (member != NULL) {
        line_destroy(member->line);
        member_let_go(member);
    }
}
