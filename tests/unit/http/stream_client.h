/* SPDX-License-Identifier: Apache-2.0 */
/* stream_client: a client of the live stream that keeps all it has seen. */
#ifndef LINGTAN_TEST_HTTP_STREAM_CLIENT_H
#define LINGTAN_TEST_HTTP_STREAM_CLIENT_H

#include "base/text.h"
#include "unit/http/world.h"

struct client {
    int fd;
    struct text seen;
};

/* Over the Unix socket; query begins with ? or is empty. */
void client_open(struct client *client, const struct world *world, const char *query);
void client_close(struct client *client);

/* What comes within 100 ms. Returns 0 at the end of the stream. */
ssize_t client_read(struct client *client);

/* Reads until the text appears. Returns false at the end of the stream or after 20 s. */
bool client_await(struct client *client, const char *part);

size_t count_of(const char *text, const char *part);

#endif
