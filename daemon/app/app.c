/* SPDX-License-Identifier: Apache-2.0 */
/* app: wires the parts. Batches go collectors -> hub -> store and sinks; commands go http -> collectors; what the API
 * shows goes through http_view. Stopping runs the same way down: no more input, then the sinks' cursors, then disk. */
#include "app/app.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/clock_watch.h"
#include "app/reload.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/notify.h"
#include "base/text.h"
#include "hub/hub.h"
#include "sinks/runner.h"
#include <lingtan/collector.h>
#include <lingtan/log.h>
#include <lingtan/sink.h>

enum {
    PARTS_MAX = 8,
    CHECK_PERIOD_US = 1000000,
};

struct app {
    struct app_config *config; /* the options of the start and the snapshot in use */
    const char *path;
    struct reload *reload;
    struct loop *loop;
    struct loop_source *terminate;
    struct loop_source *interrupt;
    struct loop_source *hang_up;
    struct loop_source *check_timer;
    struct store *store;
    struct hub *hub;
    struct collector_host host;
    struct collector_instance *collectors[PARTS_MAX]; /* same order as the registry */
    struct runner *runners[PARTS_MAX];
    size_t runner_count;
    struct http_view view;
    struct http *http;
    unsigned known_alarms;
    struct clock_watch clock_watch;
};

static void quit(void *context)
{
    struct app *app = context;
    notify_stopping();
    loop_quit(app->loop, 0);
}

static void read_again(void *context)
{
    struct app *app = context;
    if (app->reload != NULL) {
        reload_ask(app->reload);
    }
}

static void post_batch(void *context, struct batch *take_batch)
{
    const struct app *app = context;
    hub_post(app->hub, take_batch);
}

static void note_bad_register(void *context, const struct bad_register *row, bool is_gone)
{
    const struct app *app = context;
    store_note_bad_register(app->store, row, is_gone);
}

static void flush_batches(void *context)
{
    const struct app *app = context;
    hub_flush(app->hub);
}

static void offer_batch(void *context, const struct batch *batch)
{
    runner_offer(context, batch);
}

static void flush_offers(void *context)
{
    runner_flush(context);
}

static size_t list_lines(void *context, struct line_status *out, size_t max)
{
    struct app *app = context;
    size_t count = 0;
    for (size_t i = 0; collectors[i]; i++) {
        size_t room = count < max ? max - count : 0;
        count += collectors[i]->lines(app->collectors[i], room ? out + count : NULL, room);
    }
    return count;
}

static size_t list_devices(void *context, struct device_status *out, size_t max)
{
    struct app *app = context;
    size_t count = 0;
    for (size_t i = 0; collectors[i]; i++) {
        size_t room = count < max ? max - count : 0;
        count += collectors[i]->devices(app->collectors[i], room ? out + count : NULL, room);
    }
    return count;
}

static int give_command(void *context, struct command *take_command)
{
    struct app *app = context;
    for (size_t i = 0; collectors[i]; i++) {
        int error = collectors[i]->command(app->collectors[i], take_command);
        if (error != -ENOENT) {
            return error;
        }
    }
    return -ENOENT;
}

static int retry_bad_registers(void *context, const char *device)
{
    struct app *app = context;
    int error = -ENOENT;
    for (size_t i = 0; collectors[i] && error == -ENOENT; i++) {
        error = collectors[i]->retry_bad_registers(app->collectors[i], device);
    }
    return error;
}

static bool is_ready(void *context, char *why, size_t size)
{
    struct app *app = context;
    struct store_status status = store_status(app->store);
    const unsigned trouble = STORE_UNWRITABLE | STORE_DISK_FULL;
    if (status.alarms & trouble) {
        snprintf(why, size, "the store cannot write: %s", store_reason(&status, trouble));
        return false;
    }
    return true;
}

struct alarm_text {
    unsigned bit;
    const char *raised;
};

static const struct alarm_text alarm_texts[] = {
    {STORE_JOURNAL_CORRUPT, "a journal file is corrupt and was set aside; a new one was begun"},
    {STORE_LEDGER_RESTORED,
     "the ledger was corrupt and came back from its backup; control stays disarmed"},
    {STORE_DISK_FULL,
     "the disk is full: readings are not journaled, live data still flow. Free some space"},
    {STORE_JOURNAL_SHED,
     "a journal day that a sink still waited for was removed to keep the limits"},
    {STORE_NEAR_LIMIT,
     "the journal will soon drop a day that a sink still waits for. Bring the sink back or raise "
     "store.journal_days and store.journal_mb"},
    {STORE_UNWRITABLE,
     "the data folder cannot be written; readings are not journaled until it can"},
};

