/* SPDX-License-Identifier: Apache-2.0 */
/* bench_rollups: what roll-ups take on disk and how fast they answer. Meters of 20 values stand at the places of the
 * simulated compound; a month of readings at 10 s is handed to the roll-ups at once, as the store's thread hands over what it
 * has committed, then the hours of those days are
 * repeated to a year of them. Prints a table; figures of a year are scaled from what was written.
 *
 *     bench_rollups FOLDER [days]     the folder must be empty; 1 GB free for 30 days */
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "sim/device/role.h"
#include "sim/world/options.h"
#include "store/rollup/rollup_internal.h"
#include "store/store_internal.h"

enum {
    DEVICES = 200,
    POINTS = 20,
    PERIOD_S = 10,
    DAYS = 30,
    YEAR_DAYS = 365,
    HOUR_S = 3600,
    ROLES_MAX = 64,
    ASKS = 20,
};

static const int64_t begin_s = 1798761600; /* 2027-01-01T00:00:00Z */

static const struct meter_point {
    enum quantity_id quantity;
    double resolution;
} meter_points[POINTS] = {
    {QUANTITY_ID_voltage_a, 0.1},
    {QUANTITY_ID_voltage_b, 0.1},
    {QUANTITY_ID_voltage_c, 0.1},
    {QUANTITY_ID_voltage_ab, 0.1},
    {QUANTITY_ID_voltage_bc, 0.1},
    {QUANTITY_ID_voltage_ca, 0.1},
    {QUANTITY_ID_current_a, 0.001},
    {QUANTITY_ID_current_b, 0.001},
    {QUANTITY_ID_current_c, 0.001},
    {QUANTITY_ID_active_power, 0.001},
    {QUANTITY_ID_active_power_a, 0.001},
    {QUANTITY_ID_active_power_b, 0.001},
    {QUANTITY_ID_active_power_c, 0.001},
    {QUANTITY_ID_reactive_power, 0.001},
    {QUANTITY_ID_apparent_power, 0.001},
    {QUANTITY_ID_power_factor, 0.001},
    {QUANTITY_ID_frequency, 0.01},
    {QUANTITY_ID_active_energy_import, 0.01},
    {QUANTITY_ID_active_energy_export, 0.01},
    {QUANTITY_ID_reactive_energy_import, 0.01},
};

struct bench {
    struct model_options options;
    struct world *world;
    struct role roles[ROLES_MAX];
    size_t role_count;
    struct device *devices[DEVICES];
    struct fake_clock fake;
    struct store *store;
    uint64_t position;
    int64_t offered_us; /* time in rollups_offer */
    uint64_t values;
};

static int64_t now_us(void)
{
    return clock_mono_us(clock_real());
}

/* Of the whole process: nothing else is going on in it. */
static int64_t cpu_us(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * INT64_C(1000000) +
           usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
}

static void try_role(struct bench *bench, const char *name)
{
    if (bench->role_count < ROLES_MAX &&
        role_parse(bench->world, name, &bench->roles[bench->role_count]) == 0) {
        bench->role_count++;
    }
}

static void find_roles(struct bench *bench)
{
    static const char *const forms[] = {"building:b%d",      "building:b%d:light",
                                        "building:b%d:hvac", "building:b%d:power",
                                        "feeder:%d",         "pv:%d",
                                        "charger:%d"};
    char name[32];
    for (int number = 1; number <= 20; number++) {
        for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
            snprintf(name, sizeof(name), forms[i], number);
#pragma GCC diagnostic pop
            try_role(bench, name);
        }
    }
}

static void make_devices(struct bench *bench)
{
    struct point points[POINTS] = {0};
    char id[16];
    for (size_t i = 0; i < POINTS; i++) {
        const struct quantity *quantity = quantity_get(meter_points[i].quantity);
        points[i] = (struct point){.name = quantity->name,
                                   .quantity = quantity,
                                   .source = POINT_INTEGER,
                                   .resolution = meter_points[i].resolution,
                                   .period_ms = PERIOD_S * 1000};
    }
    for (size_t i = 0; i < DEVICES; i++) {
        snprintf(id, sizeof(id), "meter-%zu", i + 1);
        const struct device model = {.id = id,
                                     .name = id,
                                     .site = "compound",
                                     .node = "",
                                     .line = "line-1",
                                     .profile = "meter",
                                     .device_class = DEVICE_METER,
                                     .unit = 1,
                                     .point_count = POINTS,
                                     .points = points};
        bench->devices[i] = device_create(&model);
    }
}

