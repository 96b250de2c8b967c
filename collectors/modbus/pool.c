/* SPDX-License-Identifier: Apache-2.0 */
/* pool: the loop. Lines whose polls fall into one send slot have the same date, so one wake-up sends them all; what
 * has come by then is read, decoded and posted in it. */
#include "collectors/modbus/pool.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "base/heap.h"
#include "base/mem.h"
#include <lingtan/log.h>

enum {
    EVENTS_MAX = 256,
    ITEMS_MAX = 64,
    ORDERS_MAX = 1024,
    ERRANDS_MAX = 65536,    /* more than there can be lines: never full */
    CONNECTS_MAX = 64,      /* in flight: more would be a storm at the switch after a power cut */
    SLEEP_MAX_US = 1000000, /* a step of the wall clock is noticed within this */
};

/* A line in the pool. */
struct seat {
    struct heap_entry timer; /* first: the heap gives it back */
    struct line *line;
    unsigned generation; /* of the descriptor that epoll knows */
    uint32_t events;     /* that it waits for; 0 = not in epoll */
};

struct order {
    struct line *line;
    struct command *command;
};

struct pool {
    const struct collector_host *host;
    struct line_host line_host;
    struct gate gate;
    struct mailbox *orders; /* full: the command is refused */
    struct mailbox *errands;
    struct heap heap;
    struct seat **seats;
    size_t seat_count;
    size_t seats_max;
    int64_t offset_us; /* wall minus monotonic, as of the last look */
    int epoll_fd;
    int stop_fd;
    int swap_fd;
    pthread_t thread;
    bool is_running;  /* main thread */
    bool is_stopping; /* pool thread, as the next */
    bool wants_swap;
    pthread_mutex_t mutex; /* guards what follows */
    pthread_cond_t swapped;
    const struct pool_swap *swaps; /* NULL = they are done */
    size_t swap_count;
};

static void drop_errand(void *item)
{
    errand_unref(item);
}

static void drop_order(void *item)
{
    struct order *order = item;
    order->command->error = -ECANCELED;
    order->command->done(order->command);
    free(order);
}

static void watch(struct pool *pool, struct seat *seat)
{
    struct line_wait wait = line_wait(seat->line);
    uint32_t events =
        (wait.for_reading ? EPOLLIN | EPOLLRDHUP : 0U) | (wait.for_writing ? EPOLLOUT : 0U);
    if (wait.fd < 0) {
        seat->events = 0; /* closing took it out of the epoll */
        return;
    }
    if (wait.generation != seat->generation) {
        seat->generation = wait.generation;
        seat->events = 0;
    }
    if (events == seat->events) {
        return;
    }
    struct epoll_event event = {.events = events, .data.ptr = seat};
    int what = seat->events == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
    if (epoll_ctl(pool->epoll_fd, events == 0 ? EPOLL_CTL_DEL : what, wait.fd, &event) != 0) {
        log_about(LOG_LEVEL_ERROR, (struct log_subject){.line = line_id(seat->line)},
                  "cannot wait for its descriptor: %s; raise fs.epoll.max_user_watches",
                  strerrordesc_np(errno));
        return;
    }
    seat->events = events;
}

static void run_seat(struct pool *pool, struct seat *seat, bool is_ready)
{
    line_run(seat->line, is_ready);
    int64_t next_us = line_next_us(seat->line);
    if (next_us == INT64_MAX) {
        heap_remove(&pool->heap, &seat->timer);
    } else if (seat->timer.place == 0 || seat->timer.when_us != next_us) {
        heap_set(&pool->heap, &seat->timer, next_us);
    }
    watch(pool, seat);
}

static struct seat *seat_of(const struct pool *pool, const struct line *line)
{
    for (size_t i = 0; i < pool->seat_count; i++) {
        if (pool->seats[i]->line == line) {
            return pool->seats[i];
        }
    }
    return NULL;
}