static void log_store_alarms(struct app *app)
{
    struct store_status status = store_status(app->store);
    unsigned changed = status.alarms ^ app->known_alarms;
    for (size_t i = 0; i < ARRAY_SIZE(alarm_texts); i++) {
        if (!(changed & alarm_texts[i].bit)) {
            continue;
        }
        if (status.alarms & alarm_texts[i].bit) {
            log_error("store: %s (%s)", alarm_texts[i].raised,
                      store_reason(&status, alarm_texts[i].bit));
        } else {
            log_notice("store: ended: %s", alarm_texts[i].raised);
        }
    }
    app->known_alarms = status.alarms;
}

/* Once for each change; at the start only what is amiss. */
static void say_trust(bool is_trusted)
{
    if (is_trusted) {
        log_notice("the kernel says that the clock is synchronised: readings from now on are at "
                   "trusted times");
    } else {
        log_warning("the kernel does not say that the clock is synchronised: readings are marked "
                    "clock: untrusted; start an NTP client (chrony wants rtcsync), or, where "
                    "there is none, set clock.trust = \"rtc\"");
    }
}

static void say_step(const struct clock_step *step)
{
    struct text text = {0};
    text_add_string(&text, "the clock was stepped by ");
    text_add_format(&text, "%+.3f s, from ", (double)(step->after_us - step->before_us) / 1e6);
    text_add_time(&text, step->before_us);
    text_add_string(&text, " to ");
    text_add_time(&text, step->after_us);
    log_warning("%s: readings taken before keep the times they were given", text.data);
    text_finish(&text);
}

static void watch_clock(struct app *app)
{
    struct clock_step step;
    const bool was_trusted = app->clock_watch.is_trusted;
    if (clock_watch_look(&app->clock_watch, &step)) {
        say_step(&step);
        store_note_clock_step(app->store, &step);
    }
    if (app->clock_watch.is_trusted != was_trusted) {
        say_trust(app->clock_watch.is_trusted);
        hub_trust_clock(app->hub, app->clock_watch.is_trusted);
    }
}

static void check(void *context)
{
    struct app *app = context;
    log_store_alarms(app);
    watch_clock(app);
    loop_timer_at(app->check_timer, clock_mono_us(loop_clock(app->loop)) + CHECK_PERIOD_US);
}

/* Only those that the site uses are still known. */
static void log_unconfirmed_profiles(const struct profiles *profiles)
{
    for (size_t i = 0; i < profiles_count(profiles); i++) {
        const struct profile *profile = profiles_at(profiles, i);
        if (!profile_is_confirmed(profile)) {
            log_notice("profile %s is of %s confidence (not confirmed by a second source): check "
                       "its values against the display",
                       profile->id, profile->confidence);
        }
    }
}

static int make_loop(struct app *app)
{
    int error = loop_create(clock_real(), &app->loop);
    if (error == 0) {
        error = loop_add_signal(app->loop, SIGTERM, quit, app, &app->terminate);
    }
    if (error == 0) {
        error = loop_add_signal(app->loop, SIGINT, quit, app, &app->interrupt);
    }
    if (error == 0) {
        error = loop_add_signal(app->loop, SIGHUP, read_again, app, &app->hang_up);
    }
    if (error == 0) {
        error = loop_add_timer(app->loop, check, app, &app->check_timer);
    }
    if (error < 0) {
        log_error("can't make the event loop: %s", strerror(-error));
        return error;
    }
    error = notify_watchdog_start(app->loop);
    if (error < 0) {
        log_warning("WATCHDOG_USEC or WATCHDOG_PID of the environment cannot be read: nobody "
                    "watches over this daemon");
    }
    return 0;
}

static int make_store(struct app *app)
{
    const struct store_options *options = &app->config->options->store;
    int error = store_open(options, clock_real(), &app->store);
    if (error == -EBUSY) {
        log_error("another lingtand uses the data folder %s; stop it, or give this one another "
                  "store.folder",
                  options->folder);
    } else if (error < 0 && error != -EPROTONOSUPPORT) {
        log_error("can't open the store in %s: %s", options->folder, strerror(-error));
    }
    if (error == 0) {
        error = hub_create(app->loop, app->store, &app->hub);
    }
    if (error == 0) {
        clock_watch_init(&app->clock_watch, clock_real(),
                         app->config->options->clock.trust == CLOCK_TRUST_RTC);
        hub_trust_clock(app->hub, app->clock_watch.is_trusted);
        if (!app->clock_watch.is_trusted) {
            say_trust(false);
        }
    }
    return error;
}

