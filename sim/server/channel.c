/* SPDX-License-Identifier: Apache-2.0 */
/* channel: buffers and timed frames of one connection. */
#include "sim/server/channel.h"

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "sim/server/server.h"

static void unlink_job(struct outgoing *job)
{
    struct channel *channel = job->channel;
    struct outgoing **place = &channel->jobs;
    while (*place != job) {
        place = &(*place)->next;
    }
    *place = job->next;
    channel->job_count--;
}

void channel_close(struct channel *channel)
{
    struct poller *poller = &channel->simulator->poller;
    if (channel->is_closed) {
        return;
    }
    channel->is_closed = true;
    for (struct outgoing *job = channel->jobs, *next = NULL; job != NULL; job = next) {
        next = job->next;
        poller_cancel(poller, &job->timer);
        free(job);
    }
    channel->jobs = NULL;
    poller_remove(poller, channel->fd);
    (void)close(channel->fd);
    struct channel **place = &channel->server->channels;
    while (*place != channel) {
        place = &(*place)->next;
    }
    *place = channel->next;
    free(channel->out);
    poller_free_later(poller, channel);
}

void channel_abort(struct channel *channel)
{
    struct linger linger = {.l_onoff = 1};
    (void)setsockopt(channel->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
    channel_close(channel);
}

static ssize_t write_some(const struct channel *channel, const uint8_t *bytes, size_t length)
{
    return channel->is_serial ? write(channel->fd, bytes, length)
                              : send(channel->fd, bytes, length, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* Keeps what the peer does not take yet; a peer that takes nothing for long loses its connection. */
static void keep(struct channel *channel, const uint8_t *bytes, size_t length)
{
    if (channel->is_serial) {
        return; /* nobody reads the wire */
    }
    if (channel->out == NULL) {
        channel->out = mem_alloc(CHANNEL_OUT);
    }
    if (channel->out_length + length > CHANNEL_OUT) {
        channel_close(channel);
        return;
    }
    memcpy(channel->out + channel->out_length, bytes, length);
    channel->out_length += length;
    poller_change(&channel->simulator->poller, channel->fd, EPOLLIN | EPOLLOUT, &channel->source);
}

static void send_now(struct channel *channel, const uint8_t *bytes, size_t length)
{
    if (channel->out_length > 0) {
        keep(channel, bytes, length);
        return;
    }
    ssize_t sent = write_some(channel, bytes, length);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) {
        if (!channel->is_serial) {
            channel_close(channel);
        }
        return;
    }
    size_t done = sent > 0 ? (size_t)sent : 0;
    if (done < length) {
        keep(channel, bytes + done, length - done);
    }
}

static void flush_out(struct channel *channel)
{
    ssize_t sent = write_some(channel, channel->out, channel->out_length);
    if (sent < 0) {
        if (errno != EAGAIN && errno != EINTR) {
            channel_close(channel);
        }
        return;
    }
    channel->out_length -= (size_t)sent;
    memmove(channel->out, channel->out + sent, channel->out_length);
    if (channel->out_length == 0) {
        poller_change(&channel->simulator->poller, channel->fd, EPOLLIN, &channel->source);
    }
}

static void send_last(struct channel *channel, const uint8_t *bytes, size_t length, bool is_last)
{
    send_now(channel, bytes, length);
    if (is_last && !channel->is_closed && !channel->is_serial) {
        (void)shutdown(channel->fd, SHUT_WR);
    }
}

static void fire_job(struct poll_timer *timer)
{
    struct outgoing *job = (struct outgoing *)(void *)timer;
    struct channel *channel = job->channel;
    if (job->how.apart_ns > 0 && job->at + 1 < job->length) {
        const uint8_t *byte = &job->bytes[job->at++];
        poller_at(&channel->simulator->poller, timer,
                  job->how.mono_us + (int64_t)job->at * job->how.apart_ns / 1000);
        send_now(channel, byte, 1); /* last: it may close the channel */
        return;
    }
    unlink_job(job);
    send_last(channel, job->bytes + job->at, job->length - job->at, job->how.is_last);
    free(job);
}

void channel_send(struct channel *channel, const uint8_t *bytes, size_t length,
                  const struct sending *how)
{
    if (channel->is_closed || length == 0) {
        return;
    }
    if (how->apart_ns == 0 && how->mono_us <= clock_mono_us(channel->simulator->clock)) {
        send_last(channel, bytes, length, how->is_last);
        return;
    }
    if (channel->job_count >= CHANNEL_JOBS) {
        return;
    }
    struct outgoing *job = mem_alloc(sizeof(*job));
    job->timer.fire = fire_job;
    job->channel = channel;
    job->next = channel->jobs;
    job->how = *how;
    job->length = length;
    memcpy(job->bytes, bytes, length);
    channel->jobs = job;
    channel->job_count++;
    poller_at(&channel->simulator->poller, &job->timer, how->mono_us);
}

/* On a serial line a pause ends a frame: what was begun before it is dropped. */
static void forget_old(struct channel *channel)
{
    const int64_t silence_us = 50000;
    int64_t now_us = clock_mono_us(channel->simulator->clock);
    if (channel->framing->ends_by_silence && now_us - channel->last_byte_us > silence_us) {
        channel->in_length = 0;
    }
    channel->last_byte_us = now_us;
}

static void take_bytes(struct channel *channel)
{
    forget_old(channel);
    ssize_t got =
        read(channel->fd, channel->in + channel->in_length, CHANNEL_IN - channel->in_length);
    bool is_lost = got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR);
    if (is_lost && !channel->is_serial) {
        channel_close(channel);
    }
    if (got <= 0) {
        return;
    }
    enum line_trouble trouble = channel->server->line->trouble;
    if (trouble == LINE_TROUBLE_GONE && !channel->is_serial) {
        channel_abort(channel);
        return;
    }
    if (trouble != LINE_TROUBLE_NONE) {
        return;
    }
    channel->in_length += (size_t)got;
    size_t done = channel->framing->consume(channel);
    if (channel->is_closed) {
        return;
    }
    /* A full buffer without a frame in it holds none. */
    done = done == 0 && channel->in_length == CHANNEL_IN ? CHANNEL_IN : done;
    channel->in_length -= done;
    memmove(channel->in, channel->in + done, channel->in_length);
}

static void channel_ready(struct poll_source *source, uint32_t events)
{
    struct channel *channel = (struct channel *)(void *)source;
    if (channel->is_closed) {
        return;
    }
    if ((events & EPOLLOUT) != 0 && channel->out_length > 0) {
        flush_out(channel);
    }
    if (!channel->is_closed && (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) {
        take_bytes(channel);
    }
}

int channel_create(struct line_server *server, struct simulator *simulator, int take_fd,
                   bool is_serial, const struct framing *framing)
{
    struct channel *channel = mem_alloc(sizeof(*channel));
    channel->source.ready = channel_ready;
    channel->simulator = simulator;
    channel->server = server;
    channel->framing = framing;
    channel->fd = take_fd;
    channel->is_serial = is_serial;
    channel->byte_ns = is_serial ? server->byte_ns : 0;
    int error = poller_add(&simulator->poller, take_fd, EPOLLIN, &channel->source);
    if (error != 0) {
        (void)close(take_fd);
        free(channel);
        return error;
    }
    channel->next = server->channels;
    server->channels = channel;
    return 0;
}
