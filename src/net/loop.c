#include "net/loop.h"

#include <event2/event.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"

/* Most tasks run between two looks at the descriptors, so that tasks that post tasks cannot starve them. */
enum { TASKS_PER_TURN = 4096 };

struct step {
    loop_fn cb; /* NULL = taken back, removed after the walk */
    void *arg;
};

struct steps {
    struct step *v;
    size_t n, cap;
    bool walking, holes;
};

TAILQ_HEAD(task_list, loop_task);

struct loop {
    struct event_base *base;
    struct task_list tasks;
    struct steps on_turn, on_turn_last, at_end;
    bool stop;
    bool in_turn;
    int64_t turn_began_us; /* 0 = no callback ran yet in this turn */
    int64_t lag_us;
};

struct loop_timer {
    struct loop *loop;
    struct event *ev;
    loop_fn cb;
    void *arg;
};

struct loop_signal {
    struct loop *loop;
    struct event *ev;
    loop_fn cb;
    void *arg;
};

struct loop_fd {
    struct loop *loop;
    struct event *ev;
    loop_fn cb;
    void *arg;
};

int64_t loop_now_us(void)
{
    struct timespec ts;

    if (clock_gettime(CLOCK_MONOTONIC, &ts) != 0)
        panic("clock_gettime failed");
    return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static void steps_add(struct steps *s, loop_fn cb, void *arg)
{
    if (s->n == s->cap) {
        s->cap = s->cap != 0 ? 2 * s->cap : 8;
        s->v = xrealloc(s->v, s->cap * sizeof(*s->v));
    }
    s->v[s->n++] = (struct step){.cb = cb, .arg = arg};
}

static void steps_close_holes(struct steps *s)
{
    size_t kept = 0;

    for (size_t i = 0; i < s->n; i++)
        if (s->v[i].cb != NULL)
            s->v[kept++] = s->v[i];
    s->n = kept;
    s->holes = false;
}

static void steps_remove(struct steps *s, loop_fn cb, void *arg)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->v[i].cb == cb && s->v[i].arg == arg) {
            s->v[i].cb = NULL;
            s->holes = true;
        }
    if (!s->walking && s->holes)
        steps_close_holes(s);
}

/* Steps may add and take back steps while they run; one added runs in the same walk. */
static void steps_run(struct steps *s)
{
    s->walking = true;
    for (size_t i = 0; i < s->n; i++)
        if (s->v[i].cb != NULL)
            s->v[i].cb(s->v[i].arg);
    s->walking = false;
    if (s->holes)
        steps_close_holes(s);
}

static void steps_run_once(struct steps *s)
{
    if (s->n == 0)
        return;
    steps_run(s);
    s->n = 0;
}

struct loop *loop_new(struct err *e)
{
    struct event_config *cfg;
    struct loop *l;

    event_set_mem_functions(xmalloc, xrealloc,
                            free); /* an event that is not there is a request that never ends */
    cfg = event_config_new();
    if (cfg == NULL ||
        event_config_set_flag(cfg, EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST | EVENT_BASE_FLAG_PRECISE_TIMER |
                                       EVENT_BASE_FLAG_NO_CACHE_TIME | EVENT_BASE_FLAG_IGNORE_ENV) != 0)
        panic("libevent refuses its configuration");
    l = xcalloc(1, sizeof(*l));
    TAILQ_INIT(&l->tasks);
    l->base = event_base_new_with_config(cfg);
    event_config_free(cfg);
    if (l->base == NULL) {
        free(l);
        err_set(e, "loop", NULL, "cannot create the event loop (descriptors used up?)");
        return NULL;
    }
    /* A peer that hangs up is told by write's result, never by a signal that ends the process. */
    if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
        panic("cannot ignore SIGPIPE");
    return l;
}

void loop_free(struct loop *l)
{
    if (l == NULL)
        return;
    steps_run_once(&l->at_end);
    event_base_free(l->base);
    free(l->on_turn.v);
    free(l->on_turn_last.v);
    free(l->at_end.v);
    free(l);
}

struct event_base *loop_base(struct loop *l)
{
    return l->base;
}

void loop_enter(struct loop *l)
{
    if (l->turn_began_us == 0)
        l->turn_began_us = loop_now_us();
}

static void run_tasks(struct loop *l)
{
    struct loop_task *t;

    for (int i = 0; i < TASKS_PER_TURN && (t = TAILQ_FIRST(&l->tasks)) != NULL; i++) {
        TAILQ_REMOVE(&l->tasks, t, entry);
        t->posted = false;
        loop_enter(l);
        t->cb(t->arg);
    }
}

/* events -> tasks -> end-of-turn steps -> freeing. libevent returns after one round of events. */
static void turn(struct loop *l)
{
    int flags = EVLOOP_ONCE | EVLOOP_NO_EXIT_ON_EMPTY;
    int64_t took;

    if (l->in_turn)
        panic("the loop was run from inside one of its callbacks");
    l->in_turn = true;
    l->turn_began_us = 0;
    if (!TAILQ_EMPTY(&l->tasks))
        flags = EVLOOP_NONBLOCK;
    if (event_base_loop(l->base, flags) < 0)
        panic("the event loop failed");
    run_tasks(l);
    steps_run(&l->on_turn);
    steps_run(&l->on_turn_last);
    steps_run_once(&l->at_end);
    l->in_turn = false;
    if (l->turn_began_us != 0 && (took = loop_now_us() - l->turn_began_us) > l->lag_us)
        l->lag_us = took;
}

