/* Official warnings on their way in: decided on what is known, recorded with the notices that follow, told.
 *
 * Hides: loading, deciding and recording, again when another daemon was faster; the journal. */
#ifndef DAEMON_ALERTS_H
#define DAEMON_ALERTS_H

#include <jansson.h>

#include "daemon/app.h"
#include "model/cap.h"
#include "queue/queue.h"

/* ${rows}: what became of each message (alert_row, and "notice"), borrowed; NULL unless QUEUE_OK. Exactly once, never inside the call. */
typedef void (*alerts_fn)(void *arg, const struct queue_result *r, json_t *rows);
/* ${l} is taken. ${dry}: decide, record and tell nothing. */
void alerts_submit(struct community *c, struct cap_list *l, bool dry, alerts_fn cb, void *arg);

#endif