/* Every device is listed from the start, also those that never answer; after a reload those that are left. */
static void list_devices_at_hub(struct app *app)
{
    size_t count = list_devices(app, NULL, 0);
    struct device_status *rows = mem_alloc_array(count + 1, sizeof(*rows));
    const struct device **devices = mem_alloc_array(count + 1, sizeof(*devices));
    list_devices(app, rows, count);
    for (size_t i = 0; i < count; i++) {
        devices[i] = rows[i].device;
    }
    hub_keep_devices(app->hub, devices, count);
    free(devices);
    free(rows);
}

/* What is remembered of devices that the site no longer has is forgotten. */
static void forget_strangers(struct app *app)
{
    const size_t count = store_bad_registers(app->store, NULL, 0);
    struct bad_register *rows = mem_alloc_array(count + 1, sizeof(*rows));
    const size_t known = store_bad_registers(app->store, rows, count);
    for (size_t i = 0; i < count && i < known; i++) {
        if (hub_find_device(app->hub, rows[i].device) == NULL) {
            store_note_bad_register(app->store, &rows[i], true);
        }
    }
    free(rows);
}

static int create_collectors(struct app *app, const struct collector_setup *setup)
{
    for (size_t i = 0; collectors[i]; i++) {
        int error = collectors[i]->create(setup, &app->collectors[i]);
        if (error < 0) {
            log_error("can't set up the %s collector: %s", collectors[i]->name, strerror(-error));
            return error;
        }
    }
    return 0;
}

static int make_collectors(struct app *app)
{
    app->host = (struct collector_host){
        .clock = clock_real(),
        .post = post_batch,
        .flush = flush_batches,
        .note_bad_register = note_bad_register,
        .context = app,
    };
    size_t bad_count = store_bad_registers(app->store, NULL, 0);
    struct bad_register *bad = mem_alloc_array(bad_count + 1, sizeof(*bad));
    store_bad_registers(app->store, bad, bad_count);
    struct collector_setup setup = {
        .host = &app->host,
        .site = &app->config->snapshot->site,
        .profiles = app->config->snapshot->profiles,
        .io_threads = app->config->options->acquisition.io_threads,
        .slot_us = app->config->options->acquisition.slot_ms * 1000,
        .bad_registers = bad,
        .bad_register_count = bad_count,
    };
    int error = create_collectors(app, &setup);
    if (error == 0) {
        list_devices_at_hub(app);
        forget_strangers(app);
    }
    free(bad);
    return error;
}

/* The lines run by the later snapshot. What they posted before is taken in first. */
static void use_snapshot(void *context, const struct snapshot *later,
                         const struct app_options *options)
{
    struct app *app = context;
    hub_drain(app->hub);
    list_devices_at_hub(app);
    forget_strangers(app);
    http_show(app->http, &later->site, later->profiles);
    app_config_follow(app->config, later);
    for (size_t i = 0; i < app->runner_count; i++) {
        runner_follow(app->runners[i], later);
    }
    log_set_level((enum log_level)(options->log_level + LOG_LEVEL_ERROR));
}

static void make_reload(struct app *app)
{
    const struct reload_parts parts = {
        .loop = app->loop,
        .store = app->store,
        .path = app->path,
        .config = app->config,
        .collectors = app->collectors,
        .host = &app->host,
        .applied = use_snapshot,
        .context = app,
    };
    app->reload = reload_create(&parts, app->config->snapshot);
}

static int ask_reload(void *context, bool is_dry, reload_done_fn done, void *done_context)
{
    struct app *app = context;
    return reload_begin(app->reload, is_dry, done, done_context);
}

