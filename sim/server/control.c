/* SPDX-License-Identifier: Apache-2.0 */
/* control: the socket. */
#include "sim/server/control.h"

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"

enum { LINE_MAX_BYTES = 512 };

struct control_client {
    struct poll_source source;
    struct control *control;
    struct control_client *next;
    int fd;
    size_t length;
    char line[LINE_MAX_BYTES];
};

static void drop_client(struct control_client *client)
{
    struct poller *poller = &client->control->simulator->poller;
    struct control_client **place = &client->control->clients;
    while (*place != client) {
        place = &(*place)->next;
    }
    *place = client->next;
    poller_remove(poller, client->fd);
    (void)close(client->fd);
    client->fd = -1;
    poller_free_later(poller, client);
}

/* Answers are short and their reader waits for them: no buffer behind the socket's own. */
static bool answer_line(struct control_client *client, char *line)
{
    struct text answer = {0};
    control_answer(client->control->simulator, line, &answer);
    text_add_char(&answer, '\n');
    size_t sent = 0;
    while (sent < answer.length) {
        ssize_t more = send(client->fd, answer.data + sent, answer.length - sent, MSG_NOSIGNAL);
        if (more < 0) {
            break;
        }
        sent += (size_t)more;
    }
    bool is_whole = sent == answer.length;
    text_finish(&answer);
    return is_whole;
}

static bool answer_lines(struct control_client *client)
{
    char *end = memchr(client->line, '\n', client->length);
    while (end != NULL) {
        *end = '\0';
        if (!answer_line(client, client->line)) {
            return false;
        }
        size_t used = (size_t)(end + 1 - client->line);
        client->length -= used;
        memmove(client->line, client->line + used, client->length);
        end = memchr(client->line, '\n', client->length);
    }
    return client->length < LINE_MAX_BYTES;
}

static void client_ready(struct poll_source *source, uint32_t events)
{
    struct control_client *client = (struct control_client *)(void *)source;
    (void)events;
    if (client->fd < 0) {
        return;
    }
    ssize_t got = recv(client->fd, client->line + client->length, LINE_MAX_BYTES - client->length,
                       MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    client->length += got > 0 ? (size_t)got : 0;
    if (got <= 0 || !answer_lines(client)) {
        drop_client(client);
    }
}

static void accept_client(struct poll_source *source, uint32_t events)
{
    struct control *control = (struct control *)(void *)source;
    (void)events;
    int fd = accept4(control->listen_fd, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0) {
        return;
    }
    /* A reader that has gone to sleep must not stop the compound for long. */
    struct timeval patience = {.tv_sec = 1};
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    struct control_client *client = mem_alloc(sizeof(*client));
    client->source.ready = client_ready;
    client->control = control;
    client->fd = fd;
    if (poller_add(&control->simulator->poller, fd, EPOLLIN, &client->source) != 0) {
        (void)close(fd);
        free(client);
        return;
    }
    client->next = control->clients;
    control->clients = client;
}

int control_open(struct control *control, struct simulator *simulator, const char *path)
{
    struct sockaddr_un where = {.sun_family = AF_UNIX};
    *control = (struct control){.simulator = simulator, .listen_fd = -1};
    if (strlen(path) >= sizeof(where.sun_path)) {
        return -ENAMETOOLONG;
    }
    memcpy(where.sun_path, path, strlen(path) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return -errno;
    }
    control->listen_fd = fd;
    control->source.ready = accept_client;
    (void)unlink(path);
    if (bind(fd, (const struct sockaddr *)&where, sizeof(where)) < 0 || listen(fd, 16) < 0) {
        return -errno;
    }
    control->path = mem_dup_string(path);
    return poller_add(&simulator->poller, fd, EPOLLIN, &control->source);
}

void control_close(struct control *control)
{
    while (control->clients != NULL) {
        drop_client(control->clients);
    }
    if (control->listen_fd >= 0) {
        (void)close(control->listen_fd);
    }
    if (control->path != NULL) {
        (void)unlink(control->path);
    }
    free(control->path);
    control->listen_fd = -1;
    control->path = NULL;
}
