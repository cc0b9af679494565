/* Marking: begin covers as many deliveries as lie side by side; what may be sent is written in the same turn in which Redis said so. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/mem.h"
#include "daemon/feeder_int.h"

enum { MARKED_MAX_US = 500000 };

struct mark {
    struct slice *slice;
    uint32_t first, end;
    int64_t asked_us;
    TAILQ_ENTRY(mark) entry;
};

static void set_ref(const struct slice *s, struct delivery_item *it)
{
    struct buf b = {
        .data = it->ref, .len = 0, .cap = sizeof(it->ref), .ceiling = sizeof(it->ref) - 1, .overflow = false};

    buf_str(&b, s->claim.id);
    buf_chr(&b, '.');
    buf_u64(&b, s->claim.first + it->off);
    buf_chr(&b, '.');
    buf_u64(&b, it->attempt);
    if (b.overflow)
        panic("a reference of notice %s does not fit", s->claim.id);
}

/* Keep those that may be sent, and take them out of ${attempts}; those that cannot be rendered fail here. */
static void keep_begun(struct delivery *d, uint32_t *attempts)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < d->n; i++) {
        struct delivery_item *it = &d->items[i];

        it->attempt = attempts[it->off];
        attempts[it->off] = 0;
        if (it->attempt == 0)
            continue;
        if (it->bad != NULL) {
            delivery_outcome(d, it, RECIPIENT_FAILED, it->bad, 0);
            continue;
        }
        if (kept != i) {
            bool inside = d->msgs[i].to == it->to;

            d->items[kept] = *it;
            d->msgs[kept] = d->msgs[i];
            d->msgs[kept].ref = d->items[kept].ref;
            if (inside)
                d->msgs[kept].to = d->items[kept].to;
        }
        set_ref(d->slice, &d->items[kept]);
        kept++;
    }
    d->n = kept;
}

/* Redis said yes a moment ago; what then waited for a slot asks again, by the daemon's own clock. A notice cancelled or paused through another daemon is
 * not heard of here: the yes is good for a moment only. */
static bool waited_too_long(const struct delivery *d, int64_t now_us)
{
    const struct slice *s = d->slice;
    int64_t wait_ms;

    return now_us - d->marked_us > MARKED_MAX_US || !link_usable(d->link, s->claim.lane, &wait_ms) ||
           clock_wall_ms() >= s->claim.not_after;
}

/* Marked and wanted: write it now, or as soon as there is a slot. */
static void write_it(struct delivery *d, int64_t now_us)
{
    struct slice *s = d->slice;
    bool waited = d->state == DELIVERY_MARKED;

    if (s->stopped || now_us > s->lease_end_us || (waited && waited_too_long(d, now_us))) {
        delivery_not_written(d);
        return;
    }
    if (!link_write_take(d->link, s->claim.lane)) {
        if (!waited) {
            d->marked_us = now_us;
            delivery_enter(d, DELIVERY_MARKED);
        }
        return;
    }
    delivery_enter(d, DELIVERY_SENDING);
    if (link_paced(d->link))
        link_wrote(d->link, d->segments);
    d->op = link_send(d->link, s->claim.lane, d->msgs, d->n, delivery_on_sent, d);
}

static void send_begun(struct delivery *d, uint32_t *attempts, int64_t now_us)
{
    uint32_t first_out = d->slice->n_out;

    keep_begun(d, attempts);
    if (d->n == 0)
        delivery_over(d, first_out);
    else
        write_it(d, now_us);
}

void delivery_write_marked(struct feeder *f)
{
    struct delivery *d, *next;
    int64_t now = TAILQ_EMPTY(&f->states[DELIVERY_MARKED]) ? 0 : clock_mono_us();

    TAILQ_FOREACH_SAFE(d, &f->states[DELIVERY_MARKED], entry, next)
    write_it(d, now);
}

/* The answer was lost: the marks may be there. Nothing was written, so they are taken back. */
static void maybe_begun(struct delivery *d)
{
    for (uint32_t i = 0; i < d->n; i++)
        d->items[i].attempt = (uint32_t)d->slice->claim.attempts[d->items[i].off] + 1;
    delivery_not_written(d);
}