/* What each place says now, in counts. */
static void look(struct bench *bench, int64_t counts[ROLES_MAX][POINTS])
{
    for (size_t i = 0; i < bench->role_count; i++) {
        for (size_t k = 0; k < POINTS; k++) {
            double value = 0;
            if (!role_value(bench->world, &bench->roles[i], meter_points[k].quantity, 0, 1,
                            &value)) {
                value = 0;
            }
            counts[i][k] = llround(value / meter_points[k].resolution);
        }
    }
}

static struct batch *poll_device(struct bench *bench, size_t device, int64_t time_us,
                                 const int64_t *counts)
{
    struct batch *batch = batch_create(bench->devices[device], POINTS, 0);
    /* A reply comes some milliseconds sooner or later. */
    const int64_t at_us =
        time_us + (int64_t)device * 20000 + (int64_t)(bench->position * 2654435761U % 4000);
    batch->position = ++bench->position;
    batch->time_us = at_us;
    batch->count = POINTS;
    for (size_t i = 0; i < POINTS; i++) {
        batch->readings[i] = (struct reading){
            .time_us = at_us + (i < POINTS / 2 ? 0 : 15000),
            .value = (double)counts[i] * meter_points[i].resolution,
            .count = counts[i],
            .resolution = meter_points[i].resolution,
            .point = (uint16_t)i,
        };
    }
    return batch;
}

static void poll_all(struct bench *bench, int64_t time_s)
{
    int64_t counts[ROLES_MAX][POINTS];
    struct batch *batches[DEVICES];
    world_run(bench->world, time_s * 1000000);
    look(bench, counts);
    for (size_t i = 0; i < DEVICES; i++) {
        batches[i] = poll_device(bench, i, time_s * 1000000, counts[i % bench->role_count]);
    }
    const int64_t began_us = cpu_us();
    rollups_offer(bench->store->rollups, batches, DEVICES);
    bench->offered_us += cpu_us() - began_us;
    bench->values += (uint64_t)DEVICES * POINTS;
    for (size_t i = 0; i < DEVICES; i++) {
        batch_unref(batches[i]);
    }
}

static void settle(struct bench *bench, int64_t time_s)
{
    atomic_store(&bench->fake.now_wall_us, time_s * 1000000);
    const int error = rollups_settle(bench->store->rollups);
    if (error < 0) {
        fprintf(stderr, "settling failed: %s\n", strerror(-error));
        exit(1);
    }
}

static void open_bench(struct bench *bench, const char *folder)
{
    const struct store_options options = {.folder = (char *)folder,
                                          .commit_ms = 500,
                                          .journal_days = 90,
                                          .journal_mb = 1000,
                                          .minute_days = 400,
                                          .hour_days = 3650};
    fake_clock_init(&bench->fake, 0, begin_s * 1000000);
    if (store_open(&options, &bench->fake.clock, &bench->store) < 0 ||
        store_start(bench->store) < 0) {
        fprintf(stderr, "cannot open a store in %s\n", folder);
        exit(1);
    }
    bench->store->rollups->bytes_max = 4 << 20;
    settle(bench, begin_s);
}

static double folder_mb(const char *folder, const char *prefix)
{
    double bytes = 0;
    char *path = mem_format("%s/rollup", folder);
    DIR *listing = opendir(path);
    for (struct dirent *entry = NULL; listing != NULL && (entry = readdir(listing)) != NULL;) {
        struct stat status;
        char *file = mem_format("%s/%s", path, entry->d_name);
        if (strncmp(entry->d_name, prefix, strlen(prefix)) == 0 && stat(file, &status) == 0) {
            bytes += (double)status.st_size;
        }
        free(file);
    }
    if (listing != NULL) {
        closedir(listing);
    }
    free(path);
    return bytes / 1e6;
}

static int compare(const void *one, const void *other)
{
    const int64_t left = *(const int64_t *)one;
    const int64_t right = *(const int64_t *)other;
    return (left > right) - (left < right);
}

/* Each time another point of another device. */
static void ask(struct bench *bench, const char *what, int64_t from_s, int64_t to_s, size_t pixels)
{
    int64_t took_us[ASKS];
    const int64_t began_cpu_us = cpu_us();
    struct journal_reader *reader = NULL;
    struct rollup_answer answer = {0};
    enum rollup_tier tier = ROLLUP_AUTO;
    size_t columns = 0;
    if (journal_reader_open(bench->store, &reader) < 0) {
        exit(1);
    }
    for (size_t i = 0; i < ASKS; i++) {
        const struct device *device = bench->devices[i * 37 % DEVICES];
        const struct rollup_ask question = {.device = device->id,
                                            .point = device->points[i % POINTS].name,
                                            .from_us = from_s * 1000000,
                                            .to_us = to_s * 1000000,
                                            .pixels = pixels};
        const int64_t began_us = now_us();
        if (rollup_query(bench->store, reader, &question, &answer) < 0) {
            exit(1);
        }
        took_us[i] = now_us() - began_us;
        tier = answer.tier;
        columns = answer.count;
        rollup_answer_finish(&answer);
    }
    journal_reader_close(reader);
    qsort(took_us, ASKS, sizeof(took_us[0]), compare);
    printf("| %s | tier %s, %zu columns, median %.1f ms, longest %.1f ms, CPU %.1f ms |\n", what,
           rollup_tier_word(tier), columns, (double)took_us[ASKS / 2] / 1e3,
           (double)took_us[ASKS - 1] / 1e3, (double)(cpu_us() - began_cpu_us) / 1e3 / ASKS);
}

