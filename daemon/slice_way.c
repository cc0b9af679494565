/* Which way a recipient goes: channels in the notice's order, providers by priority, and another one after a failure. */
#include <string.h>

#include "base/clock.h"
#include "base/hours.h"
#include "daemon/feeder_int.h"

enum {
    ALL_PAUSED_MS = 1000,
    LOOK_AGAIN_MS = 5000 /* for who waits for a window of his own: whether another provider is there again */
};

static void add_links(struct slice *s, const char *channel)
{
    const struct feeder_opts *o = &s->feeder->o;

    for (size_t i = 0; i < s->n_links; i++)
        if (strcmp(link_conf(s->links[i])->channel, channel) == 0)
            return; /* named twice */
    for (size_t i = 0; i < o->n_links && s->n_links < FEEDER_LINKS; i++)
        if (strcmp(link_conf(o->links[i])->channel, channel) == 0)
            s->links[s->n_links++] = o->links[i];
}

void slice_find_links(struct slice *s)
{
    const struct notice *n = notices_notice(s->notice);
    const struct feeder_opts *o = &s->feeder->o;

    s->n_links = 0;
    for (size_t i = 0; i < n->n_channels; i++)
        add_links(s, n->channels[i]);
    for (size_t i = 0; n->n_channels == 0 && i < o->n_channels; i++)
        add_links(s, o->channels[i]);
}

static bool has_address(const struct slice *s, uint32_t off, const struct link *l)
{
    const struct recipient *r = &s->recipients[off];
    const char *channel = link_conf(l)->channel;
    char address[96];

    if (r->addresses[0] == '+' && strcmp(channel, "sms") == 0)
        return true;
    return recipient_address(r, channel, address, sizeof(address)) != NULL;
}

static bool refuses(const struct slice *s, uint32_t off, const struct link *l)
{
    return s->notice != NULL && notices_state(s->notice) == NOTICES_READY &&
           notices_is_refused(s->notice, link_route(l), &s->recipients[off], clock_mono_us());
}

static size_t index_of(const struct slice *s, const struct link *l)
{
    size_t i = 0;

    while (i < s->n_links && s->links[i] != l)
        i++;
    return i;
}

/* After a failure the next way is tried first, then round again: another provider of the channel, then the next channel. */
static size_t first_way(const struct slice *s, uint32_t off)
{
    if (s->claim.attempts[off] == 0 || s->claim.states[off] == RECIPIENT_PENDING)
        return 0;
    for (size_t i = 0; i < s->n_links; i++)
        if (link_route(s->links[i]) == s->claim.routes[off])
            return (i + 1) % s->n_links;
    return 0;
}

static int64_t own_wait_ms(const struct slice *s, uint32_t off, const struct link *l)
{
    return s->late == NULL ? 0 : (late_wait_us(s->late, off, link_route(l), clock_mono_us()) + 999) / 1000;
}

/* Until this provider takes promotions again; 0 = now, or this is none. */
static int64_t hours_wait(const struct slice *s, const struct link *l)
{
    const char *hours = link_conf(l)->promotion_hours;

    if (notices_notice(s->notice)->kind != NOTICE_PROMOTION || hours == NULL || hours[0] == '\0' ||
        s->feeder->o.tz == NULL)
        return 0;
    return hours_wait_ms(hours, clock_wall_ms(), s->feeder->o.tz);
}

static void sooner(int64_t *ms, int64_t other)
{
    if (*ms < 0 || other < *ms)
        *ms = other;
}

/* The last way is asked although it refused the text to others: a few refusals may be about those recipients. Only a notice that it refused to many and took for none is given
 * up unasked, and an alert never. */
static bool may_be_asked(const struct slice *s, const struct link *l)
{
    return s->claim.lane <= LANE_URGENT || !notices_surely_refused(s->notice, link_route(l));
}

static struct link *usable_or_wait(const struct slice *s, struct link *l, int64_t *wait_ms)
{
    int64_t wait;

    if (link_usable(l, s->claim.lane, &wait))
        return l;
    *wait_ms = wait >= 0 ? wait : ALL_PAUSED_MS;
    return NULL;
}

struct link *slice_link(const struct slice *s, uint32_t off, int64_t *wait_ms, bool *alone)
{
    size_t first = first_way(s, off);
    struct link *second_choice = NULL, *refusing = NULL;
    int64_t wait, own = -1;

    *wait_ms = -1;
    *alone = false;
    for (size_t k = 0; k < s->n_links; k++) {
        struct link *l = s->links[(first + k) % s->n_links];

        if (!has_address(s, off, l))
            continue;
        if (refuses(s, off, l)) {
            if (refusing == NULL && may_be_asked(s, l))
                refusing = l;
            continue;
        }
        if ((wait = own_wait_ms(s, off, l)) > 0) {
            sooner(&own, wait);
        } else if ((wait = hours_wait(s, l)) > 0) {
            sooner(wait_ms, wait);
        } else if (link_usable(l, s->claim.lane, &wait)) {
            if (link_healthy(l))
                return l;
            if (second_choice == NULL)
                second_choice = l;
        } else {
            sooner(wait_ms, wait >= 0 ? wait : ALL_PAUSED_MS);
        }
    }
    if (second_choice == NULL && own >= 0) {
        *alone = true;
        *wait_ms = *wait_ms >= 0 && own > LOOK_AGAIN_MS ? LOOK_AGAIN_MS : own;
    }
    if (second_choice == NULL && own < 0 && *wait_ms < 0 && refusing != NULL)
        return usable_or_wait(s, refusing, wait_ms);
    return second_choice;
}

static bool any_usable(const struct slice *s)
{
    int64_t wait;

    for (size_t i = 0; i < s->n_links; i++)
        if (link_usable(s->links[i], s->claim.lane, &wait))
            return true;
    return false;
}

uint32_t slice_next_open(const struct slice *s, int64_t *wait_ms)
{
    int64_t wait;
    bool alone;

    if (!any_usable(s))
        return s->claim.n;
    for (uint32_t off = s->next + 1; off < s->claim.n; off++) {
        if (!slice_may_be_sent(s, off))
            continue;
        if (slice_link(s, off, &wait, &alone) != NULL || wait < 0)
            return off;
        sooner(wait_ms, wait);
    }
    return s->claim.n;
}

bool slice_has_other_channel(const struct slice *s, uint32_t off, const struct link *l)
{
    for (size_t i = index_of(s, l) + 1; i < s->n_links; i++)
        if (strcmp(link_conf(s->links[i])->channel, link_conf(l)->channel) != 0 &&
            has_address(s, off, s->links[i]))
            return true;
    return false;
}

bool slice_has_later_link(const struct slice *s, uint32_t off, const struct link *l)
{
    for (size_t i = index_of(s, l) + 1; i < s->n_links; i++)
        if (has_address(s, off, s->links[i]) && !refuses(s, off, s->links[i]))
            return true;
    return false;
}

bool slice_is_refused(const struct slice *s, uint32_t off)
{
    for (size_t i = 0; i < s->n_links; i++)
        if (refuses(s, off, s->links[i]))
            return true;
    return false;
}

bool slice_has_other_link(const struct slice *s, uint32_t off, const struct link *l)
{
    int64_t wait;

    for (size_t i = 0; i < s->n_links; i++)
        if (s->links[i] != l && has_address(s, off, s->links[i]) && own_wait_ms(s, off, s->links[i]) == 0 &&
            link_usable(s->links[i], s->claim.lane, &wait))
            return true;
    return false;
}
