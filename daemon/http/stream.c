/* SPDX-License-Identifier: Apache-2.0 */
/* stream: the clients of the live stream and their queues. One lock guards them all: there are at most 16, and under it
 * only memory is copied. */
#include "http/stream.h"

#include <microhttpd.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "http/routes.h"
#include "http/server.h"

struct stream {
    struct streams *owner;
    struct MHD_Connection *connection;
    char *device; /* the filter */
    char *node;
    /* guarded by the owner's lock */
    struct stream *next;
    struct text snapshot; /* goes first and is not bounded by the queue */
    struct text queue;
    size_t snapshot_sent;
    size_t queue_sent;
    uint64_t missed;
    bool is_suspended;
};

struct streams {
    const struct http_view *view;
    struct loop_source *heartbeat;
    int subscription;
    struct text event; /* main thread: the batch being handed out */
    pthread_mutex_t lock;
    struct stream *first;
    bool is_closed;
    struct streams_status status;
};

static void resume(struct stream *stream)
{
    if (stream->is_suspended) {
        stream->is_suspended = false;
        MHD_resume_connection(stream->connection);
    }
}

static void append(struct stream *stream, const char *bytes, size_t length)
{
    if (stream->queue_sent > 0) {
        struct text *queue = &stream->queue;
        memmove(queue->data, queue->data + stream->queue_sent, queue->length - stream->queue_sent);
        queue->length -= stream->queue_sent;
        stream->queue_sent = 0;
    }
    text_add(&stream->queue, bytes, length);
    resume(stream);
}

static size_t waiting_size(const struct stream *stream)
{
    return stream->queue.length - stream->queue_sent;
}

/* A client that fell behind gets nothing more until half its queue is free: one gap, not one a batch. */
static void offer(struct stream *stream, const char *bytes, size_t length)
{
    size_t limit = stream->missed > 0 ? STREAM_QUEUE_MAX / 2 : STREAM_QUEUE_MAX;
    if (waiting_size(stream) + length > limit) {
        stream->missed++;
        stream->owner->status.missed++;
        return;
    }
    if (stream->missed > 0) {
        struct text gap = {0};
        text_add_format(&gap, "event: gap\ndata: {\"missed\":%llu}\n\n",
                        (unsigned long long)stream->missed);
        append(stream, gap.data, gap.length);
        text_finish(&gap);
        stream->owner->status.gaps++;
        stream->missed = 0;
    }
    append(stream, bytes, length);
}

static bool wants(const struct stream *stream, const struct device *device)
{
    const struct live_filter filter = {.device = stream->device, .node = stream->node};
    return live_filter_passes(&filter, stream->owner->view->site, device);
}

static void render_batch(struct text *event, const struct batch *batch)
{
    text_clear(event);
    text_add_string(event, "event: batch\ndata: ");
    struct writer writer = {.text = event};
    live_write_batch(&writer, batch);
    text_add_string(event, "\n\n");
}

static void on_batch(void *context, const struct batch *batch)
{
    struct streams *streams = context;
    bool is_rendered = false;
    pthread_mutex_lock(&streams->lock);
    for (struct stream *stream = streams->first; stream; stream = stream->next) {
        if (!wants(stream, batch->device)) {
            continue;
        }
        if (!is_rendered) {
            render_batch(&streams->event, batch);
            is_rendered = true;
        }
        offer(stream, streams->event.data, streams->event.length);
    }
    pthread_mutex_unlock(&streams->lock);
}

static void arm_heartbeat(struct streams *streams)
{
    int64_t now_us = clock_mono_us(loop_clock(streams->view->loop));
    loop_timer_at(streams->heartbeat, now_us + STREAM_HEARTBEAT_S * 1000000LL);
}

/* Also finds out which clients are gone: writing to them fails. */
static void on_heartbeat(void *context)
{
    static const char comment[] = ": heartbeat\n\n";
    struct streams *streams = context;
    pthread_mutex_lock(&streams->lock);
    bool is_needed = streams->first != NULL;
    for (struct stream *stream = streams->first; stream; stream = stream->next) {
        if (waiting_size(stream) == 0) {
            append(stream, comment, sizeof(comment) - 1);
        }
    }
    pthread_mutex_unlock(&streams->lock);
    if (is_needed) {
        arm_heartbeat(streams);
    }
}

