/* SPDX-License-Identifier: Apache-2.0 */
/* mqtt_reader: one subscription at QoS 0 by MQTT 3.1.1, read in large pieces. libmosquitto asks the kernel several times
 * for each message, which at 10 000 a second costs more than the daemon that is measured. One thread. */
#ifndef LINGTAN_BENCH_MQTT_READER_H
#define LINGTAN_BENCH_MQTT_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mqtt_message {
    const char *topic;
    char *payload; /* both end with a zero byte and are valid during the call */
    size_t length;
    int64_t arrival_us; /* wall time at which its piece was read */
};

typedef void (*mqtt_message_fn)(void *context, const struct mqtt_message *message);

struct mqtt_reader {
    int fd;
    size_t length;
    size_t capacity;
    char *buffer; /* one byte more than the capacity */
    mqtt_message_fn take;
    void *context;
};

/* Connects to 127.0.0.1 and subscribes; returns when the broker has confirmed it. Negative errno. */
int mqtt_reader_open(struct mqtt_reader *reader, int port, const char *topic, mqtt_message_fn take,
                     void *context);
void mqtt_reader_close(struct mqtt_reader *reader);

/* Takes what has come; fd was readable. False: the broker has ended the connection. */
bool mqtt_reader_read(struct mqtt_reader *reader);

#endif
