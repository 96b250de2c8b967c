/* SPDX-License-Identifier: Apache-2.0 */
/* live: lingtan live. One poll waits for the stream, the keyboard and the signals; the screen is drawn at most four
 * times a second. */
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/live/live_view.h"
#include "cli/remote/client.h"
#include "cli/remote/events.h"
#include "cli/screen/terminal.h"
#include <lingtan/clock.h>

static const int64_t DRAW_US = 250000;
static const int64_t REFRESH_US = 3000000;  /* health and sinks, which are not in the stream */
static const int64_t RETRY_US = 1000000;    /* while the daemon does not answer */
static const int64_t SILENCE_US = 45000000; /* three heartbeats missed: the stream is dead */

struct live {
    const struct cli *cli;
    struct live_model model;
    struct events events;
    struct text screen;
    int signal_fd;
    size_t scroll;
    bool is_over;
    bool needs_clear; /* the window has changed */
    int64_t draw_us;  /* when the next is due, monotonic */
    int64_t refresh_us;
    int64_t retry_us;
    int64_t heard_us;
    char banner[400];
};

static int64_t now_us(void)
{
    return clock_mono_us(clock_real());
}

static const char *note_text(void)
{
    const char *note = getenv("LINGTAN_LIVE_NOTE");
    return note && note[0] != '\0' ? note : NULL;
}

struct answers {
    json_t *site;
    json_t *devices;
    json_t *points;
    json_t *status;
};

static void answers_finish(struct answers *answers)
{
    json_decref(answers->site);
    json_decref(answers->devices);
    json_decref(answers->points);
    json_decref(answers->status);
}

static int ask_all(const struct cli *cli, struct answers *answers, char *why, size_t size)
{
    int code = client_try(cli, "/api/v1/site", &answers->site, why, size);
    if (code == EXIT_OK) {
        code = client_try(cli, "/api/v1/devices", &answers->devices, why, size);
    }
    if (code == EXIT_OK) {
        code = client_try(cli, "/api/v1/points", &answers->points, why, size);
    }
    if (code == EXIT_OK) {
        code = client_try(cli, "/api/v1/status", &answers->status, why, size);
    }
    return code;
}

static int load(const struct cli *cli, struct live_model *model, char *why, size_t size)
{
    struct answers answers = {0};
    int code = ask_all(cli, &answers, why, size);
    if (code == EXIT_OK) {
        live_model_finish(model);
        live_model_load(model, answers.site, answers.devices, answers.points);
        live_model_take_devices(model, answers.devices, clock_wall_us(clock_real()), now_us());
        live_model_take_status(model, answers.status);
    }
    answers_finish(&answers);
    return code;
}

static void on_event(void *context, const char *name, const char *data)
{
    struct live *live = context;
    json_t *root = json_loads(data, 0, NULL);
    if (strcmp(name, "batch") == 0) {
        live_model_take_batch(&live->model, root, now_us());
    } else if (strcmp(name, "snapshot") == 0) {
        live_model_take_snapshot(&live->model, root, now_us());
    }
    json_decref(root);
}

static void lose(struct live *live, const char *why)
{
    events_close(&live->events);
    live->retry_us = now_us() + RETRY_US;
    (void)snprintf(live->banner, sizeof(live->banner), "daemon not reachable, trying again (%s)",
                   why);
}

static void open_stream(struct live *live)
{
    char why[320] = "";
    if (load(live->cli, &live->model, why, sizeof(why)) != EXIT_OK) {
        lose(live, why);
        return;
    }
    int error = events_open(&live->events, live->cli->socket, "/api/v1/live/stream");
    if (error < 0) {
        lose(live, strerror(-error));
        return;
    }
    live->banner[0] = '\0';
    live->heard_us = now_us();
    live->refresh_us = now_us() + REFRESH_US;
}

static void read_stream(struct live *live)
{
    int error = events_read(&live->events, on_event, live);
    live->heard_us = now_us();
    if (error < 0) {
        lose(live, error == -EPROTO ? "it offers no stream" : "it has ended the stream");
    }
}

/* Points that were found or lost meanwhile want the rows made anew. */
static void take_status(struct live *live, const json_t *status)
{
    int64_t points = live->model.points;
    live_model_take_status(&live->model, status);
    if (points != live->model.points) {
        events_close(&live->events);
        open_stream(live);
    }
}

static void refresh(struct live *live)
{
    char why[320] = "";
    json_t *devices = NULL;
    json_t *status = NULL;
    live->refresh_us = now_us() + REFRESH_US;
    if (client_try(live->cli, "/api/v1/devices", &devices, why, sizeof(why)) == EXIT_OK &&
        client_try(live->cli, "/api/v1/status", &status, why, sizeof(why)) == EXIT_OK) {
        live_model_take_devices(&live->model, devices, clock_wall_us(clock_real()), now_us());
        take_status(live, status);
    } else {
        lose(live, why);
    }
    json_decref(devices);
    json_decref(status);
}

static struct live_frame frame_of(const struct live *live)
{
    struct live_frame frame = {
        .scroll = live->scroll,
        .has_colour = live->cli->has_colour,
        .note = note_text(),
        .banner = live->banner[0] != '\0' ? live->banner : NULL,
        .now_mono_us = now_us(),
        .now_wall_us = clock_wall_us(clock_real()),
    };
    terminal_size(&frame.columns, &frame.rows);
    return frame;
}

