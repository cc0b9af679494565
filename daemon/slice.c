#include "daemon/slice.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "base/mem.h"
#include "daemon/feeder_int.h"

enum {
    REPORT_AT_ONCE = 16,   /* outcomes that do not wait for the report under way (queue-protocol 1.6 (10)) */
    UNREADABLE_MS = 60000, /* a notice that cannot be read now may be readable for a newer daemon */
    AGAIN_MS = 200,
    SAY_AGAIN_MS = 60000
};

/* ---- life ---- */

static void parse_lines(struct slice *s)
{
    static char nothing[] = "";
    char *line = s->claim.lines;
    uint32_t n = s->claim.n < NOTICE_SLICE ? s->claim.n : NOTICE_SLICE;

    for (uint32_t i = 0; i < n; i++) {
        char *end = line != NULL ? strchr(line, '\n') : NULL;

        if (end != NULL)
            *end = '\0';
        if (line == NULL || recipient_parse(line, &s->recipients[i]) != 0)
            s->recipients[i] =
                (struct recipient){nothing, nothing, nothing, nothing, nothing, nothing, nothing};
        line = end != NULL ? end + 1 : NULL;
    }
}

static bool is_high(const struct slice *s)
{
    return s->claim.lane <= LANE_URGENT;
}

static void on_notice(void *arg)
{
    struct slice *s = arg;

    s->feeder->n_loading -= is_high(s) ? 1 : 0;
    s->asked = false;
    switch (notices_state(s->notice)) {
    case NOTICES_READY:
        s->loaded = true;
        slice_find_links(s);
        feeder_poke(s->feeder);
        return;
    case NOTICES_GONE:
        slice_close(s, UNREADABLE_MS, false);
        return;
    case NOTICES_LOADING:
    case NOTICES_UNAVAILABLE:
        slice_close(s, 0, false);
        return;
    }
}

struct slice *slice_new(struct feeder *f, struct queue_claim *c)
{
    struct slice *s = xcalloc(1, sizeof(*s));

    s->feeder = f;
    s->claim = *c;
    c->lines = NULL;
    s->late = late_parse(s->claim.late, clock_mono_us());
    s->claim.late = NULL;
    if (s->claim.n > NOTICE_SLICE)
        panic("a slice of %u recipients", s->claim.n);
    parse_lines(s);
    s->retry_in_ms = -1;
    s->lease_end_us = clock_mono_us() + feeder_lease_us(f);
    TAILQ_INIT(&s->live);
    TAILQ_INIT(&s->settling);
    s->open = true;
    TAILQ_INSERT_TAIL(&f->open[c->lane], s, entry);
    f->n_unsent[c->lane] += s->claim.n;
    f->n_slices++;
    f->n_loading += is_high(s) ? 1 : 0;
    s->asked = true;
    s->notice = notices_take(f->notices, s->claim.id, on_notice, s);
    if (notices_state(s->notice) != NOTICES_LOADING)
        on_notice(s);
    return s;
}

void slice_free(struct slice *s)
{
    struct delivery *d;

    while ((d = TAILQ_FIRST(&s->live)) != NULL || (d = TAILQ_FIRST(&s->settling)) != NULL)
        delivery_cancel(d);
    s->feeder->n_loading -= s->asked && is_high(s) ? 1 : 0;
    notices_give(s->notice, s);
    late_free(s->late);
    free(s->claim.lines);
    free(s);
}

/* ---- beginning ---- */

/* A byte `sending` met after a claim is in doubt: begin decides by the notice's policy whether it may be sent again. */
bool slice_may_be_sent(const struct slice *s, uint32_t off)
{
    uint8_t state = s->claim.states[off];

    return state == RECIPIENT_PENDING || state == RECIPIENT_RETRY || state == RECIPIENT_SENDING;
}

static void pass(struct slice *s)
{
    s->next++;
    s->feeder->n_unsent[s->claim.lane]--;
}

/* It waits longer than its slice. Not begun: it goes back with the slice, which then comes back in time for it. */
static void leave_late(struct slice *s, int64_t wait_ms)
{
    pass(s);
    s->covered = s->next;
    if (s->retry_in_ms < 0 || wait_ms < s->retry_in_ms)
        s->retry_in_ms = wait_ms;
}

/* Sent before and, as far as can be told, to be sent again; lanes emergency and urgent are never held up by that. */
bool slice_is_retry(const struct slice *s, uint32_t off)
{
    return s->claim.lane > LANE_URGENT && s->claim.states[off] == RECIPIENT_RETRY;
}

/* May the next recipient go over ${l} as far as the provider's share of retries goes? Then it counts. */
static bool counts_in(struct slice *s, struct link *l, int64_t *wait_ms)
{
    if (l == NULL)
        return true;
    if (!slice_is_retry(s, s->next)) {
        link_first(l);
        return true;
    }
    *wait_ms = s->again_wait_ms;
    if (s->again_wait_ms == 0 && link_again_take(l, feeder_random(s->feeder), wait_ms))
        return true;
    s->again_wait_ms = *wait_ms;
    return false;
}

