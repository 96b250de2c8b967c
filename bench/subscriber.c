/* SPDX-License-Identifier: Apache-2.0 */
/* subscriber: takes what a daemon or a peer publishes and checks each value against the simulator's pattern
 * (sim/pattern.h): is it of this device and point, and newer than the last one? Counts what is missing and measures how
 * old it is. Commands on standard input, one JSON line each on standard output: "begin" and "report".
 *
 * Usage: subscriber PORT TOPIC POINTS PERIOD_MS DEAD_EVERY
 * TOPIC as the programs use it: PREFIX/.../dN/... with a number N. DEAD_EVERY 10: devices 9, 19, ... are not looked at. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench/mqtt_reader.h"
#include "sim/device/pattern.h"
#include "sim/server/histogram.h"

enum {
    DEVICES_MAX = 100000,
    POINTS_MAX = 4096,
    ID_MAX = 16,
    EXAMPLE_MAX = 400,
};

struct source {
    uint32_t seed;
    uint32_t *counts; /* of the point's last value, by index - 1 */
    uint64_t seq;
    int64_t ts_ms;
    int64_t arrival_us;
};

/* Since "begin". */
struct figures {
    uint64_t messages;
    uint64_t values;
    uint64_t wrong;             /* not the value of this device and point */
    uint64_t repeated;          /* not newer than the last one */
    uint64_t incomplete;        /* messages with fewer values than points, or with a quality */
    uint64_t out_of_order;      /* sequence numbers that do not rise */
    uint64_t seq_lost;          /* and those that were left out */
    uint64_t missed;            /* periods without a message, between two of them */
    uint64_t devices;           /* heard of */
    struct histogram latency;   /* us from the message's time to its arrival */
    struct histogram freshness; /* us: how old the last one is when the next arrives */
    char example[EXAMPLE_MAX];  /* the first message that was wrong in any way */
};

struct subscriber {
    long points;
    int64_t period_ms;
    unsigned long dead_every;
    int64_t begun_us;
    int64_t first_us; /* the first message of all; 0 = none yet */
    bool is_over;
    struct source *sources[DEVICES_MAX];
    struct figures figures;
};

static int64_t wall_us(void)
{
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    return (int64_t)time.tv_sec * 1000000 + time.tv_nsec / 1000;
}

static void keep_example(struct subscriber *subscriber, const char *what,
                         const struct mqtt_message *message)
{
    struct figures *figures = &subscriber->figures;
    if (figures->example[0] == '\0') {
        (void)snprintf(figures->example, sizeof(figures->example), "%s: %s %s", what,
                       message->topic, message->payload);
        for (char *at = figures->example; *at != '\0'; at++) {
            *at = *at == '"' || *at == '\\' || (unsigned char)*at < ' ' ? '\'' : *at;
        }
    }
}

/* The source that a part "dN" of the topic names, NULL when there is none. */
static struct source *source_of(struct subscriber *subscriber, const char *topic)
{
    for (const char *at = strchr(topic, '/'); at != NULL; at = strchr(at, '/')) {
        at++;
        char *end = NULL;
        unsigned long number = *at == 'd' ? strtoul(at + 1, &end, 10) : DEVICES_MAX;
        if (number >= DEVICES_MAX || end == at + 1 || *end != '/') {
            continue;
        }
        if (subscriber->dead_every > 0 &&
            number % subscriber->dead_every + 1 == subscriber->dead_every) {
            return NULL;
        }
        if (subscriber->sources[number] == NULL) {
            char id[ID_MAX];
            (void)snprintf(id, sizeof(id), "d%lu", number);
            struct source *source = calloc(1, sizeof(*source));
            if (source == NULL || (source->counts = calloc((size_t)subscriber->points,
                                                           sizeof(*source->counts))) == NULL) {
                abort();
            }
            source->seed = pattern_seed(id);
            subscriber->sources[number] = source;
        }
        return subscriber->sources[number];
    }
    return NULL;
}

/* A value is the register times 0.1: its tenths, -1 when it is none. */
static int64_t tenths_at(const char **text)
{
    int64_t tenths = 0;
    const char *at = *text;
    if (*at < '0' || *at > '9') {
        return -1;
    }
    while (*at >= '0' && *at <= '9') {
        tenths = tenths * 10 + (*at++ - '0');
    }
    tenths *= 10;
    if (*at == '.' && at[1] >= '0' && at[1] <= '9') {
        tenths += at[1] - '0';
        at += 2;
    }
    *text = at;
    return tenths;
}

