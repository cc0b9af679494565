#include "daemon/delivery.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "daemon/feeder_int.h"
#include "text/segment.h"

#define NO_TEXT ((size_t)-1) /* the text is borrowed, not in the delivery's own buffer */

static const char *const state_names[DELIVERY_STATE_N] = {
    [DELIVERY_CLAIMED] = "claimed",         [DELIVERY_PACED] = "paced",     [DELIVERY_MARKING] = "marking",
    [DELIVERY_MARKED] = "marked",           [DELIVERY_SENDING] = "sending", [DELIVERY_SETTLING] = "settling",
    [DELIVERY_SETTLE_WAIT] = "settle-wait", [DELIVERY_DONE] = "done",
};

const char *delivery_state_name(enum delivery_state s)
{
    return (unsigned)s < DELIVERY_STATE_N ? state_names[s] : "?";
}

void delivery_enter(struct delivery *d, enum delivery_state to)
{
    struct feeder *f = d->slice->feeder;
    enum lane lane = d->slice->claim.lane;

    TAILQ_REMOVE(&f->states[d->state], d, entry);
    f->n_states[d->state][lane]--;
    d->state = to;
    TAILQ_INSERT_TAIL(&f->states[to], d, entry);
    f->n_states[to][lane]++;
}

/* ---- making ---- */

static struct delivery *from_pool(struct feeder *f, size_t cap)
{
    struct delivery *d = TAILQ_FIRST(&f->states[DELIVERY_DONE]);

    if (d != NULL) {
        TAILQ_REMOVE(&f->states[DELIVERY_DONE], d, entry);
        f->n_pool--;
    } else {
        d = xcalloc(1, sizeof(*d));
        buf_init(&d->text, (size_t)NOTICE_SLICE * NOTICES_TEXT_MAX);
    }
    if (d->cap < cap) {
        d->msgs = xrealloc(d->msgs, cap * sizeof(*d->msgs));
        d->items = xrealloc(d->items, cap * sizeof(*d->items));
        d->cap = (uint32_t)cap;
    }
    return d;
}

static size_t batch_of(const struct link *l)
{
    size_t batch = l != NULL ? link_batch(l) : NOTICE_SLICE;

    return batch < NOTICE_SLICE ? batch : NOTICE_SLICE;
}

struct delivery *delivery_new(struct slice *s, struct link *l)
{
    struct delivery *d = from_pool(s->feeder, batch_of(l));

    d->slice = s;
    d->link = l;
    d->permit = NULL;
    d->op = NULL;
    d->first = s->covered;
    d->n = 0;
    d->segments = 0;
    buf_reset(&d->text);
    d->state = DELIVERY_CLAIMED;
    TAILQ_INSERT_TAIL(&s->feeder->states[DELIVERY_CLAIMED], d, entry);
    s->feeder->n_states[DELIVERY_CLAIMED][s->claim.lane]++;
    TAILQ_INSERT_TAIL(&s->live, d, of_slice);
    return d;
}

bool delivery_is_full(const struct delivery *d)
{
    return d->n == batch_of(d->link);
}

/* The address for the link's channel; in place where the recipient has just this one. */
static const char *address_of(const struct delivery *d, const struct recipient *r, struct delivery_item *it)
{
    const char *channel = link_conf(d->link)->channel;

    if (r->addresses[0] == '+' && strchr(r->addresses, ' ') == NULL && strcmp(channel, "sms") == 0)
        return r->addresses;
    return recipient_address(r, channel, it->to, sizeof(it->to));
}

enum provider_purpose delivery_purpose(enum notice_kind kind)
{
    switch (kind) {
    case NOTICE_ALERT:
    case NOTICE_ALLCLEAR:
        return PURPOSE_ALERT;
    case NOTICE_PROMOTION:
        return PURPOSE_PROMOTION;
    case NOTICE_ANSWER:
        return PURPOSE_ANSWER;
    case NOTICE_NOTICE:
    case NOTICE_CANCEL:
        break;
    }
    return PURPOSE_NOTICE;
}

