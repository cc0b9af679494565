/* An activity as a calendar file (RFC 5545). Pure. */
#ifndef MODEL_ACTIVITY_ICS_H
#define MODEL_ACTIVITY_ICS_H

#include "base/buf.h"
#include "model/activity.h"

/* Append a calendar of one event; its UID follows from ${community} and the code, so that the file imported again replaces the event. An activity has no end: a calendar shows the
 * moment of its start. -1 on overflow. */
int activity_ics(struct buf *out, const struct activity *a, const char *community, int64_t now_at);

#endif
