/* A link: the running side of one provider account: window, rate, backoff, breaker, pause.
 *
 * Hides: how much may be under way and when. It never touches Redis' ledger: it carries requests and judges them. */
#ifndef DAEMON_LINK_H
#define DAEMON_LINK_H

#include <jansson.h>

#include "config/config.h"
#include "net/http.h"
#include "provider/provider.h"
#include "queue/queue.h"

struct link;
struct sandbox;
struct metrics;

struct link_opts {
    struct loop *loop;
    struct http *http;
    struct queue *queue; /* for shared rate permits */
    const struct config *
        config; /* for vendor templates and descriptions of APIs; NULL = there are none. Borrowed like ${conf} */
    const struct config_provider *conf; /* borrowed; link_reconfigure replaces it */
    uint8_t route;                      /* number in the ledger, 0-15 */
    int64_t reserved_percent;
    int64_t timeout_ms;      /* of a whole exchange; 0 = the lane's own */
    struct sandbox *sandbox; /* for in-process drivers */
    void (*on_room)(
        void *arg); /* room or a permit came free: poke the feeder; never inside a call into the link */
    void *arg;
};
/* Would it start? What link_new checks, and nothing else. */
int link_check(const struct config *config, const struct config_provider *conf, struct err *e) MUSTCHECK;
/* Could the account carry this text to people as a notice (or a promotion, where only that fits)? 1, or 0 with why not; 2: it carries any text. -1: what link_check says. */
int link_carries(const struct config *config, const struct config_provider *conf, const char *text, size_t n,
                 struct err *e) MUSTCHECK;
struct link *link_new(const struct link_opts *o, struct err *e) MUSTCHECK;
void link_free(struct link *l);
/* A reload in two steps, so that it is all or nothing over several links: read and check everything (files that the options name included), then use it.
 * What was prepared and is not used is dropped by the next link_prepare or link_free. */
int link_prepare(struct link *l, const struct config *config, const struct config_provider *conf,
                 struct err *e) MUSTCHECK;
void link_reconfigure(struct link *l);

const struct config_provider *link_conf(const struct link *l);
const struct driver *link_driver(const struct link *l);
/* The account as its driver sees it; stays at this address as long as the link. */
const struct provider_conf *link_provider(const struct link *l);
uint8_t link_route(const struct link *l);

/* How many recipients of this lane could be taken on now (begun or waiting for permits), 0 when paused, broken, full. Slots are reserved for lanes 0-1; rate permits are not. */
size_t link_room(const struct link *l, enum lane lane);
/* Why there is none: "paused", "breaker-open", "window-full", ... for status. */
const char *link_state(const struct link *l);

/* A request's way through the window:
 *
 *   slot_take ──▶ (permit, mark) ──▶ write_take ──▶ link_send ──▶ write_give, slot_unsettled ──▶ slot_settled
 *      └── slot_give when nothing came of it
 *
 * slot_take says no when there is none for this lane now. write_take says no only to lanes normal and bulk, some of which may be marked before a slot is free
 * (try again when on_room comes); a window never has more requests out than it allows. Requests of lanes emergency and urgent keep their slot until they
 * are settled, so that a crash can double at most window x batch; of the other lanes at most another window is unsettled. */
bool link_slot_take(struct link *l, enum lane lane);
void link_slot_give(struct link *l, enum lane lane);
bool link_write_take(struct link *l, enum lane lane);
void link_write_give(struct link *l, enum lane lane);
void link_slot_unsettled(struct link *l, enum lane lane);
void link_slot_settled(struct link *l, enum lane lane);
/* Messages sent for the first time, and once more: of the latter lanes normal and bulk may make only so many (link_limit.h). False: not now, ask again in
 * ${wait_ms}. What was granted and succeeds, or comes to nothing, is given back. */
void link_first(struct link *l);
bool link_again_take(struct link *l, uint32_t random, int64_t *wait_ms);
void link_again_give(struct link *l);
/* Most recipients of one request; is a rate set (then every request needs link_permit first)? */
size_t link_batch(const struct link *l);
bool link_paced(const struct link *l);
/* May a request of this lane start, slots aside? Otherwise in how many ms to look again (-1 = not known: paused). */
bool link_usable(const struct link *l, enum lane lane, int64_t *wait_ms);
/* False for a second after a request could not even be written: others first, when there are any. */
bool link_healthy(const struct link *l);
/* A higher lane wants more slots than it got just now: this lane gets none. */
bool link_pressed(const struct link *l, enum lane lane);

/* One request: 1..batch rendered messages. */
struct link_op;
typedef void (*link_done_fn)(void *arg, const struct provider_verdict *v, size_t n, bool written,
                             int64_t took_us);
/* Send (permits must have been granted when a rate is set: link_permit). Messages are borrowed until completion. Exactly one completion, later. */
struct link_op *link_send(struct link *l, enum lane lane, const struct provider_msg *m, size_t n,
                          link_done_fn cb, void *arg);
/* No completion; true when bytes had been written. */
bool link_cancel(struct link_op *op);
/* Has any byte of it been written so far? */
bool link_written(const struct link_op *op);
/* Ask for ${n} rate permits (segments) for a lane; ${cb} when they are due (at once, in the next turn, when there is no rate). Highest lane first, FIFO inside a lane. Cancellable. */
struct link_permit;
struct link_permit *link_permit(struct link *l, enum lane lane, uint32_t n, void (*cb)(void *arg), void *arg);
void link_permit_cancel(struct link_permit *p);
/* What was permitted, ${n} segments, is written now. */
void link_wrote(struct link *l, uint32_t n);

void link_pause(struct link *l, bool paused, const char *why);
json_t *link_json(const struct link *l); /* for `provider list` and `status` */
struct link_stats {
    uint64_t verdicts[VERDICT_N];
    uint64_t hist[16], hist_count, hist_sum_us; /* crier_send_seconds: cells of metrics_bucket() */
    size_t in_flight;                           /* requests */
    bool breaker_open, paused;
};
const struct link_stats *link_stats(const struct link *l);
size_t link_limit_now(const struct link *l); /* requests it gets at once for now, at most the window */
uint64_t link_retries_delayed(const struct link *l); /* how often a retry had to wait for its turn */

#endif