/* Answers to replies bring their own text for every recipient. */
static enum provider_purpose purpose_of(const struct notice *n, const struct recipient *r)
{
    return r->text[0] != '\0' ? PURPOSE_ANSWER : delivery_purpose(n->kind);
}

/* The text is where it will be as long as nothing more is rendered. */
static struct provider_msg message_now(const struct delivery *d, uint32_t i)
{
    struct provider_msg m = d->msgs[i];

    if (m.text == NULL)
        m.text = d->text.data + d->items[i].text_at;
    return m;
}

static bool was_tried(const struct delivery *d, uint32_t i)
{
    return d->slice->claim.attempts[d->items[i].off] > 0;
}

static bool joins(const struct delivery *d, uint32_t i)
{
    const struct driver *driver = link_driver(d->link);
    struct provider_msg first, m;
    uint32_t k = 0;

    while (k < i && d->items[k].bad != NULL)
        k++;
    if (k == i)
        return true;
    if (driver->blames_all && (was_tried(d, k) || was_tried(d, i)))
        return false;
    if (driver->joins == NULL)
        return true;
    first = message_now(d, k);
    m = message_now(d, i);
    return driver->joins(link_provider(d->link), &first, &m);
}

/* What promotions end with at this provider. */
static void add_footer(struct delivery *d, struct provider_msg *m, size_t text_at)
{
    const char *footer = link_conf(d->link)->promotion_footer;
    size_t n = footer != NULL ? strlen(footer) : 0;
    const char *text = m->text != NULL ? m->text : d->text.data + text_at;

    if (n == 0 || m->purpose != PURPOSE_PROMOTION ||
        (m->text_len >= n && memcmp(text + m->text_len - n, footer, n) == 0))
        return;
    if (m->text != NULL) { /* the same for everybody: this provider's own copy */
        buf_add(&d->text, m->text, m->text_len);
        m->text = NULL;
    }
    buf_add(&d->text, footer, n);
    m->text_len += n;
}

/* Why nothing can be sent to this one; NULL = it is ready. */
static const char *prepare(struct delivery *d, uint32_t off, struct delivery_item *it, struct provider_msg *m)
{
    const struct recipient *r = &d->slice->recipients[off];
    struct err e = {{0}, {0}, {0}};

    if (d->link == NULL)
        return slice_is_refused(d->slice, off) ? "every provider refuses this text"
                                               : "no channel reaches this recipient";
    m->to = address_of(d, r, it);
    if (m->to == NULL)
        return "no address for this channel";
    it->text_at = d->text.len;
    if (notices_render(d->slice->notice, r, &d->text, &m->text, &m->text_len, &e) != 0)
        return "the text cannot be rendered";
    add_footer(d, m, it->text_at);
    return d->text.overflow ? "the text is too long" : NULL;
}

bool delivery_add(struct delivery *d, uint32_t off)
{
    struct delivery_item *it = &d->items[d->n];
    struct provider_msg *m = &d->msgs[d->n];

    it->off = off;
    it->attempt = 0;
    it->text_at = NO_TEXT;
    *m = (struct provider_msg){.to = NULL,
                               .text = NULL,
                               .text_len = 0,
                               .ref = it->ref,
                               .lane = d->slice->claim.lane,
                               .not_after = d->slice->claim.not_after,
                               .purpose =
                                   purpose_of(notices_notice(d->slice->notice), &d->slice->recipients[off])};
    it->bad = prepare(d, off, it, m);
    if (it->bad == NULL && !joins(d, d->n))
        return false;
    d->n++;
    return true;
}

static void count_segments(struct delivery *d, const char *sign)
{
    struct segment_measure sm;

    for (uint32_t i = 0; i < d->n; i++) {
        const struct provider_msg *m = &d->msgs[i];

        if (d->items[i].bad != NULL)
            continue;
        segment_measure(m->text, m->text_len, sign, strncmp(m->to, "+86", 3) == 0 ? SEGMENT_CN : SEGMENT_INTL,
                        &sm);
        d->segments += sm.parts > 0 ? (uint32_t)sm.parts : 1;
    }
}