static size_t take_orders(struct pool *pool)
{
    void *items[ITEMS_MAX];
    size_t count = mailbox_take(pool->orders, items, ITEMS_MAX);
    for (size_t i = 0; i < count; i++) {
        struct order *order = items[i];
        line_command(order->line, order->command);
        run_seat(pool, seat_of(pool, order->line), false);
        free(order);
    }
    return count;
}

static void take_errands(struct pool *pool)
{
    void *items[ITEMS_MAX];
    size_t count = mailbox_take(pool->errands, items, ITEMS_MAX);
    for (size_t i = 0; i < count; i++) {
        struct errand *errand = items[i];
        struct seat *seat = seat_of(pool, errand->line);
        errand->is_done = true;
        if (seat != NULL) {
            run_seat(pool, seat, true);
        }
        errand_unref(errand);
    }
}

static void handle_event(struct pool *pool, const struct epoll_event *event)
{
    if (event->data.ptr == pool->orders) {
        (void)take_orders(pool);
    } else if (event->data.ptr == pool->errands) {
        take_errands(pool);
    } else if (event->data.ptr == &pool->swap_fd) {
        pool->wants_swap = true;
    } else if (event->data.ptr == pool) {
        pool->is_stopping = true;
    } else {
        run_seat(pool, event->data.ptr, true);
    }
}

/* A line runs once a round at the most, so a busy one cannot keep the others from their events. */
static void run_due(struct pool *pool)
{
    int64_t now_us = clock_mono_us(pool->host->clock);
    struct heap_entry *top = heap_top(&pool->heap);
    for (size_t i = 0; i < pool->seat_count && top != NULL && top->when_us <= now_us; i++) {
        run_seat(pool, (struct seat *)(void *)top, false);
        top = heap_top(&pool->heap);
    }
}

static void admit_lines(struct pool *pool)
{
    struct line *line = gate_admit(&pool->gate);
    while (line != NULL) {
        run_seat(pool, seat_of(pool, line), false);
        line = gate_admit(&pool->gate);
    }
}

static void run_all(struct pool *pool)
{
    for (size_t i = 0; i < pool->seat_count; i++) {
        run_seat(pool, pool->seats[i], false);
    }
}

/* A line that sleeps until its next poll would meet the stepped clock only then. */
static void look_at_clock(struct pool *pool)
{
    int64_t offset_us = clock_wall_us(pool->host->clock) - clock_mono_us(pool->host->clock);
    int64_t drift_us = offset_us - pool->offset_us;
    if (drift_us > CLOCK_STEP_US || drift_us < -CLOCK_STEP_US) {
        pool->offset_us = offset_us;
        run_all(pool);
    }
}

static struct timespec sleep_time(const struct pool *pool)
{
    int64_t wait_us = SLEEP_MAX_US;
    const struct heap_entry *top = heap_top(&pool->heap);
    if (top != NULL) {
        int64_t left_us = top->when_us - clock_mono_us(pool->host->clock);
        left_us = left_us > 0 ? left_us : 0;
        wait_us = left_us < wait_us ? left_us : wait_us;
    }
    return (struct timespec){.tv_sec = wait_us / 1000000, .tv_nsec = wait_us % 1000000 * 1000};
}

static struct seat *add_seat(struct pool *pool, struct line *line)
{
    if (pool->seat_count == pool->seats_max) {
        pool->seats_max = pool->seats_max * 2 + 16;
        pool->seats = mem_grow(pool->seats, pool->seats_max, sizeof(struct seat *));
    }
    struct seat *seat = mem_alloc(sizeof(*seat));
    seat->line = line;
    pool->seats[pool->seat_count++] = seat;
    return seat;
}

static void remove_seat(struct pool *pool, struct seat *seat)
{
    size_t place = 0;
    while (pool->seats[place] != seat) {
        place++;
    }
    pool->seats[place] = pool->seats[--pool->seat_count];
    heap_remove(&pool->heap, &seat->timer);
    free(seat);
}