static void copy_day(struct tier *tier, int64_t from, int64_t to)
{
    for (uint64_t layout = 1; layout <= DEVICES; layout++) {
        const void *data = NULL;
        size_t length = 0;
        struct bytes copy = {0};
        if (tier_get(tier, layout, from, &data, &length) != 1) {
            exit(1);
        }
        bytes_put(&copy, data, length);
        if (tier_put(tier, layout, to, &copy) < 0) {
            exit(1);
        }
        bytes_finish(&copy);
    }
}

/* The days that were written once more, until the year is full. */
static void fill_year(const char *folder, int64_t days)
{
    struct tier *tier = NULL;
    char *path = mem_format("%s/rollup/hours-2027.db", folder);
    const int64_t first = begin_s / DAY_S;
    if (tier_open(TIER_HOURS, path, &tier) < 0 || tier_begin(tier) < 0) {
        exit(1);
    }
    for (int64_t day = days; day < YEAR_DAYS; day++) {
        copy_day(tier, first + day % days, first + day);
    }
    if (tier_commit(tier) < 0) {
        exit(1);
    }
    tier_close(tier);
    free(path);
}

int main(int argc, char **argv)
{
    struct bench bench = {.options = {.latitude_deg = 28.66,
                                      .longitude_deg = 121.42,
                                      .pv_peak_kw = 1800,
                                      .inverters = 18,
                                      .inverter_kw = 100,
                                      .chargers = 6,
                                      .gun_kw = 60,
                                      .piles = 102,
                                      .pile_groups = 4}};
    const char *fault = NULL;
    if (argc < 2) {
        fprintf(stderr, "usage: bench_rollups FOLDER [days]\n");
        return 2;
    }
    const char *folder = argv[1];
    const int64_t days = argc > 2 ? strtol(argv[2], NULL, 10) : DAYS;
    model_complete(&bench.options);
    if (world_create(&bench.options, 1, begin_s * 1000000, &fault, &bench.world) < 0) {
        return 1;
    }
    find_roles(&bench);
    make_devices(&bench);
    setvbuf(stdout, NULL, _IOLBF, 0);
    open_bench(&bench, folder);
    printf("| %d devices x %d values at %d s, %lld days | |\n|---|---|\n", DEVICES, POINTS,
           PERIOD_S, (long long)days);
    const int64_t end_s = begin_s + days * DAY_S;
    int64_t settled_us = 0;
    for (int64_t time_s = begin_s; time_s < end_s; time_s += PERIOD_S) {
        poll_all(&bench, time_s);
        if ((time_s + PERIOD_S) % HOUR_S == 0) {
            const int64_t began_us = cpu_us();
            settle(&bench, time_s + PERIOD_S);
            settled_us += cpu_us() - began_us;
        }
    }
    const double minutes_mb = folder_mb(folder, "minutes-");
    printf("| a value, on the store's thread, CPU | %.1f ns |\n",
           (double)bench.offered_us * 1e3 / (double)bench.values);
    printf("| written and merged, CPU | %.1f ns a value, %.0f ms an hour |\n",
           (double)settled_us * 1e3 / (double)bench.values,
           (double)settled_us / 1e3 / (double)(days * 24));
    printf("| minutes | %.1f MB, %.2f bytes a point and minute, %.2f GB a year |\n", minutes_mb,
           minutes_mb * 1e6 / (double)(days * DAY_S / 60) / (DEVICES * POINTS),
           minutes_mb / 1e3 / (double)days * YEAR_DAYS);
    ask(&bench, "a day in minutes", end_s - DAY_S, end_s, 1440);
    ask(&bench, "the month at 1000 pixels", begin_s, end_s, 1000);
    fill_year(folder, days);
    printf("| hours of a year | %.1f MB |\n", folder_mb(folder, "hours-"));
    ask(&bench, "a year at 1000 pixels", begin_s, begin_s + (int64_t)YEAR_DAYS * DAY_S, 1000);
    store_destroy(bench.store);
    world_destroy(bench.world);
    for (size_t i = 0; i < DEVICES; i++) {
        device_unref(bench.devices[i]);
    }
    return 0;
}
