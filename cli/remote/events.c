/* SPDX-License-Identifier: Apache-2.0 */
/* events: HTTP/1.0 is asked for, so that the stream comes as it is, in no chunks, and ends with the connection. */
#include "cli/remote/events.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    READ_SIZE = 64 * 1024,
    BUFFER_MAX = 64 * 1024 * 1024,
};

void events_init(struct events *events)
{
    *events = (struct events){.fd = -1};
}

void events_close(struct events *events)
{
    if (events->fd >= 0) {
        close(events->fd);
    }
    text_finish(&events->buffer);
    events_init(events);
}

static int ask(int fd, const char *target)
{
    struct text request = {0};
    text_add_format(&request, "GET %s HTTP/1.0\r\nHost: localhost\r\n\r\n", target);
    ssize_t sent = send(fd, request.data, request.length, MSG_NOSIGNAL);
    int error = sent == (ssize_t)request.length ? 0 : -ECONNRESET;
    text_finish(&request);
    return error;
}

int events_open(struct events *events, const char *socket_path, const char *target)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    events_close(events);
    if (strlen(socket_path) >= sizeof(address.sun_path)) {
        return -ENAMETOOLONG;
    }
    memcpy(address.sun_path, socket_path, strlen(socket_path) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return -errno;
    }
    int error = connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ? -errno : 0;
    error = error < 0 ? error : ask(fd, target);
    if (error < 0) {
        close(fd);
        return error;
    }
    events->fd = fd;
    return 0;
}

static void drop(struct events *events, size_t count)
{
    struct text *buffer = &events->buffer;
    memmove(buffer->data, buffer->data + count, buffer->length - count + 1);
    buffer->length -= count;
    events->scanned = 0;
}

/* -EAGAIN while the head is not whole. */
static int take_head(struct events *events)
{
    static const char end[] = "\r\n\r\n";
    const char *found = events->buffer.data ? strstr(events->buffer.data, end) : NULL;
    if (!found) {
        return -EAGAIN;
    }
    bool is_good = strncmp(events->buffer.data, "HTTP/1.", 7) == 0 &&
                   strncmp(events->buffer.data + 8, " 200 ", 5) == 0;
    if (!is_good) {
        return -EPROTO;
    }
    events->has_head = true;
    drop(events, (size_t)(found - events->buffer.data) + strlen(end));
    return 0;
}

/* Our daemon writes "id: ID\nevent: NAME\ndata: ONE LINE\n\n"; anything else is a comment. */
static void give_event(char *event, event_fn fn, void *context)
{
    static const char id_key[] = "id: ";
    static const char name_key[] = "event: ";
    static const char data_key[] = "\ndata: ";
    if (strncmp(event, id_key, strlen(id_key)) == 0) {
        event += strcspn(event, "\n");
        event += event[0] == '\n' ? 1 : 0;
    }
    char *data = strstr(event, data_key);
    if (strncmp(event, name_key, strlen(name_key)) == 0 && data) {
        *data = '\0';
        fn(context, event + strlen(name_key), data + strlen(data_key));
    }
}

static void give_events(struct events *events, event_fn fn, void *context)
{
    size_t start = 0;
    size_t from = events->scanned;
    char *data = events->buffer.data;
    char *end = NULL;
    while ((end = strstr(data + from, "\n\n")) != NULL) {
        *end = '\0';
        give_event(data + start, fn, context);
        start = (size_t)(end - data) + 2;
        from = start;
    }
    drop(events, start);
    /* The last byte may be the first half of an end. */
    events->scanned = events->buffer.length > 0 ? events->buffer.length - 1 : 0;
}

int events_feed(struct events *events, const char *bytes, size_t length, event_fn fn, void *context)
{
    text_add(&events->buffer, bytes, length);
    if (events->buffer.length > BUFFER_MAX) {
        return -EPROTO;
    }
    int error = events->has_head ? 0 : take_head(events);
    if (error == -EAGAIN) {
        return 0;
    }
    if (error == 0 && events->buffer.length > 0) {
        give_events(events, fn, context);
    }
    return error;
}

int events_read(struct events *events, event_fn fn, void *context)
{
    static char bytes[READ_SIZE];
    for (;;) {
        ssize_t got = read(events->fd, bytes, sizeof(bytes));
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
            return 0;
        }
        if (got <= 0) {
            return -ECONNRESET;
        }
        int error = events_feed(events, bytes, (size_t)got, fn, context);
        if (error < 0) {
            return error;
        }
    }
}
