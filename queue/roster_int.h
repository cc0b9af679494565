/* What the two halves of the roster (activities, registrations) share. Inside queue/ only. */
#ifndef QUEUE_ROSTER_INT_H
#define QUEUE_ROSTER_INT_H

#include "queue/queue_int.h"
#include "queue/roster.h"

/* Of its hash, as the scripts answer it. */
void roster_read_activity(struct activity *a, const struct redis_value *fields, int64_t taken,
                          int64_t waiting);
/* Staff's fields, as the scripts take them; and one number. */
void roster_put_fields(struct queue_op *op, const struct activity *a);
void roster_put_number(struct queue_op *op, const char *name, int64_t v);
/* The keys of lua/register.lua, in its order. */
void roster_register_keys(struct queue_op *op, const char *code, const char *phone);

#endif
