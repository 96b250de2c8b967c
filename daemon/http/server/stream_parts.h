/* SPDX-License-Identifier: Apache-2.0 */
/* stream_parts: what stream.c (main thread) and stream_read.c (MHD's threads) share. */
#ifndef LINGTAN_HTTP_STREAM_PARTS_H
#define LINGTAN_HTTP_STREAM_PARTS_H

#include <pthread.h>

#include "http/server/stream.h"
#include "http/server/stream_filter.h"
#include "http/server/stream_ring.h"

struct MHD_Connection;

enum { STREAM_HAND_MAX = 8 };

/* Events that follow each other in a block. */
struct stream_piece {
    struct stream_block *block; /* its reference */
    size_t at;
    size_t end;
};

struct stream {
    struct streams *owner;
    struct MHD_Connection *connection;
    int fd;                      /* the connection's */
    struct stream_filter filter; /* guarded by the owner's lock */
    /* of the thread that sends */
    struct text head; /* goes first: the snapshot */
    size_t head_sent;
    struct stream_piece hand[STREAM_HAND_MAX]; /* taken out of the ring, being sent */
    size_t hand_first;
    size_t hand_count;
    /* guarded by the owner's lock */
    struct stream *next;
    uint64_t position; /* number of the next event to look at */
    uint64_t missed;   /* since the last gap was told */
    bool is_suspended;
    bool wants_heartbeat;
};

struct streams {
    const struct http_view *view;
    struct loop_source *heartbeat;
    struct loop_source *wake;
    int subscription;
    uint32_t life; /* of the daemon: numbers of another one mean nothing */
    /* main thread */
    struct text scratch;
    bool is_beating;       /* the heartbeat's timer is on */
    bool is_waking;        /* the wake's timer is on */
    bool is_recording;     /* the ring is fed */
    bool has_news;         /* since the last wake */
    int64_t woken_us;      /* monotonic */
    int64_t last_heard_us; /* when there was a stream last */
    pthread_mutex_t lock;
    /* guarded by the lock */
    struct stream_ring ring; /* next is the main thread's, which may read it without */
    struct stream *first;
    bool is_closed;
    struct streams_status status;
};

/* "5f3a2b1c-17" */
enum { STREAM_ID_SIZE = 40 };
const char *stream_id(const struct streams *streams, uint64_t number,
                      char out[static STREAM_ID_SIZE]);

#endif
