/* Notices about an activity to those who take part: news of a change, reminders.
 *
 * Hides: ids that follow from the code (so that the same news is accepted once), texts of the catalogue that are no templates. */
#ifndef DAEMON_ACTIVITY_NEWS_H
#define DAEMON_ACTIVITY_NEWS_H

#include <jansson.h>

#include "base/buf.h"
#include "model/activity.h"

#define ACTIVITY_NEWS_TEXT 4000

/* "WHAT-CODE-A" or "WHAT-CODE-A-B" (${b} < 0: the former); a code that may not stand in an id becomes its hash. ${out} of NOTICE_ID_MAX + 1. */
void activity_news_id(char *out, size_t n, const char *what, const char *code, int64_t a, int64_t b);
/* The JSON of a notice (contract 3) to everybody of ${statuses} (taken), never later than ${not_after}. ${say} appends the text in a language; it must not fail. */
typedef int (*activity_news_say_fn)(const void *arg, struct buf *out, const char *lang);
json_t *activity_news_make(const char *id, const struct activity *a, json_t *statuses, int64_t not_after,
                           const char *tz, activity_news_say_fn say, const void *arg);

#endif