/* A line that ends has closed its descriptor, which epoll then knows no more. */
static struct seat *change_seat(struct pool *pool, const struct pool_swap *swap)
{
    struct seat *seat = swap->from != NULL ? seat_of(pool, swap->from) : NULL;
    if (seat == NULL) {
        return add_seat(pool, swap->line);
    }
    if (swap->line == NULL) {
        remove_seat(pool, seat);
        return NULL;
    }
    seat->line = swap->line;
    seat->generation = 0;
    seat->events = 0;
    return seat;
}

/* All of them before any begins: two lines may have changed ports with each other. */
static void retire_lines(const struct pool *pool)
{
    for (size_t i = 0; i < pool->swap_count; i++) {
        const struct pool_swap *swap = &pool->swaps[i];
        if (swap->from != NULL) {
            line_retire(swap->from, swap->line == NULL ? -ENODEV : 0);
        }
    }
}

static void swap_line(struct pool *pool, const struct pool_swap *swap)
{
    struct seat *seat = change_seat(pool, swap);
    if (seat == NULL) {
        return;
    }
    line_start(swap->line);
    if (swap->from != NULL) {
        line_inherit(swap->line, swap->from, swap->heritage);
    }
    run_seat(pool, seat, false);
}

/* Between two wake-ups: no event in hand is of a line that ends. The main thread waits, so it gives no orders. */
static void swap_lines(struct pool *pool)
{
    eventfd_t ignored;
    eventfd_read(pool->swap_fd, &ignored);
    pool->wants_swap = false;
    while (take_orders(pool) > 0) {
        /* all of them: none may be left for a line that ends */
    }
    pthread_mutex_lock(&pool->mutex);
    retire_lines(pool);
    for (size_t i = 0; i < pool->swap_count; i++) {
        swap_line(pool, &pool->swaps[i]);
    }
    pool->swaps = NULL;
    pool->swap_count = 0;
    pthread_cond_signal(&pool->swapped);
    pthread_mutex_unlock(&pool->mutex);
}

static void *work(void *argument)
{
    struct pool *pool = argument;
    struct epoll_event events[EVENTS_MAX];
    prctl(PR_SET_TIMERSLACK, 1UL); /* wakes this thread when it asked to be, not 50 us later */
    for (size_t i = 0; i < pool->seat_count; i++) {
        line_start(pool->seats[i]->line);
    }
    run_all(pool);
    while (!pool->is_stopping) {
        admit_lines(pool);
        struct timespec wait = sleep_time(pool);
        int count = epoll_pwait2(pool->epoll_fd, events, EVENTS_MAX, &wait, NULL);
        for (int i = 0; i < count; i++) {
            handle_event(pool, &events[i]);
        }
        look_at_clock(pool);
        run_due(pool);
        if (pool->wants_swap) {
            swap_lines(pool);
        }
        pool->host->flush(pool->host->context);
    }
    for (size_t i = 0; i < pool->seat_count; i++) {
        line_stop(pool->seats[i]->line);
    }
    pool->host->flush(pool->host->context);
    return NULL;
}

static int add_fd(struct pool *pool, int fd, void *tag)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = tag};
    return epoll_ctl(pool->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0 ? 0 : -errno;
}

static int open_fds(struct pool *pool)
{
    pool->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (pool->epoll_fd < 0) {
        return -errno;
    }
    pool->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (pool->stop_fd < 0) {
        return -errno;
    }
    pool->swap_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (pool->swap_fd < 0) {
        return -errno;
    }
    int error = add_fd(pool, pool->stop_fd, pool);
    error = error != 0 ? error : add_fd(pool, pool->swap_fd, &pool->swap_fd);
    error = error != 0 ? error : add_fd(pool, mailbox_fd(pool->orders), pool->orders);
    return error != 0 ? error : add_fd(pool, mailbox_fd(pool->errands), pool->errands);
}