static bool goes_along(struct slice *s, struct link *l)
{
    int64_t wait;
    bool alone;

    if (!slice_may_be_sent(s, s->next))
        return true; /* passed over inside the range */
    return slice_link(s, s->next, &wait, &alone) == l && (l != NULL || wait < 0) && counts_in(s, l, &wait);
}

/* One request's worth, beginning at `next`. */
static void fill(struct slice *s, struct link *l)
{
    struct delivery *d = delivery_new(s, l);

    do {
        if (slice_may_be_sent(s, s->next) && !delivery_add(d, s->next)) { /* it goes with the next request */
            if (slice_is_retry(s, s->next))
                link_again_give(l);
            break;
        }
        pass(s);
    } while (s->next < s->claim.n && !delivery_is_full(d) && goes_along(s, l));
    delivery_start(d, s->next);
}

static void nothing_usable(struct slice *s, int64_t wait_ms)
{
    if (TAILQ_EMPTY(&s->live) && s->n_marks == 0)
        slice_close(s, wait_ms, false);
    else
        feeder_wake_in_ms(s->feeder, wait_ms);
}

/* No way is open for the next one. Whoever comes later and has another way (a WeChat id, while all text message accounts are refused) does not wait with it: false when that is
 * nobody. */
static bool leave_blocked(struct slice *s, int64_t wait_ms)
{
    uint32_t to = slice_next_open(s, &wait_ms);

    if (to == s->claim.n) {
        nothing_usable(s, wait_ms);
        return false;
    }
    while (s->next < to)
        leave_late(s, wait_ms);
    return true;
}

static void all_begun(struct slice *s)
{
    struct feeder *f = s->feeder;

    if (!s->open)
        return;
    s->open = false;
    TAILQ_REMOVE(&f->open[s->claim.lane], s, entry);
    TAILQ_INSERT_TAIL(&f->busy, s, entry);
    feeder_dirty(f, s);
}

void slice_advance(struct slice *s)
{
    uint32_t before = s->next;
    int64_t wait;
    bool alone;

    if (!s->loaded || s->closing)
        return;
    if (clock_mono_us() > s->lease_end_us) {
        slice_close(s, 0, false);
        return;
    }
    while (s->next < s->claim.n) {
        struct link *l;

        if (!slice_may_be_sent(s, s->next)) {
            pass(s);
            continue;
        }
        l = slice_link(s, s->next, &wait, &alone);
        if (l == NULL && alone) {
            leave_late(s, wait);
            continue;
        }
        if (l == NULL && wait >= 0) {
            if (leave_blocked(s, wait))
                continue;
            break;
        }
        if (l != NULL && link_room(l, s->claim.lane) > 0 && !counts_in(s, l, &wait)) {
            leave_late(s, wait);
            continue;
        }
        if (l != NULL && !link_slot_take(l, s->claim.lane))
            break;
        fill(s, l);
    }
    if (s->next != before)
        delivery_mark_ready(s);
    if (s->next == s->claim.n)
        all_begun(s);
}

/* What was not marked is dropped; what was marked and not written, also because it has no connection yet, is taken back when the notice itself is stopped. */
static void give_up(struct slice *s)
{
    struct delivery *d, *next;

    TAILQ_FOREACH_SAFE(d, &s->live, of_slice, next)
    {
        if (d->state == DELIVERY_CLAIMED || d->state == DELIVERY_PACED)
            delivery_drop(d);
        else if (s->stopped)
            delivery_take_back(d);
    }
}

void slice_close(struct slice *s, int64_t retry_in_ms, bool stopped)
{
    s->stopped = s->stopped || stopped;
    if (s->retry_in_ms < 0 || retry_in_ms < s->retry_in_ms)
        s->retry_in_ms = retry_in_ms;
    if (!s->closing)
        s->feeder->n_unsent[s->claim.lane] -= s->claim.n - s->next;
    s->closing = true;
    give_up(s);
    all_begun(s);
    feeder_dirty(s->feeder, s);
}

/* ---- reporting ---- */

struct report {
    struct slice *slice;
    uint32_t first, end;
    bool last;
    TAILQ_ENTRY(report) entry;
};

void slice_outcome(struct slice *s, const struct queue_outcome *o, int64_t retry_in_ms)
{
    if (s->n_out == NOTICE_SLICE)
        panic("more outcomes than recipients in slice %u of %s", s->claim.slice, s->claim.id);
    s->out[s->n_out++] = *o;
    if ((o->state == RECIPIENT_RETRY || o->state == RECIPIENT_PENDING) &&
        (s->retry_in_ms < 0 || retry_in_ms < s->retry_in_ms))
        s->retry_in_ms = retry_in_ms;
}

