/* What becomes of the messages of a delivery: verdicts, policy, the ledger. Part of delivery.h. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "daemon/feeder_int.h"
#include "queue/mids.h"
#include "queue/people.h"

static struct queue_outcome outcome_of(const struct delivery *d, const struct delivery_item *it,
                                       enum recipient_state state, const char *detail)
{
    struct queue_outcome o = {.off = it->off,
                              .attempt = it->attempt,
                              .state = state,
                              .route = d->link != NULL ? link_route(d->link) : 0,
                              .detail = ""};
    size_t n = strnlen(detail, sizeof(o.detail) - 1);

    memcpy(o.detail, detail, n);
    return o;
}

void delivery_outcome(struct delivery *d, const struct delivery_item *it, enum recipient_state state,
                      const char *detail, int64_t retry_in_ms)
{
    struct queue_outcome o = outcome_of(d, it, state, detail);

    slice_outcome(d->slice, &o, retry_in_ms);
}

/* Marked, but nothing was or will be written. */
void delivery_not_written(struct delivery *d)
{
    uint32_t first_out = d->slice->n_out;

    for (uint32_t i = 0; i < d->n; i++) {
        delivery_give_back_retry(d, &d->items[i]);
        delivery_outcome(d, &d->items[i], RECIPIENT_PENDING, "", 0);
    }
    delivery_over(d, first_out);
}

void delivery_take_back(struct delivery *d)
{
    if (d->state == DELIVERY_SENDING && !link_written(d->op)) {
        link_cancel(d->op);
        d->op = NULL;
        link_write_give(d->link, d->slice->claim.lane);
        delivery_not_written(d);
    } else if (d->state == DELIVERY_MARKED) {
        delivery_not_written(d);
    }
}

static const int64_t first_wait_ms[LANE_N] = {1000, 5000, 30000, 30000};

/* Does this one wait for a time of its own, whatever becomes of the rest of the slice? In doubt and to be sent again: a delivery report gets its time first. Or the
 * provider wants no more to this number for a while: it alone is kept from it. */
static bool waits_alone(const struct provider_verdict *v, const struct policy_out *next, uint8_t *route)
{
    if (v->verdict == VERDICT_UNKNOWN && next->next == RECIPIENT_RETRY) {
        *route = QUEUE_ANY_ROUTE;
        return true;
    }
    return v->verdict == VERDICT_THROTTLED && v->scope == THROTTLE_RECIPIENT;
}

static void ask_policy(const struct delivery *d, const struct delivery_item *it,
                       const struct provider_verdict *v, bool written, struct policy_out *next)
{
    struct slice *s = d->slice;
    enum lane lane = s->claim.lane;
    struct policy_in in = {.lane = lane,
                           .on_unknown = s->claim.on_unknown,
                           .verdict = v->verdict,
                           .written = written,
                           .attempts = it->attempt,
                           .retry_after_ms = v->retry_after_ms,
                           .random = 0,
                           .scope = v->scope,
                           .until = v->until,
                           .now_at = 0};
    int64_t base = s->feeder->o.retry_base_ms;

    if (v->verdict != VERDICT_SENT)
        in.random = feeder_random(s->feeder);
    if (v->scope == THROTTLE_RECIPIENT)
        in.now_at = clock_wall_ms();
    policy_next(&in, next);
    if (base > 0)
        next->delay_ms = next->delay_ms * base / first_wait_ms[lane];
}

