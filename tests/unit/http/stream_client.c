/* SPDX-License-Identifier: Apache-2.0 */
/* stream_client: see stream_client.h. */
#include "unit/http/stream_client.h"

#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PATIENCE_MS = 20000 };

void client_open(struct client *client, const struct world *world, const char *query)
{
    struct text request = {0};
    text_add_format(&request, "GET /api/v1/live/stream%s HTTP/1.0\r\nHost: localhost\r\n\r\n",
                    query);
    *client = (struct client){.fd = world_connect_local(world)};
    send_all(client->fd, request.data, request.length);
    text_finish(&request);
}

void client_close(struct client *client)
{
    close(client->fd);
    text_finish(&client->seen);
}

ssize_t client_read(struct client *client)
{
    char bytes[65536];
    struct pollfd poll_fd = {.fd = client->fd, .events = POLLIN};
    ssize_t got = poll(&poll_fd, 1, 100) > 0 ? recv(client->fd, bytes, sizeof(bytes), 0) : -1;
    if (got > 0) {
        text_add(&client->seen, bytes, (size_t)got);
    }
    return got;
}

bool client_await(struct client *client, const char *part)
{
    int64_t until_ms = mono_ms() + PATIENCE_MS;
    while (!client->seen.data || !strstr(client->seen.data, part)) {
        if (client_read(client) == 0 || mono_ms() > until_ms) {
            return false;
        }
    }
    return true;
}

size_t count_of(const char *text, const char *part)
{
    size_t count = 0;
    for (const char *at = text; (at = strstr(at, part)) != NULL; at += strlen(part)) {
        count++;
    }
    return count;
}