static void draw(struct live *live)
{
    struct live_frame frame = frame_of(live);
    size_t most = live_view_scroll_max(&live->model, &frame);
    live->scroll = live->scroll < most ? live->scroll : most;
    frame.scroll = live->scroll;
    text_clear(&live->screen);
    if (live->needs_clear) {
        text_add_string(&live->screen, "\033[2J");
        live->needs_clear = false;
    }
    live_view_screen(&live->model, &frame, &live->screen);
    if (terminal_write(&live->screen) < 0) {
        live->is_over = true;
    }
    live->draw_us = now_us() + DRAW_US;
}

static void take_key(struct live *live, enum key key)
{
    const struct live_frame frame = frame_of(live);
    size_t page = live_view_body_rows(&frame);
    size_t up = key == KEY_UP ? 1 : key == KEY_PAGE_UP ? page : 0;
    size_t down = key == KEY_DOWN ? 1 : key == KEY_PAGE_DOWN ? page : 0;
    live->scroll = up < live->scroll ? live->scroll - up : (up > 0 ? 0 : live->scroll);
    live->scroll += down; /* drawing limits it */
    if (key == KEY_HOME) {
        live->scroll = 0;
    } else if (key == KEY_END) {
        live->scroll = live_view_scroll_max(&live->model, &frame);
    }
    live->is_over = live->is_over || key == KEY_QUIT;
}

static void read_keys(struct live *live)
{
    char bytes[64];
    ssize_t got = read(STDIN_FILENO, bytes, sizeof(bytes));
    if (got <= 0) {
        live->is_over = true; /* the terminal is gone: it was readable */
        return;
    }
    size_t at = 0;
    size_t used = 1;
    while (used > 0) {
        enum key key = terminal_key(bytes + at, (size_t)got - at, &used);
        if (used > 0) {
            take_key(live, key);
        }
        at += used;
    }
    draw(live);
}

static void read_signal(struct live *live)
{
    struct signalfd_siginfo info;
    if (read(live->signal_fd, &info, sizeof(info)) != (ssize_t)sizeof(info)) {
        return;
    }
    if (info.ssi_signo == SIGWINCH) {
        live->needs_clear = true;
        draw(live);
    } else if (info.ssi_signo != SIGTSTP) {
        live->is_over = true;
    }
}

static int open_signals(void)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH, SIGTSTP};
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
        sigaddset(&set, numbers[i]);
    }
    sigprocmask(SIG_BLOCK, &set, NULL);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* Everything that is due by the clock. */
static void do_due(struct live *live)
{
    int64_t now = now_us();
    if (live->events.fd >= 0 && now - live->heard_us > SILENCE_US) {
        lose(live, "it has fallen silent");
    }
    if (live->events.fd < 0 && now >= live->retry_us) {
        open_stream(live);
    } else if (live->events.fd >= 0 && now >= live->refresh_us) {
        refresh(live);
    }
    if (now_us() >= live->draw_us) {
        draw(live);
    }
}

static void step(struct live *live)
{
    struct pollfd fds[] = {
        {.fd = STDIN_FILENO, .events = POLLIN},
        {.fd = live->signal_fd, .events = POLLIN},
        {.fd = live->events.fd, .events = POLLIN},
    };
    int64_t wait_us = live->draw_us - now_us();
    int wait_ms = wait_us > 0 ? (int)(wait_us / 1000) + 1 : 0;
    if (poll(fds, ARRAY_SIZE(fds), wait_ms) > 0) {
        if (fds[1].revents) {
            read_signal(live);
        }
        if (fds[0].revents) {
            read_keys(live);
        }
        if (fds[2].revents) {
            read_stream(live);
        }
    }
    if (!live->is_over) {
        do_due(live);
    }
}

static int show_screen(const struct cli *cli)
{
    struct live live = {.cli = cli, .signal_fd = open_signals()};
    events_init(&live.events);
    if (live.signal_fd < 0 || terminal_enter() < 0) {
        fputs("lingtan: this terminal cannot be used; try lingtan live --once\n", stderr);
        return EXIT_FAILED;
    }
    while (!live.is_over) {
        step(&live);
    }
    terminal_leave();
    close(live.signal_fd);
    events_close(&live.events);
    live_model_finish(&live.model);
    text_finish(&live.screen);
    return EXIT_OK;
}

static int show_once(const struct cli *cli)
{
    struct live_model model = {0};
    struct text out = {0};
    json_t *snapshot = NULL;
    char why[320] = "";
    int code = load(cli, &model, why, sizeof(why));
    if (code == EXIT_OK) {
        code = client_try(cli, "/api/v1/live", &snapshot, why, sizeof(why));
    }
    if (code == EXIT_OK) {
        const struct live_frame frame = {
            .has_colour = cli->has_colour,
            .note = note_text(),
            .now_mono_us = now_us(),
            .now_wall_us = clock_wall_us(clock_real()),
        };
        live_model_take_snapshot(&model, snapshot, now_us());
        live_view_table(&model, &frame, &out);
        fwrite(out.data, 1, out.length, stdout);
    } else {
        fprintf(stderr, "lingtan: %s\n", why);
    }
    json_decref(snapshot);
    text_finish(&out);
    live_model_finish(&model);
    return code;
}

int live_run(const struct cli *cli)
{
    if (cli->is_json) {
        return client_print(cli, "/api/v1/live");
    }
    bool is_screen = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
    return is_screen && !(cli->given & OPTION_BIT_ONCE) ? show_screen(cli) : show_once(cli);
}
