/* SPDX-License-Identifier: Apache-2.0 */
/* stream: the clients of the live stream and their queues. One lock guards them all: there are at most 16, and under it
 * only memory is copied. */
#include "http/server/stream.h"

#include <microhttpd.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "http/routes/routes.h"
#include "http/server/server.h"
#include "http/server/stream_queue.h"

struct stream {
    struct streams *owner;
    struct MHD_Connection *connection;
    char *device; /* the filter */
    char *node;
    /* guarded by the owner's lock */
    struct stream *next;
    struct text snapshot; /* goes first and is not bounded by the queue */
    size_t snapshot_sent;
    struct stream_queue queue;
    uint64_t missed;
    bool is_suspended;
};

struct streams {
    const struct http_view *view;
    struct loop_source *heartbeat;
    int subscription;
    struct text scratch; /* main thread: the batch being written */
    bool is_beating;     /* main thread: the heartbeat's timer is on */
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

static void append(struct stream *stream, struct stream_event *event)
{
    stream_queue_add(&stream->queue, event);
    resume(stream);
}

static void append_gap(struct stream *stream)
{
    struct text gap = {0};
    text_add_format(&gap, "event: gap\ndata: {\"missed\":%llu}\n\n",
                    (unsigned long long)stream->missed);
    struct stream_event *event = stream_event_create(gap.data, gap.length);
    append(stream, event);
    stream_event_unref(event);
    text_finish(&gap);
    stream->owner->status.gaps++;
    stream->missed = 0;
}

/* A client that fell behind gets nothing more until half its queue is free: one gap, not one a batch. */
static void offer(struct stream *stream, struct stream_event *event)
{
    size_t limit = stream->missed > 0 ? STREAM_QUEUE_MAX / 2 : STREAM_QUEUE_MAX;
    if (stream->queue.bytes + event->length > limit) {
        stream->missed++;
        stream->owner->status.missed++;
        return;
    }
    if (stream->missed > 0) {
        append_gap(stream);
    }
    append(stream, event);
}

static bool wants(const struct stream *stream, const struct device *device)
{
    const struct live_filter filter = {.device = stream->device, .node = stream->node};
    return live_filter_passes(&filter, stream->owner->view->site, device);
}

static struct stream_event *render_batch(struct text *text, const struct batch *batch)
{
    text_clear(text);
    text_add_string(text, "event: batch\ndata: ");
    struct writer writer = {.text = text};
    live_write_batch(&writer, batch);
    text_add_string(text, "\n\n");
    return stream_event_create(text->data, text->length);
}

static void on_batch(void *context, const struct batch *batch)
{
    struct streams *streams = context;
    struct stream_event *event = NULL;
    pthread_mutex_lock(&streams->lock);
    for (struct stream *stream = streams->first; stream; stream = stream->next) {
        if (!wants(stream, batch->device)) {
            continue;
        }
        if (!event) {
            event = render_batch(&streams->scratch, batch);
        }
        offer(stream, event);
    }
    stream_event_unref(event);
    pthread_mutex_unlock(&streams->lock);
}

/* One beat for all. It goes on as it is when another stream is opened, or each newcomer would put off everybody's. */
static void arm_heartbeat(struct streams *streams)
{
    if (!streams->is_beating) {
        int64_t now_us = clock_mono_us(loop_clock(streams->view->loop));
        loop_timer_at(streams->heartbeat, now_us + STREAM_HEARTBEAT_S * 1000000LL);
        streams->is_beating = true;
    }
}

/* Also finds out which clients are gone: writing to them fails. Where something waits it is heard instead. */
static void on_heartbeat(void *context)
{
    static const char comment[] = ": heartbeat\n\n";
    struct streams *streams = context;
    pthread_mutex_lock(&streams->lock);
    struct stream_event *event = stream_event_create(comment, sizeof(comment) - 1);
    for (struct stream *stream = streams->first; stream; stream = stream->next) {
        if (stream->queue.bytes == 0) {
            append(stream, event);
        }
    }
    stream_event_unref(event);
    bool is_needed = streams->first != NULL;
    pthread_mutex_unlock(&streams->lock);
    streams->is_beating = false;
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
    text_finish(&streams->scratch);
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

static size_t send_snapshot(struct stream *stream, char *buffer, size_t max)
{
    struct text *snapshot = &stream->snapshot;
    size_t left = snapshot->length - stream->snapshot_sent;
    size_t size = left < max ? left : max;
    memcpy(buffer, snapshot->data + stream->snapshot_sent, size);
    stream->snapshot_sent += size;
    if (stream->snapshot_sent == snapshot->length) {
        text_finish(snapshot);
        stream->snapshot_sent = 0;
    }
    return size;
}

ssize_t stream_read(void *context, uint64_t position, char *buffer, size_t max)
{
    struct stream *stream = context;
    ssize_t size = 0;
    (void)position;
    pthread_mutex_lock(&stream->owner->lock);
    if (stream->snapshot.length > 0) {
        size = (ssize_t)send_snapshot(stream, buffer, max);
    } else if (stream->queue.bytes > 0) {
        size = (ssize_t)stream_queue_read(&stream->queue, buffer, max);
    } else if (stream->owner->is_closed) {
        size = MHD_CONTENT_READER_END_OF_STREAM;
    } else {
        stream->is_suspended = true;
        MHD_suspend_connection(stream->connection);
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
    stream_queue_finish(&stream->queue); /* its events are shared: under the lock */
    pthread_mutex_unlock(&streams->lock);
    text_finish(&stream->snapshot);
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
        request_refuse(request, ERROR_TOO_MANY_STREAMS,
                       "16 streams at once; close one, or ask /api/v1/live",
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
