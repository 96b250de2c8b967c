/* SPDX-License-Identifier: Apache-2.0 */
/* mqtt_reader: packets of MQTT 3.1.1, chapters 2 and 3. */
#include "bench/mqtt_reader.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    CONNACK = 2,
    PUBLISH = 3,
    SUBACK = 9,
    BUFFER = 1 << 20,
    TOPIC_MAX = 256,
};

static int64_t wall_us(void)
{
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    return (int64_t)time.tv_sec * 1000000 + time.tv_nsec / 1000;
}

/* The packet at the beginning of the bytes: its body, and how long it is in all; 0 = not whole yet. */
static size_t whole_packet(const char *bytes, size_t length, size_t *body)
{
    size_t rest = 0;
    for (size_t i = 1; i < length && i <= 4; i++) {
        rest |= (size_t)(bytes[i] & 0x7F) << (7 * (i - 1));
        if ((bytes[i] & 0x80) == 0) {
            *body = i + 1;
            return length >= i + 1 + rest ? i + 1 + rest : 0;
        }
    }
    return 0;
}

static void take_publish(const struct mqtt_reader *reader, char *body, char *end,
                         int64_t arrival_us)
{
    char topic[TOPIC_MAX];
    size_t length = (size_t)((unsigned char)body[0] << 8 | (unsigned char)body[1]);
    if (length >= sizeof(topic) || body + 2 + length > end) {
        return;
    }
    memcpy(topic, body + 2, length);
    topic[length] = '\0';
    char *payload = body + 2 + length;
    char next = *end;
    *end = '\0';
    const struct mqtt_message message = {topic, payload, (size_t)(end - payload), arrival_us};
    reader->take(reader->context, &message);
    *end = next;
}

/* Returns the type of the last packet that is not a message, 0 = there was none. */
static int take_packets(struct mqtt_reader *reader, int64_t arrival_us)
{
    size_t done = 0;
    size_t body = 0;
    int other = 0;
    for (;;) {
        char *packet = reader->buffer + done;
        size_t size = whole_packet(packet, reader->length - done, &body);
        if (size == 0) {
            break;
        }
        int type = (unsigned char)packet[0] >> 4;
        if (type == PUBLISH && size >= body + 2) {
            take_publish(reader, packet + body, packet + size, arrival_us);
        } else {
            other = type;
        }
        done += size;
    }
    reader->length -= done;
    memmove(reader->buffer, reader->buffer + done, reader->length);
    return other;
}

bool mqtt_reader_read(struct mqtt_reader *reader)
{
    ssize_t got =
        recv(reader->fd, reader->buffer + reader->length, reader->capacity - reader->length, 0);
    if (got <= 0) {
        return got < 0 && errno == EINTR;
    }
    reader->length += (size_t)got;
    (void)take_packets(reader, wall_us());
    return reader->length < reader->capacity;
}

/* Reads until the broker says so. */
static int await(struct mqtt_reader *reader, int type)
{
    int seen = 0;
    while (seen != type) {
        ssize_t got =
            recv(reader->fd, reader->buffer + reader->length, reader->capacity - reader->length, 0);
        if (got <= 0) {
            return -ECONNABORTED;
        }
        reader->length += (size_t)got;
        seen = take_packets(reader, wall_us());
    }
    return 0;
}

static int greet(struct mqtt_reader *reader, const char *topic)
{
    /* Clean session, no keep-alive, a name of the broker's choice. */
    static const char connect_packet[] = {0x10, 12, 0, 4, 'M', 'Q', 'T', 'T', 4, 2, 0, 0, 0, 0};
    char subscribe[TOPIC_MAX];
    size_t length = strlen(topic);
    if (length > 100) {
        return -ENAMETOOLONG;
    }
    const char head[] = {(char)0x82, (char)(length + 5), 0, 1, 0, (char)length};
    memcpy(subscribe, head, sizeof(head));
    memcpy(subscribe + sizeof(head), topic, length);
    subscribe[sizeof(head) + length] = 0; /* QoS */
    if (send(reader->fd, connect_packet, sizeof(connect_packet), MSG_NOSIGNAL) < 0) {
        return -errno;
    }
    int error = await(reader, CONNACK);
    if (error == 0 && send(reader->fd, subscribe, sizeof(head) + length + 1, MSG_NOSIGNAL) < 0) {
        error = -errno;
    }
    return error == 0 ? await(reader, SUBACK) : error;
}

int mqtt_reader_open(struct mqtt_reader *reader, int port, const char *topic, mqtt_message_fn take,
                     void *context)
{
    const struct sockaddr_in where = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    *reader = (struct mqtt_reader){.capacity = BUFFER, .take = take, .context = context};
    reader->buffer = malloc(BUFFER + 1);
    reader->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (reader->buffer == NULL || reader->fd < 0 ||
        connect(reader->fd, (const struct sockaddr *)&where, sizeof(where)) < 0) {
        return -errno;
    }
    return greet(reader, topic);
}

void mqtt_reader_close(struct mqtt_reader *reader)
{
    if (reader->fd >= 0) {
        (void)close(reader->fd);
    }
    free(reader->buffer);
}