static void check_value(struct subscriber *subscriber, struct source *source, long index,
                        int64_t tenths, const struct mqtt_message *message)
{
    struct figures *figures = &subscriber->figures;
    figures->values++;
    if (index < 1 || index > subscriber->points) {
        figures->wrong++;
        keep_example(subscriber, "no such point", message);
        return;
    }
    uint32_t count = (uint32_t)(tenths >> PATTERN_CHECK_BITS);
    if (tenths < 0 || tenths > UINT32_MAX ||
        pattern_word(source->seed, (uint16_t)(2 * (index - 1)), count) != (uint32_t)tenths) {
        figures->wrong++;
        keep_example(subscriber, "wrong value", message);
        return;
    }
    uint32_t *last = &source->counts[index - 1];
    if (*last != 0 && count <= *last) {
        figures->repeated++;
        keep_example(subscriber, "old value", message);
    }
    *last = count;
}

static const char *after(const char *text, const char *key)
{
    const char *found = text != NULL ? strstr(text, key) : NULL;
    return found != NULL ? found + strlen(key) : NULL;
}

static void note_times(struct subscriber *subscriber, struct source *source, int64_t ts_ms,
                       int64_t arrival_us)
{
    struct figures *figures = &subscriber->figures;
    /* ts is in whole milliseconds, rounded down: half of one is taken off on average. */
    histogram_add(&figures->latency, arrival_us - ts_ms * 1000 - 500);
    if (source->ts_ms != 0) {
        histogram_add(&figures->freshness, arrival_us - source->ts_ms * 1000 - 500);
        int64_t periods =
            (ts_ms - source->ts_ms + subscriber->period_ms / 2) / subscriber->period_ms;
        figures->missed += periods > 1 ? (uint64_t)(periods - 1) : 0;
    }
    figures->devices += source->arrival_us < subscriber->begun_us ? 1 : 0;
    source->ts_ms = ts_ms;
    source->arrival_us = arrival_us;
}

static void note_seq(struct subscriber *subscriber, struct source *source, uint64_t seq,
                     const struct mqtt_message *message)
{
    struct figures *figures = &subscriber->figures;
    if (source->seq != 0 && seq <= source->seq) {
        figures->out_of_order++;
        keep_example(subscriber, "seq does not rise", message);
    } else if (source->seq != 0) {
        figures->seq_lost += seq - source->seq - 1;
    }
    source->seq = seq;
}

/* {"ts":MS,"seq":N,"values":{"NAME_INDEX":VALUE,...}} */
static void take_json(struct subscriber *subscriber, struct source *source,
                      const struct mqtt_message *message)
{
    const char *text = message->payload;
    const char *ts = after(text, "\"ts\":");
    const char *seq = after(ts, "\"seq\":");
    const char *at = after(seq, "\"values\":{");
    long values = 0;
    if (at == NULL) {
        subscriber->figures.wrong++;
        keep_example(subscriber, "no telemetry", message);
        return;
    }
    while (*at == '"') {
        const char *end = strchr(at + 1, '"');
        const char *index = end;
        while (index != NULL && index > at && index[-1] >= '0' && index[-1] <= '9') {
            index--;
        }
        if (end == NULL || end[1] != ':') {
            break;
        }
        at = end + 2;
        check_value(subscriber, source, strtol(index, NULL, 10), tenths_at(&at), message);
        values++;
        at += *at == ',' ? 1 : 0;
    }
    bool is_complete = values == subscriber->points && *at == '}' && at[1] == '}';
    subscriber->figures.incomplete += is_complete ? 0 : 1;
    if (!is_complete) {
        keep_example(subscriber, "incomplete", message);
    }
    note_seq(subscriber, source, strtoull(seq, NULL, 10), message);
    note_times(subscriber, source, strtoll(ts, NULL, 10), message->arrival_us);
}

/* collectd: .../TYPE-INDEX, "SECONDS:VALUE" */
static void take_plain(struct subscriber *subscriber, struct source *source,
                       const struct mqtt_message *message)
{
    const char *text = message->payload;
    const char *at = after(text, ":");
    const char *index = strrchr(message->topic, '-');
    if (at == NULL || index == NULL) {
        subscriber->figures.wrong++;
        keep_example(subscriber, "no value", message);
        return;
    }
    int64_t ts_ms = (int64_t)(strtod(text, NULL) * 1000.0 + 0.5);
    histogram_add(&subscriber->figures.latency, message->arrival_us - ts_ms * 1000 - 500);
    subscriber->figures.devices += source->arrival_us < subscriber->begun_us ? 1 : 0;
    source->arrival_us = message->arrival_us;
    check_value(subscriber, source, strtol(index + 1, NULL, 10), tenths_at(&at), message);
}

static void take_message(void *context, const struct mqtt_message *message)
{
    struct subscriber *subscriber = context;
    struct source *source = source_of(subscriber, message->topic);
    if (message->length == 0 || source == NULL) {
        return;
    }
    subscriber->figures.messages++;
    subscriber->first_us = subscriber->first_us > 0 ? subscriber->first_us : message->arrival_us;
    if (message->payload[0] == '{') {
        take_json(subscriber, source, message);
    } else {
        take_plain(subscriber, source, message);
    }
}

