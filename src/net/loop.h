/* The event loop.
 *
 * Hides: libevent (only net/ includes it). Timers, deferred calls, signals and end-of-turn steps. Everything runs in
 * one thread. A timer's or task's callback is never called inside the call that armed it, and never after it was
 * disarmed or freed. Callbacks may free the very timer that called them. */
#ifndef NET_LOOP_H
#define NET_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/list.h"

struct loop;
struct loop_timer;
struct loop_signal;
struct loop_fd;
typedef void (*loop_fn)(void *arg);

struct loop *loop_new(struct err *e) MUSTCHECK;
void loop_free(struct loop *l); /* NULL is fine. All timers, signals and clients must be gone */
/* Run until loop_stop. */
void loop_run(struct loop *l);
/* Run until ${done}() is true or ${timeout_ms} is over; for tests and start-up. Returns ${done}()'s last answer. */
bool loop_run_until(struct loop *l, bool (*done)(void *arg), void *arg, int64_t timeout_ms);
void loop_stop(struct loop *l);

/* One shot; arming an armed timer moves it. Resolution: 1 ms or better. */
struct loop_timer *loop_timer_new(struct loop *l, loop_fn cb, void *arg);
void loop_timer_arm_ms(struct loop_timer *t, int64_t ms);
void loop_timer_arm_us(struct loop_timer *t, int64_t us);
void loop_timer_disarm(struct loop_timer *t);
bool loop_timer_armed(const struct loop_timer *t);
void loop_timer_free(struct loop_timer *t); /* NULL is fine */

/* A call later in the same or the next turn, in the order of posting, after the callback now running has returned.
 * The task is embedded in its owner; posting a posted task does nothing; loop_task_cancel takes it back. */
struct loop_task {
    loop_fn cb;
    void *arg;
    bool posted;
    TAILQ_ENTRY(loop_task) entry;
};
void loop_post(struct loop *l, struct loop_task *t);
void loop_task_cancel(struct loop *l, struct loop_task *t);

/* Called once at the end of every turn in which any callback ran, in order of registration: pipelines leave here,
 * freed objects are freed here. */
void loop_on_turn(struct loop *l, loop_fn cb, void *arg);
/* Take a registration back; allowed from inside such a callback. */
void loop_off_turn(struct loop *l, loop_fn cb, void *arg);
/* Call ${cb} once at the end of this turn, after everything else: the place where memory goes. */
void loop_at_turn_end(struct loop *l, loop_fn cb, void *arg);

struct loop_signal *loop_signal_new(struct loop *l, int signo, loop_fn cb, void *arg);
void loop_signal_free(struct loop_signal *s);

/* Watch a descriptor (not owned) for reading, persistently. */
struct loop_fd *loop_fd_new(struct loop *l, int fd, loop_fn on_readable, void *arg);
void loop_fd_free(struct loop_fd *f);

/* Longest time one turn took since the last call, in microseconds (crier_loop_lag_seconds). */
int64_t loop_lag_take_us(struct loop *l);

/* For net/ only: the struct event_base. */
struct event_base;
struct event_base *loop_base(struct loop *l);
/* For net/ only: a callback of the library begins (the turn's time counts from its first callback). */
void loop_enter(struct loop *l);
/* For net/ only: as loop_on_turn, but after all of those: what they began leaves in this same turn. */
void loop_on_turn_last(struct loop *l, loop_fn cb, void *arg);
/* For net/ only: microseconds of a clock that tests cannot replace, the one the timers run by. */
int64_t loop_now_us(void);

#endif
