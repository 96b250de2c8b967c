/* SPDX-License-Identifier: Apache-2.0 */
/* stream_read: what a client gets, on MHD's threads. Events are taken out of the ring by the handful, under the lock, and go
 * from there into the socket, without it. Of what a viewer costs, copying is most: so they do not go through MHD's buffer,
 * but where the socket is full. MHD asks for more only when all it had is sent, so nothing gets out of order. */
#include <inttypes.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

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

/* Takes the reference. */
static void put_in_hand(struct stream *stream, struct stream_block *block, size_t at, size_t end)
{
    size_t place = (stream->hand_first + stream->hand_count) % STREAM_HAND_MAX;
    stream->hand[place] = (struct stream_piece){block, at, end};
    stream->hand_count++;
}

static void take_gap(struct stream *stream)
{
    struct streams *streams = stream->owner;
    char id[STREAM_ID_SIZE];
    struct text gap = {0};
    text_add_format(&gap, "id: %s\nevent: gap\ndata: {\"missed\":%" PRIu64 "}\n\n",
                    stream_id(streams, stream->position - 1, id), stream->missed);
    put_in_hand(stream, stream_block_of(gap.data, gap.length), 0, gap.length);
    text_finish(&gap);
    streams->status.gaps++;
    stream->missed = 0;
}

/* Passes over what the client does not want, then counts what it does, up to the first that it does not. */
static size_t find_run(struct stream *stream, const struct stream_block *block, size_t *first)
{
    size_t index = (size_t)(stream->position - block->first);
    while (index < block->count &&
           !stream_filter_passes(&stream->filter, block->events[index].device)) {
        index++;
    }
    *first = index;
    while (index < block->count &&
           stream_filter_passes(&stream->filter, block->events[index].device)) {
        index++;
    }
    stream->position = block->first + index;
    return index - *first;
}

/* Under the lock. At least one event when there is one. */
static void take_events(struct stream *stream)
{
    const struct stream_ring *ring = &stream->owner->ring;
    if (stream->missed > 0) {
        take_gap(stream);
    }
    while (stream->position < ring->next && stream->hand_count < STREAM_HAND_MAX) {
        struct stream_block *block = stream_ring_at(ring, stream->position);
        size_t first = 0;
        size_t count = find_run(stream, block, &first);
        if (count > 0) {
            size_t at = stream_block_start(block, first);
            size_t end = stream_block_start(block, first + count);
            put_in_hand(stream, stream_block_ref(block), at, end);
        }
    }
}

static void drop_first(struct stream *stream)
{
    stream_block_unref(stream->hand[stream->hand_first].block);
    stream->hand_first = (stream->hand_first + 1) % STREAM_HAND_MAX;
    stream->hand_count--;
}

static size_t send_hand(struct stream *stream, char *buffer, size_t max)
{
    size_t size = 0;
    while (size < max && stream->hand_count > 0) {
        struct stream_piece *piece = &stream->hand[stream->hand_first];
        size_t left = piece->end - piece->at;
        size_t part = left < max - size ? left : max - size;
        memcpy(buffer + size, piece->block->bytes + piece->at, part);
        size += part;
        piece->at += part;
        if (piece->at == piece->end) {
            drop_first(stream);
        }
    }
    return size;
}

/* Writes what is in hand. 0: all of it is gone; -EAGAIN: the socket is full; else the connection is broken. */
static int write_hand(struct stream *stream)
{
    struct iovec parts[STREAM_HAND_MAX];
    for (size_t i = 0; i < stream->hand_count; i++) {
        const struct stream_piece *piece =
            &stream->hand[(stream->hand_first + i) % STREAM_HAND_MAX];
        parts[i] = (struct iovec){piece->block->bytes + piece->at, piece->end - piece->at};
    }
    const struct msghdr message = {.msg_iov = parts, .msg_iovlen = stream->hand_count};
    ssize_t sent = sendmsg(stream->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0) {
        return -errno;
    }
    for (size_t left = (size_t)sent; left > 0;) {
        struct stream_piece *piece = &stream->hand[stream->hand_first];
        size_t part = piece->end - piece->at < left ? piece->end - piece->at : left;
        piece->at += part;
        left -= part;
        if (piece->at == piece->end) {
            drop_first(stream);
        }
    }
    return stream->hand_count > 0 ? -EAGAIN : 0;
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

/* Fills the hand. With nothing to be had *rested is what MHD is told. */
static bool take(struct stream *stream, char *buffer, size_t max, ssize_t *rested)
{
    pthread_mutex_lock(&stream->owner->lock);
    take_events(stream);
    if (stream->hand_count > 0) {
        stream->wants_heartbeat = false;
    } else {
        *rested = rest(stream, buffer, max);
    }
    pthread_mutex_unlock(&stream->owner->lock);
    return stream->hand_count > 0;
}

ssize_t stream_read(void *context, uint64_t position, char *buffer, size_t max)
{
    struct stream *stream = context;
    ssize_t rested = 0;
    int error = 0;
    (void)position;
    if (stream->head.length > 0) {
        return (ssize_t)send_head(stream, buffer, max);
    }
    while (error == 0 && (stream->hand_count > 0 || take(stream, buffer, max, &rested))) {
        error = write_hand(stream);
    }
    if (error == -EAGAIN) {
        return (ssize_t)send_hand(stream, buffer, max);
    }
    return error == 0 ? rested : MHD_CONTENT_READER_END_WITH_ERROR;
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
