/* SPDX-License-Identifier: Apache-2.0 */
/* reload: one at a time; its thread does all that takes long, and goes to the main thread twice: to put the new lines in
 * place, and at the end. */
#include "app/reload.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "app/reload_report.h"
#include "base/mem.h"
#include "base/notify.h"
#include "store/store.h"
#include <lingtan/log.h>

enum { COLLECTORS_MAX = 8 };

/* One reload under way. */
struct round {
    struct reload *reload;
    struct app_config later;
    const struct snapshot *former; /* once it was replaced: the change borrows from it */
    struct faults *faults;
    struct site_change change;
    struct collector_change *lines[COLLECTORS_MAX]; /* as the collectors of the registry */
    struct reload_report report;
    reload_done_fn done;
    void *context;
};

struct reload {
    struct reload_parts parts;
    const struct snapshot *current;
    struct round *round; /* NULL = none is under way */
    pthread_t thread;
    bool is_asked; /* for another one */
    bool is_stopping;
};

static int prepare_lines(struct round *round)
{
    const struct reload_parts *parts = &round->reload->parts;
    const size_t count = store_bad_registers(parts->store, NULL, 0);
    struct bad_register *bad = mem_alloc_array(count + 1, sizeof(*bad));
    const size_t known = store_bad_registers(parts->store, bad, count);
    const struct collector_setup setup = {
        .host = parts->host,
        .site = &round->later.snapshot->site,
        .profiles = round->later.snapshot->profiles,
        .bad_registers = bad,
        .bad_register_count = known < count ? known : count,
    };
    int error = 0;
    for (size_t i = 0; collectors[i] && error == 0; i++) {
        error =
            collectors[i]->prepare(parts->collectors[i], &setup, &round->change, &round->lines[i]);
    }
    free(bad);
    return error;
}

/* Main thread. */
static void apply(void *context)
{
    struct round *round = context;
    struct reload *reload = round->reload;
    const struct reload_parts *parts = &reload->parts;
    if (reload->is_stopping) {
        return; /* an answer to a loop that has ended: nothing is changed any more */
    }
    const int64_t begun_us = clock_mono_us(clock_real());
    for (size_t i = 0; collectors[i]; i++) {
        collectors[i]->apply(parts->collectors[i], round->lines[i]);
    }
    parts->applied(parts->context, round->later.snapshot, round->later.options);
    round->former = reload->current;
    reload->current = snapshot_ref(round->later.snapshot);
    round->report.is_applied = true;
    round->report.held_us = clock_mono_us(clock_real()) - begun_us;
}

static void work_on_change(struct round *round)
{
    struct reload *reload = round->reload;
    int error = 0;
    reload_report_restart(&round->report, reload->parts.config, &round->later);
    snapshot_follow((struct snapshot *)round->later.snapshot,
                    reload->current); /* still ours alone */
    site_change_init(&round->change, reload->current, round->later.snapshot);
    reload_report_change(&round->report, &round->change);
    if (round->report.is_dry) {
        return;
    }
    error = prepare_lines(round);
    error = error < 0 ? error : loop_call(reload->parts.loop, apply, round);
    if (error < 0) {
        round->report.failure =
            error == -ESHUTDOWN ? "the daemon is stopping" : strerrordesc_np(-error);
    }
}

static void free_lines(struct round *round)
{
    for (size_t i = 0; collectors[i]; i++) {
        collectors[i]->finish(round->lines[i]);
        round->lines[i] = NULL;
    }
}

static void end(void *context);

static void *work(void *argument)
{
    struct round *round = argument;
    struct reload *reload = round->reload;
    app_config_load(&round->later, reload->parts.path, false, round->faults);
    if (faults_count(round->faults) > 0) {
        reload_report_faults(&round->report, round->faults);
    } else {
        work_on_change(round);
    }
    free_lines(round);
    int error = loop_post(reload->parts.loop, end, reload);
    (void)error; /* the loop has ended: reload_stop does it */
    return NULL;
}

static void free_round(struct round *round)
{
    reload_report_finish(&round->report);
    site_change_finish(&round->change);
    app_config_finish(&round->later);
    snapshot_unref(round->former);
    faults_destroy(round->faults);
    free(round);
}

/* Main thread. */
static void end(void *context)
{
    struct reload *reload = context;
    struct round *round = reload->round;
    if (round == NULL) {
        return;
    }
    pthread_join(reload->thread, NULL);
    reload->round = NULL;
    if (!round->report.is_dry) {
        reload_report_log(&round->report);
        notify_ready();
    }
    if (round->done != NULL) {
        round->done(round->context, &round->report);
    }
    free_round(round);
    if (reload->is_asked && !reload->is_stopping) {
        reload->is_asked = false;
        reload_ask(reload);
    }
}

/* Signals belong to the main thread. */
static int start_thread(struct reload *reload)
{
    sigset_t all;
    sigset_t old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    int error = pthread_create(&reload->thread, NULL, work, reload->round);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (error == 0) {
        pthread_setname_np(reload->thread, "reload");
    }
    return -error;
}

int reload_begin(struct reload *reload, bool is_dry, reload_done_fn done, void *context)
{
    if (reload->round != NULL) {
        return -EBUSY;
    }
    struct round *round = mem_alloc(sizeof(*round));
    *round = (struct round){.reload = reload,
                            .faults = faults_create(),
                            .report.is_dry = is_dry,
                            .done = done,
                            .context = context};
    reload->round = round;
    int error = start_thread(reload);
    if (error < 0) {
        reload->round = NULL;
        free_round(round);
    } else if (!is_dry) {
        notify_reloading();
    }
    return error;
}

void reload_ask(struct reload *reload)
{
    int error = reload_begin(reload, false, NULL, NULL);
    if (error == -EBUSY) {
        reload->is_asked = true;
    } else if (error < 0) {
        log_error("reload: no thread for it: %s; nothing was changed", strerror(-error));
    }
}

struct reload *reload_create(const struct reload_parts *parts, const struct snapshot *first)
{
    struct reload *reload = mem_alloc(sizeof(*reload));
    reload->parts = *parts;
    reload->current = snapshot_ref(first);
    return reload;
}

void reload_stop(struct reload *reload)
{
    if (reload != NULL && reload->round != NULL) {
        reload->is_stopping = true;
        end(reload);
    }
}

void reload_destroy(struct reload *reload)
{
    if (reload != NULL) {
        snapshot_unref(reload->current);
        free(reload);
    }
}