static void each_marked(struct mark *m, void (*fn)(struct delivery *d, uint32_t *attempts, int64_t now_us),
                        uint32_t *attempts, int64_t now_us)
{
    struct delivery *d, *next;

    TAILQ_FOREACH_SAFE(d, &m->slice->live, of_slice, next)
    if (d->state == DELIVERY_MARKING && d->first >= m->first && d->first < m->end)
        fn(d, attempts, now_us);
}

static void drop_marked(struct delivery *d, uint32_t *attempts, int64_t now_us)
{
    (void)attempts, (void)now_us;
    delivery_drop(d);
}

static void doubt_marked(struct delivery *d, uint32_t *attempts, int64_t now_us)
{
    (void)attempts, (void)now_us;
    maybe_begun(d);
}

/* Marked, and no delivery is there for them: they were over when the slice was claimed, and an operator has opened them again since. They go back with the slice. */
static void hand_back_others(struct slice *s, const uint32_t *attempts)
{
    for (uint32_t off = 0; off < NOTICE_SLICE; off++) {
        struct queue_outcome o = {.off = off, .attempt = attempts[off], .state = RECIPIENT_PENDING};

        if (attempts[off] != 0)
            slice_outcome(s, &o, 0);
    }
}

static void on_begun(void *arg, const struct queue_result *r, const struct queue_go *go, size_t n)
{
    struct mark *m = arg;
    struct slice *s = m->slice;
    uint32_t attempts[NOTICE_SLICE] = {0};

    switch (r->status) {
    case QUEUE_OK:
        FP("after_begin");
        s->lease_end_us = m->asked_us + feeder_lease_us(s->feeder);
        for (size_t i = 0; i < n; i++)
            if (go[i].off < NOTICE_SLICE)
                attempts[go[i].off] = go[i].attempt;
        each_marked(m, send_begun, attempts, clock_mono_us());
        hand_back_others(s, attempts);
        break;
    case QUEUE_REFUSED:
        slice_close(s, 0, strcmp(r->e->code, "stopped") == 0);
        each_marked(m, drop_marked, NULL, 0);
        break;
    case QUEUE_UNAVAILABLE:
        slice_close(s, 0, false);
        each_marked(m, drop_marked, NULL, 0);
        break;
    case QUEUE_UNSURE:
        slice_close(s, 0, false);
        each_marked(m, doubt_marked, NULL, 0);
        break;
    }
    s->n_marks--;
    TAILQ_REMOVE(&s->feeder->marks, m, entry);
    free(m);
    slice_delivery_over(s);
}

static bool is_ready(const struct delivery *d)
{
    return d->state == DELIVERY_CLAIMED || (d->state == DELIVERY_PACED && d->permit == NULL);
}

static void mark(struct slice *s, uint32_t first, uint32_t end)
{
    struct mark *m = xcalloc(1, sizeof(*m));

    m->slice = s;
    m->first = first;
    m->end = end;
    m->asked_us = clock_mono_us();
    s->n_marks++;
    TAILQ_INSERT_TAIL(&s->feeder->marks, m, entry);
    queue_begin(s->feeder->o.queue, &s->claim, first, end - first, on_begun, m);
}

void delivery_mark_ready(struct slice *s)
{
    struct delivery *d;
    uint32_t first = 0, end = 0;

    TAILQ_FOREACH(d, &s->live, of_slice)
    {
        if (!is_ready(d))
            continue;
        if (end != first && d->first != end) {
            mark(s, first, end);
            first = end = d->first;
        }
        if (end == first)
            first = d->first;
        end = d->end;
        delivery_enter(d, DELIVERY_MARKING);
    }
    if (end != first)
        mark(s, first, end);
}

void delivery_marks_free(struct feeder *f)
{
    struct mark *m;

    while ((m = TAILQ_FIRST(&f->marks)) != NULL) {
        TAILQ_REMOVE(&f->marks, m, entry);
        free(m);
    }
}
