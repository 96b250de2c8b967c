/* SPDX-License-Identifier: Apache-2.0 */
/* stream: the main thread's side: batches into the ring, waking, opening. */
#include "http/server/stream.h"

#include <inttypes.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/mem.h"
#include "http/routes/routes.h"
#include "http/server/server.h"
#include "http/server/stream_parts.h"

static int64_t now_of(const struct streams *streams)
{
    return clock_mono_us(loop_clock(streams->view->loop));
}

static const struct text *write_batch(struct streams *streams, const struct batch *batch)
{
    char id[STREAM_ID_SIZE];
    struct text *text = &streams->scratch;
    text_clear(text);
    text_add_string(text, "id: ");
    text_add_string(text, stream_id(streams, streams->ring.next, id));
    text_add_string(text, "\nevent: batch\ndata: ");
    struct writer writer = {.text = text};
    live_write_batch(&writer, batch);
    text_add_string(text, "\n\n");
    return text;
}

/* Under the lock: how many events of the block, from a number on, the client would have got. */
static uint64_t count_wanted(const struct stream *stream, const struct stream_block *block,
                             uint64_t from)
{
    uint64_t count = 0;
    for (size_t i = (size_t)(from - block->first); i < block->count; i++) {
        count += stream_filter_passes(&stream->filter, block->events[i].device) ? 1 : 0;
    }
    return count;
}

/* Under the lock. A client that the ring has passed goes on in its middle, so that it is one gap and not one a batch. */
static void pass_by(struct streams *streams, struct stream *stream, const struct stream_block *shed)
{
    const struct stream_ring *ring = &streams->ring;
    uint64_t missed = count_wanted(stream, shed, stream->position);
    uint64_t first = stream_ring_first(ring);
    uint64_t middle = first + (ring->next - first) / 2;
    stream->position = first;
    while (stream->position < middle) {
        const struct stream_block *block = stream_ring_at(ring, stream->position);
        missed += count_wanted(stream, block, stream->position);
        stream->position = block->first + block->count;
    }
    stream->missed += missed;
    streams->status.missed += missed;
}

/* Under the lock. */
static void make_room(struct streams *streams, size_t length, int64_t now_us)
{
    struct stream_block *shed = NULL;
    while ((shed = stream_ring_shed(&streams->ring, length, now_us)) != NULL) {
        for (struct stream *stream = streams->first; stream; stream = stream->next) {
            if (stream->position < stream_ring_first(&streams->ring)) {
                pass_by(streams, stream, shed);
            }
        }
        stream_block_unref(shed);
    }
}

static void on_batch(void *context, const struct batch *batch)
{
    struct streams *streams = context;
    if (!streams->is_recording) {
        return;
    }
    int64_t now_us = now_of(streams);
    const struct text *text = write_batch(streams, batch);
    pthread_mutex_lock(&streams->lock);
    make_room(streams, text->length, now_us);
    stream_ring_add(&streams->ring, batch->device, text->data, text->length, now_us);
    pthread_mutex_unlock(&streams->lock);
    streams->has_news = true;
}

/* Under the lock. Passes over what the client does not want, so that it is not woken for nothing. */
static bool has_news(struct stream *stream)
{
    const struct stream_ring *ring = &stream->owner->ring;
    while (stream->missed == 0 && stream->position < ring->next) {
        const struct stream_block *block = stream_ring_at(ring, stream->position);
        if (count_wanted(stream, block, stream->position) > 0) {
            return true;
        }
        stream->position = block->first + block->count;
    }
    return stream->missed > 0;
}

/* Wakes those for whom there is something, or all. MHD is called without the lock, which its threads want at once; what is
 * suspended cannot end meanwhile. */
static void wake(struct streams *streams, bool is_heartbeat)
{
    struct MHD_Connection *connections[STREAMS_MAX];
    size_t count = 0;
    pthread_mutex_lock(&streams->lock);
    for (struct stream *stream = streams->first; stream; stream = stream->next) {
        stream->wants_heartbeat |= is_heartbeat;
        if (stream->is_suspended && (has_news(stream) || is_heartbeat)) {
            stream->is_suspended = false;
            connections[count++] = stream->connection;
        }
    }
    pthread_mutex_unlock(&streams->lock);
    for (size_t i = 0; i < count; i++) {
        MHD_resume_connection(connections[i]);
    }
}

static void wake_now(struct streams *streams, int64_t now_us)
{
    streams->has_news = false;
    streams->woken_us = now_us;
    wake(streams, false);
}

static void on_wake(void *context)
{
    struct streams *streams = context;
    streams->is_waking = false;
    if (streams->has_news) {
        wake_now(streams, now_of(streams));
    }
}

/* The first news goes out at once; what follows within 200 ms goes together. */
static void on_flush(void *context)
{
    struct streams *streams = context;
    if (!streams->has_news || streams->is_waking) {
        return;
    }
    int64_t now_us = now_of(streams);
    int64_t due_us = streams->woken_us + STREAM_WAKE_MS * 1000;
    if (now_us >= due_us) {
        wake_now(streams, now_us);
    } else {
        loop_timer_at(streams->wake, due_us);
        streams->is_waking = true;
    }
}

/* One beat for all. It goes on as it is when another stream is opened, or each newcomer would put off everybody's. */
static void arm_heartbeat(struct streams *streams)
{
    if (!streams->is_beating) {
        loop_timer_at(streams->heartbeat, now_of(streams) + STREAM_HEARTBEAT_S * 1000000LL);
        streams->is_beating = true;
    }
}

static void stop_recording(struct streams *streams)
{
    pthread_mutex_lock(&streams->lock);
    stream_ring_forget(&streams->ring);
    pthread_mutex_unlock(&streams->lock);
    streams->is_recording = false;
}