static void judge(struct delivery *d, const struct delivery_item *it, const struct provider_verdict *v,
                  bool written, int64_t took_us)
{
    const struct slice *s = d->slice;
    struct policy_out next;
    struct queue_outcome o;

    if (v->verdict == VERDICT_SENT) {
        delivery_give_back_retry(d, it);
        notices_taken(s->notice, link_route(d->link));
    }
    ask_policy(d, it, v, written, &next);
    o = outcome_of(d, it, next.next, v->detail);
    o.late_route = o.route;
    o.late_in_ms = waits_alone(v, &next, &o.late_route) ? next.delay_ms : 0;
    if (v->verdict == VERDICT_BAD_MESSAGE)
        notices_refused(s->notice, link_route(d->link), link_conf(d->link)->name, &s->recipients[it->off],
                        v->detail, clock_mono_us());
    if ((v->verdict == VERDICT_BAD_MESSAGE && slice_has_later_link(s, it->off, d->link)) ||
        (v->verdict == VERDICT_BAD_RECIPIENT && slice_has_other_channel(s, it->off, d->link))) {
        o.state = RECIPIENT_RETRY;
        next.delay_ms = 0;
    } else if ((!written || v->verdict == VERDICT_BAD_ACCOUNT || v->verdict == VERDICT_THROTTLED) &&
               slice_has_other_link(s, it->off, d->link)) {
        next.delay_ms = 0; /* this one is not at fault, and another provider can take it now */
    }
    slice_outcome(d->slice, &o, next.delay_ms);
    log_debug("delivery.settled", "notice=%s index=%llu attempt=%u provider=%s verdict=%s state=%s ms=%lld",
              s->claim.id, (unsigned long long)(s->claim.first + it->off), it->attempt,
              link_conf(d->link)->name, verdict_name(v->verdict), recipient_state_name(o.state),
              (long long)(took_us / 1000));
}

/* ---- ids of providers whose receipts do not echo our reference ---- */

/* When Redis does not take it, the message stays `accepted`: that is what is known of it then. */
static void on_told(void *arg, const struct queue_result *r)
{
    (void)arg;
    if (r->status != QUEUE_OK && r->status != QUEUE_REFUSED)
        log_warn("delivery.ids-lost", "why=\"%s\"", r->e->msg);
}

/* A receipt that was faster than the answer. */
static void on_held(void *arg, const char *ref, const struct queue_report *report)
{
    char notice[NOTICE_ID_MAX + 1];
    uint64_t index;
    uint32_t attempt;

    if (mids_ref_parse(ref, notice, &index, &attempt))
        queue_receipt(arg, notice, index, attempt, report, on_told, NULL);
}

static void remember_ids(struct delivery *d, const struct provider_verdict *v, size_t n)
{
    const struct driver *driver = link_driver(d->link);
    struct queue *q = d->slice->feeder->o.queue;
    struct mid list[NOTICE_SLICE];
    size_t n_ids = 0;
    bool ids = driver->receipt_ids, ids_to = driver->receipt_ids_to;

    if (driver->receipts_name != NULL)
        driver->receipts_name(link_provider(d->link), &ids, &ids_to);
    if (!ids || (driver->echoes_alone && n == 1))
        return;
    for (size_t i = 0; i < n; i++)
        if (v[i].verdict == VERDICT_SENT && mids_key(list[n_ids].key, v[i].id, ids_to ? d->msgs[i].to : ""))
            list[n_ids++].ref = d->items[i].ref;
    if (n_ids > 0)
        mids_put(q, link_conf(d->link)->name, list, n_ids, on_held, on_told, q);
}

/* ---- what an answer says of a number for the time to come ---- */

static void on_noted(void *arg, const struct queue_result *r)
{
    (void)arg;
    if (r->status != QUEUE_OK)
        log_warn("delivery.about-lost", "why=\"%s\"", r->e->msg); /* the next message says it again */
}

static void note_about(const struct delivery *d, const struct provider_msg *m,
                       const struct provider_verdict *v)
{
    struct queue *q = d->slice->feeder->o.queue;
    char *why;

    if (v->about == ABOUT_NOTHING || m->to[0] != '+')
        return;
    why = xasprintf("%s: %s", link_conf(d->link)->name, v->detail);
    people_about(q, m->to, provider_about_name(v->about), why, on_noted, NULL);
    free(why);
}

void delivery_on_sent(void *arg, const struct provider_verdict *v, size_t n, bool written, int64_t took_us)
{
    struct delivery *d = arg;
    struct slice *s = d->slice;
    uint32_t first_out = s->n_out;

    d->op = NULL;
    link_write_give(d->link, s->claim.lane);
    remember_ids(d, v, n);
    for (size_t i = 0; i < n; i++)
        note_about(d, &d->msgs[i], &v[i]);
    for (size_t i = 0; i < n; i++)
        judge(d, &d->items[i], &v[i], written, took_us);
    delivery_over(d, first_out);
}
