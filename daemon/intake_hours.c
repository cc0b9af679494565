/* Promotions wait for the hours in which providers take them: deferred with the new time shown, never dropped. */
#include <string.h>

#include "base/clock.h"
#include "base/hours.h"
#include "daemon/intake_int.h"

#define LIFE_MS                                                                                              \
    (36 * 3600 * 1000LL) /* from the beginning of the hours: the rest of this day, and the next one */

static bool is_wanted(const struct notice *n, const struct config_provider *p)
{
    for (size_t i = 0; i < n->n_channels; i++)
        if (strcmp(n->channels[i], p->channel) == 0)
            return true;
    return n->n_channels == 0;
}

/* When the first provider that may carry it would: ${at} or later. ${limited}: some have hours. */
static int64_t first_opening(const struct intake *i, const struct notice *n, int64_t at, bool *limited)
{
    int64_t first = -1;

    *limited = false;
    for (size_t k = 0; k < i->o.config->n_providers; k++) {
        const struct config_provider *p = &i->o.config->providers[k];
        int64_t opens;

        if (strcmp(p->community, i->o.community->name) != 0 || !is_wanted(n, p))
            continue;
        opens = at + hours_wait_ms(p->promotion_hours, at, i->o.community->timezone);
        *limited = *limited || p->promotion_hours[0] != '\0';
        if (first < 0 || opens < first)
            first = opens;
    }
    return first < 0 ? at : first;
}

int intake_hours(const struct intake *i, struct notice *n, bool end_given, struct err *e)
{
    int64_t now = clock_wall_ms(), start = n->send_at > now ? n->send_at : now, opens;
    char at[40];
    bool limited;

    if (n->kind != NOTICE_PROMOTION)
        return 0;
    opens = first_opening(i, n, start, &limited);
    if (!limited)
        return 0;
    if (end_given && n->not_after <= opens)
        return err_set(e, "not-after-passed", "not_after",
                       "promotions go out in certain hours only, which begin at %s: after not_after",
                       clock_format_iso(opens, i->o.community->timezone, at, sizeof(at)));
    if (!end_given)
        n->not_after = opens + LIFE_MS;
    if (opens > start)
        n->send_at = opens;
    return 0;
}
