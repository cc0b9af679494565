#include "model/reminder.h"

#include "base/mem.h"
#include "base/span.h"

#define MINUTE_MS 60000LL

void reminder_plan(struct activity_reminders *out, const char *const *list)
{
    *out = (struct activity_reminders){.set = true};
    for (size_t i = 0; list != NULL && list[i] != NULL && out->n < ACTIVITY_REMINDERS; i++)
        if (span_parse(list[i], &out->minutes[out->n]) == 0)
            out->n++;
}

static const struct activity_reminders *plan_of(const struct activity *a,
                                                const struct activity_reminders *community)
{
    return a->reminders.set ? &a->reminders : community;
}

static int64_t time_of(const struct activity *a, uint32_t minutes)
{
    return a->starts_at - minutes * MINUTE_MS;
}

static bool takes_place(const struct activity *a, int64_t now_at)
{
    return a->stored != ACTIVITY_CANCELLED && a->starts_at > now_at;
}

uint32_t reminder_due(const struct activity *a, const struct activity_reminders *community, int64_t now_at)
{
    const struct activity_reminders *plan = plan_of(a, community);
    uint32_t latest = 0;

    for (size_t i = 0; i < plan->n && takes_place(a, now_at); i++) {
        uint32_t m = plan->minutes[i];
        bool is_past = a->reminded != 0 && m >= a->reminded;

        if (!is_past && time_of(a, m) <= now_at && time_of(a, m) > a->fixed_at && (latest == 0 || m < latest))
            latest = m;
    }
    return latest;
}

int64_t reminder_next_at(const struct activity *a, const struct activity_reminders *community, int64_t now_at)
{
    const struct activity_reminders *plan = plan_of(a, community);
    int64_t next = 0;

    for (size_t i = 0; i < plan->n && takes_place(a, now_at); i++) {
        int64_t at = time_of(a, plan->minutes[i]);

        if (at > now_at && at > a->fixed_at && (next == 0 || at < next))
            next = at;
    }
    return next;
}

int64_t reminder_until(const struct activity *a, const struct activity_reminders *community, int64_t now_at)
{
    int64_t next = reminder_next_at(a, community, now_at);

    return next != 0 ? next : a->starts_at;
}