static int make_sink(struct app *app, size_t index)
{
    const struct sink *sink = sinks[index];
    const void *options = app_sink_options(app->config, index);
    const bool *is_enabled = options;
    if (!*is_enabled) {
        return 0;
    }
    struct sink_setup setup = {.options = options,
                               .site = &app->config->snapshot->site,
                               .profiles = app->config->snapshot->profiles,
                               .clock = clock_real(),
                               .data_folder = app->config->options->store.folder};
    struct runner *runner = NULL;
    int error = runner_create(sink, &setup, app->store, &runner);
    if (error < 0) {
        log_error("can't set up the sink %s: %s", sink->name, strerror(-error));
        return error;
    }
    app->runners[app->runner_count++] = runner;
    runner_follow(runner, app->config->snapshot);
    const struct hub_subscriber subscriber = {
        .batch = offer_batch, .flush = flush_offers, .context = runner};
    return hub_subscribe(app->hub, &subscriber) < 0 ? -ENOSPC : 0;
}

static int make_sinks(struct app *app)
{
    int error = 0;
    for (size_t i = 0; sinks[i] && error == 0; i++) {
        error = make_sink(app, i);
    }
    return error;
}

static int start_http(struct app *app)
{
    app->view = (struct http_view){
        .loop = app->loop,
        .hub = app->hub,
        .store = app->store,
        .site = &app->config->snapshot->site,
        .profiles = app->config->snapshot->profiles,
        .version = LINGTAN_VERSION,
        .started_wall_us = clock_wall_us(clock_real()),
        .runners = app->runners,
        .runner_count = app->runner_count,
        .lines = list_lines,
        .devices = list_devices,
        .command = give_command,
        .retry_bad_registers = retry_bad_registers,
        .is_ready = is_ready,
        .reload = ask_reload,
        .context = app,
    };
    return http_start(&app->config->options->http, &app->view, &app->http);
}

static int start_parts(struct app *app)
{
    int error = store_start(app->store);
    for (size_t i = 0; i < app->runner_count && error == 0; i++) {
        error = runner_start(app->runners[i]);
    }
    for (size_t i = 0; collectors[i] && error == 0; i++) {
        error = collectors[i]->start(app->collectors[i]);
    }
    if (error < 0) {
        log_error("can't start: %s", strerror(-error));
        return error;
    }
    return start_http(app);
}

static void stop_parts(struct app *app)
{
    reload_stop(app->reload);
    http_stop(app->http);
    for (size_t i = 0; collectors[i]; i++) {
        if (app->collectors[i]) {
            collectors[i]->stop(app->collectors[i]);
        }
    }
    if (app->hub) {
        hub_drain(app->hub);
    }
    for (size_t i = 0; i < app->runner_count; i++) {
        runner_tell_stop(app->runners[i]);
    }
    for (size_t i = 0; i < app->runner_count; i++) {
        runner_stop(app->runners[i]);
    }
    store_stop(app->store);
}

static void destroy_parts(struct app *app)
{
    for (size_t i = 0; i < app->runner_count; i++) {
        runner_destroy(app->runners[i]);
    }
    for (size_t i = 0; collectors[i]; i++) {
        if (app->collectors[i]) {
            collectors[i]->destroy(app->collectors[i]);
        }
    }
    hub_destroy(app->hub);
    store_destroy(app->store);
    reload_destroy(app->reload);
    notify_watchdog_stop();
    loop_remove(app->hang_up);
    loop_remove(app->check_timer);
    loop_remove(app->terminate);
    loop_remove(app->interrupt);
    loop_destroy(app->loop);
}

/* Signals are blocked before the first thread starts, so that only the loop sees them. */
static void block_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGPIPE);
    sigprocmask(SIG_BLOCK, &set, NULL);
}

static int make_parts(struct app *app)
{
    int error = make_loop(app);
    error = error < 0 ? error : make_store(app);
    error = error < 0 ? error : make_collectors(app);
    error = error < 0 ? error : make_sinks(app);
    if (error == 0) {
        make_reload(app);
    }
    return error < 0 ? error : start_parts(app);
}

int app_run(struct app_config *config, const char *path)
{
    struct app app = {.config = config, .path = path};
    block_signals();
    log_setup((enum log_level)(config->options->log_level + LOG_LEVEL_ERROR));
    log_start();
    int code = 1;
    if (make_parts(&app) == 0) {
        log_unconfirmed_profiles(config->snapshot->profiles);
        log_notice("lingtand " LINGTAN_VERSION " reads %zu devices of %s",
                   hub_device_count(app.hub), config->snapshot->site.id);
        check(&app);
        mem_trim();
        notify_ready();
        code = loop_run(app.loop);
        log_notice("lingtand stops");
    }
    stop_parts(&app);
    destroy_parts(&app);
    log_stop();
    return code < 0 ? 1 : code;
}
