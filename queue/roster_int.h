/* What the two halves of the roster (activities, registrations) share. Inside queue/ only. */
#ifndef QUEUE_ROSTER_INT_H
#define QUEUE_ROSTER_INT_H

#include "queue/queue_int.h"
#include "queue/roster.h"

/* The keys of lua/register.lua, in its order. */
void roster_register_keys(struct queue_op *op, const char *code, const char *phone);

#endif
