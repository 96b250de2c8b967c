/* SPDX-License-Identifier: Apache-2.0 */
/* session: loads the files, opens a server for each line, publishes where they are, and runs until SIGTERM. */
#include "sim/session.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "sim/server/control.h"
#include "sim/server/server.h"
#include "sim/world/report.h"

enum { EXIT_GOOD = 0, EXIT_CANNOT = 1, EXIT_WRONG = 2 };

struct stopper {
    struct poll_source source;
    struct poller *poller;
    int fd;
};

struct session {
    const struct arguments *arguments;
    struct faults *faults;
    struct config_memory *memory;
    struct profiles *profiles;
    struct site site;
    struct model_options model;
    struct simulator simulator;
    struct control control;
    struct stopper stopper;
    struct line_server *servers;
    size_t server_count;
};

static void load_model(const char *path, struct model_options *model, struct config_memory *memory,
                       struct faults *faults)
{
    if (path != NULL) {
        config_load(path, &model_table, model, memory, faults);
    } else {
        config_defaults(&model_table, model, memory);
    }
    model_complete(model);
}

static bool is_good(const struct faults *faults)
{
    faults_print(faults, stderr);
    return faults_count(faults) == 0;
}

static bool create_world(struct session *session)
{
    const struct arguments *arguments = session->arguments;
    const struct clock *clock = session->simulator.clock;
    const char *fault = NULL;
    int64_t start_us = arguments->start_us > 0 ? arguments->start_us : clock_wall_us(clock);
    if (world_create(&session->model, arguments->seed, start_us, &fault,
                     &session->simulator.world) != 0) {
        (void)fprintf(stderr, "%s: a room is in building %s, which is not among the buildings\n",
                      arguments->model, fault);
        return false;
    }
    /* The first months took a moment: what is now begins now. */
    bool is_now = arguments->start_us == 0;
    session->simulator.base_mono_us = clock_mono_us(clock);
    session->simulator.base_sim_us = is_now ? clock_wall_us(clock) : start_us;
    return true;
}

static bool load(struct session *session)
{
    const struct arguments *arguments = session->arguments;
    session->profiles = profiles_load(arguments->devices, session->faults);
    site_load(arguments->site, &session->site, session->memory, session->faults);
    load_model(arguments->model, &session->model, session->memory, session->faults);
    session->simulator.turnaround_us = session->model.turnaround_ms * 1000;
    if (!is_good(session->faults)) {
        return false;
    }
    site_check(&session->site, session->profiles, session->faults);
    if (!is_good(session->faults) || !create_world(session)) {
        return false;
    }
    fleet_init(&session->simulator.fleet, &session->site, session->profiles, &session->model,
               session->simulator.world, session->faults);
    session->simulator.fleet.has_pattern = arguments->has_pattern;
    return is_good(session->faults);
}

static bool open_servers(struct session *session)
{
    struct fleet *fleet = &session->simulator.fleet;
    session->servers = mem_alloc_array(fleet->line_count, sizeof(*session->servers));
    for (size_t i = 0; i < fleet->line_count; i++) {
        session->server_count++;
        int error = server_open(&session->servers[i], &session->simulator, &fleet->lines[i],
                                session->arguments->listen);
        if (error != 0) {
            (void)fprintf(stderr, "lingtan-sim: line %s cannot be opened at %s: %s\n",
                          fleet->lines[i].config->id, session->arguments->listen, strerror(-error));
            return false;
        }
    }
    return true;
}

static bool publish(struct session *session)
{
    const struct arguments *arguments = session->arguments;
    size_t count = session->server_count;
    struct line_endpoint *endpoints = mem_alloc_array(count, sizeof(*endpoints));
    bool is_everywhere = strcmp(arguments->listen, "0.0.0.0") == 0;
    for (size_t i = 0; i < count; i++) {
        const struct line_server *server = &session->servers[i];
        bool is_tcp = server->port > 0;
        endpoints[i] = (struct line_endpoint){
            .line = server->line->config->id,
            .host = !is_tcp         ? NULL
                    : is_everywhere ? "127.0.0.1"
                                    : arguments->listen,
            .port = server->port,
            .path = is_tcp ? NULL : server->path,
        };
    }
    int error =
        site_write_lines(arguments->site, arguments->publish, endpoints, count, session->faults);
    free(endpoints);
    if (error != 0) {
        faults_print(session->faults, stderr);
        (void)fprintf(stderr, "lingtan-sim: %s cannot be written: %s\n", arguments->publish,
                      strerror(-error));
        return false;
    }
    size_t devices = session->simulator.fleet.device_count;
    (void)printf("lingtan-sim: %zu device%s on %zu line%s, published in %s\n", devices,
                 plural_s(devices), count, plural_s(count), arguments->publish);
    (void)fflush(stdout);
    return true;
}