int streams_create(const struct http_view *view, struct streams **out)
{
    struct streams *streams = mem_alloc(sizeof(*streams));
    pthread_mutex_init(&streams->lock, NULL);
    streams->view = view;
    const struct hub_subscriber subscriber = {.batch = on_batch, .context = streams};
    streams->subscription = hub_subscribe(view->hub, &subscriber);
    int error = streams->subscription;
    if (error >= 0) {
        error = loop_add_timer(view->loop, on_heartbeat, streams, &streams->heartbeat);
    }
    if (error < 0) {
        streams_detach(streams);
        streams_destroy(streams);
        return error;
    }
    *out = streams;
    return 0;
}

void streams_close(struct streams *streams)
{
    pthread_mutex_lock(&streams->lock);
    streams->is_closed = true;
    for (struct stream *stream = streams->first; stream; stream = stream->next) {
        resume(stream);
    }
    pthread_mutex_unlock(&streams->lock);
}

void streams_detach(struct streams *streams)
{
    if (streams->subscription >= 0) {
        hub_unsubscribe(streams->view->hub, streams->subscription);
        streams->subscription = -1;
    }
    loop_remove(streams->heartbeat);
    streams->heartbeat = NULL;
}

void streams_destroy(struct streams *streams)
{
    if (!streams) {
        return;
    }
    text_finish(&streams->event);
    pthread_mutex_destroy(&streams->lock);
    free(streams);
}

struct streams_status streams_status(struct streams *streams)
{
    pthread_mutex_lock(&streams->lock);
    struct streams_status status = streams->status;
    pthread_mutex_unlock(&streams->lock);
    return status;
}

static size_t send_from(const struct text *from, size_t *sent, char *buffer, size_t max)
{
    size_t left = from->length - *sent;
    size_t size = left < max ? left : max;
    memcpy(buffer, from->data + *sent, size);
    *sent += size;
    return size;
}

ssize_t stream_read(void *context, uint64_t position, char *buffer, size_t max)
{
    struct stream *stream = context;
    ssize_t size = 0;
    (void)position;
    pthread_mutex_lock(&stream->owner->lock);
    if (stream->snapshot_sent < stream->snapshot.length) {
        size = (ssize_t)send_from(&stream->snapshot, &stream->snapshot_sent, buffer, max);
    } else if (waiting_size(stream) > 0) {
        size = (ssize_t)send_from(&stream->queue, &stream->queue_sent, buffer, max);
    } else if (stream->owner->is_closed) {
        size = MHD_CONTENT_READER_END_OF_STREAM;
    } else {
        stream->is_suspended = true;
        MHD_suspend_connection(stream->connection);
    }
    if (stream->snapshot.length > 0 && stream->snapshot_sent == stream->snapshot.length) {
        text_finish(&stream->snapshot);
        stream->snapshot_sent = 0;
    }
    pthread_mutex_unlock(&stream->owner->lock);
    return size;
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
    text_finish(&stream->snapshot);
    text_finish(&stream->queue);
    free(stream->device);
    free(stream->node);
    free(stream);
}

static void write_snapshot(struct request *request, struct stream *stream)
{
    const struct live_filter filter = {.device = stream->device, .node = stream->node};
    struct writer writer = {.text = &stream->snapshot};
    text_add_string(&stream->snapshot, "event: snapshot\ndata: ");
    live_write_snapshot(&writer, &request->http->view, &filter);
    text_add_string(&stream->snapshot, "\n\n");
}

static bool has_room(struct request *request, struct streams *streams)
{
    pthread_mutex_lock(&streams->lock);
    bool is_free = !streams->is_closed && streams->status.open < STREAMS_MAX;
    if (is_free) {
        streams->status.open++;
    }
    pthread_mutex_unlock(&streams->lock);
    if (!is_free) {
        request_refuse(request, 503, "16 streams at once; close one, or ask /api/v1/live",
                       "no more streams can be opened");
    }
    return is_free;
}

/* On the main thread: so no batch falls between the snapshot and the first event, and none comes twice. */
static void open_stream(struct request *request)
{
    struct streams *streams = request->http->streams;
    struct live_filter filter;
    if (live_filter_read(request, &filter) < 0) {
        return;
    }
    request->answer.status = 200;
    request->answer.content_type = "text/event-stream";
    if (request->is_head || !has_room(request, streams)) {
        return;
    }
    struct stream *stream = mem_alloc(sizeof(*stream));
    stream->owner = streams;
    stream->connection = request->connection;
    stream->device = mem_dup_string(filter.device);
    stream->node = mem_dup_string(filter.node);
    write_snapshot(request, stream);
    request->stream = stream;
    pthread_mutex_lock(&streams->lock);
    stream->next = streams->first;
    streams->first = stream;
    pthread_mutex_unlock(&streams->lock);
    arm_heartbeat(streams);
}

void stream_get(struct request *request)
{
    (void)request_on_main(request, open_stream);
}