/* What was begun before the loop ran (start-up, tests) leaves now, not after the first event. */
static void before_first_turn(struct loop *l)
{
    if (l->in_turn)
        return; /* turn() says what is wrong */
    steps_run(&l->on_turn);
    steps_run(&l->on_turn_last);
}

void loop_run(struct loop *l)
{
    before_first_turn(l);
    while (!l->stop)
        turn(l);
    l->stop = false;
}

void loop_stop(struct loop *l)
{
    l->stop = true;
}

static void on_deadline(void *arg)
{
    bool *over = arg;

    *over = true;
}

bool loop_run_until(struct loop *l, bool (*done)(void *arg), void *arg, int64_t timeout_ms)
{
    bool over = false, finished;
    struct loop_timer *deadline = loop_timer_new(l, on_deadline, &over);

    loop_timer_arm_ms(deadline, timeout_ms);
    before_first_turn(l);
    /* A stop that comes meanwhile is kept for loop_run. */
    while (!(finished = done(arg)) && !over && !l->stop)
        turn(l);
    loop_timer_free(deadline);
    return finished;
}

static void on_timeout(evutil_socket_t fd, short what, void *arg)
{
    struct loop_timer *t = arg;

    (void)fd;
    (void)what;
    loop_enter(t->loop);
    t->cb(t->arg);
}

struct loop_timer *loop_timer_new(struct loop *l, loop_fn cb, void *arg)
{
    struct loop_timer *t = xcalloc(1, sizeof(*t));

    *t = (struct loop_timer){.loop = l, .cb = cb, .arg = arg, .ev = evtimer_new(l->base, on_timeout, t)};
    if (t->ev == NULL)
        panic("out of memory");
    return t;
}

void loop_timer_arm_us(struct loop_timer *t, int64_t us)
{
    struct timeval tv;

    if (us < 0)
        us = 0;
    tv.tv_sec = (time_t)(us / 1000000);
    tv.tv_usec = (suseconds_t)(us % 1000000);
    if (event_add(t->ev, &tv) != 0)
        panic("cannot arm a timer");
}

void loop_timer_arm_ms(struct loop_timer *t, int64_t ms)
{
    loop_timer_arm_us(t, ms > INT64_MAX / 1000 ? INT64_MAX : ms * 1000);
}

void loop_timer_disarm(struct loop_timer *t)
{
    event_del(t->ev);
}

bool loop_timer_armed(const struct loop_timer *t)
{
    return event_pending(t->ev, EV_TIMEOUT, NULL) != 0;
}

void loop_timer_free(struct loop_timer *t)
{
    if (t == NULL)
        return;
    event_free(t->ev);
    free(t);
}

void loop_post(struct loop *l, struct loop_task *t)
{
    if (t->posted)
        return;
    t->posted = true;
    TAILQ_INSERT_TAIL(&l->tasks, t, entry);
}

void loop_task_cancel(struct loop *l, struct loop_task *t)
{
    if (!t->posted)
        return;
    t->posted = false;
    TAILQ_REMOVE(&l->tasks, t, entry);
}

void loop_on_turn(struct loop *l, loop_fn cb, void *arg)
{
    steps_add(&l->on_turn, cb, arg);
}

void loop_on_turn_last(struct loop *l, loop_fn cb, void *arg)
{
    steps_add(&l->on_turn_last, cb, arg);
}

void loop_off_turn(struct loop *l, loop_fn cb, void *arg)
{
    steps_remove(&l->on_turn, cb, arg);
    steps_remove(&l->on_turn_last, cb, arg);
}

void loop_at_turn_end(struct loop *l, loop_fn cb, void *arg)
{
    steps_add(&l->at_end, cb, arg);
}

static void on_signal(evutil_socket_t fd, short what, void *arg)
{
    struct loop_signal *s = arg;

    (void)fd;
    (void)what;
    loop_enter(s->loop);
    s->cb(s->arg);
}

struct loop_signal *loop_signal_new(struct loop *l, int signo, loop_fn cb, void *arg)
{
    struct loop_signal *s = xcalloc(1, sizeof(*s));

    *s = (struct loop_signal){
        .loop = l, .cb = cb, .arg = arg, .ev = evsignal_new(l->base, signo, on_signal, s)};
    if (s->ev == NULL || event_add(s->ev, NULL) != 0)
        panic("cannot watch signal %d", signo);
    return s;
}

void loop_signal_free(struct loop_signal *s)
{
    if (s == NULL)
        return;
    event_free(s->ev);
    free(s);
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
    struct loop_fd *f = arg;

    (void)fd;
    (void)what;
    loop_enter(f->loop);
    f->cb(f->arg);
}

struct loop_fd *loop_fd_new(struct loop *l, int fd, loop_fn cb, void *arg)
{
    struct loop_fd *f = xcalloc(1, sizeof(*f));

    *f = (struct loop_fd){
        .loop = l, .cb = cb, .arg = arg, .ev = event_new(l->base, fd, EV_READ | EV_PERSIST, on_readable, f)};
    if (f->ev == NULL || event_add(f->ev, NULL) != 0)
        panic("cannot watch descriptor %d", fd);
    return f;
}

void loop_fd_free(struct loop_fd *f)
{
    if (f == NULL)
        return;
    event_free(f->ev);
    free(f);
}

int64_t loop_lag_take_us(struct loop *l)
{
    int64_t lag = l->lag_us;

    l->lag_us = 0;
    return lag;
}