static bool open_extras(struct session *session)
{
    const struct arguments *arguments = session->arguments;
    struct simulator *simulator = &session->simulator;
    int error = 0;
    if (arguments->served != NULL) {
        error = served_open(&simulator->served, arguments->served, arguments->served_limit);
        if (error != 0) {
            (void)fprintf(stderr, "lingtan-sim: %s cannot be written: %s\n", arguments->served,
                          strerror(-error));
            return false;
        }
    }
    if (arguments->control != NULL) {
        error = control_open(&session->control, simulator, arguments->control);
        if (error != 0) {
            (void)fprintf(stderr, "lingtan-sim: no control socket at %s: %s\n", arguments->control,
                          strerror(-error));
        }
    }
    return error == 0;
}

static void stop_ready(struct poll_source *source, uint32_t events)
{
    struct stopper *stopper = (struct stopper *)(void *)source;
    (void)events;
    stopper->poller->is_over = true;
}

static int watch_signals(struct session *session)
{
    sigset_t signals;
    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGTERM);
    (void)sigaddset(&signals, SIGINT);
    (void)sigprocmask(SIG_BLOCK, &signals, NULL);
    struct stopper *stopper = &session->stopper;
    stopper->source.ready = stop_ready;
    stopper->poller = &session->simulator.poller;
    stopper->fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    return stopper->fd < 0 ? -errno
                           : poller_add(stopper->poller, stopper->fd, EPOLLIN, &stopper->source);
}

/* Two descriptors a line and client: the usual soft limit of 1024 ends at some hundred lines. */
static void raise_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static int serve(struct session *session)
{
    if (!load(session)) {
        return EXIT_WRONG;
    }
    if (!open_extras(session) || !open_servers(session) || !publish(session)) {
        return EXIT_CANNOT;
    }
    return poller_run(&session->simulator.poller) == 0 ? EXIT_GOOD : EXIT_CANNOT;
}

static void finish(struct session *session)
{
    for (size_t i = 0; i < session->server_count; i++) {
        server_close(&session->servers[i]);
    }
    free(session->servers);
    control_close(&session->control);
    served_close(&session->simulator.served);
    fleet_finish(&session->simulator.fleet);
    world_destroy(session->simulator.world);
    if (session->stopper.fd > 0) {
        (void)close(session->stopper.fd);
    }
    poller_finish(&session->simulator.poller);
    profiles_destroy(session->profiles);
    config_memory_destroy(session->memory);
    faults_destroy(session->faults);
}

int session_run(const struct arguments *arguments)
{
    struct session session = {.arguments = arguments, .control.listen_fd = -1};
    session.simulator.clock = clock_real();
    session.simulator.speed = arguments->speed;
    session.simulator.has_baud = arguments->has_baud;
    session.simulator.is_strict = arguments->is_strict;
    session.faults = faults_create();
    session.memory = config_memory_create();
    raise_limit();
    int code = EXIT_CANNOT;
    int error = poller_init(&session.simulator.poller, session.simulator.clock);
    if (error == 0) {
        error = watch_signals(&session);
    }
    if (error == 0) {
        code = serve(&session);
    } else {
        (void)fprintf(stderr, "lingtan-sim: no event loop: %s\n", strerror(-error));
    }
    finish(&session);
    return code;
}

int session_report(const struct arguments *arguments)
{
    struct faults *faults = faults_create();
    struct config_memory *memory = config_memory_create();
    struct model_options model;
    struct year_report report;
    memset(&model, 0, sizeof(model));
    load_model(arguments->model, &model, memory, faults);
    bool can_run = is_good(faults);
    if (can_run) {
        report_year(&model, arguments->seed, (int)arguments->year, stdout, &report);
    }
    config_memory_destroy(memory);
    faults_destroy(faults);
    return can_run ? EXIT_GOOD : EXIT_WRONG;
}
