/* SPDX-License-Identifier: Apache-2.0 */
/* http: the API, on loopback and on a Unix socket (libmicrohttpd lives only in this folder). It sees the rest of the
 * daemon only through http_view, which app.c fills. */
#ifndef LINGTAN_HTTP_HTTP_H
#define LINGTAN_HTTP_HTTP_H

#include "hub/hub.h"
#include "sinks/runner.h"
#include "site/site.h"
#include <lingtan/collector.h>
#include <lingtan/reload.h>

struct http_options {
    bool enabled;
    char *listen;     /* a loopback address: any other is refused until logins exist */
    int64_t port;     /* 0 = a free one, written to port_file */
    char *socket;     /* path of the Unix socket, "" = none */
    char *port_file;  /* where the port in use is written, "" = nowhere */
    char *token_file; /* who is known by a token, "" = nobody */
    int64_t stream_memory_mb;
    char *web_folder; /* files served beside the API, "" = none */
};
extern const struct option_table http_table;

/* What the API shows. Functions are called on the main thread (the handlers hop there by loop_call). */
struct http_view {
    struct loop *loop;
    struct hub *hub;
    struct store *store;
    const struct site *site;
    const struct profiles *profiles;
    const char *version;
    int64_t started_wall_us;
    struct runner **runners;
    size_t runner_count;
    size_t (*lines)(void *context, struct line_status *out, size_t max);
    size_t (*devices)(void *context, struct device_status *out, size_t max);
    int (*command)(void *context, struct command *take_command);
    int (*retry_bad_registers)(void *context, const char *device); /* -ENOENT: no such device */
    bool (*is_ready)(void *context, char *why, size_t size);
    /* Reads the configuration again: struct reload_report. -EBUSY: that is under way; NULL = there is no such thing. */
    int (*reload)(void *context, bool is_dry, reload_done_fn done, void *done_context);
    void *context;
};

struct http;

/* Adds what is wrong with the options. */
void http_check(const struct http_options *options, struct origin origin, struct faults *faults);

/* On the main thread; the view's pointers and the options outlive the server. A port or path that cannot be had is no
 * failure: it is tried again. After a failure the reason has been logged. */
int http_start(const struct http_options *options, const struct http_view *view,
               struct http **out) MUST_USE;

/* Ends streams, answers what waits with 503, joins the threads; NULL-safe. On the main thread, whether or not its loop
 * still runs, or on another one while it does. Before the hub, the store and the collectors are destroyed; reads that a
 * line still holds may come back later. */
void http_stop(struct http *http);

/* From now on this is the site that is shown. On the main thread. */
void http_show(struct http *http, const struct site *site, const struct profiles *profiles);

int http_port(const struct http *http); /* the TCP port in use, 0 = none yet */

#endif