int pool_create(const struct collector_host *host, int64_t slot_us, struct pool **out)
{
    struct pool *pool = mem_alloc(sizeof(*pool));
    pool->host = host;
    pool->epoll_fd = -1;
    pool->stop_fd = -1;
    pool->swap_fd = -1;
    pthread_mutex_init(&pool->mutex, NULL);
    pthread_cond_init(&pool->swapped, NULL);
    pool->orders = mailbox_create("modbus-commands", ORDERS_MAX, MAILBOX_REFUSE, drop_order);
    pool->errands = mailbox_create("modbus-helpers", ERRANDS_MAX, MAILBOX_REFUSE, drop_errand);
    pool->gate.limit = CONNECTS_MAX;
    pool->line_host =
        (struct line_host){.collector = host, .gate = &pool->gate, .slot_us = slot_us};
    int error = open_fds(pool);
    if (error != 0) {
        pool_destroy(pool);
        return error;
    }
    *out = pool;
    return 0;
}

void pool_destroy(struct pool *pool)
{
    if (pool == NULL) {
        return;
    }
    heap_finish(&pool->heap); /* first: its entries stand in the seats */
    for (size_t i = 0; i < pool->seat_count; i++) {
        line_destroy(pool->seats[i]->line);
        free(pool->seats[i]);
    }
    mailbox_destroy(pool->orders);
    mailbox_destroy(pool->errands);
    if (pool->stop_fd >= 0) {
        close(pool->stop_fd);
    }
    if (pool->swap_fd >= 0) {
        close(pool->swap_fd);
    }
    if (pool->epoll_fd >= 0) {
        close(pool->epoll_fd);
    }
    pthread_cond_destroy(&pool->swapped);
    pthread_mutex_destroy(&pool->mutex);
    free(pool->seats);
    free(pool);
}

const struct line_host *pool_line_host(const struct pool *pool)
{
    return &pool->line_host;
}

struct mailbox *pool_home(const struct pool *pool)
{
    return pool->errands;
}

void pool_add(struct pool *pool, struct line *take_line)
{
    (void)add_seat(pool, take_line);
}

size_t pool_line_count(const struct pool *pool)
{
    return pool->seat_count;
}

void pool_swap(struct pool *pool, const struct pool_swap *swaps, size_t count)
{
    if (count == 0) {
        return;
    }
    if (!pool->is_running) {
        for (size_t i = 0; i < count; i++) {
            (void)change_seat(pool, &swaps[i]);
        }
        return;
    }
    pthread_mutex_lock(&pool->mutex);
    pool->swaps = swaps;
    pool->swap_count = count;
    eventfd_write(pool->swap_fd, 1);
    while (pool->swaps != NULL) {
        pthread_cond_wait(&pool->swapped, &pool->mutex);
    }
    pthread_mutex_unlock(&pool->mutex);
}

int pool_start(struct pool *pool)
{
    sigset_t all;
    sigset_t old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    int error = pthread_create(&pool->thread, NULL, work, pool);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (error == 0) {
        pthread_setname_np(pool->thread, "modbus");
    }
    pool->is_running = error == 0;
    if (pool->is_running) {
        pthread_setname_np(pool->thread, "lines");
    }
    return -error;
}

/* What reached the mailbox too late for the thread comes back here. */
void pool_stop(struct pool *pool)
{
    if (!pool->is_running) {
        return;
    }
    eventfd_write(pool->stop_fd, 1);
    pthread_join(pool->thread, NULL);
    pool->is_running = false;
    void *item = NULL;
    while (mailbox_take(pool->orders, &item, 1) == 1) {
        drop_order(item);
    }
}

int pool_command(struct pool *pool, struct line *line, struct command *take_command)
{
    if (!line_reserve(line)) {
        return -ENOSPC;
    }
    struct order *order = mem_alloc(sizeof(*order));
    *order = (struct order){.line = line, .command = take_command};
    int error = mailbox_post(pool->orders, order);
    if (error != 0) {
        line_release(line);
        free(order);
    }
    return error;
}
