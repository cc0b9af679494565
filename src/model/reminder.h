/* When those who take part are reminded. Pure. */
#ifndef MODEL_REMINDER_H
#define MODEL_REMINDER_H

#include "model/activity.h"

/* Minutes before the start, of an activity without reminders of its own: from the community's list ("24h"); what is none is left out. */
void reminder_plan(struct activity_reminders *out, const char *const *list);
/* Which reminder of ${a} is due at ${now_at}? Minutes before the start; 0 = none. None of what does not take place or has begun; none whose time had passed when this start
 * was decided; of several the latest only. ${community}: what holds when the activity says nothing. */
uint32_t reminder_due(const struct activity *a, const struct activity_reminders *community, int64_t now_at);
/* Until when it makes sense: the next reminder, at the latest the start. */
int64_t reminder_until(const struct activity *a, const struct activity_reminders *community, int64_t now_at);
/* When the next one is due, after ${now_at}; 0 = none. */
int64_t reminder_next_at(const struct activity *a, const struct activity_reminders *community,
                         int64_t now_at);

#endif