/* Periods that have passed since the last message of a device. */
static uint64_t overdue(const struct subscriber *subscriber, int64_t now_us)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < DEVICES_MAX; i++) {
        const struct source *source = subscriber->sources[i];
        if (source != NULL && source->ts_ms != 0) {
            int64_t periods = (now_us / 1000 - source->ts_ms) / subscriber->period_ms;
            sum += periods > 1 ? (uint64_t)(periods - 1) : 0;
        }
    }
    return sum;
}

static void report(const struct subscriber *subscriber)
{
    const struct figures *figures = &subscriber->figures;
    int64_t now_us = wall_us();
    (void)printf(
        "{\"seconds\":%.6f,\"messages\":%" PRIu64 ",\"values\":%" PRIu64 ",\"devices\":%" PRIu64
        ",\"wrong\":%" PRIu64 ",\"repeated\":%" PRIu64 ",\"incomplete\":%" PRIu64
        ",\"out_of_order\":%" PRIu64 ",\"seq_lost\":%" PRIu64 ",\"missed\":%" PRIu64,
        (double)(now_us - subscriber->begun_us) / 1e6, figures->messages, figures->values,
        figures->devices, figures->wrong, figures->repeated, figures->incomplete,
        figures->out_of_order, figures->seq_lost, figures->missed + overdue(subscriber, now_us));
    const struct histogram *spreads[] = {&figures->latency, &figures->freshness};
    const char *names[] = {"latency", "freshness"};
    for (size_t i = 0; i < 2; i++) {
        (void)printf(",\"%s_p50_us\":%" PRId64 ",\"%s_p99_us\":%" PRId64 ",\"%s_max_us\":%" PRId64,
                     names[i], histogram_at(spreads[i], 0.5), names[i],
                     histogram_at(spreads[i], 0.99), names[i], spreads[i]->highest);
    }
    (void)printf(",\"first_us\":%" PRId64 ",\"example\":\"%s\"}\n", subscriber->first_us,
                 figures->example);
    (void)fflush(stdout);
}

static void take_command(struct subscriber *subscriber)
{
    char line[64] = {0};
    ssize_t got = read(STDIN_FILENO, line, sizeof(line) - 1);
    if (got <= 0) {
        subscriber->is_over = true;
    } else if (strncmp(line, "begin", 5) == 0) {
        subscriber->figures = (struct figures){0};
        subscriber->begun_us = wall_us();
        report(subscriber);
    } else {
        report(subscriber);
    }
}

static int run(struct subscriber *subscriber, struct mqtt_reader *reader)
{
    report(subscriber); /* ready */
    while (!subscriber->is_over) {
        struct pollfd waiting[] = {
            {.fd = STDIN_FILENO, .events = POLLIN},
            {.fd = reader->fd, .events = POLLIN},
        };
        if (poll(waiting, 2, -1) < 0 && errno != EINTR) {
            return 1;
        }
        if (waiting[1].revents != 0 && !mqtt_reader_read(reader)) {
            (void)fputs("subscriber: the broker has gone\n", stderr);
            return 1;
        }
        if (waiting[0].revents != 0) {
            take_command(subscriber);
        }
    }
    return 0;
}

static void finish(struct subscriber *subscriber)
{
    for (size_t i = 0; i < DEVICES_MAX; i++) {
        if (subscriber->sources[i] != NULL) {
            free(subscriber->sources[i]->counts);
            free(subscriber->sources[i]);
        }
    }
    free(subscriber);
}

int main(int argc, char **argv)
{
    struct subscriber *subscriber = calloc(1, sizeof(*subscriber));
    if (subscriber == NULL || argc != 6) {
        (void)fputs("Usage: subscriber PORT TOPIC POINTS PERIOD_MS DEAD_EVERY\n", stderr);
        free(subscriber);
        return 2;
    }
    subscriber->points = strtol(argv[3], NULL, 10);
    subscriber->period_ms = strtol(argv[4], NULL, 10);
    subscriber->dead_every = strtoul(argv[5], NULL, 10);
    subscriber->begun_us = wall_us();
    if (subscriber->points < 1 || subscriber->points > POINTS_MAX || subscriber->period_ms < 1) {
        (void)fprintf(stderr, "subscriber: points are 1..%d, a period is 1 ms or more\n",
                      POINTS_MAX);
        free(subscriber);
        return 2;
    }
    struct mqtt_reader reader;
    int code = 1;
    if (mqtt_reader_open(&reader, (int)strtol(argv[1], NULL, 10), argv[2], take_message,
                         subscriber) != 0) {
        (void)fprintf(stderr, "subscriber: no broker at port %s\n", argv[1]);
    } else {
        code = run(subscriber, &reader);
    }
    mqtt_reader_close(&reader);
    finish(subscriber);
    return code;
}
