/* SPDX-License-Identifier: Apache-2.0 */
/* stream_read: what a client gets, on MHD's threads. Events are taken out of the ring by the handful, under the lock; they
 * are copied without it. */
#include <inttypes.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "http/server/stream_parts.h"

static const char heartbeat[] = ": heartbeat\n\n";

const char *stream_id(const struct streams *streams, uint64_t number,
                      char out[static STREAM_ID_SIZE])
{
    (void)snprintf(out, STREAM_ID_SIZE, "%08x-%" PRIu64, (unsigned)streams->life, number);
    return out;
}

static size_t send_head(struct stream *stream, char *buffer, size_t max)
{
    struct text *head = &stream->head;
    size_t left = head->length - stream->head_sent;
    size_t size = left < max ? left : max;
    memcpy(buffer, head->data + stream->head_sent, size);
    stream->head_sent += size;
    if (stream->head_sent == head->length) {
        text_finish(head);
        stream->head_sent = 0;
    }
    return size;
}

static void put_in_hand(struct stream *stream, struct stream_event *take_event)
{
    stream->hand[(stream->hand_first + stream->hand_count) % STREAM_HAND_MAX] = take_event;
    stream->hand_count++;
}

static void take_gap(struct stream *stream)
{
    struct streams *streams = stream->owner;
    char id[STREAM_ID_SIZE];
    struct text gap = {0};
    text_add_format(&gap, "id: %s\nevent: gap\ndata: {\"missed\":%" PRIu64 "}\n\n",
                    stream_id(streams, stream->position - 1, id), stream->missed);
    put_in_hand(stream, stream_event_create(NULL, gap.data, gap.length));
    text_finish(&gap);
    streams->status.gaps++;
    stream->missed = 0;
}

/* Under the lock. At least one event when there is one, and about as many bytes as are wanted. */
static void take_events(struct stream *stream, size_t bytes)
{
    const struct stream_ring *ring = &stream->owner->ring;
    size_t taken = 0;
    if (stream->missed > 0) {
        take_gap(stream);
    }
    while (stream->position < ring->next && stream->hand_count < STREAM_HAND_MAX && taken < bytes) {
        struct stream_event *event = stream_ring_at(ring, stream->position++);
        if (stream_filter_passes(&stream->filter, event->device)) {
            put_in_hand(stream, stream_event_ref(event));
            taken += event->length;
        }
    }
}

static void drop_first(struct stream *stream)
{
    stream_event_unref(stream->hand[stream->hand_first]);
    stream->hand_first = (stream->hand_first + 1) % STREAM_HAND_MAX;
    stream->hand_count--;
    stream->hand_sent = 0;
}

static size_t send_hand(struct stream *stream, char *buffer, size_t max)
{
    size_t size = 0;
    while (size < max && stream->hand_count > 0) {
        const struct stream_event *event = stream->hand[stream->hand_first];
        size_t left = event->length - stream->hand_sent;
        size_t part = left < max - size ? left : max - size;
        memcpy(buffer + size, event->bytes + stream->hand_sent, part);
        size += part;
        stream->hand_sent += part;
        if (stream->hand_sent == event->length) {
            drop_first(stream);
        }
    }
    return size;
}

/* Under the lock, with nothing in hand. */
static ssize_t rest(struct stream *stream, char *buffer, size_t max)
{
    if (stream->owner->is_closed) {
        return MHD_CONTENT_READER_END_OF_STREAM;
    }
    if (stream->wants_heartbeat && max >= sizeof(heartbeat) - 1) {
        stream->wants_heartbeat = false;
        memcpy(buffer, heartbeat, sizeof(heartbeat) - 1);
        return sizeof(heartbeat) - 1;
    }
    stream->is_suspended = true;
    MHD_suspend_connection(stream->connection);
    return 0;
}

ssize_t stream_read(void *context, uint64_t position, char *buffer, size_t max)
{
    struct stream *stream = context;
    ssize_t rested = 0;
    (void)position;
    if (stream->head.length > 0) {
        return (ssize_t)send_head(stream, buffer, max);
    }
    if (stream->hand_count == 0) {
        pthread_mutex_lock(&stream->owner->lock);
        take_events(stream, max);
        if (stream->hand_count > 0) {
            stream->wants_heartbeat = false;
        } else {
            rested = rest(stream, buffer, max);
        }
        pthread_mutex_unlock(&stream->owner->lock);
    }
    return stream->hand_count > 0 ? (ssize_t)send_hand(stream, buffer, max) : rested;
}

void stream_end(void *context)
{
    struct stream *stream = context;
    if (!stream) {
        return;
    }
    struct streams *streams = stream->owner;
    pthread_mutex_lock(&streams->lock);
    struct stream **link = &streams->first;
    while (*link != stream) {
        link = &(*link)->next;
    }
    *link = stream->next;
    streams->status.open--;
    pthread_mutex_unlock(&streams->lock);
    while (stream->hand_count > 0) {
        drop_first(stream);
    }
    text_finish(&stream->head);
    stream_filter_finish(&stream->filter);
    free(stream);
}