void slice_delivery_over(struct slice *s)
{
    feeder_dirty(s->feeder, s);
}

static void confirmed(struct slice *s, const struct report *rep)
{
    struct delivery *d;

    s->n_confirmed = rep->end;
    while ((d = TAILQ_FIRST(&s->settling)) != NULL && d->out_end <= s->n_confirmed)
        delivery_settled(d);
    feeder_settled(s->feeder, s, &s->out[rep->first], rep->end - rep->first);
}

/* Not taken by Redis, or after a gap: everything from the gap on is said again. Repeating is safe. */
static void unconfirmed(struct slice *s)
{
    struct delivery *d;

    s->n_reported = s->n_confirmed;
    s->last_sent = false;
    TAILQ_FOREACH(d, &s->settling, of_slice)
    delivery_unsettled(d);
    s->feeder->stuck = true;
    feeder_wake_in_ms(s->feeder, AGAIN_MS);
}

/* A notice that is gone needs no report. What Redis itself refuses (a right taken away) is said again: these results are all there is. */
static bool is_taken(const struct queue_result *r)
{
    return r->status == QUEUE_OK || (r->status == QUEUE_REFUSED && strcmp(r->e->code, "no-such-notice") == 0);
}

/* A report is said again five times a second for each slice: one line per cause and minute is enough. */
static void say_refused(const struct slice *s, const struct err *e)
{
    struct feeder *f = s->feeder;
    int64_t now_us = clock_mono_us();

    if (f->report_refused.said_us != 0 && strcmp(f->report_refused.code, e->code) == 0 &&
        now_us - f->report_refused.said_us < (int64_t)SAY_AGAIN_MS * 1000) {
        f->report_refused.n_more++;
        return;
    }
    log_error("slice.report-refused", "notice=%s slice=%u code=%s why=\"%s\" more=%zu", s->claim.id,
              s->claim.slice, e->code, e->msg, f->report_refused.n_more);
    memcpy(f->report_refused.code, e->code, sizeof(f->report_refused.code));
    f->report_refused.said_us = now_us;
    f->report_refused.n_more = 0;
}

static void on_reported(void *arg, const struct queue_result *r, bool mine)
{
    struct report rep = *(struct report *)arg;
    struct slice *s = rep.slice;
    bool taken = is_taken(r);

    FP("after_finish");
    TAILQ_REMOVE(&s->feeder->reports, (struct report *)arg, entry);
    free(arg);
    s->n_reports--;
    if (r->status == QUEUE_REFUSED)
        say_refused(s, r->e);
    if (!taken || rep.first != s->n_confirmed) {
        unconfirmed(s);
        return;
    }
    confirmed(s, &rep);
    if (rep.last && s->last_sent &&
        s->n_reports == 0) { /* another one under way would come back to a slice that is gone */
        if (s->retry_in_ms >= 0)
            feeder_expect(s->feeder, s->claim.lane, s->retry_in_ms);
        feeder_slice_done(s->feeder, s);
        return;
    }
    if (r->status == QUEUE_OK && !mine)
        slice_close(s, 0, true);
    feeder_dirty(s->feeder, s);
}

static void send_report(struct slice *s, bool last)
{
    struct report *rep = xcalloc(1, sizeof(*rep));
    struct delivery *d;

    rep->slice = s;
    rep->first = s->n_reported;
    rep->end = s->n_out;
    rep->last = last;
    s->n_reported = s->n_out;
    s->last_sent = last;
    s->n_reports++;
    TAILQ_FOREACH(d, &s->settling, of_slice)
    if (d->state == DELIVERY_SETTLE_WAIT)
        delivery_enter(d, DELIVERY_SETTLING);
    TAILQ_INSERT_TAIL(&s->feeder->reports, rep, entry);
    FP("before_finish");
    queue_finish(s->feeder->o.queue, &s->claim, &s->out[rep->first], rep->end - rep->first, last,
                 s->retry_in_ms > 0 ? s->retry_in_ms : 0, on_reported, rep);
}

void slice_report(struct slice *s)
{
    bool through = (s->closing || s->next == s->claim.n) && TAILQ_EMPTY(&s->live) && s->n_marks == 0;
    uint32_t waiting = s->n_out - s->n_reported;

    if (!s->feeder->usable)
        return;
    if (through && !s->last_sent)
        send_report(s, true);
    else if (waiting >= REPORT_AT_ONCE || (waiting > 0 && s->n_reports == 0))
        send_report(s, false);
}

void slice_resume(struct slice *s)
{
    if (s->n_reports == 0)
        unconfirmed(s);
    feeder_dirty(s->feeder, s);
}

void slice_reports_free(struct feeder *f)
{
    struct report *rep;

    while ((rep = TAILQ_FIRST(&f->reports)) != NULL) {
        TAILQ_REMOVE(&f->reports, rep, entry);
        free(rep);
    }
}