/* Also finds out which clients are gone: writing to them fails. */
static void on_heartbeat(void *context)
{
    struct streams *streams = context;
    int64_t now_us = now_of(streams);
    streams->is_beating = false;
    if (streams_status(streams).open > 0) {
        streams->last_heard_us = now_us;
        wake(streams, true);
    }
    if (now_us - streams->last_heard_us > STREAM_KEEP_S * 1000000LL) {
        stop_recording(streams);
    } else {
        arm_heartbeat(streams);
    }
}

static int subscribe(struct streams *streams)
{
    const struct hub_subscriber subscriber = {
        .batch = on_batch, .flush = on_flush, .context = streams};
    streams->subscription = hub_subscribe(streams->view->hub, &subscriber);
    if (streams->subscription < 0) {
        return streams->subscription;
    }
    int error = loop_add_timer(streams->view->loop, on_heartbeat, streams, &streams->heartbeat);
    return error < 0 ? error
                     : loop_add_timer(streams->view->loop, on_wake, streams, &streams->wake);
}

int streams_create(const struct http_view *view, size_t memory, struct streams **out)
{
    struct streams *streams = mem_alloc(sizeof(*streams));
    pthread_mutex_init(&streams->lock, NULL);
    streams->view = view;
    streams->ring = (struct stream_ring){
        .bytes_max = memory, .age_max_us = STREAM_KEEP_S * 1000000LL, .next = 1};
    bool has_life =
        getrandom(&streams->life, sizeof(streams->life), 0) == (ssize_t)sizeof(streams->life);
    int error = has_life ? subscribe(streams) : -EIO;
    if (error < 0) {
        streams_detach(streams);
        streams_destroy(streams);
        return error;
    }
    *out = streams;
    return 0;
}

void streams_show(struct streams *streams)
{
    pthread_mutex_lock(&streams->lock);
    for (struct stream *stream = streams->first; stream; stream = stream->next) {
        stream_filter_show(&stream->filter, streams->view->site);
    }
    pthread_mutex_unlock(&streams->lock);
}

void streams_close(struct streams *streams)
{
    pthread_mutex_lock(&streams->lock);
    streams->is_closed = true;
    pthread_mutex_unlock(&streams->lock);
    wake(streams, true);
}

void streams_detach(struct streams *streams)
{
    if (streams->subscription >= 0) {
        hub_unsubscribe(streams->view->hub, streams->subscription);
        streams->subscription = -1;
    }
    loop_remove(streams->heartbeat);
    loop_remove(streams->wake);
    streams->heartbeat = NULL;
    streams->wake = NULL;
}

void streams_destroy(struct streams *streams)
{
    if (!streams) {
        return;
    }
    stream_ring_finish(&streams->ring);
    text_finish(&streams->scratch);
    pthread_mutex_destroy(&streams->lock);
    free(streams);
}

struct streams_status streams_status(struct streams *streams)
{
    pthread_mutex_lock(&streams->lock);
    struct streams_status status = streams->status;
    status.bytes = streams->ring.bytes;
    pthread_mutex_unlock(&streams->lock);
    return status;
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
                       "100 streams at once; close one, or ask /api/v1/live",
                       "no more streams can be opened");
    }
    return is_free;
}

/* The number of the event after which the client wants to go on, NULL when it can; else why not. */
static const char *find_place(const struct streams *streams, const char *after, uint64_t *number)
{
    unsigned life = 0;
    int length = 0;
    if (sscanf(after, "%8x-%" SCNu64 "%n", &life, number, &length) != 2 || after[length] != '\0') {
        return "no_id";
    }
    if (life != streams->life || *number >= streams->ring.next) {
        return "other_life";
    }
    /* Nothing of what came after it has been shed, or left out while nobody listened. */
    return *number + 1 < stream_ring_first(&streams->ring) ? "too_old" : NULL;
}

static void write_snapshot(struct request *request, struct stream *stream,
                           const struct live_filter *filter, const char *reset)
{
    const struct streams *streams = stream->owner;
    struct text *head = &stream->head;
    struct writer writer = {.text = head};
    char id[STREAM_ID_SIZE];
    (void)stream_id(streams, streams->ring.next - 1, id);
    if (reset) {
        text_add_format(head, "id: %s\nevent: reset\ndata: {\"why\":\"%s\"}\n\n", id, reset);
    }
    text_add_format(head, "id: %s\nevent: snapshot\ndata: ", id);
    live_write_snapshot(&writer, &request->http->view, filter);
    text_add_string(head, "\n\n");
    stream->position = streams->ring.next;
}

/* A browser that connects again asks for the same address and tells by a header where it was. */
static void place(struct request *request, struct stream *stream, const struct live_filter *filter)
{
    struct streams *streams = stream->owner;
    const char *header = request_header(request, "Last-Event-ID");
    const char *after = header ? header : request_parameter(request, "after");
    uint64_t number = 0;
    const char *reset = after ? find_place(streams, after, &number) : NULL;
    if (after && !reset) {
        text_add_string(&stream->head, ": resumed\n\n");
        stream->position = number + 1;
    } else {
        write_snapshot(request, stream, filter, reset);
    }
    pthread_mutex_lock(&streams->lock);
    streams->status.resumed += after && !reset ? 1 : 0;
    streams->status.resets += reset ? 1 : 0;
    stream->next = streams->first;
    streams->first = stream;
    pthread_mutex_unlock(&streams->lock);
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
    stream->fd = request_fd(request);
    stream_filter_init(&stream->filter, &filter, request->http->view.site);
    streams->is_recording = true;
    streams->last_heard_us = now_of(streams);
    place(request, stream, &filter);
    request->stream = stream;
    arm_heartbeat(streams);
}

void stream_get(struct request *request)
{
    (void)request_on_main(request, open_stream);
}