static void on_permit(void *arg)
{
    struct delivery *d = arg;

    d->permit = NULL;
    feeder_dirty(d->slice->feeder, d->slice);
}

void delivery_start(struct delivery *d, uint32_t end)
{
    const char *sign;

    d->end = d->slice->covered = end;
    for (uint32_t i = 0; i < d->n; i++) /* the buffer may have moved while it grew */
        if (d->msgs[i].text == NULL && d->items[i].bad == NULL)
            d->msgs[i].text = d->text.data + d->items[i].text_at;
    if (d->link == NULL || !link_paced(d->link))
        return;
    sign = link_conf(d->link)->sign != NULL ? link_conf(d->link)->sign : d->slice->feeder->o.sign;
    count_segments(d, sign);
    if (d->segments == 0)
        return;
    d->permit = link_permit(d->link, d->slice->claim.lane, d->segments, on_permit, d);
    delivery_enter(d, DELIVERY_PACED);
}

/* ---- the end of one ---- */

static void leave_live(struct delivery *d)
{
    TAILQ_REMOVE(&d->slice->live, d, of_slice);
}

/* Into the pool. It must not be on a list of its slice any more. */
static void done(struct delivery *d)
{
    struct feeder *f = d->slice->feeder;

    if (d->link != NULL && (d->state == DELIVERY_SETTLING || d->state == DELIVERY_SETTLE_WAIT))
        link_slot_settled(d->link, d->slice->claim.lane);
    else if (d->link != NULL)
        link_slot_give(d->link, d->slice->claim.lane);
    delivery_enter(d, DELIVERY_DONE);
    f->n_states[DELIVERY_DONE][d->slice->claim.lane]--; /* the pool is counted as a whole */
    f->n_pool++;
    d->slice = NULL;
}

/* ${first_out}: where the slice's list of outcomes ended before this delivery's. */
void delivery_over(struct delivery *d, uint32_t first_out)
{
    struct slice *s = d->slice;

    leave_live(d);
    if (s->n_out == first_out) {
        done(d);
    } else {
        d->out_end = s->n_out;
        if (d->link != NULL)
            link_slot_unsettled(d->link, s->claim.lane);
        delivery_enter(d, DELIVERY_SETTLING);
        TAILQ_INSERT_TAIL(&s->settling, d, of_slice);
    }
    slice_delivery_over(s);
}

void delivery_give_back_retry(struct delivery *d, const struct delivery_item *it)
{
    if (d->link != NULL && slice_is_retry(d->slice, it->off))
        link_again_give(d->link);
}

void delivery_drop(struct delivery *d)
{
    struct slice *s = d->slice;

    for (uint32_t i = 0; i < d->n; i++)
        delivery_give_back_retry(d, &d->items[i]);

    if (d->permit != NULL)
        link_permit_cancel(d->permit);
    d->permit = NULL;
    leave_live(d);
    done(d);
    slice_delivery_over(s);
}

void delivery_settled(struct delivery *d)
{
    TAILQ_REMOVE(&d->slice->settling, d, of_slice);
    done(d);
}

void delivery_unsettled(struct delivery *d)
{
    if (d->state == DELIVERY_SETTLING)
        delivery_enter(d, DELIVERY_SETTLE_WAIT);
}

void delivery_cancel(struct delivery *d)
{
    if (d->permit != NULL)
        link_permit_cancel(d->permit);
    if (d->op != NULL) {
        link_cancel(d->op);
        link_write_give(d->link, d->slice->claim.lane);
    }
    d->op = NULL;
    if (d->state == DELIVERY_SETTLING || d->state == DELIVERY_SETTLE_WAIT)
        TAILQ_REMOVE(&d->slice->settling, d, of_slice);
    else
        leave_live(d);
    done(d);
}

void delivery_pool_free(struct feeder *f)
{
    struct delivery *d;

    while ((d = TAILQ_FIRST(&f->states[DELIVERY_DONE])) != NULL) {
        TAILQ_REMOVE(&f->states[DELIVERY_DONE], d, entry);
        buf_fini(&d->text);
        free(d->msgs);
        free(d->items);
        free(d);
    }
    f->n_pool = 0;
}
