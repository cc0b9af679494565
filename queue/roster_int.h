/* What the two halves of the roster (activities, registrations) share. Inside queue/ only. */
#ifndef QUEUE_ROSTER_INT_H
#define QUEUE_ROSTER_INT_H

#include "queue/queue_int.h"
#include "queue/roster.h"

/* Of its hash, as the scripts answer it. */
void roster_read_activity(struct activity *a, const struct redis_value *fields, int64_t taken,
                          int64_t waiting);
/* The keys of lua/register.lua, in its order. */
void roster_register_keys(struct queue_op *op, const char *code, const char *phone);

#endif
