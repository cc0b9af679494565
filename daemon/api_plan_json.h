/* A plan as the API shows it. Made in api_plans.c; also used by the answer to a notice with `repeat`. */
#ifndef DAEMON_API_PLAN_JSON_H
#define DAEMON_API_PLAN_JSON_H

#include "daemon/api_call.h"
#include "model/repeat.h"

/* The next ${n} occurrences after ${after} whose time is later than ${later_than}: [{"date","send_at","not_after","note"}]. A year without the day is one with "date" null. */
json_t *api_plan_dates(const struct api_call *c, const struct repeat *r, struct date after,
                       int64_t later_than, size_t n);

#endif
